//! A predicate written like a setting.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(role = "admin")]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("admin"), max_age = "5m")]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
