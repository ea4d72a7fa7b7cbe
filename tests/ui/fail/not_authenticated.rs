//! Nobody is let through for not being authenticated.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(!authenticated())]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a") && !authenticated())]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
