//! Comparisons, which no predicate is.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(role("a") == role("b"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role("a") == false)]
async fn other() -> impl Responder {
    "x"
}

#[authorize(role == "admin")]
async fn third() -> impl Responder {
    "x"
}

#[authorize(scope != "docs:read")]
async fn fourth() -> impl Responder {
    "x"
}

#[authorize(doc.owner == identity.subject())]
async fn fifth() -> impl Responder {
    "x"
}

#[authorize(level >= 3)]
async fn sixth() -> impl Responder {
    "x"
}

fn main() {}
