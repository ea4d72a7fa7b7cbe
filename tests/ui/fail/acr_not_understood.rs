//! What is wrong with the value of an `acr` or `amr`.

use actix_web::Responder;
use auth_runtime::{authorize, require_step_up};

#[require_step_up(acr = any("mfa", "phr", "mfa"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(acr(any()))]
async fn other() -> impl Responder {
    "x"
}

#[authorize(acr(""))]
async fn third() -> impl Responder {
    "x"
}

#[require_step_up(acr = "mfa phr")]
async fn fourth() -> impl Responder {
    "x"
}

#[authorize(acr(any("mfa phr")))]
async fn fifth() -> impl Responder {
    "x"
}

#[require_step_up(amr = "otp sms")]
async fn sixth() -> impl Responder {
    "x"
}

#[require_step_up(acr = 2)]
async fn seventh() -> impl Responder {
    "x"
}

#[require_step_up(amr = otp)]
async fn eighth() -> impl Responder {
    "x"
}

#[authorize(amr(any("otp", "sms")))]
async fn ninth() -> impl Responder {
    "x"
}

#[authorize(acr(either("mfa", "phr")))]
async fn tenth() -> impl Responder {
    "x"
}

#[authorize(acr("mfä"))]
async fn eleventh() -> impl Responder {
    "x"
}

fn main() {}
