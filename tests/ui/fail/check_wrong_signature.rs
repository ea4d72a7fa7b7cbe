//! A function that does not take the identity and the request.

use actix_web::Responder;
use auth_runtime::{authorize, Identity};

fn no_request(_: &Identity) -> bool {
    true
}

#[authorize(check(no_request))]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
