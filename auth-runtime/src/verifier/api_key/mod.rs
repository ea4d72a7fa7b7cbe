//! API keys: an id to look them up by, a secret of which only the hash is kept.

mod file;
mod store;

use std::{fmt, fmt::Write as _, sync::Arc};

use actix_web::http::header::HeaderName;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{json, value::RawValue};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use file::{FileStore, FileStoreError};
pub use store::{ApiKeyStore, Lookup, MemoryStore};

use super::{Verified, VerifyError};
use crate::{
    credential::Method,
    name::{RoleName, ScopeName},
};

/// What every key begins with, so that secret scanners know it.
const PREFIX: &str = "authk_";
/// Random bytes of an id, written as hexadecimal digits: they name a key, and are no secret.
const ID_BYTES: usize = 8;
/// Random bytes of a secret: too many to be guessed, so that a fast hash is enough (a password would need a slow one).
const SECRET_BYTES: usize = 32;

/// An API key as it is stored: everything but the key itself.
///
/// # Examples
///
/// ```
/// use auth_runtime::api_key::ApiKey;
///
/// let (text, key) = ApiKey::generate("svc-billing")?;
/// let key = key.label("billing, production").role("biller").scope("invoices:write");
/// // Hand over `text` now: it stands nowhere else. Store `key`.
/// assert!(text.reveal().starts_with("authk_"));
/// assert!(!format!("{text:?} {key:?}").contains(text.reveal()));
/// # Ok::<(), auth_runtime::api_key::NoRandomness>(())
/// ```
#[derive(Clone)]
pub struct ApiKey {
    id: String,
    hash: [u8; 32],
    label: String,
    subject: String,
    roles: Vec<String>,
    scopes: Vec<String>,
    expires_at: Option<u64>,
}

/// The text of a new key, to be shown once.
pub struct NewKey(String);

/// The operating system has no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random numbers: {0}")]
pub struct NoRandomness(getrandom::Error);

impl NewKey {
    /// The key itself. It is a secret, and cannot be had again.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The key stays out of logs.
impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewKey(..)")
    }
}

impl ApiKey {
    /// Makes a new key for `subject`, without roles, scopes, label or end: its text, and what to store.
    ///
    /// # Errors
    ///
    /// If the operating system has no random numbers.
    pub fn generate(subject: impl Into<String>) -> Result<(NewKey, Self), NoRandomness> {
        let (mut id, mut secret) = ([0; ID_BYTES], [0; SECRET_BYTES]);
        getrandom::fill(&mut id).map_err(NoRandomness)?;
        getrandom::fill(&mut secret).map_err(NoRandomness)?;
        let id = hex(&id);
        let secret = URL_SAFE_NO_PAD.encode(secret);
        let key = Self {
            hash: Sha256::digest(&secret).into(),
            label: String::new(),
            subject: subject.into(),
            roles: Vec::new(),
            scopes: Vec::new(),
            expires_at: None,
            id,
        };
        Ok((NewKey(format!("{PREFIX}{}.{secret}", key.id)), key))
    }

    /// What people call it: "ci", "billing, production".
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// Adds one role.
    #[must_use]
    pub fn role(mut self, role: impl RoleName) -> Self {
        self.roles.push(role.role_name().to_owned());
        self
    }

    /// Adds one scope.
    #[must_use]
    pub fn scope(mut self, scope: impl ScopeName) -> Self {
        self.scopes.push(scope.scope_name().to_owned());
        self
    }

    /// The first second since the Unix epoch at which it is no longer good.
    #[must_use]
    pub fn expires_at(self, seconds: u64) -> Self {
        Self { expires_at: Some(seconds), ..self }
    }

    /// What it is found by. No secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What this key vouches for, if `secret` is its secret.
    fn verify(&self, secret: &str, issuer: &str) -> Option<Verified> {
        let hash: [u8; 32] = Sha256::digest(secret).into();
        if !bool::from(hash.ct_eq(&self.hash)) {
            return None;
        }
        let claims = json!({"sub": self.subject, "key_id": self.id, "key_label": self.label});
        let mut verified =
            Verified::new(issuer, self.subject.clone()).method(Method::ApiKey).jti(self.id.clone());
        if let Ok(claims) = RawValue::from_string(claims.to_string()) {
            verified = verified.claims(claims);
        }
        verified = self.roles.iter().fold(verified, Verified::role);
        verified = self.scopes.iter().fold(verified, Verified::scope);
        Some(match self.expires_at {
            Some(end) => verified.expires_at(end),
            None => verified,
        })
    }
}

/// Two hexadecimal digits a byte.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hash is not for logs either.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// Takes API keys: where they stand in a request, and where they are stored.
///
/// # Examples
///
/// ```
/// use actix_web::{App, Responder, get, test};
/// use auth_runtime::{Auth, api_key::{ApiKey, ApiKeys, MemoryStore}, require_api_key};
///
/// #[require_api_key]
/// #[get("/metrics")]
/// async fn metrics() -> impl Responder {
///     "42"
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let (text, key) = ApiKey::generate("svc-billing")?;
/// store.insert(key);
/// let auth = Auth::builder().api_keys(ApiKeys::new(store)).build()?;
/// let app = test::init_service(App::new().app_data(auth).service(metrics)).await;
///
/// for (key, status) in [(text.reveal(), 200), ("authk_0123456789abcdef.guessed", 401)] {
///     let request = test::TestRequest::get().uri("/metrics").insert_header(("X-API-Key", key));
///     assert_eq!(test::call_service(&app, request.to_request()).await.status(), status);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct ApiKeys {
    store: Arc<dyn ApiKeyStore>,
    header: String,
    issuer: String,
}

/// A header that cannot hold API keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderError {
    #[error("`{0}` is no name of a header: use letters, digits and `-`, such as `X-API-Key`")]
    Name(String),
    #[error(
        "`{0}` has a meaning of its own: name a header for the keys alone, such as `X-API-Key`"
    )]
    Taken(String),
}

impl ApiKeys {
    /// Takes the keys of this store from the header `X-API-Key`.
    pub fn new(store: impl ApiKeyStore) -> Self {
        Self {
            store: Arc::new(store),
            header: "X-API-Key".to_owned(),
            issuer: "urn:auth-runtime:api-keys".to_owned(),
        }
    }

    /// Takes them from another header.
    pub fn header(mut self, name: impl Into<String>) -> Self {
        self.header = name.into();
        self
    }

    /// What [`Identity::issuer`](crate::Identity::issuer) says of callers with a key. Default:
    /// `urn:auth-runtime:api-keys`.
    pub fn issuer(mut self, name: impl Into<String>) -> Self {
        self.issuer = name.into();
        self
    }

    /// The header's name, as it was given: it is shown in challenges.
    pub(crate) fn header_as_written(&self) -> &str {
        &self.header
    }

    pub(crate) fn header_name(&self) -> Result<HeaderName, HeaderError> {
        let name = HeaderName::from_bytes(self.header.as_bytes())
            .map_err(|_| HeaderError::Name(self.header.clone()))?;
        let taken = [
            "authorization",
            "proxy-authorization",
            "cookie",
            "host",
            "origin",
            "forwarded",
            "x-forwarded-for",
        ];
        if taken.contains(&name.as_str()) {
            return Err(HeaderError::Taken(self.header.clone()));
        }
        Ok(name)
    }

    /// Looks a key up, and checks it.
    pub(crate) fn find(&self, text: &[u8]) -> Result<(Lookup, Presented), VerifyError> {
        let presented =
            Presented::read(text).ok_or_else(|| invalid("it is not written as a key"))?;
        Ok((self.store.find(&presented.id), presented))
    }

    /// What the key that was found says of the one that was presented.
    pub(crate) fn judge(
        &self,
        found: Option<&ApiKey>,
        presented: &Presented,
    ) -> Result<Verified, VerifyError> {
        let Some(key) = found else {
            // As much work as for a key that is there.
            let _ = Sha256::digest(&presented.secret);
            return Err(invalid("no such key"));
        };
        key.verify(&presented.secret, &self.issuer).ok_or_else(|| invalid("the secret is wrong"))
    }
}

fn invalid(reason: &'static str) -> VerifyError {
    VerifyError::invalid(reason)
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys").field("header", &self.header).finish_non_exhaustive()
    }
}

/// A key as a client sends it.
pub(crate) struct Presented {
    id: String,
    secret: String,
}

impl Presented {
    fn read(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('.')?;
        let plain = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        (!id.is_empty() && !secret.is_empty() && plain(id) && plain(secret))
            .then(|| Self { id: id.to_owned(), secret: secret.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(keys: &ApiKeys, text: &str) -> Result<Verified, VerifyError> {
        let (lookup, presented) = keys.find(text.as_bytes())?;
        match lookup {
            Lookup::Ready(found) => keys.judge(found.unwrap().as_ref(), &presented),
            Lookup::Later(_) => panic!("a memory store is ready"),
        }
    }

    #[test]
    fn l3_a_key_is_stored_as_a_hash_and_shown_once() {
        let (text, key) = ApiKey::generate("svc").unwrap();
        let (_, secret) = text.reveal().split_once('.').unwrap();
        assert_eq!(secret.len(), 43);
        assert_eq!(key.hash, <[u8; 32]>::from(Sha256::digest(secret)));
        let debug = format!("{text:?} {key:?} {:?}", ApiKeys::new(MemoryStore::new()));
        assert!(!debug.contains(secret) && !debug.contains("hash"), "{debug}");
        assert_ne!(ApiKey::generate("svc").unwrap().0.reveal(), text.reveal());
    }

    #[test]
    fn several_keys_are_good_at_once_and_each_says_what_it_may() {
        let store = MemoryStore::new();
        let keys = ApiKeys::new(store.clone()).issuer("https://keys.test/");
        let (old_text, old) = ApiKey::generate("svc").unwrap();
        let (new_text, new) = ApiKey::generate("svc").unwrap();
        let old_id = old.id().to_owned();
        store.insert(old.role("reader"));
        store.insert(new.role("writer").scope("w").label("new").expires_at(7));

        let verified = judge(&keys, new_text.reveal()).unwrap();
        assert_eq!(
            (&*verified.inner.issuer, verified.inner.texts.subject()),
            ("https://keys.test/", "svc")
        );
        assert!(verified.inner.texts.roles().eq(["writer"]));
        assert_eq!(verified.expires_at, Some(7));
        assert_eq!(verified.method, Method::ApiKey);
        assert!(judge(&keys, old_text.reveal()).is_ok());
        // The old one goes once the new one is in use: no moment without a good key.
        assert!(store.remove(&old_id));
        assert!(judge(&keys, old_text.reveal()).is_err());
        assert!(judge(&keys, new_text.reveal()).is_ok());
    }

    #[test]
    fn anything_else_is_no_key() {
        let store = MemoryStore::new();
        let keys = ApiKeys::new(store.clone());
        let (text, key) = ApiKey::generate("svc").unwrap();
        let (other, _) = ApiKey::generate("svc").unwrap();
        let id = key.id().to_owned();
        store.insert(key);
        let (_, other_secret) = other.reveal().split_once('.').unwrap();
        for wrong in [
            String::new(),
            "authk_".to_owned(),
            format!("authk_{id}"),
            format!("authk_{id}."),
            format!("authk_{id}.{other_secret}"),
            format!("{}x", text.reveal()),
            format!(" {}", text.reveal()),
            text.reveal().to_uppercase(),
            text.reveal().replace("authk_", ""),
            format!("authk_{id}.\u{0}"),
            other.reveal().to_owned(),
        ] {
            assert!(judge(&keys, &wrong).is_err(), "{wrong}");
        }
        assert!(keys.find(b"authk_\xff.\xff").is_err());
        assert!(judge(&keys, text.reveal()).is_ok());
    }

    #[test]
    fn a_header_with_a_meaning_of_its_own_is_refused() {
        let named = |name: &str| ApiKeys::new(MemoryStore::new()).header(name).header_name();
        assert_eq!(named("X-Service-Key").unwrap(), "x-service-key");
        for name in ["", "a b", "Authorization", "cookie", "Host"] {
            assert!(named(name).is_err(), "{name}");
        }
    }
}
