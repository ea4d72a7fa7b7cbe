//! A near miss.

use actix_web::{Responder, get};
use auth_runtime::require_owner;

#[require_owner("userid")]
#[get("/users/{user_id}/docs/{doc}")]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
