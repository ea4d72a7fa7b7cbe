//! A function that answers something else.

use actix_web::{HttpRequest, Responder};
use auth_runtime::{authorize, Identity};

fn number(_: &Identity, _: &HttpRequest) -> u8 {
    1
}

#[authorize(role("a") || check(number))]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
