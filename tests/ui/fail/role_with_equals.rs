//! Names as if they were settings.

use actix_web::{Responder, get};
use auth_runtime::{require_role, require_scope};

#[require_role(role = "admin")]
#[get("/a")]
async fn one() -> impl Responder {
    "x"
}

#[require_role(roles = ["admin", "editor"])]
#[get("/b")]
async fn several() -> impl Responder {
    "x"
}

#[require_scope(scope = any("docs:read", "docs:write"))]
#[get("/c")]
async fn scope() -> impl Responder {
    "x"
}

fn main() {}
