//! Names that are not known.

use actix_web::Responder;
use auth_runtime::require_step_up;

#[require_step_up(max_ages = "5m")]
async fn handler() -> impl Responder {
    "x"
}

#[require_step_up(arc = "mfa", dney = not_found)]
async fn other() -> impl Responder {
    "x"
}

#[require_step_up(level = 2, acr = "mfa")]
async fn third() -> impl Responder {
    "x"
}

#[require_step_up(acr = "mfa", age)]
async fn fourth() -> impl Responder {
    "x"
}

fn main() {}
