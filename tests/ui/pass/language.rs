//! The whole attribute language, compiled and asked.

use std::io;

use actix_web::{HttpRequest, Responder, get, http::Method, post, web};
use auth_runtime::{
    Identity, Role, Scope, authorize, require_auth, require_ip, require_owner, require_role,
    require_scope, require_step_up,
};
use auth_tests::{Tokens, ask, assert_admin_only, assert_guarded};
use serde::Deserialize;

#[derive(Role, Clone, Copy)]
enum Role {
    Admin,
    Editor,
}

#[derive(Scope)]
enum Scope {
    #[scope(rename = "docs:write")]
    WriteDocs,
}

const ADMIN: &str = "admin";

mod roles {
    pub(super) const EDITOR: &str = "editor";
}

#[require_role(Role::Admin)]
#[get("/x")]
async fn typed() -> impl Responder {
    "x"
}

#[require_role(any(Role::Admin, "root"))]
#[get("/x")]
async fn typed_and_text() -> impl Responder {
    "x"
}

#[require_role(ADMIN)]
#[get("/x")]
async fn by_constant() -> impl Responder {
    "x"
}

#[authorize(role(self::ADMIN) && !role(roles::EDITOR))]
#[get("/x")]
async fn by_paths() -> impl Responder {
    "x"
}

#[authorize(role("admin") && !role("user") || role("root"))]
#[get("/x")]
async fn operators() -> impl Responder {
    "x"
}

#[authorize((role(Role::Editor) || role("admin")) && !(role("editor") && !role("admin")),)]
#[get("/x")]
async fn parentheses() -> impl Responder {
    "x"
}

#[authorize(role(Role::Admin) || (scope(Scope::WriteDocs) && owner("user_id")))]
#[get("/users/{user_id}/docs/{doc}")]
async fn from_the_design(path: web::Path<(String, u64)>) -> impl Responder {
    format!("{} {}", path.0, path.1)
}

#[actix_web::test]
async fn names_and_operators() {
    assert_admin_only(|| typed, Method::GET, "/x").await;
    assert_admin_only(|| typed_and_text, Method::GET, "/x").await;
    assert_admin_only(|| by_constant, Method::GET, "/x").await;
    assert_admin_only(|| by_paths, Method::GET, "/x").await;
    assert_admin_only(|| operators, Method::GET, "/x").await;
    assert_admin_only(|| parentheses, Method::GET, "/x").await;
    assert_admin_only(|| from_the_design, Method::GET, "/users/ann/docs/7").await;
}

#[require_owner("user")]
#[get("/users/{user}")]
async fn owned() -> impl Responder {
    "x"
}

#[require_owner("user", prefix)]
#[get("/docs")]
async fn owned_by_prefix() -> impl Responder {
    "x"
}

#[get("/users/{user}")]
#[require_owner("user")]
async fn owned_below() -> impl Responder {
    "x"
}

#[require_owner("missing")]
async fn owned_without_route() -> impl Responder {
    "x"
}

#[actix_web::scope("/users/{user}")]
mod prefixed {
    use actix_web::{Responder, get};
    use auth_runtime::{authorize, require_owner};

    #[require_owner("user")]
    #[get("/docs")]
    pub(super) async fn docs() -> impl Responder {
        "x"
    }

    #[authorize(owner("user") && !owner("doc"))]
    #[get("/docs/{doc}")]
    pub(super) async fn doc() -> impl Responder {
        "x"
    }
}

macro_rules! owned {
    ($name:ident, $path:literal, $parameter:expr) => {
        #[require_owner($parameter)]
        #[get($path)]
        async fn $name() -> impl Responder {
            "x"
        }
    };
}

owned!(owned_by_macro, "/users/{user:[a-z]+}", "user");

#[actix_web::test]
async fn owners() {
    let only_user = [("user", 200), ("editor", 403), ("admin", 403)];
    assert_guarded(|| owned, Method::GET, "/users/user", &only_user).await;
    assert_guarded(|| owned, Method::GET, "/users/us%65r", &only_user).await;
    assert_guarded(|| owned_below, Method::GET, "/users/user", &only_user).await;
    let scoped = || web::scope("/users/{user}").service(owned_by_prefix);
    assert_guarded(scoped, Method::GET, "/users/user/docs", &only_user).await;
    assert_guarded(|| prefixed::docs, Method::GET, "/users/user/docs", &only_user).await;
    assert_guarded(|| prefixed::doc, Method::GET, "/users/user/docs/7", &only_user).await;
    assert_guarded(|| owned_by_macro, Method::GET, "/users/user", &only_user).await;
    let nobody = [("user", 500), ("admin", 500)];
    let missing = || web::resource("/{user}").to(owned_without_route);
    assert_guarded(missing, Method::GET, "/user", &nobody).await;
}

fn is_admin(identity: &Identity, _: &HttpRequest) -> bool {
    identity.has_role(Role::Admin)
}

fn is_admin_or_error(identity: &Identity, request: &HttpRequest) -> Result<bool, io::Error> {
    match request.path() {
        "/error" => Err(io::Error::other("the database is gone")),
        _ => Ok(is_admin(identity, request)),
    }
}

mod policies {
    use actix_web::HttpRequest;
    use auth_runtime::Identity;

    pub(super) async fn is_admin(identity: &Identity, _: &HttpRequest) -> bool {
        actix_web::rt::task::yield_now().await;
        identity.has_role("admin")
    }

    pub(super) async fn is_admin_or_error(
        identity: &Identity,
        request: &HttpRequest,
    ) -> Result<bool, Box<dyn std::error::Error>> {
        actix_web::rt::task::yield_now().await;
        super::is_admin_or_error(identity, request).map_err(Into::into)
    }
}

fn is_called<T>(_: &Identity, _: &HttpRequest) -> bool {
    std::any::type_name::<T>() == "u8"
}

#[authorize(check(is_admin))]
async fn check_sync() -> impl Responder {
    "x"
}

#[authorize(check(is_admin_or_error))]
async fn check_sync_result() -> impl Responder {
    "x"
}

#[authorize(check(policies::is_admin))]
async fn check_async() -> impl Responder {
    "x"
}

#[authorize(check(policies::is_admin_or_error) && authenticated())]
async fn check_async_result() -> impl Responder {
    "x"
}

#[authorize(check(is_called::<T>) && role("admin"))]
async fn check_generic<T: 'static>() -> impl Responder {
    std::any::type_name::<T>()
}

#[actix_web::test]
async fn checks_of_every_kind() {
    macro_rules! check {
        ($($handler:expr),*) => {$(
            assert_admin_only(|| web::resource("/{p}").to($handler), Method::GET, "/x").await;
        )*};
    }
    check!(check_sync, check_sync_result, check_async, check_async_result, check_generic::<u8>);
    macro_rules! fails {
        ($($handler:expr),*) => {$(
            let service = || web::resource("/{p}").to($handler);
            assert_guarded(service, Method::GET, "/error", &[("admin", 500)]).await;
        )*};
    }
    fails!(check_sync_result, check_async_result);
}

#[derive(Deserialize)]
struct Doc {
    owner: String,
    #[serde(default)]
    size: u32,
}

#[derive(Deserialize)]
struct Page {
    number: u32,
}

#[authorize(when(doc.owner == identity.subject()))]
#[post("/x")]
async fn own_document(doc: web::Json<Doc>) -> impl Responder {
    doc.into_inner().owner
}

#[authorize(when(*id == 7 && number < 10 && matches!(doc.size, 0..=9)))]
#[post("/x/{id}")]
async fn several_arguments(
    mut id: web::Path<u32>,
    web::Query(Page { number }): web::Query<Page>,
    web::Json(mut doc): web::Json<Doc>,
) -> impl Responder {
    *id += number;
    doc.size += 1;
    format!("{id} {}", doc.size)
}

#[authorize(role("admin") || when({
    let limit = number + 1;
    [1_u32, 2].iter().any(|n| *n + number == limit + number) && identity.has_role("user")
}))]
#[get("/x")]
async fn blocks_and_closures(web::Query(Page { number }): web::Query<Page>) -> impl Responder {
    number.to_string()
}

struct Pair {
    first: u32,
    number: u32,
}

impl Pair {
    fn sum(&self) -> u32 {
        self.first + self.number
    }
}

#[authorize(role("admin") && when(Pair { first: 1, number }.sum() == 8))]
#[get("/x")]
async fn shorthand(web::Query(Page { number }): web::Query<Page>) -> impl Responder {
    number.to_string()
}

#[authorize(when(format!("{caller:?}").is_empty() || caller.has_role("admin")))]
#[get("/x")]
async fn another_name(caller: Identity) -> impl Responder {
    caller.subject().to_owned()
}

#[authorize(when(identity.subject() == "admin"))]
#[get("/x")]
async fn an_argument_called_identity(identity: Identity) -> impl Responder {
    identity.subject().to_owned()
}

#[authorize(when(configured.path() == "/x") && when(identity.has_role("admin")))]
#[get("/x")]
async fn with_cfg(
    #[cfg(any())] _: ThisTypeDoesNotExist,
    #[cfg(not(any()))] configured: HttpRequest,
    _: web::Payload,
) -> impl Responder {
    configured.path().to_owned()
}

#[authorize(when(value.to_string() == "7") && role("admin"))]
async fn generic<T: std::fmt::Display + 'static, const N: usize>(
    value: web::Data<T>,
) -> impl Responder {
    format!("{} {N}", value.as_ref())
}

struct Api;

impl Api {
    const LIMIT: u32 = 10;

    #[authorize(when(number < Self::LIMIT) && role("admin"))]
    async fn associated(web::Query(Page { number }): web::Query<Page>) -> impl Responder {
        number.to_string()
    }
}

macro_rules! made {
    ($name:ident, $argument:ident, $condition:expr) => {
        #[authorize($condition)]
        #[get("/x")]
        async fn $name($argument: HttpRequest) -> impl Responder {
            $argument.path().to_owned()
        }
    };
}

made!(made_by_a_macro, request, role("admin") && when(request.path() == "/x"));

macro_rules! inside {
    ($name:ident) => {
        #[authorize(when(identity.has_role("admin") && request.path() == "/x"))]
        #[get("/x")]
        async fn $name(request: HttpRequest) -> impl Responder {
            request.path().to_owned()
        }
    };
}

inside!(written_in_a_macro);

async fn json(
    service: impl actix_web::dev::HttpServiceFactory + 'static,
    path: &str,
    token: &str,
    body: &str,
) -> u16 {
    use actix_web::test::{TestRequest, call_service, init_service};

    let app =
        init_service(actix_web::App::new().app_data(Tokens::slow().auth()).service(service)).await;
    let request = TestRequest::post()
        .uri(path)
        .insert_header(("authorization", format!("Bearer {token}")))
        .insert_header(("content-type", "application/json"))
        .set_payload(body.to_owned());
    call_service(&app, request.to_request()).await.status().as_u16()
}

#[actix_web::test]
async fn conditions_over_arguments() {
    for (token, owner, status) in
        [("user", "user", 200), ("user", "ann", 403), ("unknown", "unknown", 401)]
    {
        let body = format!(r#"{{"owner":"{owner}"}}"#);
        assert_eq!(json(own_document, "/x", token, &body).await, status, "{token} {owner}");
    }
    assert_eq!(json(own_document, "/x", "user", "{\"bad json").await, 400);
    for (path, size, status) in [
        ("/x/7?number=9", 9, 200),
        ("/x/8?number=9", 9, 403),
        ("/x/7?number=10", 9, 403),
        ("/x/7?number=9", 10, 403),
    ] {
        let body = format!(r#"{{"owner":"","size":{size}}}"#);
        assert_eq!(json(several_arguments, path, "user", &body).await, status, "{path}");
    }

    let user_too = [("user", 200), ("editor", 403), ("admin", 200)];
    assert_guarded(|| blocks_and_closures, Method::GET, "/x?number=1", &user_too).await;
    assert_admin_only(|| blocks_and_closures, Method::GET, "/x?number=7").await;
    assert_admin_only(|| shorthand, Method::GET, "/x?number=7").await;
    assert_guarded(|| shorthand, Method::GET, "/x?number=8", &[("user", 403), ("admin", 403)])
        .await;
    assert_admin_only(|| another_name, Method::GET, "/x").await;
    assert_admin_only(|| an_argument_called_identity, Method::GET, "/x").await;
    assert_admin_only(|| with_cfg, Method::GET, "/x").await;
    assert_admin_only(|| made_by_a_macro, Method::GET, "/x").await;
    assert_admin_only(|| written_in_a_macro, Method::GET, "/x").await;
    let generic = || {
        web::scope("").app_data(web::Data::new(7_u8)).route("/x", web::get().to(generic::<u8, 3>))
    };
    assert_admin_only(generic, Method::GET, "/x").await;
    assert_admin_only(|| web::resource("/x").to(Api::associated), Method::GET, "/x?number=9").await;
}

#[require_ip("10.0.0.0/8", "::1")]
#[get("/x")]
async fn from_inside() -> impl Responder {
    "x"
}

#[require_ip("0.0.0.0/1", "8000::/1", deny = not_found)]
#[require_auth]
#[require_scope(any("a", "b"))]
#[require_scope(Scope::WriteDocs)]
#[require_step_up(acr = any("mfa", "phr"), amr = "otp", max_age = "1h30m",)]
#[authorize(network("office") || claim("/tenant/id", 7) || claim("paid", true) || acr("x") || amr("y") || max_age("1d"))]
#[get("/x")]
async fn everything() -> impl Responder {
    "x"
}

#[actix_web::test]
async fn the_rest_compiles_and_denies() {
    // A test request comes from nowhere.
    for token in [None, Some("admin")] {
        let (status, _) = ask(&Tokens::ready(), from_inside, Method::GET, "/x", token).await;
        assert_eq!(status, 403);
        let (status, _) = ask(&Tokens::ready(), everything, Method::GET, "/x", token).await;
        assert_eq!(status, 404);
    }
}
