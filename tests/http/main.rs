//! The response contract over actix services: every test is named after the row it shows.

mod addresses;
mod api_keys;
mod attempts;
mod audit;
mod authentication;
mod authorization;
mod bodies;
mod configured;
mod cookies;
mod denied;
mod dpop;
mod hiding;
mod identity;
mod introspection;
mod invalid_tokens;
mod metadata;
mod metrics;
mod order;
mod owned;
mod proxy;
mod reload;
mod revocation;
mod scopes;
mod seen;
mod server;
mod setup;
mod socket;
mod step_up;

use actix_web::{
    App, HttpResponse, Responder,
    body::MessageBody,
    dev::{HttpServiceFactory, ServiceResponse},
    get,
    http::header::AUTHORIZATION,
    post,
    test::{TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{Auth, Identity, public, require_auth, require_role};
use auth_tests::Answer;

#[require_auth]
#[get("/me")]
async fn me(identity: Identity) -> impl Responder {
    identity.subject().to_owned()
}

#[require_role("admin")]
#[get("/admin")]
async fn admin() -> impl Responder {
    "welcome"
}

#[require_role("admin")]
#[post("/json")]
async fn json(body: web::Json<u32>) -> impl Responder {
    HttpResponse::Ok().body(body.to_string())
}

#[public]
#[get("/open")]
async fn open() -> impl Responder {
    "open"
}

/// The services that most tests ask.
fn routes() -> impl HttpServiceFactory {
    (me, admin, json, open)
}

/// Sends one request to an application with these routes.
async fn send(auth: Auth, request: TestRequest) -> Answer {
    send_to(auth, routes(), request).await
}

async fn send_to(
    auth: Auth,
    services: impl HttpServiceFactory + 'static,
    request: TestRequest,
) -> Answer {
    Answer::of(call(auth, services, request).await).await
}

async fn call(
    auth: Auth,
    services: impl HttpServiceFactory + 'static,
    request: TestRequest,
) -> ServiceResponse<impl MessageBody> {
    setup::Interested::begin();
    let app = init_service(App::new().app_data(auth).service(services)).await;
    call_service(&app, request.to_request()).await
}

fn get_with(path: &str, authorization: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header((AUTHORIZATION, authorization))
}

fn get_as(path: &str, token: &str) -> TestRequest {
    get_with(path, &format!("Bearer {token}"))
}
