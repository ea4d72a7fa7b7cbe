//! A name that forgot its quotes.

use actix_web::Responder;
use auth_runtime::{authorize, require_scope};

#[require_scope(docs)]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role(any("admin", editor)))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
