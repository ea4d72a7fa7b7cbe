//! A list in brackets.

use actix_web::{Responder, get};
use auth_runtime::{authorize, require_role};

#[require_role(["admin", "editor"])]
#[get("/a")]
async fn several() -> impl Responder {
    "x"
}

#[require_role(["admin"])]
#[get("/b")]
async fn one() -> impl Responder {
    "x"
}

#[authorize(role(any(["admin", "editor"])) || role(("admin", "editor")))]
#[get("/c")]
async fn in_an_expression() -> impl Responder {
    "x"
}

fn main() {}
