//! RFC 9728: challenges say where the API describes itself (`M` in RESPONSES).

use actix_web::{App, Responder, get, test, test::TestRequest, web};
use auth_runtime::{
    Auth, Dpop, ProtectedResource, require_scope, require_step_up, resource_metadata,
    testing::TestIssuer,
};

use crate::{get_as, send_to};

const M: &str =
    r#"resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/v1""#;

#[require_scope("w")]
#[get("/scope")]
async fn scope() -> impl Responder {
    "scope"
}

#[require_step_up(acr = "mfa")]
#[get("/step-up")]
async fn step_up() -> impl Responder {
    "step-up"
}

fn auth(issuer: &TestIssuer) -> Auth {
    let resource = ProtectedResource::new("https://api.example.com/v1").scope("w");
    Auth::builder().issuer(issuer.issuer()).protected_resource(resource).build().unwrap()
}

#[actix_web::test]
async fn a1_z1_every_bearer_challenge_names_the_document() {
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").mint();
    let expired = issuer.token("ann").expired().mint();
    let get = |path: &str| TestRequest::get().uri(path);
    for (request, challenge) in [
        (get("/scope"), format!(r#"Bearer realm="api", scope="w", {M}"#)),
        (get("/step-up"), format!(r#"Bearer realm="api", {M}"#)),
        (
            get_as("/scope", "x"),
            format!(
                r#"Bearer realm="api", error="invalid_token", error_description="The access token is invalid", {M}"#
            ),
        ),
        (
            get_as("/scope", &expired),
            format!(
                r#"Bearer realm="api", error="invalid_token", error_description="The access token expired", {M}"#
            ),
        ),
        (
            get_as("/scope", &token),
            format!(
                r#"Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope that is required", scope="w", {M}"#
            ),
        ),
        (
            get_as("/step-up", &token),
            format!(
                r#"Bearer realm="api", error="insufficient_user_authentication", acr_values="mfa", {M}"#
            ),
        ),
        (
            get_as("/scope", &token).append_header(("authorization", "Bearer y")),
            format!(r#"Bearer realm="api", error="invalid_request", {M}"#),
        ),
    ] {
        let answer = send_to(auth(&issuer), (scope, step_up), request).await;
        assert_eq!(answer.challenges, [challenge]);
    }
}

#[actix_web::test]
async fn the_document_is_served() {
    let issuer = TestIssuer::new();
    let route = || web::get().to(resource_metadata);
    let app = |auth: Option<Auth>| {
        let app = App::new().route("/.well-known/oauth-protected-resource/v1", route());
        match auth {
            Some(auth) => app.app_data(auth),
            None => app,
        }
    };
    let get = || TestRequest::get().uri("/.well-known/oauth-protected-resource/v1").to_request();
    let described = test::init_service(app(Some(auth(&issuer)))).await;
    let response = test::call_service(&described, get()).await;
    assert_eq!(response.headers().get("content-type").unwrap(), "application/json");
    let document: serde_json::Value = test::read_body_json(response).await;
    assert_eq!(document["resource"], "https://api.example.com/v1");
    assert_eq!(document["authorization_servers"], serde_json::json!(["https://id.test/"]));
    assert_eq!(document["scopes_supported"], serde_json::json!(["w"]));
    for auth in [None, issuer.auth().ok()] {
        let app = test::init_service(app(auth)).await;
        assert_eq!(test::call_service(&app, get()).await.status(), 404);
    }
}

/// RFC 9449 §7.1, RFC 9728 §2.
#[actix_web::test]
async fn dpop_stands_in_the_document_and_its_challenge_names_it() {
    let issuer = TestIssuer::new();
    let auth = Auth::builder()
        .issuer(issuer.issuer())
        .dpop(Dpop::new().origin("https://api.example.com"))
        .protected_resource(ProtectedResource::new("https://api.example.com/v1"))
        .build()
        .unwrap();
    let answer = send_to(auth.clone(), scope, TestRequest::get().uri("/scope")).await;
    let bearer = format!(r#"Bearer realm="api", scope="w", {M}"#);
    let dpop = format!(r#"DPoP realm="api", scope="w", algs="ES256", {M}"#);
    assert_eq!(answer.challenges, [bearer, dpop]);

    let only_proven = Auth::builder()
        .issuer(issuer.issuer())
        .dpop(Dpop::new().origin("https://api.example.com").required())
        .protected_resource(ProtectedResource::new("https://api.example.com/v1"))
        .build()
        .unwrap();
    for (auth, required) in
        [(auth, serde_json::Value::Null), (only_proven, serde_json::json!(true))]
    {
        let route = web::get().to(resource_metadata);
        let app = test::init_service(App::new().app_data(auth).route("/document", route)).await;
        let request = TestRequest::get().uri("/document").to_request();
        let document: serde_json::Value = test::call_and_read_body_json(&app, request).await;
        assert_eq!(document["dpop_signing_alg_values_supported"], serde_json::json!(["ES256"]));
        assert_eq!(document["dpop_bound_access_tokens_required"], required);
    }
}
