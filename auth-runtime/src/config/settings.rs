//! Every key there is, and what it does to an [`AuthBuilder`].
//!
//! `examples/auth.toml` documents each of them, and a test compares the two.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    dpop::DpopTable, error::ConfigError, introspection::IntrospectionTable, issuer::IssuerTable,
    place::Place, revocations::RevocationsTable, values::Span,
};
use crate::{
    address::ForwardedBy,
    auth::AuthBuilder,
    cache,
    credential::Cookie,
    metadata::ProtectedResource,
    verifier::api_key::{ApiKeys, FileStore},
};

/// The whole. Everything may be left out; what has to be there is asked for below, with an error that says so.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    realm: Option<String>,
    problem_details: bool,
    token_limit: Option<usize>,
    token_cache: Option<CacheTable>,
    proxy_mode: bool,
    owners_from: Option<String>,
    role_implies: BTreeMap<String, Vec<String>>,
    networks: BTreeMap<String, Vec<String>>,
    trusted_proxies: Option<ProxiesTable>,
    failed_attempts: Option<AttemptsTable>,
    protected_resource: Option<ResourceTable>,
    cookie: Option<CookieTable>,
    api_keys: Option<ApiKeysTable>,
    dpop: Option<DpopTable>,
    revocations: Option<RevocationsTable>,
    introspection: Option<IntrospectionTable>,
    issuers: Vec<IssuerTable>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CacheTable {
    entries: Option<usize>,
    bytes: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ProxiesTable {
    header: Option<ForwardedHeader>,
    networks: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
enum ForwardedHeader {
    #[serde(rename = "x-forwarded-for")]
    XForwardedFor,
    #[serde(rename = "forwarded")]
    Forwarded,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct AttemptsTable {
    limit: Option<u32>,
    per: Option<Span>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ResourceTable {
    resource: Option<String>,
    scopes: Vec<String>,
    name: Option<String>,
    documentation: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CookieTable {
    name: Option<String>,
    origins: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ApiKeysTable {
    file: Option<String>,
    header: Option<String>,
    issuer: Option<String>,
}

impl Settings {
    /// Reads the files that are named, and hands everything to a builder. Gives the issuers' names too.
    pub(super) fn apply(
        self,
        mut builder: AuthBuilder,
        root: &Place<'_>,
    ) -> Result<(AuthBuilder, Vec<String>), ConfigError> {
        let Self {
            realm,
            problem_details,
            token_limit,
            token_cache,
            proxy_mode,
            owners_from,
            role_implies,
            networks,
            trusted_proxies,
            failed_attempts,
            protected_resource,
            cookie,
            api_keys,
            dpop,
            revocations,
            introspection,
            issuers,
        } = self;
        if let Some(realm) = realm {
            builder = builder.realm(realm);
        }
        if problem_details {
            builder = builder.problem_details();
        }
        if let Some(bytes) = token_limit {
            builder = builder.token_limit(bytes);
        }
        if let Some(CacheTable { entries, bytes }) = token_cache {
            builder = builder.token_cache(
                entries.unwrap_or(cache::DEFAULT_ENTRIES),
                bytes.unwrap_or(cache::DEFAULT_BYTES),
            );
        }
        if proxy_mode {
            builder = builder.proxy_mode();
        }
        if let Some(issuer) = owners_from {
            builder = builder.owners_from(issuer);
        }
        for (role, implied) in &role_implies {
            builder = builder.role_implies(role, implied.iter().map(String::as_str));
        }
        for (name, networks) in networks {
            builder = builder.network(name, networks);
        }
        if let Some(proxies) = trusted_proxies {
            builder = proxies.apply(builder, &root.key("trusted_proxies"))?;
        }
        if let Some(attempts) = failed_attempts {
            builder = attempts.apply(builder, &root.key("failed_attempts"))?;
        }
        if let Some(resource) = protected_resource {
            builder = resource.apply(builder, &root.key("protected_resource"))?;
        }
        if let Some(cookie) = cookie {
            builder = cookie.apply(builder, &root.key("cookie"))?;
        }
        if let Some(keys) = api_keys {
            builder = keys.apply(builder, &root.key("api_keys"))?;
        }
        if let Some(dpop) = dpop {
            builder = dpop.apply(builder, &root.key("dpop"))?;
        }
        if let Some(introspection) = introspection {
            builder = introspection.apply(builder, &root.key("introspection"))?;
        }
        let mut names = Vec::with_capacity(issuers.len());
        for (index, issuer) in issuers.into_iter().enumerate() {
            let issuer = issuer.issuer(&root.key("issuers").at(index))?;
            names.push(issuer.name().to_owned());
            builder = builder.issuer(issuer);
        }
        // Last: what cannot be used asks nobody.
        if let Some(revocations) = revocations {
            builder = revocations.apply(builder, &root.key("revocations"))?;
        }
        Ok((builder, names))
    }
}

impl ProxiesTable {
    fn apply(self, builder: AuthBuilder, place: &Place<'_>) -> Result<AuthBuilder, ConfigError> {
        let header = required(
            self.header,
            place,
            "header",
            "`\"x-forwarded-for\"` or `\"forwarded\"`, whichever the proxies write",
        )?;
        let header = match header {
            ForwardedHeader::XForwardedFor => ForwardedBy::XForwardedFor,
            ForwardedHeader::Forwarded => ForwardedBy::Forwarded,
        };
        Ok(builder.trusted_proxies(header, self.networks))
    }
}

impl AttemptsTable {
    fn apply(self, builder: AuthBuilder, place: &Place<'_>) -> Result<AuthBuilder, ConfigError> {
        let limit = required(self.limit, place, "limit", "how many may fail, such as `10`")?;
        let per = required(self.per, place, "per", "in which time, such as `\"1m\"`")?;
        if limit == 0 {
            return Err(place.key("limit").mistake("is 0, which lets nobody in: write at least 1"));
        }
        if per.0.is_zero() {
            return Err(place.key("per").mistake("is no time at all: write at least `\"1s\"`"));
        }
        Ok(builder.failed_attempts(limit, per.0))
    }
}

impl ResourceTable {
    fn apply(self, builder: AuthBuilder, place: &Place<'_>) -> Result<AuthBuilder, ConfigError> {
        let url = required(
            self.resource,
            place,
            "resource",
            "the API's URL, such as `\"https://api.example.com\"`",
        )?;
        let mut resource = ProtectedResource::new(url);
        for scope in self.scopes {
            resource = resource.scope(scope);
        }
        if let Some(name) = self.name {
            resource = resource.name(name);
        }
        if let Some(url) = self.documentation {
            resource = resource.documentation(url);
        }
        Ok(builder.protected_resource(resource))
    }
}

impl CookieTable {
    fn apply(self, builder: AuthBuilder, place: &Place<'_>) -> Result<AuthBuilder, ConfigError> {
        let name =
            required(self.name, place, "name", "the cookie's name, such as `\"__Host-session\"`")?;
        Ok(builder.cookie(self.origins.into_iter().fold(Cookie::named(name), Cookie::origin)))
    }
}

impl ApiKeysTable {
    fn apply(self, builder: AuthBuilder, place: &Place<'_>) -> Result<AuthBuilder, ConfigError> {
        let file = required(self.file, place, "file", "the path of the file that holds the keys")?;
        let place = place.key("file");
        let store = FileStore::open(place.resolve(&file)).map_err(|error| {
            place.mistake(format!("names a file that cannot be used: {error}")).caused_by(error)
        })?;
        let mut keys = ApiKeys::new(store);
        if let Some(header) = self.header {
            keys = keys.header(header);
        }
        if let Some(issuer) = self.issuer {
            keys = keys.issuer(issuer);
        }
        Ok(builder.api_keys(keys))
    }
}

/// What is refused where nothing can be fetched.
#[cfg(not(feature = "jwks"))]
pub(super) const NEEDS_JWKS: &str =
    "needs an HTTP client: turn on the feature `jwks` of `auth-runtime` in Cargo.toml";

/// What has to be there. `allowed` says what to write.
pub(super) fn required<T>(
    value: Option<T>,
    place: &Place<'_>,
    key: &str,
    allowed: &str,
) -> Result<T, ConfigError> {
    value.ok_or_else(|| place.key(key).missing(allowed))
}
