//! Nobody is denied.

use actix_web::{Responder, get};
use auth_runtime::public;

#[public(deny = not_found)]
async fn handler() -> impl Responder {
    "x"
}

#[get("/x")]
#[public(deny = not_found)]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
