//! An expression that is neither true nor false.

use actix_web::{Responder, web};
use auth_runtime::authorize;

#[authorize(when(*id + 1))]
async fn handler(id: web::Path<u32>) -> impl Responder {
    id.to_string()
}

#[authorize(role("admin") || when(identity.subject()))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
