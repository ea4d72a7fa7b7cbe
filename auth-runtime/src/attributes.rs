//! The attributes and derives, each with its documentation. `auth-macros` is not named by users.

/// Lets only authenticated callers through; everybody else gets a 401.
///
/// # Syntax
///
/// ```text
/// #[require_auth]
/// #[require_auth(deny = not_found)]
/// ```
///
/// # Arguments
///
/// * `deny = not_found`: every denial is the application's own 404, so that nobody hears that there is something
///   ([guide](crate::guide::hiding)).
/// * `crate = ::path`: where this crate is known under another name.
/// * `in_impl`: for an associated function that uses its `impl`'s generics without saying `Self`. Without it rustc says
///   "can't use generic parameters from outer item" (E0401).
///
/// All attributes of this crate take these three.
///
/// # Notes
///
/// * Which 401 is answered, and what the handler can ask about the caller: [guide](crate::guide::authentication).
/// * Write it above the route attribute: there rustdoc shows the "Authorization" section it adds. Below, it guards just
///   the same.
/// * It [stacks](crate::guide::stacking) with the other attributes of this crate, in any order; all of them have to hold.
/// * The handler keeps its name and becomes a function of the request and its payload, so nobody can call it around its
///   guard. [Test](crate::guide::testing) it through the application, or keep its logic in a plain function.
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
/// #[require_role(Role::Admin)]
/// ```
///
/// # Arguments
///
/// * One role, or several in an explicit `any(…)` or `all(…)`. Names are compared exactly: case matters, no prefix is
///   added or removed. White space, `"`, `\` and anything but printable ASCII cannot stand in them (RFC 6749 §3.3).
/// * A role is text in quotes, a variant of an enum with [`#[derive(Role)]`](derive@Role), or a `const` of type
///   `&'static str`. A misspelt variant does not compile.
/// * `deny = not_found`, `crate = ::path` and `in_impl` as in [`require_auth`](macro@require_auth).
///
/// # Notes
///
/// * Where a token's roles stand is set per [`Issuer`](crate::Issuer); which roles imply others is set once, by
///   [`AuthBuilder::role_implies`](crate::AuthBuilder::role_implies) ([guide](crate::guide::roles)).
/// * Several attributes on one handler all have to hold.
///
/// # Examples
///
/// ```
/// use actix_web::{App, HttpResponse, Responder, delete, test, web};
/// use auth_runtime::{Role, require_role, testing::TestIssuer};
///
/// #[derive(Role)]
/// enum Role {
///     Admin,
/// }
///
/// #[require_role(Role::Admin)]
/// #[delete("/users/{id}")]
/// async fn delete_user(id: web::Path<u64>) -> impl Responder {
///     HttpResponse::NoContent()
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// let issuer = TestIssuer::new();
/// let app = test::init_service(App::new().app_data(issuer.auth().unwrap()).service(delete_user)).await;
/// for (token, status) in [
///     (issuer.token("eve").role("admin"), 204),
///     (issuer.token("bob").role("user"), 403),
///     (issuer.token("eve").role("admin").expired(), 401),
/// ] {
///     let request = test::TestRequest::delete().uri("/users/7").insert_header(token.bearer());
///     assert_eq!(test::call_service(&app, request.to_request()).await.status(), status);
/// }
/// # }
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

/// Lets only tokens with a scope through; others get a 403 that says which scopes to ask for, anonymous callers a 401.
///
/// # Syntax
///
/// ```text
/// #[require_scope("docs:read")]
/// #[require_scope(any("docs:read", "docs:write"))]
/// #[require_scope(all("docs:read", "docs:write"))]
/// #[require_scope(Scope::ReadDocs)]
/// ```
///
/// # Arguments
///
/// * One scope, or several in an explicit `any(…)` or `all(…)`, compared exactly. White space, `"`, `\` and anything but
///   printable ASCII cannot stand in them (RFC 6749 §3.3).
/// * A scope is text in quotes, a variant of an enum with [`#[derive(Scope)]`](derive@Scope), or a `const` of type
///   `&'static str`.
/// * `deny = not_found`, `crate = ::path` and `in_impl` as in [`require_auth`](macro@require_auth).
///
/// # Notes
///
/// * The challenge lists the smallest set of scopes that would be enough (RFC 6750 §3.1; [guide](crate::guide::scopes)).
/// * Where a token's scopes stand is set per [`Issuer`](crate::Issuer).
///
/// # Examples
///
/// ```
/// use actix_web::{App, Responder, get, test};
/// use auth_runtime::{require_scope, testing::TestIssuer};
///
/// #[require_scope("docs:read")]
/// #[get("/docs")]
/// async fn docs() -> impl Responder {
///     "the docs"
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// let issuer = TestIssuer::new();
/// let app = test::init_service(App::new().app_data(issuer.auth().unwrap()).service(docs)).await;
/// for (token, status, scope) in [
///     (issuer.token("ann").scope("docs:read"), 200, None),
///     (issuer.token("ann").scope("docs"), 403, Some(r#"scope="docs:read""#)),
/// ] {
///     let request = test::TestRequest::get().uri("/docs").insert_header(token.bearer());
///     let response = test::call_service(&app, request.to_request()).await;
///     assert_eq!(response.status(), status);
///     let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap());
///     assert_eq!(challenge.and_then(|challenge| challenge.rsplit(", ").next()), scope);
/// }
/// # }
/// ```
pub use auth_macros::require_scope;

/// Lets only the caller through whom a path parameter names; others get a 403, anonymous callers a 401.
///
/// # Syntax
///
/// ```text
/// #[require_owner("user_id")]
/// #[require_owner("user_id", prefix)]
/// ```
///
/// # Arguments
///
/// * The name of a path parameter. Percent-decoded it has to be the token's subject, exactly.
/// * `prefix`: the parameter stands in an enclosing `web::scope`, which no macro can see. Without it the parameter has to
///   be in the path of the route attribute, where there is one below.
/// * `deny = not_found`, `crate = ::path` and `in_impl` as in [`require_auth`](macro@require_auth).
///
/// # Notes
///
/// * Where the route turns out to have no such parameter, or several, nobody is the owner: every request is a 500, and the
///   log says what to write.
/// * Where the path does not say whose it is, take [`Owned`](crate::Owned) ([guide](crate::guide::ownership)).
/// * "The owner or an admin" is `#[authorize(owner("user_id") || role("admin"))]`.
///
/// # Examples
///
/// ```
/// use actix_web::{App, Responder, get, test, web};
/// use auth_runtime::{require_owner, testing::TestIssuer};
///
/// #[require_owner("user_id")]
/// #[get("/users/{user_id}/orders")]
/// async fn orders(user_id: web::Path<String>) -> impl Responder {
///     format!("orders of {user_id}")
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// let issuer = TestIssuer::new();
/// let app = test::init_service(App::new().app_data(issuer.auth().unwrap()).service(orders)).await;
/// for (path, status) in [("/users/ann/orders", 200), ("/users/bob/orders", 403)] {
///     let bearer = issuer.token("ann").bearer();
///     let request = test::TestRequest::get().uri(path).insert_header(bearer);
///     assert_eq!(test::call_service(&app, request.to_request()).await.status(), status);
/// }
/// # }
/// ```
pub use auth_macros::require_owner;

/// Lets only requests from certain networks through; others get a 403 before credentials are looked at.
///
/// # Syntax
///
/// ```text
/// #[require_ip("10.0.0.0/8", "::1")]
/// ```
///
/// # Arguments
///
/// * Networks, each an address with a prefix length or one address; the request comes from one of them. A network with
///   bits behind its prefix does not compile, nor does an IPv4 one written as IPv6.
/// * `deny = not_found`, `crate = ::path` and `in_impl` as in [`require_auth`](macro@require_auth).
///
/// # Notes
///
/// * It asks nothing about the caller. Add [`require_auth`](macro@require_auth) or a role to ask both.
/// * Behind a proxy, say [which header to believe](crate::AuthBuilder::trusted_proxies); without that none counts. An
///   address that is not known is in no network ([guide](crate::guide::addresses)).
/// * Networks with a name, given to [the builder](crate::AuthBuilder::network), are `#[authorize(network("office"))]`.
///
/// # Examples
///
/// ```
/// use actix_web::{App, Responder, get, test};
/// use auth_runtime::{require_ip, testing::TestIssuer};
///
/// #[require_ip("10.0.0.0/8")]
/// #[get("/metrics")]
/// async fn metrics() -> impl Responder {
///     "requests 7"
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// let issuer = TestIssuer::new();
/// let app = test::init_service(App::new().app_data(issuer.auth().unwrap()).service(metrics)).await;
/// for (peer, status) in [("10.1.2.3:4711", 200), ("203.0.113.7:4711", 403)] {
///     let request = test::TestRequest::get().uri("/metrics").peer_addr(peer.parse().unwrap());
///     assert_eq!(test::call_service(&app, request.to_request()).await.status(), status);
/// }
/// # }
/// ```
pub use auth_macros::require_ip;

/// Lets only callers with an API key through; others get a 401 that asks for one.
///
/// # Syntax
///
/// ```text
/// #[require_api_key]
/// ```
///
/// # Arguments
///
/// * No key: it has no place in source code, and does not compile.
/// * `deny = not_found`, `crate = ::path` and `in_impl` as in [`require_auth`](macro@require_auth).
///
/// # Notes
///
/// * Keys are made, stored and taken as the [guide](crate::guide::api_keys) says. A [`Verifier`](crate::verifier::Verifier)
///   of your own can say that its token was a key, with [`Verified::method`](crate::verifier::Verified::method).
/// * What the key may do is asked with roles and scopes, as of any caller.
///
/// # Examples
///
/// ```
/// use actix_web::{App, Responder, post, test};
/// use auth_runtime::{Auth, api_key::{ApiKey, ApiKeys, MemoryStore}, require_api_key};
///
/// #[require_api_key]
/// #[post("/reports")]
/// async fn report() -> impl Responder {
///     "thanks"
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let (text, key) = ApiKey::generate("robot")?;
/// store.insert(key);
/// let auth = Auth::builder().api_keys(ApiKeys::new(store)).build()?;
/// let app = test::init_service(App::new().app_data(auth).service(report)).await;
/// for (key, status) in [(text.reveal(), 200), ("authk_0123456789abcdef.guessed", 401)] {
///     let request = test::TestRequest::post().uri("/reports").insert_header(("x-api-key", key));
///     assert_eq!(test::call_service(&app, request.to_request()).await.status(), status);
/// }
/// # Ok(())
/// # }
/// ```
pub use auth_macros::require_api_key;

/// Lets only callers through who logged in recently or strongly enough; others get a 401 that says what to do.
///
/// # Syntax
///
/// ```text
/// #[require_step_up(max_age = "5m")]
/// #[require_step_up(acr = "mfa", amr = "otp", max_age = "1h30m")]
/// #[require_step_up(acr = any("mfa", "phr"))]
/// ```
///
/// # Arguments
///
/// * `acr = "…"`: the token's `acr`, exactly; or `any(…)` of several.
/// * `amr = "…"`: a method that the token's `amr` lists (RFC 8176).
/// * `max_age = "…"`: how long ago the caller may have logged in, by the token's `auth_time`. Numbers with `s`, `m`, `h`
///   or `d` behind them.
/// * `deny = not_found`, `crate = ::path` and `in_impl` as in [`require_auth`](macro@require_auth).
///
/// # Notes
///
/// * Several of them all have to hold.
/// * A token without `auth_time` was issued nobody knows how long after the login: with `max_age` it is refused.
/// * The challenge is that of RFC 9470 §3 ([guide](crate::guide::step_up)).
///
/// # Examples
///
/// ```
/// use actix_web::{App, Responder, post, test};
/// use auth_runtime::{require_step_up, testing::TestIssuer};
///
/// #[require_step_up(acr = "mfa")]
/// #[post("/transfers")]
/// async fn transfer() -> impl Responder {
///     "sent"
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// let issuer = TestIssuer::new();
/// let app = test::init_service(App::new().app_data(issuer.auth().unwrap()).service(transfer)).await;
/// for (token, status, challenge) in [
///     (issuer.token("ann").acr("mfa"), 200, None),
///     (
///         issuer.token("ann").acr("password"),
///         401,
///         Some(r#"Bearer realm="api", error="insufficient_user_authentication", acr_values="mfa""#),
///     ),
/// ] {
///     let request = test::TestRequest::post().uri("/transfers").insert_header(token.bearer());
///     let response = test::call_service(&app, request.to_request()).await;
///     assert_eq!(response.status(), status);
///     let told = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap());
///     assert_eq!(told, challenge);
/// }
/// # }
/// ```
pub use auth_macros::require_step_up;

/// Lets only callers through for whom an expression holds; others get the 401 or 403 of its failing part.
///
/// # Syntax
///
/// ```text
/// #[authorize(role("admin") || (scope("docs:write") && owner("user_id")))]
/// #[authorize(check(policies::may_edit) && !claim("plan", "trial"))]
/// #[authorize(when(doc.owner == identity.subject()))]
/// ```
///
/// # Arguments
///
/// * One expression: `&&`, `||`, `!` and parentheses, with Rust's precedence, over the predicates `authenticated()`,
///   `role("admin")`, `scope("docs:read")`, `claim("tenant", "acme")`, `owner("user_id")`, `ip("10.0.0.0/8")`,
///   `network("office")`, `api_key()`, `acr("mfa")`, `amr("otp")`, `max_age("5m")`, `check(path::to::function)` and
///   `when(expression)`. What each asks stands in the [guide](crate::guide::expressions).
/// * `deny = not_found`, `crate = ::path` and `in_impl` as in [`require_auth`](macro@require_auth).
///
/// # Notes
///
/// * An anonymous caller is told 401 wherever a login could help. `!` lets none in: of somebody unknown it is not known
///   what they are not.
/// * `check` asks a function `fn(&Identity, &HttpRequest) -> bool`, which may be `async` and may return `Result<bool, E>`.
///   An error is a 500.
/// * `when` is any Rust expression over the handler's arguments and `identity`. It is evaluated after extraction; the body
///   is read only if nothing else has refused the request.
/// * Which refusal a failing `||` answers is [a rule](crate::guide::expressions#which-refusal-is-told), not chance.
///
/// # Examples
///
/// ```
/// use actix_web::{App, Responder, put, test, web};
/// use auth_runtime::{authorize, testing::TestIssuer};
///
/// #[authorize(role("admin") || (scope("docs:write") && owner("user_id")))]
/// #[put("/users/{user_id}/docs/{doc}")]
/// async fn put_doc(path: web::Path<(String, u64)>) -> impl Responder {
///     format!("document {} of {}", path.1, path.0)
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// let issuer = TestIssuer::new();
/// let app = test::init_service(App::new().app_data(issuer.auth().unwrap()).service(put_doc)).await;
/// for (token, status, scope) in [
///     (issuer.token("eve").role("admin"), 200, None),
///     (issuer.token("ann").scope("docs:write"), 200, None),
///     (issuer.token("bob").scope("docs:write"), 403, None), // not his: no other token would help
///     (issuer.token("ann"), 403, Some(r#"scope="docs:write""#)), // hers: this one would
/// ] {
///     let request = test::TestRequest::put().uri("/users/ann/docs/7").insert_header(token.bearer());
///     let response = test::call_service(&app, request.to_request()).await;
///     assert_eq!(response.status(), status);
///     let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap());
///     assert_eq!(challenge.and_then(|challenge| challenge.rsplit(", ").next()), scope);
/// }
/// # }
/// ```
pub use auth_macros::authorize;

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
/// `crate = ::path` and `in_impl` as in [`require_auth`](macro@require_auth). There is no denial, so `deny = not_found`
/// does not compile.
///
/// # Notes
///
/// * Credentials are not looked at, not even bad ones, unless the handler asks for the identity. With
///   `Option<Identity>` no credentials are `None`, and bad ones are a 401: never silently anonymous
///   ([guide](crate::guide::public)).
/// * It contradicts every other attribute of this crate; beside one it does not compile.
///
/// # Examples
///
/// ```
/// use actix_web::{App, HttpResponse, Responder, get, test};
/// use auth_runtime::{Identity, public, testing::TestIssuer};
///
/// #[public]
/// #[get("/")]
/// async fn home(caller: Option<Identity>) -> impl Responder {
///     match caller {
///         Some(identity) => HttpResponse::Ok().body(format!("hello {}", identity.subject())),
///         None => HttpResponse::Ok().body("hello stranger"),
///     }
/// }
///
/// # #[actix_web::main]
/// # async fn main() {
/// let issuer = TestIssuer::new();
/// let app = test::init_service(App::new().app_data(issuer.auth().unwrap()).service(home)).await;
/// let response = test::call_service(&app, test::TestRequest::get().uri("/").to_request()).await;
/// assert_eq!(response.status(), 200);
///
/// // An expired token does not make a stranger of ann.
/// let bearer = issuer.token("ann").expired().bearer();
/// let request = test::TestRequest::get().uri("/").insert_header(bearer);
/// assert_eq!(test::call_service(&app, request.to_request()).await.status(), 401);
/// # }
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
/// * It adds `const fn name(&self) -> &'static str`, as visible as the enum, and implements [`RoleName`](crate::RoleName), so that
///   [`Identity::has_role`](crate::Identity::has_role) takes a variant.
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
/// * It adds `const fn name(&self) -> &'static str`, as visible as the enum, and implements [`ScopeName`](crate::ScopeName), so that
///   [`Identity::has_scope`](crate::Identity::has_scope) takes a variant.
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
