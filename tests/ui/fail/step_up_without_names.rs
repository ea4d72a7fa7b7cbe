//! What to ask for is given by name.

use actix_web::Responder;
use auth_runtime::require_step_up;

#[require_step_up("mfa")]
async fn handler() -> impl Responder {
    "x"
}

#[require_step_up("5m")]
async fn other() -> impl Responder {
    "x"
}

#[require_step_up(max_age("5m"))]
async fn third() -> impl Responder {
    "x"
}

#[require_step_up("mfa", "5m")]
async fn fourth() -> impl Responder {
    "x"
}

fn main() {}
