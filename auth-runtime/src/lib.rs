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
//! * **400** answers repeated credentials, **500** an application that is not set up, **503** a verifier that is out of
//!   reach. Nothing is ever let through because something could not be decided.
//!
//! # The path of a request
//!
//! Routing, then the guard, then the handler's extractors, then the handler. A denied request polls no extractor, reads
//! no byte of its body and has no side effect, also when verifying takes time. The modules of this crate stand in the
//! order of that path.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `aws-lc` (default) | cryptography by AWS-LC |
//! | `rust-crypto` | cryptography in Rust; used where `aws-lc` is off |
//! | `testing` | the module `testing`: tokens and identities for tests |
//!
//! No feature changes a decision, and no two exclude each other. One of the first two has to be on.

#[cfg(not(any(feature = "aws-lc", feature = "rust-crypto")))]
compile_error!(
    "auth-runtime needs a cryptography backend: enable the feature `aws-lc` (default) or `rust-crypto`"
);

mod challenge;
mod claims;
mod credential;
mod crypto;
mod identity;
mod json;
mod name;
pub mod policy;
mod roles;

mod issuer;
pub mod verifier;

pub mod clock;

mod decision;

mod rejection;
mod response;

mod auth;

mod current;
mod guard;

mod extract;
mod handler;

pub mod danger;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub mod __private;

/// Lets only authenticated callers through; everybody else gets a 401.
///
/// # Syntax
///
/// ```text
/// #[require_auth]
/// ```
///
/// # Arguments
///
/// * `crate = ::path`: where this crate is known under another name.
/// * `in_impl`: for an associated function that uses its `impl`'s generics without saying `Self`.
///
/// # Notes
///
/// * Write it above the route attribute: there rustdoc shows the "Authorization" section it adds. Below, it guards just
///   the same.
/// * It stacks with [`require_role`](macro@require_role), in any order; all of them have to hold.
/// * The handler keeps its name and becomes a function of the request and its payload, so nobody can call it around its
///   guard. Test it through the application, or keep its logic in a plain function (`testing::call`).
///
/// # Examples
///
/// ```
/// use actix_web::{App, HttpResponse, Responder, post, test, web};
/// use auth_runtime::{Auth, require_auth};
/// # use auth_runtime::{Algorithm, Issuer, Key};
///
/// #[require_auth]
/// #[post("/notes")]
/// async fn add_note(note: web::Json<String>) -> impl Responder {
///     HttpResponse::Created().body(note.into_inner())
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// # let auth = Auth::builder()
/// #     .issuer(Issuer::new("https://id.example.com/").audience("api").key(Key::secret(Algorithm::HS256, [7; 32])))
/// #     .build()
/// #     .unwrap();
/// let app = test::init_service(App::new().app_data(auth).service(add_note)).await;
///
/// // The body is no JSON, but nobody who is anonymous gets to hear that: 401, not 400.
/// let request = test::TestRequest::post().uri("/notes").set_payload("{\"bad json").to_request();
/// assert_eq!(test::call_service(&app, request).await.status(), 401);
/// # }
/// ```
pub use auth_macros::require_auth;

/// Lets only callers with a role through; others get a 403, anonymous callers a 401.
///
/// # Syntax
///
/// ```text
/// #[require_role("admin")]
/// #[require_role(any("admin", "editor"))]
/// #[require_role(all("staff", "auditor"))]
/// ```
///
/// # Arguments
///
/// * One role in quotes, or several in an explicit `any(…)` or `all(…)`. Names are compared exactly: case matters, no
///   prefix is added or removed. White space, `"`, `\` and anything but printable ASCII cannot stand in them
///   (RFC 6749 §3.3).
/// * `crate = ::path` and `in_impl` as in [`require_auth`](macro@require_auth).
///
/// # Notes
///
/// * Where a token's roles stand is set per [`Issuer`]; which roles imply others is set once, by
///   [`AuthBuilder::role_implies`].
/// * Several attributes on one handler all have to hold.
///
/// # Examples
///
/// ```
/// use actix_web::{HttpResponse, Responder, delete, web};
/// use auth_runtime::require_role;
///
/// #[require_role("admin")]
/// #[delete("/users/{id}")]
/// async fn delete_user(id: web::Path<u64>) -> impl Responder {
///     HttpResponse::NoContent().finish() // anonymous: 401, without the role: 403, and this line did not run
/// }
/// ```
///
/// Two names without saying how they combine do not compile:
///
/// ```compile_fail
/// # use actix_web::{HttpResponse, Responder};
/// # use auth_runtime::require_role;
/// #[require_role("admin", "editor")] // write `any("admin", "editor")` or `all("admin", "editor")`
/// async fn publish() -> impl Responder {
///     HttpResponse::Ok()
/// }
/// ```
pub use auth_macros::require_role;

/// Writes down that a handler is open to everybody.
///
/// # Syntax
///
/// ```text
/// #[public]
/// ```
///
/// # Arguments
///
/// `crate = ::path` and `in_impl` as in [`require_auth`](macro@require_auth).
///
/// # Notes
///
/// * Credentials are not looked at, not even bad ones, unless the handler asks for the identity. With
///   `Option<Identity>` no credentials are `None`, and bad ones are a 401: never silently anonymous.
/// * It contradicts every other attribute of this crate; beside one it does not compile.
///
/// # Examples
///
/// ```
/// use actix_web::{HttpResponse, Responder, get};
/// use auth_runtime::{Identity, public};
///
/// #[public]
/// #[get("/")]
/// async fn home(caller: Option<Identity>) -> impl Responder {
///     match caller {
///         Some(identity) => HttpResponse::Ok().body(format!("hello {}", identity.subject())),
///         None => HttpResponse::Ok().body("hello stranger"), // an expired token does not end here, but in a 401
///     }
/// }
/// ```
pub use auth_macros::public;

/// Makes the variants of an enum the names of roles: a misspelt role does not compile.
///
/// # Syntax
///
/// ```text
/// #[derive(Role)]
/// #[role(rename_all = "kebab-case")]
/// enum Role {
///     Admin,
///     #[role(rename = "docs:write")]
///     Writer,
/// }
/// ```
///
/// # Arguments
///
/// On the enum:
///
/// * `rename_all = "…"`: how identifiers become names, by the rules that serde has: `lowercase`, `UPPERCASE`,
///   `PascalCase`, `camelCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, `kebab-case` or `SCREAMING-KEBAB-CASE`. Without
///   it, `snake_case`: `NightShift` is `night_shift`.
/// * `crate = ::path`: where this crate is known under another name.
///
/// On a variant:
///
/// * `rename = "…"`: the name itself, where no rule makes it. White space, `"`, `\` and anything but printable ASCII
///   cannot stand in it (RFC 6749 §3.3).
///
/// # Notes
///
/// * It adds `const fn name(&self) -> &'static str`, as visible as the enum, and implements [`RoleName`], so that
///   [`Identity::has_role`] takes a variant.
/// * Every upper-case letter begins a word: `HTTPAdmin` is `h_t_t_p_admin`. Write `HttpAdmin`, or use `rename`.
/// * `#[role(…)]` stands below the derive. Two variants with the same name do not compile.
/// * One enum has one set of names: derive [`Scope`](derive@Scope) on an enum of its own.
///
/// # Examples
///
/// ```
/// use auth_runtime::Role;
///
/// #[derive(Role)]
/// enum Role {
///     Admin,
///     NightShift,
///     #[role(rename = "docs:write")]
///     Writer,
/// }
///
/// const ADMIN: &str = Role::Admin.name();
/// assert_eq!(ADMIN, "admin");
/// assert_eq!(Role::NightShift.name(), "night_shift");
/// assert_eq!(Role::Writer.name(), "docs:write");
/// ```
///
/// A name that no token can hold does not compile:
///
/// ```compile_fail
/// # use auth_runtime::Role;
/// #[derive(Role)]
/// enum Role {
///     #[role(rename = "docs write")] // a role has no white space: write a variant for each
///     Writer,
/// }
/// ```
pub use auth_macros::Role;

/// Makes the variants of an enum the names of scopes: a misspelt scope does not compile.
///
/// # Syntax
///
/// ```text
/// #[derive(Scope)]
/// #[scope(rename_all = "kebab-case")]
/// enum Scope {
///     Profile,
///     #[scope(rename = "docs:write")]
///     WriteDocs,
/// }
/// ```
///
/// # Arguments
///
/// `rename_all = "…"` and `crate = ::path` on the enum, `rename = "…"` on a variant, as in [`Role`](derive@Role).
///
/// # Notes
///
/// * It adds `const fn name(&self) -> &'static str`, as visible as the enum, and implements [`ScopeName`], so that
///   [`Identity::has_scope`] takes a variant.
/// * `#[scope(…)]` stands below the derive. There it is ours, also where actix-web's attribute `scope` for modules is
///   imported.
/// * One enum has one set of names: derive [`Role`](derive@Role) on an enum of its own.
///
/// # Examples
///
/// ```
/// use auth_runtime::{Identity, Scope};
///
/// #[derive(Scope)]
/// enum Scope {
///     Profile,
///     #[scope(rename = "docs:write")]
///     WriteDocs,
/// }
///
/// fn may_write(caller: &Identity) -> bool {
///     caller.has_scope(Scope::WriteDocs) // a token with `docs:read` alone may not
/// }
///
/// assert_eq!(Scope::Profile.name(), "profile");
/// assert_eq!(Scope::WriteDocs.name(), "docs:write");
/// ```
///
/// Two variants with the same name do not compile:
///
/// ```compile_fail
/// # use auth_runtime::Scope;
/// #[derive(Scope)]
/// enum Scope {
///     Profile,
///     #[scope(rename = "profile")] // `Profile` and `Me` are both named `profile`
///     Me,
/// }
/// ```
pub use auth_macros::Scope;

pub use crate::{
    auth::{Auth, AuthBuilder, BuildError},
    claims::ClaimPath,
    credential::Method,
    decision::{Decision, Denial, Facts, decide},
    extract::{Claims, Identify, IdentityExt, OptionalIdentity},
    guard::guard,
    identity::Identity,
    issuer::{Issuer, IssuerError, Key, TokenProfile},
    name::{RoleName, ScopeName},
    policy::Policy,
    rejection::Rejection,
    response::Renderer,
};
pub use jsonwebtoken::Algorithm;
