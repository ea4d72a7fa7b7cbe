//! Secrets in source code.

use actix_web::Responder;
use auth_runtime::{authorize, require_api_key, require_auth, require_role, require_scope};

#[require_role("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl")]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(claim("key", "sk_live_51H8example"))]
async fn other() -> impl Responder {
    "x"
}

#[require_api_key("ghp_0123456789abcdefghij")]
async fn third() -> impl Responder {
    "x"
}

#[authorize(role("a") && when(request.path() == "Bearer 2YotnFZFEjr1zCsicMWpAA"))]
async fn fourth() -> impl Responder {
    "x"
}

#[require_auth]
#[require_scope(any("a", "AKIAIOSFODNN7EXAMPLE"))]
async fn fifth() -> impl Responder {
    "x"
}

fn main() {}
