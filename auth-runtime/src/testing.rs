//! Tokens and identities for tests (feature `testing`). Adds API only: no decision depends on the feature.
//!
//! # Examples
//!
//! ```
//! use actix_web::{App, HttpResponse, Responder, get, test};
//! use auth_runtime::{require_role, testing::TestIssuer};
//!
//! #[require_role("admin")]
//! #[get("/admin")]
//! async fn admin() -> impl Responder {
//!     HttpResponse::Ok().body("welcome")
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let issuer = TestIssuer::new();
//! let app = test::init_service(App::new().app_data(issuer.auth()?).service(admin)).await;
//!
//! for (token, status) in [
//!     (issuer.token("ann").role("admin"), 200),
//!     (issuer.token("bob").role("user"), 403),
//!     (issuer.token("ann").role("admin").expired(), 401),
//! ] {
//!     let request = test::TestRequest::get().uri("/admin").insert_header(token.bearer());
//!     assert_eq!(test::call_service(&app, request.to_request()).await.status(), status);
//! }
//! # Ok(())
//! # }
//! ```

mod dpop;

use std::{
    cell::RefCell,
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, dev};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};

pub use dpop::{DpopKey, TestProof};

use crate::{
    auth::{Auth, BuildError},
    clock::{Clock, SystemClock},
    crypto::provider,
    current::{Current, Refused},
    identity::{Identity, Verified},
    issuer::{Issuer, Key},
    name::{RoleName, ScopeName},
    roles::RoleHierarchy,
};

/// Issues tokens with a key of its own, made when it is made.
pub struct TestIssuer {
    name: String,
    audience: String,
    secret: [u8; 32],
}

impl Default for TestIssuer {
    fn default() -> Self {
        Self::new()
    }
}

impl TestIssuer {
    /// An issuer named `https://id.test/` whose tokens are for the audience `api`.
    ///
    /// # Panics
    ///
    /// If the operating system has no random numbers.
    #[must_use]
    pub fn new() -> Self {
        Self {
            name: "https://id.test/".to_owned(),
            audience: "api".to_owned(),
            secret: random_secret(),
        }
    }

    /// Another name, for tests with several issuers.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Another audience.
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        Self { audience: audience.into(), ..self }
    }

    /// From now on tokens are signed with another key; an `Auth` made before does not know it.
    ///
    /// # Panics
    ///
    /// If the operating system has no random numbers.
    pub fn rotate_key(&mut self) {
        self.secret = random_secret();
    }

    /// This issuer as the application has to know it.
    pub fn issuer(&self) -> Issuer {
        Issuer::new(self.name.clone())
            .audience(self.audience.clone())
            .key(Key::secret(Algorithm::HS256, self.secret))
    }

    /// An [`Auth`] that trusts this issuer alone.
    ///
    /// # Errors
    ///
    /// If the name or the audience given is empty.
    pub fn auth(&self) -> Result<Auth, BuildError> {
        Auth::builder().issuer(self.issuer()).build()
    }

    /// A token for `subject` that is valid for five minutes and has no roles.
    pub fn token(&self, subject: &str) -> TestToken<'_> {
        let now = SystemClock.now();
        let claims = json!({
            "iss": self.name,
            "aud": self.audience,
            "sub": subject,
            "iat": now,
            "exp": now.saturating_add(300),
        });
        let claims = match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        };
        TestToken { issuer: self, claims, now }
    }
}

impl TestIssuer {
    /// Signs any header and payload with this issuer's key under HS256, for tests of what is refused.
    ///
    /// # Panics
    ///
    /// If the cryptography backend refuses to sign, which it has no reason to.
    #[must_use]
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let key = EncodingKey::from_secret(&self.secret);
        #[expect(clippy::expect_used, reason = "a test helper: HMAC signs whatever it is given")]
        let signature = (provider().signer_factory)(&Algorithm::HS256, &key)
            .expect("HS256 is always there")
            .try_sign(message.as_bytes())
            .expect("HMAC cannot fail");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The key stays out of logs.
impl fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIssuer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A token that is being made.
#[derive(Clone, Debug)]
#[must_use = "a token is made by `mint` or `bearer`"]
pub struct TestToken<'a> {
    issuer: &'a TestIssuer,
    claims: Map<String, Value>,
    now: u64,
}

impl TestToken<'_> {
    /// Adds one role to the claim `roles`.
    pub fn role(mut self, role: impl RoleName) -> Self {
        let role = role.role_name();
        match self.claims.entry("roles").or_insert_with(|| json!([])) {
            Value::Array(roles) => roles.push(role.into()),
            other => *other = json!([role]),
        }
        self
    }

    /// Adds one scope to the claim `scope`.
    pub fn scope(self, scope: impl ScopeName) -> Self {
        let scope = scope.scope_name();
        let scopes = match self.claims.get("scope") {
            Some(Value::String(scopes)) => format!("{scopes} {scope}"),
            _ => scope.to_owned(),
        };
        self.claim("scope", scopes)
    }

    /// Says how strong the caller's authentication was (`acr`).
    pub fn acr(self, acr: impl Into<String>) -> Self {
        self.claim("acr", acr.into())
    }

    /// Adds one method by which the caller authenticated to the claim `amr`.
    pub fn amr(mut self, method: impl Into<String>) -> Self {
        let method = method.into();
        match self.claims.entry("amr").or_insert_with(|| json!([])) {
            Value::Array(methods) => methods.push(method.into()),
            other => *other = json!([method]),
        }
        self
    }

    /// Says when the caller authenticated, in seconds since the Unix epoch (`auth_time`).
    pub fn auth_time(self, seconds: u64) -> Self {
        self.claim("auth_time", seconds)
    }

    /// Says that the caller authenticated just now (`auth_time`).
    pub fn just_authenticated(self) -> Self {
        let now = self.now;
        self.auth_time(now)
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

    /// Valid for this long from now.
    pub fn expires_in(self, time: Duration) -> Self {
        let end = self.now.saturating_add(time.as_secs());
        self.claim("exp", end)
    }

    /// Was valid until ten minutes ago, which is more than any leeway.
    pub fn expired(self) -> Self {
        let (issued, expired) = (self.now.saturating_sub(1_200), self.now.saturating_sub(600));
        self.claim("iat", issued).claim("exp", expired)
    }

    /// The token in its compact form, signed with HS256.
    ///
    /// # Panics
    ///
    /// If the cryptography backend refuses to sign, which it has no reason to.
    #[must_use]
    pub fn mint(&self) -> String {
        let claims = Value::Object(self.claims.clone()).to_string();
        self.issuer.sign(r#"{"alg":"HS256","typ":"at+jwt"}"#, &claims)
    }

    /// The header that brings the token, as `TestRequest::insert_header` takes it: `authorization`, and `Bearer` with the
    /// token behind it.
    ///
    /// # Panics
    ///
    /// As [`mint`](Self::mint) does.
    #[must_use]
    pub fn bearer(&self) -> (&'static str, String) {
        ("authorization", format!("Bearer {}", self.mint()))
    }
}

/// An identity out of nothing, for code that takes one.
///
/// ```
/// use auth_runtime::{testing::identity, verifier::Verified};
///
/// let ann = identity(Verified::new("https://id.test/", "ann").role("admin"));
/// assert!(ann.has_role("admin"));
/// assert!(!ann.has_role("Admin"));
/// ```
#[must_use]
pub fn identity(verified: Verified) -> Identity {
    Identity::new(verified, &RoleHierarchy::default())
}

/// Calls a plain handler, one without an attribute of ours, as if the guard had let this identity through.
///
/// A guarded handler cannot be called around its guard; keep its logic in a plain function and test that.
///
/// ```
/// use actix_web::{Responder, test::TestRequest};
/// use auth_runtime::{Identity, testing, verifier::Verified};
///
/// async fn greet(identity: Identity) -> impl Responder {
///     format!("hello {}", identity.subject())
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// let ann = testing::identity(Verified::new("https://id.test/", "ann"));
/// let (request, mut payload) = TestRequest::default().to_http_parts();
/// assert_eq!(testing::call(greet, &request, &mut payload, ann).await.status(), 200);
/// # }
/// ```
pub async fn call<F, Args>(
    handler: F,
    request: &HttpRequest,
    payload: &mut dev::Payload,
    identity: Identity,
) -> HttpResponse
where
    F: Handler<Args>,
    F::Output: Responder + 'static,
    Args: FromRequest,
{
    let current = &RefCell::new(Some(Current::new(request, Some(identity), false)));
    let mut extracting = pin!(Current::during(current, || Args::from_request(request, payload)));
    match poll_fn(|context| Current::during(current, || Current::poll_first(current, context)))
        .await
    {
        Ok(()) => {}
        Err(Refused::Rejection(rejection)) => return rejection.respond(request).await,
        Err(Refused::Error(error)) => return HttpResponse::from_error(error),
    }
    let arguments =
        poll_fn(|context| Current::during(current, || extracting.as_mut().poll(context)));
    match arguments.await {
        Err(error) => HttpResponse::from_error(error),
        Ok(arguments) => {
            let mut running = pin!(Current::during(current, || handler.call(arguments)));
            let output =
                poll_fn(|context| Current::during(current, || running.as_mut().poll(context)));
            output.await.respond_to(request).map_into_boxed_body()
        }
    }
}

fn random_secret() -> [u8; 32] {
    let mut secret = [0; 32];
    #[expect(
        clippy::expect_used,
        reason = "a test helper: without random numbers no test makes sense"
    )]
    getrandom::fill(&mut secret).expect("the operating system has random numbers");
    secret
}
