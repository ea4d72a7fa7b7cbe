//! What an issuer publishes → its keys.

use std::fmt;

use jsonwebtoken::Algorithm;
use reqwest::{Url, header::HeaderValue};

use super::{Settings, Source};
use crate::{
    fetch::{self, FetchError, Fetched, Fetcher, without_query},
    issuer::{LoadedKey, jwk},
    json::{self, Value},
};

/// An issuer's documents, as far as they were understood.
pub(super) struct Documents {
    fetcher: Fetcher,
    /// Where the metadata said that the keys are.
    metadata: Option<(Document, Url)>,
    /// The last key set that was any good.
    keys: Option<Document>,
}

/// A document, to be asked for again unless it is still the same.
struct Document {
    url: Url,
    etag: Option<HeaderValue>,
    body: Vec<u8>,
}

/// What the issuer says of its keys.
pub(super) enum News {
    /// They are what they were.
    Same,
    /// These, and no other.
    Keys(Vec<LoadedKey>),
}

/// Why an issuer's keys are not known.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// It is out of reach (RESPONSES A17).
    Away(String),
    /// It publishes something that cannot be used, and somebody has to mend that (RESPONSES A18).
    Unusable(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(why) | Self::Unusable(why) => f.write_str(why),
        }
    }
}

impl Trouble {
    fn fetching(url: &Url, error: &FetchError) -> Self {
        let why = format!("`{}`: {error}", without_query(url));
        if error.is_temporary() { Self::Away(why) } else { Self::Unusable(why) }
    }
}

impl Documents {
    pub(super) fn new(fetcher: Fetcher) -> Self {
        Self { fetcher, metadata: None, keys: None }
    }

    /// Asks the issuer. What was understood before stays if this fails or is cancelled.
    pub(super) async fn ask(&mut self, settings: &Settings) -> Result<News, Trouble> {
        let url = match &settings.source {
            Source::Url(url) => url.clone(),
            Source::Discovery(name) => self.discover(name, &settings.issuer).await?,
        };
        let known = self.keys.as_ref().filter(|known| known.url == url);
        let etag = known.and_then(|known| known.etag.as_ref());
        let fetched = self.fetcher.get(&url, etag).await;
        let (body, etag) = match fetched.map_err(|error| Trouble::fetching(&url, &error))? {
            Fetched::NotModified => return Ok(News::Same),
            Fetched::Document { body, etag, .. } => (body, etag),
        };
        let news = if known.is_some_and(|known| known.body == body) {
            News::Same
        } else {
            let keys = read_keys(&body, &settings.algorithms, &settings.issuer)
                .map_err(|why| Trouble::Unusable(format!("`{}`: {why}", without_query(&url))))?;
            News::Keys(keys)
        };
        self.keys = Some(Document { url, etag, body });
        Ok(news)
    }

    /// Where the metadata says that the keys are. While the issuer is away, that is where it last said.
    async fn discover(&mut self, name: &Url, issuer: &str) -> Result<Url, Trouble> {
        let mut failures = Vec::new();
        for url in [openid_configuration(name), authorization_server(name)] {
            match self.metadata_at(&url, issuer, name).await {
                Ok(keys) => return Ok(keys),
                Err(Undiscovered::Elsewhere(why)) => failures.push(why),
                Err(Undiscovered::Trouble(Trouble::Away(why))) => {
                    let Some((_, keys)) = &self.metadata else {
                        return Err(Trouble::Away(why));
                    };
                    tracing::warn!(
                        issuer,
                        "its metadata cannot be fetched, so its keys are looked for where they were: {why}"
                    );
                    return Ok(keys.clone());
                }
                Err(Undiscovered::Trouble(trouble)) => return Err(trouble),
            }
        }
        Err(Trouble::Unusable(format!(
            "no metadata was found, so give `.jwks_url(…)` instead of `.jwks_discovery()`: {}",
            failures.join("; ")
        )))
    }

    async fn metadata_at(
        &mut self,
        url: &Url,
        issuer: &str,
        name: &Url,
    ) -> Result<Url, Undiscovered> {
        let known = self.metadata.as_ref().filter(|(known, _)| known.url == *url);
        let etag = known.and_then(|(known, _)| known.etag.as_ref());
        let (body, etag) = match (self.fetcher.get(url, etag).await, known) {
            (Ok(Fetched::Document { body, etag, .. }), _) => (body, etag),
            (Ok(Fetched::NotModified), Some((_, keys))) => return Ok(keys.clone()),
            // `get` says so only of a document that was named.
            (Ok(Fetched::NotModified), None) => {
                return Err(Undiscovered::Elsewhere(format!("`{url}`: not modified")));
            }
            (Err(error), _) => {
                return Err(match Trouble::fetching(url, &error) {
                    Trouble::Unusable(why) => Undiscovered::Elsewhere(why),
                    away @ Trouble::Away(_) => Undiscovered::Trouble(away),
                });
            }
        };
        let keys = match read_metadata(&body, issuer, name) {
            Ok(keys) => keys,
            Err(Unread::NoMetadata) => {
                return Err(Undiscovered::Elsewhere(format!(
                    "`{url}`: the answer is no JSON object"
                )));
            }
            Err(Unread::Unusable(why)) => {
                return Err(Undiscovered::Trouble(Trouble::Unusable(format!("`{url}`: {why}"))));
            }
        };
        self.metadata = Some((Document { url: url.clone(), etag, body: Vec::new() }, keys.clone()));
        Ok(keys)
    }
}

enum Undiscovered {
    /// There is no metadata here; there may be some at the other place.
    Elsewhere(String),
    Trouble(Trouble),
}

/// OpenID Connect Discovery 1.0 §4: behind the issuer's name, a slash at its end removed.
fn openid_configuration(name: &Url) -> Url {
    let path = name.path();
    let path = path.strip_suffix('/').unwrap_or(path);
    at(name, &format!("{path}/.well-known/openid-configuration"))
}

/// RFC 8414 §3.1: between the host and the path, a slash at its end removed.
fn authorization_server(name: &Url) -> Url {
    let path = name.path();
    let path = path.strip_suffix('/').unwrap_or(path);
    at(name, &format!("/.well-known/oauth-authorization-server{path}"))
}

fn at(name: &Url, path: &str) -> Url {
    let mut url = name.clone();
    url.set_path(path);
    url
}

enum Unread {
    NoMetadata,
    Unusable(String),
}

/// The `jwks_uri` of a metadata document that is this issuer's own.
fn read_metadata(body: &[u8], issuer: &str, name: &Url) -> Result<Url, Unread> {
    let metadata = std::str::from_utf8(body)
        .ok()
        .and_then(|text| json::read(text).ok())
        .ok_or(Unread::NoMetadata)?;
    // CHECKLIST K5; RFC 8414 §3.3: identical, or nothing in the document counts.
    match metadata.get("issuer") {
        Some(Value::String(said)) if said == issuer => {}
        Some(Value::String(said)) => {
            return Err(Unread::Unusable(format!(
                "the metadata is that of the issuer {said:?}, and not of {issuer:?}: write the `iss` of its tokens exactly \
                 so in `Issuer::new(…)`"
            )));
        }
        _ => return Err(Unread::Unusable("the metadata does not say whose it is".to_owned())),
    }
    let Some(Value::String(keys)) = metadata.get("jwks_uri") else {
        return Err(Unread::Unusable(
            "the metadata has no `jwks_uri`: give `.jwks_url(…)` instead of `.jwks_discovery()`"
                .to_owned(),
        ));
    };
    let keys =
        fetch::url(keys).map_err(|why| Unread::Unusable(format!("its `jwks_uri`: {why}")))?;
    // This machine's own services are nothing that a host elsewhere may point to.
    if name.scheme() == "https" && keys.scheme() != "https" {
        return Err(Unread::Unusable(format!(
            "its `jwks_uri` `{}` is not encrypted",
            without_query(&keys)
        )));
    }
    Ok(keys)
}

fn read_keys(
    body: &[u8],
    algorithms: &[Algorithm],
    issuer: &str,
) -> Result<Vec<LoadedKey>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "it is no JWK set: not UTF-8".to_owned())?;
    jwk::published(text, algorithms, issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_where_both_standards_say() {
        for (name, openid, oauth) in [
            (
                "https://id.example.com",
                "https://id.example.com/.well-known/openid-configuration",
                "https://id.example.com/.well-known/oauth-authorization-server",
            ),
            (
                "https://id.example.com/",
                "https://id.example.com/.well-known/openid-configuration",
                "https://id.example.com/.well-known/oauth-authorization-server",
            ),
            (
                "https://id.example.com:8443/realms/a%20b/",
                "https://id.example.com:8443/realms/a%20b/.well-known/openid-configuration",
                "https://id.example.com:8443/.well-known/oauth-authorization-server/realms/a%20b",
            ),
        ] {
            let name = Url::parse(name).unwrap();
            assert_eq!(openid_configuration(&name).as_str(), openid);
            assert_eq!(authorization_server(&name).as_str(), oauth);
        }
    }

    #[test]
    fn k5_metadata_counts_only_if_it_is_the_issuer_s_own() {
        let issuer = "https://id.example.com/";
        let name = Url::parse(issuer).unwrap();
        let read = |document: &str| match read_metadata(document.as_bytes(), issuer, &name) {
            Ok(url) => url.to_string(),
            Err(Unread::NoMetadata) => "none".to_owned(),
            Err(Unread::Unusable(why)) => why,
        };
        let good =
            r#"{"issuer":"https://id.example.com/","jwks_uri":"https://keys.example.com/1"}"#;
        assert_eq!(read(good), "https://keys.example.com/1");
        for (document, why) in [
            (
                r#"{"issuer":"https://id.example.com","jwks_uri":"https://id.example.com/k"}"#,
                "and not of",
            ),
            (
                r#"{"issuer":"https://ID.example.com/","jwks_uri":"https://id.example.com/k"}"#,
                "and not of",
            ),
            (
                r#"{"issuer":["https://id.example.com/"],"jwks_uri":"https://id.example.com/k"}"#,
                "whose it is",
            ),
            (r#"{"jwks_uri":"https://id.example.com/k"}"#, "whose it is"),
            (r#"{"issuer":"https://id.example.com/"}"#, "give `.jwks_url(…)`"),
            (r#"{"issuer":"https://id.example.com/","jwks_uri":7}"#, "give `.jwks_url(…)`"),
            (r#"{"issuer":"https://id.example.com/","jwks_uri":"/k"}"#, "is no URL"),
            (
                r#"{"issuer":"https://id.example.com/","jwks_uri":"http://id.example.com/k"}"#,
                "write `https`",
            ),
            (
                r#"{"issuer":"https://id.example.com/","jwks_uri":"http://127.0.0.1:9/k"}"#,
                "not encrypted",
            ),
            (r#"{"issuer":"https://id.example.com/","issuer":"x"}"#, "none"),
            ("<html>", "none"),
            ("[]", "none"),
        ] {
            assert!(read(document).contains(why), "{document}: {}", read(document));
        }
    }
}
