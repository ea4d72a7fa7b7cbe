//! `Self` outside an `impl` means nothing, in a condition as elsewhere.

use actix_web::{Responder, web};
use auth_runtime::authorize;

#[authorize(when(id.0 < Self::LIMIT))]
async fn handler(id: web::Path<(u32,)>) -> impl Responder {
    id.0.to_string()
}

fn main() {}
