//! An `async` function that takes or answers something else.

use actix_web::{HttpRequest, Responder};
use auth_runtime::{authorize, Identity};

async fn by_value(_: Identity, _: HttpRequest) -> bool {
    true
}

async fn number(_: &Identity, _: &HttpRequest) -> u8 {
    1
}

#[authorize(check(by_value))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(check(number))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
