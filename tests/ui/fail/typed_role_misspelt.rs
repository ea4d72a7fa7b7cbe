//! A misspelt variant is rustc's own error, under the user's word.

use actix_web::Responder;
use auth_runtime::{authorize, require_role, Role};

#[derive(Role)]
enum Role {
    Admin,
}

#[require_role(Role::Admn)]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(role(any(Role::Admin, Role::Editor)))]
async fn other() -> impl Responder {
    "x"
}

fn main() {}
