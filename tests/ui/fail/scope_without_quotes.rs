//! A name with a colon, without its quotes.

use actix_web::{Responder, get};
use auth_runtime::{authorize, require_role, require_scope};

#[require_scope(docs:read)]
#[get("/a")]
async fn plain() -> impl Responder {
    "x"
}

#[require_scope(any(docs:read-all, "docs:write"), deny = not_found)]
#[get("/b")]
async fn several() -> impl Responder {
    "x"
}

#[require_role(team:7)]
#[get("/c")]
async fn role() -> impl Responder {
    "x"
}

#[authorize((scope(docs:read) && role("admin")) || role(all(team:lead, team:7)))]
#[get("/d")]
async fn in_an_expression() -> impl Responder {
    "x"
}

fn main() {}
