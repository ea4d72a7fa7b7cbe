//! A handler that is not `async`.

use actix_web::{Responder, get};
use auth_runtime::{require_auth};

#[require_auth]
#[get("/x")]
fn handler() -> impl Responder {
    "x"
}

fn main() {}
