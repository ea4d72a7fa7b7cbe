//! `deny` needs what to answer.

use actix_web::Responder;
use auth_runtime::{require_auth, require_role};

#[require_role("admin", deny)]
async fn handler() -> impl Responder {
    "x"
}

#[require_auth(deny)]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
