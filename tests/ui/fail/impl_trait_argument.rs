//! The type of an argument must be named.

use actix_web::{Responder, web};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler(value: impl actix_web::FromRequest) -> impl Responder {
    "x"
}

#[require_auth]
async fn other(value: web::Data<impl Send>) -> impl Responder {
    "x"
}

fn main() {}
