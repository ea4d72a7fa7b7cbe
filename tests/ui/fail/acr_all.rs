//! A token has one `acr`.

use actix_web::Responder;
use auth_runtime::{authorize, require_step_up};

#[require_step_up(acr = all("mfa", "phr"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(acr(all("mfa")))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
