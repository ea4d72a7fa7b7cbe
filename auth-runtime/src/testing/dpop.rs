//! Keys and proofs for tests of what takes DPoP (RFC 9449).

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::TestToken;
use crate::{
    clock::{Clock, SystemClock},
    verifier::dpop::pair::Pair,
};

/// A client's key of its own (P-256), which tokens are bound to and proofs are signed with.
///
/// # Examples
///
/// ```
/// use actix_web::{App, Responder, get, test};
/// use auth_runtime::{Auth, Dpop, require_auth, testing::{DpopKey, TestIssuer}};
///
/// #[require_auth]
/// #[get("/me")]
/// async fn me() -> impl Responder {
///     "hello"
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let issuer = TestIssuer::new();
/// let dpop = Dpop::new().origin("https://api.example.com");
/// let auth = Auth::builder().issuer(issuer.issuer()).dpop(dpop).build()?;
/// let app = test::init_service(App::new().app_data(auth).service(me)).await;
///
/// let (owner, thief) = (DpopKey::new(), DpopKey::new());
/// let token = issuer.token("ann").bound_to(&owner).mint();
/// for (key, status) in [(owner, 200), (thief, 401)] {
///     let proof = key.proof("GET", "https://api.example.com/me", &token).mint();
///     let request = test::TestRequest::get()
///         .uri("/me")
///         .insert_header(("authorization", format!("DPoP {token}")))
///         .insert_header(("dpop", proof));
///     assert_eq!(test::call_service(&app, request.to_request()).await.status(), status);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DpopKey(Pair);

impl Default for DpopKey {
    fn default() -> Self {
        Self::new()
    }
}

impl DpopKey {
    /// A new key.
    ///
    /// # Panics
    ///
    /// If the operating system has no random numbers.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "a test helper: without random numbers no test makes sense"
    )]
    pub fn new() -> Self {
        Self(Pair::p256().expect("the operating system has random numbers"))
    }

    /// What tokens that are bound to this key say in `cnf.jkt` (RFC 9449 §6.1).
    ///
    /// # Panics
    ///
    /// Never: every key of this type has a thumbprint.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test helper: the members were put there above")]
    pub fn thumbprint(&self) -> String {
        self.0.thumbprint().expect("it has all members")
    }

    /// The public half as a JWK (RFC 7517).
    #[must_use]
    pub fn jwk(&self) -> Value {
        Value::Object(self.0.jwk.clone())
    }

    /// A proof that a request with this method, URI and token comes from this key's owner, made now.
    ///
    /// # Panics
    ///
    /// If the operating system has no random numbers.
    pub fn proof(&self, method: &str, uri: &str, token: &str) -> TestProof<'_> {
        let claims = json!({
            "jti": URL_SAFE_NO_PAD.encode(super::random_secret()),
            "htm": method,
            "htu": uri,
            "iat": SystemClock.now(),
            "ath": URL_SAFE_NO_PAD.encode(Sha256::digest(token)),
        });
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()});
        TestProof { key: self, header: members(header), claims: members(claims) }
    }
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The key stays out of logs.
impl fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DpopKey").field(&self.thumbprint()).finish()
    }
}

/// A proof that is being made.
#[derive(Clone, Debug)]
#[must_use = "a proof is made by `mint`"]
pub struct TestProof<'a> {
    key: &'a DpopKey,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl TestProof<'_> {
    /// Holds the nonce that the server gave in `DPoP-Nonce`.
    pub fn nonce(self, nonce: &str) -> Self {
        self.claim("nonce", nonce)
    }

    /// Sets any claim, also to something wrong.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a claim out.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets any member of the header, also to something wrong.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// The proof in its compact form, signed with ES256 whatever its header says.
    ///
    /// # Panics
    ///
    /// If the cryptography backend refuses to sign, which it has no reason to.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test helper: a good key signs whatever it is given")]
    pub fn mint(&self) -> String {
        let header = Value::Object(self.header.clone()).to_string();
        let claims = Value::Object(self.claims.clone()).to_string();
        self.key.0.sign(&header, &claims).expect("a good key signs")
    }
}

impl TestToken<'_> {
    /// Binds the token to a client's key (RFC 9449 §6.1): it is good with that key's proofs, and with nothing else.
    pub fn bound_to(self, key: &DpopKey) -> Self {
        self.claim("cnf", json!({"jkt": key.thumbprint()}))
    }
}
