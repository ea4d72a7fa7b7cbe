//! D4: in every order with actix-web's route attributes.

use actix_web::{
    Responder, connect, delete, get, head, http::Method, options, patch, post, put, route, routes,
    scope, trace, web,
};
use auth_runtime::{require_auth, require_role};
use auth_tests::{assert_admin_only, assert_authenticated};

macro_rules! each_method {
    ($($above:ident $below:ident $attribute:ident $method:ident;)*) => {$(
        #[require_role("admin")]
        #[$attribute("/x")]
        async fn $above() -> impl Responder {
            "x"
        }

        #[$attribute("/x")]
        #[require_role("admin")]
        async fn $below() -> impl Responder {
            "x"
        }
    )*

        #[actix_web::test]
        async fn d4_above_and_below_every_method() {
            $(
                assert_admin_only(|| $above, Method::$method, "/x").await;
                assert_admin_only(|| $below, Method::$method, "/x").await;
            )*
        }
    };
}

each_method! {
    get_above get_below get GET;
    post_above post_below post POST;
    put_above put_below put PUT;
    patch_above patch_below patch PATCH;
    delete_above delete_below delete DELETE;
    head_above head_below head HEAD;
    options_above options_below options OPTIONS;
    trace_above trace_below trace TRACE;
    connect_above connect_below connect CONNECT;
}

#[require_role("admin")]
#[route("/route", method = "GET", method = "POST", method = "BREW")]
async fn route_above() -> impl Responder {
    "route"
}

#[route("/route", method = "GET", method = "POST")]
#[require_role("admin")]
async fn route_below() -> impl Responder {
    "route"
}

#[actix_web::test]
async fn d4_above_and_below_route() {
    for method in [Method::GET, Method::POST] {
        assert_admin_only(|| route_above, method.clone(), "/route").await;
        assert_admin_only(|| route_below, method, "/route").await;
    }
    assert_admin_only(|| route_above, Method::from_bytes(b"BREW").unwrap(), "/route").await;
}

#[require_role("admin")]
#[routes]
#[get("/one")]
#[post("/two")]
async fn routes_above() -> impl Responder {
    "routes"
}

#[routes]
#[require_role("admin")]
#[get("/one")]
#[post("/two")]
async fn routes_between() -> impl Responder {
    "routes"
}

#[routes]
#[get("/one")]
#[require_role("admin")]
#[post("/two")]
async fn routes_among() -> impl Responder {
    "routes"
}

#[routes]
#[get("/one")]
#[post("/two")]
#[require_role("admin")]
async fn routes_below() -> impl Responder {
    "routes"
}

#[actix_web::test]
async fn d4_in_every_place_around_routes() {
    for (method, path) in [(Method::GET, "/one"), (Method::POST, "/two")] {
        assert_admin_only(|| routes_above, method.clone(), path).await;
        assert_admin_only(|| routes_between, method.clone(), path).await;
        assert_admin_only(|| routes_among, method.clone(), path).await;
        assert_admin_only(|| routes_below, method, path).await;
    }
}

#[require_role("admin")]
#[actix_web::get("/by-path")]
async fn route_by_path() -> impl Responder {
    "path"
}

#[require_role("admin")]
#[::actix_web::post("/by-path")]
async fn route_by_absolute_path() -> impl Responder {
    "path"
}

#[actix_web::test]
async fn d4_with_a_route_attribute_by_path() {
    assert_admin_only(|| route_by_path, Method::GET, "/by-path").await;
    assert_admin_only(|| route_by_absolute_path, Method::POST, "/by-path").await;
}

#[require_auth]
async fn plain() -> impl Responder {
    "plain"
}

#[actix_web::test]
async fn a_handler_without_a_route_attribute() {
    assert_authenticated(|| web::resource("/x").to(plain), Method::GET, "/x").await;
    assert_authenticated(|| web::resource("/x").route(web::post().to(plain)), Method::POST, "/x")
        .await;
    assert_authenticated(
        || web::scope("/s").route("/x", web::get().to(plain)),
        Method::GET,
        "/s/x",
    )
    .await;
    assert_authenticated(
        || web::scope("/s").default_service(web::to(plain)),
        Method::GET,
        "/s/any",
    )
    .await;
}

#[scope("/api")]
mod scoped {
    use actix_web::{Responder, get, post};
    use auth_runtime::require_role;

    #[require_role("admin")]
    #[get("/above")]
    pub async fn above() -> impl Responder {
        "above"
    }

    #[post("/below")]
    #[require_role("admin")]
    pub async fn below() -> impl Responder {
        "below"
    }
}

#[actix_web::test]
async fn inside_a_scope_module() {
    assert_admin_only(|| scoped::above, Method::GET, "/api/above").await;
    assert_admin_only(|| scoped::below, Method::POST, "/api/below").await;
}

fn only_json(context: &actix_web::guard::GuardContext<'_>) -> bool {
    context.head().headers().get("x-never").is_none()
}

#[require_role("admin")]
#[get(
    "/wrapped",
    name = "wrapped",
    guard = "only_json",
    wrap = "actix_web::middleware::Compress::default()"
)]
async fn wrapped() -> impl Responder {
    "wrapped"
}

#[post("/wrapped", wrap = "actix_web::middleware::NormalizePath::trim()")]
#[require_role("admin")]
async fn wrapped_below() -> impl Responder {
    "wrapped"
}

#[actix_web::test]
async fn with_options_of_the_route_attribute() {
    assert_admin_only(|| wrapped, Method::GET, "/wrapped").await;
    assert_admin_only(|| wrapped_below, Method::POST, "/wrapped").await;
}
