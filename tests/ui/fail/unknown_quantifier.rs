//! A combination that is none.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role(anny("admin", "editor"))]
async fn handler() -> impl Responder {
    "x"
}

#[require_role(either("admin", "editor"))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
