//! Text that is no duration.

use actix_web::Responder;
use auth_runtime::require_step_up;

#[require_step_up(max_age = "")]
async fn handler() -> impl Responder {
    "x"
}

#[require_step_up(max_age = "5")]
async fn other() -> impl Responder {
    "x"
}

#[require_step_up(max_age = "m")]
async fn third() -> impl Responder {
    "x"
}

#[require_step_up(max_age = "5 m")]
async fn fourth() -> impl Responder {
    "x"
}

#[require_step_up(max_age = "-5m")]
async fn fifth() -> impl Responder {
    "x"
}

#[require_step_up(max_age = "5min")]
async fn sixth() -> impl Responder {
    "x"
}

#[require_step_up(max_age = "5m3")]
async fn seventh() -> impl Responder {
    "x"
}

#[require_step_up(max_age = "1.5h")]
async fn eighth() -> impl Responder {
    "x"
}

#[require_step_up(max_age = "99999999999999999999d")]
async fn ninth() -> impl Responder {
    "x"
}

#[require_step_up(max_age = "5M")]
async fn tenth() -> impl Responder {
    "x"
}

fn main() {}
