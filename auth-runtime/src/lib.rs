//! Guard actix-web handlers with one attribute, and answer with exactly the right 401 or 403.
//!
//! ```
//! use actix_web::{App, HttpResponse, Responder, get, http::header::AUTHORIZATION, test, web};
//! use auth_runtime::{Algorithm, Auth, Identity, Issuer, Key, require_auth, require_role};
//!
//! #[require_auth]
//! #[get("/me")]
//! async fn me(identity: Identity) -> impl Responder {
//!     HttpResponse::Ok().body(identity.subject().to_owned())
//! }
//!
//! #[require_role("admin")]
//! #[get("/users/{id}")]
//! async fn user(id: web::Path<u64>) -> impl Responder {
//!     HttpResponse::Ok().body(format!("user {id}"))
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret = [7; 32];
//! let auth = Auth::builder()
//!     .issuer(
//!         Issuer::new("https://id.example.com/")
//!             .audience("api")
//!             .key(Key::secret(Algorithm::HS256, secret)),
//!     )
//!     .build()?;
//! let app = test::init_service(App::new().app_data(auth.clone()).service(me).service(user)).await;
//!
//! // No token: 401, before the path is even parsed.
//! let request = test::TestRequest::get().uri("/users/not-a-number").to_request();
//! let response = test::call_service(&app, request).await;
//! assert_eq!(response.status(), 401);
//! assert_eq!(response.headers().get("www-authenticate").unwrap(), r#"Bearer realm="api""#);
//!
//! // A token that is none: 401 again, and the challenge says why.
//! let request = test::TestRequest::get().uri("/me").insert_header((AUTHORIZATION, "Bearer nonsense"));
//! let response = test::call_service(&app, request.to_request()).await;
//! assert_eq!(response.status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! # Which status, and why
//!
//! * **401** asks "who are you?" and always carries `WWW-Authenticate`: no token, an expired one, one that is not
//!   acceptable. Clients log in or refresh, and try again.
//! * **403** says "I know who you are, and you may not": the token is good, a role is missing. Clients show
//!   "access denied" and do not try again.
//! * **400** answers repeated credentials, **407** a proxy's own credentials that are missing or not good, **429** too many
//!   invalid credentials from one address.
//! * **500** answers an application that is not set up, **503** a verifier that is out of reach. Nothing is ever let through
//!   because something could not be decided.
//! * **404** hides that there is something, where a handler says `deny = not_found`, and answers an [`Owned`] that is not
//!   there.
//!
//! Each chapter of the [guide] says which of them follows from what it is about, and with which challenge.
//!
//! # The guide
//!
//! * [Authentication](guide::authentication): who calls, and which 401.
//! * [Credentials](guide::credentials): headers, cookies, proxies.
//! * [DPoP](guide::dpop): tokens that are of no use to a thief.
#![cfg_attr(
    feature = "jwks",
    doc = "* [Introspection](guide::introspection): opaque tokens, judged by whoever issued them."
)]
//! * [Roles](guide::roles): what the caller is; several, implied and typed ones.
//! * [Scopes](guide::scopes): what the token may be used for, and the challenge that says which one to get.
//! * [Ownership](guide::ownership): whose it is, by the path or by the database.
//! * [Addresses](guide::addresses): where the request comes from, also behind a proxy.
//! * [API keys](guide::api_keys): for programs.
//! * [Step-up](guide::step_up): how recently and how strongly the caller logged in.
//! * [Expressions](guide::expressions): all of this combined, functions and arguments of your own.
//! * [Hiding](guide::hiding): a 404 instead of any refusal.
//! * [Stacking](guide::stacking): several attributes on one handler.
//! * [Modules](guide::modules): one attribute for all handlers of a module.
//! * [Public](guide::public): open to everybody, as a decision.
//! * [Keys](guide::keys): where an issuer's keys come from, and what happens when they change or the issuer is away.
//! * [Revocation](guide::revocation): tokens that are taken back before they expire.
//! * [Configuration](guide::configuration): all of this from a file and the environment, and changed while running.
//! * [Observability](guide::observability): events, a span and metrics, and what is never written.
//! * [Scale](guide::scale): what one instance, ten and a thousand cost.
//! * [Testing](guide::testing): the guard, and what is behind it.
//!
//! # The path of a request
//!
//! Routing, then the guard, then the handler's extractors, then the handler. A request that is refused without a question
//! about its arguments polls no extractor, reads no byte of its body and has no side effect, also when verifying takes time.
//! Two things ask about arguments, after the guard: [`Owned`], before all other extractors, and `when(…)`, after them. The
//! modules of this crate stand in the order of that path.
//!
//! Why a request was refused is a `tracing` event: every decision has the target `auth_runtime::decision`, and the cause of
//! every 500 is one at error level. Nobody sees them unless the application installs a subscriber; the guide's chapter on
//! [observability](guide::observability) says how.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `aws-lc` (default) | cryptography by AWS-LC |
//! | `rust-crypto` | cryptography in Rust; used where `aws-lc` is off |
//! | `jwks` | an HTTP client: keys by URL and discovery, and introspection |
//! | `metrics` | counts of decisions, key refreshes and more, for the recorder that the application installs |
//! | `redis` | revocations that several instances share through Redis |
//! | `testing` | the module `testing`: tokens and identities for tests |
//!
//! No feature changes a decision, and no two exclude each other. One of the first two has to be on.

#[cfg(not(any(feature = "aws-lc", feature = "rust-crypto")))]
compile_error!(
    "auth-runtime needs a cryptography backend: enable the feature `aws-lc` (default) or `rust-crypto`"
);

mod address;
mod challenge;
mod claims;
mod credential;
mod crypto;
#[cfg(feature = "jwks")]
mod fetch;
mod identity;
mod incoming;
mod json;
mod name;
mod parameter;
pub mod policy;
mod roles;
mod texts;

mod issuer;
pub mod verifier;

mod cache;
pub mod revocation;

pub mod clock;

mod attempts;

mod decision;

mod audit;
mod rejection;
mod response;

mod auth;
mod config;

mod current;
mod guard;

mod extract;
mod handler;
mod metadata;
mod owned;

pub mod danger;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub mod __private;

// The examples in these two take their tokens from `testing`. Where that feature is off they are still there for whoever
// reads them, with every link to them, and only `cargo test` passes over them. (`doctest` is set while examples are
// collected, and never where this crate is compiled.)
#[cfg(any(not(doctest), feature = "testing"))]
mod attributes;
#[cfg(any(not(doctest), feature = "testing"))]
pub mod guide;

#[cfg(any(not(doctest), feature = "testing"))]
pub use crate::attributes::{
    Role, Scope, authorize, public, require_api_key, require_auth, require_ip, require_owner,
    require_role, require_scope, require_step_up,
};
#[cfg(feature = "jwks")]
pub use crate::verifier::introspection::{Introspection, IntrospectionError, Introspector};
pub use crate::{
    address::ForwardedBy,
    auth::{Auth, AuthBuilder, BuildError, ReloadError, ReloadableAuth, ready},
    claims::ClaimPath,
    config::{Config, ConfigError},
    credential::{Cookie, Method},
    decision::{Decision, Denial, Facts, Missing, StepUp, decide},
    extract::{Claims, Identify, IdentityExt, OptionalIdentity},
    guard::guard,
    identity::Identity,
    issuer::{Issuer, IssuerError, Key, TokenProfile},
    metadata::{ProtectedResource, resource_metadata},
    name::{RoleName, ScopeName},
    owned::{Denied, Owned, Owning, Resource},
    policy::Policy,
    rejection::Rejection,
    response::Renderer,
    verifier::dpop::{Dpop, Nonces},
};
pub use jsonwebtoken::Algorithm;

/// API keys: made, stored, taken.
pub mod api_key {
    pub use crate::verifier::api_key::{
        ApiKey, ApiKeyStore, ApiKeys, FileStore, FileStoreError, Lookup, MemoryStore, NewKey,
        NoRandomness,
    };
}
