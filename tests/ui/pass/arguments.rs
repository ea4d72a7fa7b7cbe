//! What handlers take.

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, Responder, get,
    http::Method,
    post,
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{Claims, Identity, OptionalIdentity, require_role};
use auth_tests::{Tokens, assert_admin_only};
use serde::Deserialize;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    number: u32,
}

#[require_role("admin")]
#[get("/none")]
async fn none() -> impl Responder {
    "none"
}

#[require_role("admin")]
#[get("/one/{id}")]
async fn one(id: web::Path<u32>) -> impl Responder {
    id.to_string()
}

#[require_role("admin")]
#[get("/patterns/{a}/{b}")]
async fn patterns(
    web::Query(Page { number }): web::Query<Page>,
    mut path: web::Path<(u32, u32)>,
    _: HttpRequest,
    (first, _second): (HttpRequest, Identity),
) -> impl Responder {
    path.0 += number;
    format!("{} {} {}", path.0, path.1, first.path().len())
}

#[require_role("admin")]
#[get("/twelve")]
#[allow(clippy::too_many_arguments, reason = "the test is about them")]
async fn twelve(
    _a: HttpRequest,
    _b: HttpRequest,
    _c: HttpRequest,
    _d: HttpRequest,
    _e: HttpRequest,
    _f: HttpRequest,
    _g: HttpRequest,
    _h: HttpRequest,
    _i: HttpRequest,
    _j: HttpRequest,
    _k: HttpRequest,
    _l: HttpRequest,
) -> impl Responder {
    "twelve"
}

#[require_role("admin")]
#[get("/sixteen")]
#[allow(clippy::too_many_arguments, reason = "the test is about them")]
async fn sixteen(
    _a: HttpRequest,
    _b: HttpRequest,
    _c: HttpRequest,
    _d: HttpRequest,
    _e: HttpRequest,
    _f: HttpRequest,
    _g: HttpRequest,
    _h: HttpRequest,
    _i: HttpRequest,
    _j: HttpRequest,
    _k: HttpRequest,
    _l: HttpRequest,
    _m: HttpRequest,
    _n: HttpRequest,
    _o: HttpRequest,
    p: Identity,
) -> impl Responder {
    p.subject().to_owned()
}

#[require_role("admin")]
#[get("/cfg")]
async fn configured(
    #[cfg(not(any()))] request: HttpRequest,
    #[cfg(any())] _: ThisTypeDoesNotExist,
    identity: Identity,
) -> impl Responder {
    format!("{} {}", request.path(), identity.subject())
}

#[require_role("admin")]
#[get("/ours")]
async fn ours(
    identity: Identity,
    option: Option<Identity>,
    optional: OptionalIdentity,
    result: Result<Identity, actix_web::Error>,
    claims: Result<Claims<serde_json::Value>, actix_web::Error>,
) -> impl Responder {
    let all = [Some(identity), option, optional.0, result.ok()];
    assert!(claims.is_ok());
    all.iter().flatten().map(Identity::subject).collect::<Vec<_>>().join(" ")
}

#[actix_web::test]
async fn from_none_to_sixteen_arguments_in_any_pattern() {
    assert_admin_only(|| none, Method::GET, "/none").await;
    assert_admin_only(|| one, Method::GET, "/one/7").await;
    assert_admin_only(|| patterns, Method::GET, "/patterns/1/2?number=3").await;
    assert_admin_only(|| twelve, Method::GET, "/twelve").await;
    assert_admin_only(|| sixteen, Method::GET, "/sixteen").await;
    assert_admin_only(|| configured, Method::GET, "/cfg").await;
    assert_admin_only(|| ours, Method::GET, "/ours").await;
}

#[require_role("admin")]
#[post("/payload")]
async fn payload(request: HttpRequest, payload: web::Payload) -> impl Responder {
    let body = payload.to_bytes().await.unwrap_or_default();
    format!("{} {}", request.path(), body.len())
}

#[require_role("admin")]
#[post("/bytes")]
async fn bytes(body: web::Bytes) -> impl Responder {
    body
}

#[require_role("admin")]
#[post("/multipart")]
async fn multipart(parts: Multipart) -> impl Responder {
    drop(parts);
    "multipart"
}

#[require_role("admin")]
#[post("/json")]
async fn json(web::Json(numbers): web::Json<Vec<u32>>) -> impl Responder {
    numbers.len().to_string()
}

#[actix_web::test]
async fn bodies_reach_the_handler_untouched() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        let app = init_service(
            actix_web::App::new()
                .app_data(tokens.auth())
                .service((payload, bytes, multipart, json)),
        )
        .await;
        for (path, content_type, body, expected) in [
            ("/payload", "text/plain", "twelve bytes", "/payload 12"),
            ("/bytes", "text/plain", "as they are", "as they are"),
            ("/json", "application/json", "[1,2,3]", "3"),
            ("/multipart", "multipart/form-data; boundary=x", "--x--", "multipart"),
        ] {
            let request = |token: &str| {
                TestRequest::post()
                    .uri(path)
                    .insert_header(("authorization", format!("Bearer {token}")))
                    .insert_header(("content-type", content_type))
                    .set_payload(body)
                    .to_request()
            };
            assert_eq!(call_service(&app, request("user")).await.status(), 403);
            let (status, body) = auth_tests::read(call_service(&app, request("admin")).await).await;
            assert_eq!((status.as_u16(), &*body), (200, expected), "{path}");
        }
    }
}
