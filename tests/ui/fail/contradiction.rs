//! What can never hold.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(role("a") && !role("a"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(scope("x") && (role("b") || role("a") && !role("a")))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(!(role("a") || !role("a")))]
async fn third() -> impl Responder {
    "x"
}

#[authorize((role("a") || role("b")) && !role(any("b", "a")))]
async fn fourth() -> impl Responder {
    "x"
}

#[authorize(acr("mfa") && acr("phr"))]
async fn fifth() -> impl Responder {
    "x"
}

fn main() {}
