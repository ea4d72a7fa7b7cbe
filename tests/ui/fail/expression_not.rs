//! `not(…)` for `!`.

use actix_web::{Responder, get};
use auth_runtime::authorize;

#[authorize(role("user") && not(role("banned")))]
#[get("/a")]
async fn one() -> impl Responder {
    "x"
}

#[authorize(not(role("banned") || role("gone")))]
#[get("/b")]
async fn several() -> impl Responder {
    "x"
}

fn main() {}
