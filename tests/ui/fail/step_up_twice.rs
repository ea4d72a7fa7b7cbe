//! The same asked twice.

use actix_web::Responder;
use auth_runtime::require_step_up;

#[require_step_up(acr = "mfa", acr = "phr")]
async fn handler() -> impl Responder {
    "x"
}

#[require_step_up(max_age = "5m", max_age = "5m")]
async fn other() -> impl Responder {
    "x"
}

#[require_step_up(amr = "otp", amr = "otp")]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
