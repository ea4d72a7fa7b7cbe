//! A scope where a role belongs, and a role where a scope belongs.

use actix_web::Responder;
use auth_runtime::{authorize, require_role, Role, Scope};

#[derive(Role)]
enum Role {
    Admin,
}

#[derive(Scope)]
enum Scope {
    ReadDocs,
}

#[require_role(Scope::ReadDocs)]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(scope(Role::Admin))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
