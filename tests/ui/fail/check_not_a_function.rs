//! A path in `check(…)` that is no function, or none at all.

use actix_web::Responder;
use auth_runtime::authorize;

const LIMIT: u32 = 7;

#[authorize(check(LIMIT))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(check(missing))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
