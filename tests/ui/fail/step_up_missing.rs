//! Nothing to ask for.

use actix_web::Responder;
use auth_runtime::require_step_up;

#[require_step_up]
async fn handler() -> impl Responder {
    "x"
}

#[require_step_up()]
async fn other() -> impl Responder {
    "x"
}

#[require_step_up(deny = not_found)]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
