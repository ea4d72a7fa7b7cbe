//! A route attribute that we do not know stays on the inner function: it does not compile, so nothing is unguarded.

use actix_web::{Responder};
use auth_runtime::{require_auth};

use actix_web::get as fetch;

#[require_auth]
#[fetch("/x")]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
