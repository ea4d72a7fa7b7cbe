//! What can never hold, in two attributes.

use actix_web::{Responder, get};
use auth_runtime::{authorize, require_role, require_step_up};

#[require_role("a")]
#[authorize(!role("a"))]
async fn handler() -> impl Responder {
    "x"
}

#[require_step_up(acr = "mfa")]
#[get("/x")]
#[require_step_up(acr = any("phr", "phrh"))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
