//! A real identity provider, the npm package `oidc-provider`: no token here was made by code of this project.
//!
//! Provider and applications are servers on the loopback interface, and tokens come from the provider's own endpoints:
//! those of client programs by the client credentials grant, those of users by the authorization code flow with PKCE, the
//! part of the user being played by the provider's login page, which believes `login_hint`. Where the provider is not
//! installed the tests say that they are skipped; with `AUTH_TEST_REQUIRE_ALL` they fail.

mod configured;
mod dpop;
mod http;
mod introspection;
mod keys;
mod log;
mod login;
mod provider;
#[allow(dead_code, reason = "shared with the tests of the response contract")]
#[path = "../http/server.rs"]
mod server;
mod tokens;

use std::{
    thread,
    time::{Duration, Instant},
};

use actix_web::{
    Responder, delete, get, post,
    web::{self, Json, ServiceConfig},
};
use auth_runtime::{
    Auth, Identity, Issuer, ready, require_auth, require_owner, require_role, require_scope,
};
use auth_tests::INVALID;
use serde_json::{Value, json};

use self::{
    http::{Answer, send},
    provider::Provider,
    server::Server,
};

/// Gets JWTs, signed with ES256.
const API: &str = "https://api.example.com/";
/// Gets JWTs too, and is not us.
const SHOP: &str = "https://shop.example.com/";
/// Gets JWTs that last a second.
const BRIEF: &str = "https://brief.example.com/";
/// Gets opaque tokens.
const OPAQUE: &str = "https://opaque.example.com/";
/// Gets opaque tokens, and those of client programs have a subject.
const NAMED: &str = "https://named.example.com/";

const NOT_ACCEPTABLE: &str = r#"{"error":"Unauthorized","message":"Invalid or expired token"}"#;
const AWAY: &str =
    r#"{"error":"Service Unavailable","message":"Authentication is temporarily unavailable"}"#;
const NOT_AVAILABLE: &str =
    r#"{"error":"Internal Server Error","message":"Authentication is not available"}"#;

/// What the provider of most tests is.
fn settings() -> Value {
    let api = |format: &str, ttl: u32| json!({"format": format, "alg": "ES256", "scope": "docs:read docs:write", "ttl": ttl});
    let mut named = api("opaque", 300);
    named["subject"] = json!(true);
    json!({
        "keys": [{"kid": "1", "alg": "ES256"}],
        "apis": {
            API: api("jwt", 300),
            SHOP: api("jwt", 300),
            BRIEF: api("jwt", 1),
            OPAQUE: api("opaque", 300),
            NAMED: named,
        },
        "clients": [
            // A program without users.
            {
                "client_id": "robot", "client_secret": "robot secret/1",
                "grant_types": ["client_credentials"], "response_types": [], "redirect_uris": [],
            },
            // A program on the user's own machine.
            {
                "client_id": "web", "token_endpoint_auth_method": "none", "application_type": "native",
                "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
                "redirect_uris": [login::CALLBACK],
            },
            // This API, which asks about tokens.
            {
                "client_id": "api", "client_secret": "api secret: 100%",
                "grant_types": [], "response_types": [], "redirect_uris": [],
            },
            {
                "client_id": "api-post", "client_secret": "api secret: 100%",
                "token_endpoint_auth_method": "client_secret_post",
                "grant_types": [], "response_types": [], "redirect_uris": [],
            },
        ],
        "roles": {"ann": ["editor"], "robot": ["machine"]},
    })
}

#[require_auth]
#[get("/me")]
async fn me(identity: Identity) -> impl Responder {
    Json(json!({
        "issuer": identity.issuer(),
        "subject": identity.subject(),
        "scopes": identity.scopes().collect::<Vec<_>>(),
        "roles": identity.roles().collect::<Vec<_>>(),
    }))
}

#[require_scope("docs:read")]
#[get("/docs")]
async fn docs() -> impl Responder {
    "docs"
}

#[require_scope("docs:write")]
#[post("/docs")]
async fn add() -> impl Responder {
    "added"
}

#[require_role("editor")]
#[delete("/docs")]
async fn remove() -> impl Responder {
    "removed"
}

#[require_owner("user_id")]
#[get("/users/{user_id}")]
async fn user(path: web::Path<String>) -> impl Responder {
    path.into_inner()
}

fn services(config: &mut ServiceConfig) {
    config.service((me, docs, add, remove, user)).route("/ready", web::get().to(ready));
}

/// A running application.
struct Application(Server);

impl Application {
    fn start(auth: Auth) -> Self {
        log::start();
        Self(Server::start(move |config| {
            config.app_data(auth.clone()).configure(services);
        }))
    }

    fn trusting(issuer: Issuer) -> Self {
        Self::start(Auth::builder().issuer(issuer).build().unwrap())
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.0.address())
    }

    fn send(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        send(method, &self.url(path), headers, "")
    }

    /// The same with a token.
    fn ask(&self, method: &str, path: &str, token: &str) -> Answer {
        self.send(method, path, &[&format!("Authorization: Bearer {token}")])
    }

    /// `GET /me`.
    fn me(&self, token: &str) -> Answer {
        self.ask("GET", "/me", token)
    }

    fn is_ready(&self) -> bool {
        self.send("GET", "/ready", &[]).status == 200
    }
}

/// This provider's tokens for [`API`], with keys from where its metadata says.
fn issuer(provider: &Provider) -> Issuer {
    Issuer::new(provider.issuer()).audience(API).jwks_discovery()
}

/// A token of the client program itself.
fn machine_token(provider: &Provider, api: &str, scope: &str) -> String {
    let form = [("grant_type", "client_credentials"), ("resource", api), ("scope", scope)];
    let answer = provider.post("/token", &form, &[&robot()]);
    let answer = token_response(&answer);
    assert_eq!(answer["token_type"], "Bearer");
    answer["access_token"].as_str().unwrap().to_owned()
}

/// `robot secret/1`, by RFC 6749 §2.3.1.
fn robot() -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("Authorization: Basic {}", STANDARD.encode("robot:robot%20secret%2F1"))
}

fn token_response(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

/// Waits until it holds.
#[track_caller]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(30), "not in time: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// 200, and this of the caller.
#[track_caller]
fn assert_caller(answer: &Answer, expected: &Value) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let expected = expected.as_object().unwrap();
    for (name, value) in expected {
        assert_eq!(body[name], *value, "{answer:?}");
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, challenge: Option<&str>, body: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("www-authenticate"), challenge);
    assert_eq!(answer.body, body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[track_caller]
fn assert_invalid(answer: &Answer) {
    assert_refused(answer, 401, Some(INVALID), NOT_ACCEPTABLE);
}
