//! A misspelt setting is no second name.

use actix_web::Responder;
use auth_runtime::require_role;

#[require_role("admin", in_imp)]
async fn handler() -> impl Responder {
    "x"
}

#[require_role("admin", not_found)]
async fn other() -> impl Responder {
    "x"
}

#[require_role("admin", deny(not_found))]
async fn third() -> impl Responder {
    "x"
}

#[require_role("admin", deny_not_found)]
async fn in_one_word() -> impl Responder {
    "x"
}

fn main() {}
