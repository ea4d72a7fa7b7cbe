//! Other people's attributes above, between and below ours.

use actix_web::{HttpResponse, Responder, get, http::Method, post, web};
use auth_runtime::{Identity, require_auth, require_role};
use auth_tests::{Tokens, ask, assert_admin_only};
use serde::Deserialize;
use tracing::instrument;
use utoipa::{OpenApi, ToSchema};

#[instrument]
#[require_role("admin")]
#[get("/x")]
async fn instrument_above() -> impl Responder {
    "x"
}

#[require_role("admin")]
#[tracing::instrument(skip_all, fields(id = %id))]
#[get("/x/{id}")]
async fn instrument_between(id: web::Path<u32>) -> impl Responder {
    id.to_string()
}

#[require_role("admin")]
#[get("/x")]
#[instrument(name = "below", level = "debug", ret)]
async fn instrument_below() -> &'static str {
    "x"
}

#[get("/x")]
#[instrument(skip(identity), fields(subject = identity.subject()))]
#[require_role("admin")]
async fn instrument_outside_ours(identity: Identity) -> impl Responder {
    identity.subject().to_owned()
}

#[actix_web::test]
async fn d4_with_instrument() {
    assert_admin_only(|| instrument_above, Method::GET, "/x").await;
    assert_admin_only(|| instrument_between, Method::GET, "/x/7").await;
    assert_admin_only(|| instrument_below, Method::GET, "/x").await;
    assert_admin_only(|| instrument_outside_ours, Method::GET, "/x").await;
}

#[derive(Deserialize, ToSchema)]
struct Note {
    text: String,
}

/// Adds a note.
#[utoipa::path(responses((status = 200)))]
#[require_role("admin")]
#[post("/above/{id}")]
async fn utoipa_above(id: web::Path<u32>, note: web::Json<Note>) -> impl Responder {
    format!("{id} {}", note.text.len())
}

/// Adds a note.
#[require_role("admin")]
#[utoipa::path(responses((status = 200)))]
#[post("/between/{id}")]
async fn utoipa_between(id: web::Path<u32>, note: web::Json<Note>) -> impl Responder {
    format!("{id} {}", note.text.len())
}

/// Adds a note.
#[require_auth]
#[utoipa::path(responses((status = 200)))]
#[require_role("admin")]
#[post("/among/{id}")]
async fn utoipa_among(id: web::Path<u32>, note: web::Json<Note>) -> impl Responder {
    format!("{id} {}", note.text.len())
}

/// Adds a note.
#[require_role("admin")]
#[post("/below/{id}")]
#[utoipa::path(responses((status = 200)))]
async fn utoipa_below(id: web::Path<u32>, note: web::Json<Note>) -> impl Responder {
    format!("{id} {}", note.text.len())
}

#[derive(OpenApi)]
#[openapi(paths(utoipa_above, utoipa_between, utoipa_among, utoipa_below))]
struct Api;

#[actix_web::test]
async fn d4_with_utoipa_which_still_sees_parameters_and_body() {
    let api = serde_json::to_value(Api::openapi()).unwrap();
    for path in ["/above/{id}", "/between/{id}", "/among/{id}", "/below/{id}"] {
        let operation = &api["paths"][path]["post"];
        assert_eq!(operation["parameters"][0]["name"], "id", "{path}: {api}");
        assert!(operation["requestBody"]["content"]["application/json"].is_object(), "{path}");
        assert_eq!(operation["summary"], "Adds a note.", "{path}");
    }

    macro_rules! check {
        ($($handler:ident $path:literal)*) => {$(
            for (token, status) in [(None, 401), (Some("user"), 403), (Some("admin"), 400)] {
                let (got, _) = ask(&Tokens::ready(), $handler, Method::POST, $path, token).await;
                assert_eq!(got.as_u16(), status, "{}", $path);
            }
        )*};
    }
    check!(utoipa_above "/above/7" utoipa_between "/between/7" utoipa_among "/among/7" utoipa_below "/below/7");
}

#[cfg_attr(all(), require_role("admin"))]
#[cfg_attr(any(), auth_runtime::public)]
#[get("/x")]
async fn by_cfg_attr() -> impl Responder {
    "x"
}

#[cfg(any())]
#[require_role("admin")]
async fn configured_away(_: ThisTypeDoesNotExist) -> impl Responder {
    "x"
}

#[cfg(not(any()))]
#[require_role("admin")]
#[get("/x")]
async fn configured_in() -> impl Responder {
    "x"
}

#[actix_web::test]
async fn d4_with_cfg_and_cfg_attr() {
    assert_admin_only(|| by_cfg_attr, Method::GET, "/x").await;
    assert_admin_only(|| configured_in, Method::GET, "/x").await;
}

/// Outer docs.
#[require_role("admin")]
#[get("/x")]
#[allow(unused_variables, reason = "the test is about the attribute")]
#[inline]
async fn lints_and_docs() -> impl Responder {
    //! Inner docs.
    #![allow(unused_mut, reason = "the test is about inner attributes")]
    let mut unused = 1;
    "x"
}

#[require_role("admin")]
#[expect(unused_variables, reason = "the test is about expectations")]
async fn expectations() -> impl Responder {
    let unused = 1;
    HttpResponse::Ok()
}

#[deprecated = "the test is about the attribute"]
#[require_role("admin")]
async fn old() -> impl Responder {
    "x"
}

#[actix_web::test]
async fn with_lints_docs_and_deprecation() {
    assert_admin_only(|| lints_and_docs, Method::GET, "/x").await;
    assert_admin_only(|| web::resource("/x").to(expectations), Method::GET, "/x").await;
    #[expect(deprecated, reason = "the handler is, and says so at its use")]
    let service = || web::resource("/x").to(old);
    assert_admin_only(service, Method::GET, "/x").await;
}
