//! What this API tells clients about itself (RFC 9728): who issues its tokens, and with which scopes.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Uri, header::HeaderValue, uri::PathAndQuery},
};
use serde_json::{Map, Value, json};

use crate::auth::Auth;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// Describes this API to clients that know nothing but its address (OAuth 2.0 Protected Resource Metadata, RFC 9728).
///
/// Every challenge then names the document (`resource_metadata="…"`), and [`resource_metadata`] serves it.
///
/// # Examples
///
/// ```
/// use actix_web::{App, test, web};
/// use auth_runtime::{Algorithm, Auth, Issuer, Key, ProtectedResource, resource_metadata};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let issuer = Issuer::new("https://id.example.com/").audience("api").key(Key::secret(Algorithm::HS256, [7; 32]));
/// let auth = Auth::builder()
///     .issuer(issuer)
///     .protected_resource(ProtectedResource::new("https://api.example.com").scope("docs:read"))
///     .build()?;
/// let route = web::get().to(resource_metadata);
/// let app = App::new().app_data(auth).route("/.well-known/oauth-protected-resource", route);
/// let app = test::init_service(app).await;
///
/// let request = test::TestRequest::get().uri("/.well-known/oauth-protected-resource").to_request();
/// let document: serde_json::Value = test::call_and_read_body_json(&app, request).await;
/// assert_eq!(document["authorization_servers"], serde_json::json!(["https://id.example.com/"]));
///
/// // A resource is named by its URL.
/// let unnamed = Auth::builder().protected_resource(ProtectedResource::new("my API"));
/// assert!(unnamed.build().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ProtectedResource {
    resource: String,
    scopes: Vec<String>,
    name: Option<String>,
    documentation: Option<String>,
}

/// A resource that is not named by a URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no resource identifier: write the API's URL with `https` and without query or fragment, such as `https://api.example.com` (RFC 9728 §1.2)"
)]
pub(crate) struct ResourceError(String);

impl ProtectedResource {
    /// The API, by its URL with `https` and without a fragment. On this machine `http` will do.
    pub fn new(resource: impl Into<String>) -> Self {
        Self { resource: resource.into(), scopes: Vec::new(), name: None, documentation: None }
    }

    /// Adds one scope that tokens for this API can have.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// What people call it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Where developers read on: a URL.
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.documentation = Some(url.into());
        self
    }

    /// The document, and where it is. `proofs` are the algorithms of DPoP proofs, with spaces between them, if any are taken;
    /// `only_proven` is whether every token needs one.
    pub(crate) fn describe(
        &self,
        issuers: &[&str],
        proofs: Option<&str>,
        only_proven: bool,
    ) -> Result<Metadata, ResourceError> {
        let url = self.url().ok_or_else(|| ResourceError(self.resource.clone()))?;
        let mut document = Map::new();
        document.insert("resource".to_owned(), json!(self.resource));
        if !issuers.is_empty() {
            document.insert("authorization_servers".to_owned(), json!(issuers));
        }
        document.insert("bearer_methods_supported".to_owned(), json!(["header"]));
        if let Some(proofs) = proofs {
            let names: Vec<&str> = proofs.split(' ').collect();
            document.insert("dpop_signing_alg_values_supported".to_owned(), json!(names));
        }
        if only_proven {
            document.insert("dpop_bound_access_tokens_required".to_owned(), json!(true));
        }
        if !self.scopes.is_empty() {
            document.insert("scopes_supported".to_owned(), json!(self.scopes));
        }
        if let Some(name) = &self.name {
            document.insert("resource_name".to_owned(), json!(name));
        }
        if let Some(url) = &self.documentation {
            document.insert("resource_documentation".to_owned(), json!(url));
        }
        Ok(Metadata { url, document: Value::Object(document).to_string() })
    }

    /// `/.well-known/oauth-protected-resource` stands between host and path (RFC 9728 §3.1).
    fn url(&self) -> Option<String> {
        let parsed: Uri = self.resource.parse().ok()?;
        let (scheme, authority) = (parsed.scheme_str()?, parsed.authority()?.as_str());
        let host = parsed.host()?;
        let here = host == "localhost" || host == "127.0.0.1" || host == "[::1]";
        let sound = (scheme == "https" || scheme == "http" && here)
            && !authority.contains('@')
            && !self.resource.contains(['#', '?', '"', '\\'])
            && HeaderValue::from_str(&self.resource).is_ok();
        let path = parsed.path_and_query().map_or("", PathAndQuery::as_str);
        let path = path.strip_suffix('/').unwrap_or(path);
        sound.then(|| format!("{scheme}://{authority}{WELL_KNOWN}{path}"))
    }
}

/// The document, ready to be served.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) url: String,
    document: String,
}

/// Serves what [`AuthBuilder::protected_resource`](crate::AuthBuilder::protected_resource) describes; a 404 where nothing
/// is described.
///
/// Route it as `/.well-known/oauth-protected-resource`, followed by the path of the resource if it has one.
#[allow(clippy::unused_async, reason = "a handler is `async`")]
pub async fn resource_metadata(request: HttpRequest) -> HttpResponse {
    let auth = Auth::of(&request);
    match auth.as_deref().and_then(Auth::metadata) {
        Some(metadata) => {
            HttpResponse::Ok().content_type("application/json").body(metadata.document.clone())
        }
        None => HttpResponse::NotFound().finish(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_stands_between_host_and_path() {
        let url = |resource: &str| ProtectedResource::new(resource).url();
        for (resource, expected) in [
            (
                "https://api.example.com",
                "https://api.example.com/.well-known/oauth-protected-resource",
            ),
            (
                "https://api.example.com/",
                "https://api.example.com/.well-known/oauth-protected-resource",
            ),
            (
                "https://api.example.com:8443/v1",
                "https://api.example.com:8443/.well-known/oauth-protected-resource/v1",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/.well-known/oauth-protected-resource"),
            ("http://[::1]:8080", "http://[::1]:8080/.well-known/oauth-protected-resource"),
            ("http://localhost:8080", "http://localhost:8080/.well-known/oauth-protected-resource"),
        ] {
            assert_eq!(url(resource).as_deref(), Some(expected));
        }
        for resource in [
            "",
            "api.example.com",
            "http://api.example.com",
            "https://api.example.com/#part",
            "https://api.example.com/?q",
            "https://me:secret@api.example.com",
            "https://api.example.com/\"x",
            r"https://api.example.com/\x",
            "https://api.example.com/ü",
            "ftp://localhost",
        ] {
            assert_eq!(url(resource), None, "{resource}");
        }
    }

    /// RFC 9728 §2: an array, and what is not known is left out.
    #[test]
    fn the_document_lists_each_algorithm_of_proofs() {
        let resource = ProtectedResource::new("https://api.example.com");
        let metadata = resource.describe(&[], Some("ES256 EdDSA"), true).unwrap();
        let document: Value = serde_json::from_str(&metadata.document).unwrap();
        assert_eq!(
            document,
            json!({
                "resource": "https://api.example.com",
                "bearer_methods_supported": ["header"],
                "dpop_signing_alg_values_supported": ["ES256", "EdDSA"],
                "dpop_bound_access_tokens_required": true,
            })
        );
    }

    #[test]
    fn the_document_says_what_is_known() {
        let resource = ProtectedResource::new("https://api.example.com")
            .scope("r")
            .scope("w")
            .name("Documents")
            .documentation("https://docs.example.com");
        let metadata = resource.describe(&["https://id.example.com/"], None, false).unwrap();
        let document: Value = serde_json::from_str(&metadata.document).unwrap();
        assert_eq!(
            document,
            json!({
                "resource": "https://api.example.com",
                "authorization_servers": ["https://id.example.com/"],
                "bearer_methods_supported": ["header"],
                "scopes_supported": ["r", "w"],
                "resource_name": "Documents",
                "resource_documentation": "https://docs.example.com",
            })
        );
    }
}
