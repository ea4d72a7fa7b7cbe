//! An argument that is no extractor. With the attribute.

use actix_web::{Responder, get, web};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler(id: u32) -> impl Responder {
    id.to_string()
}

fn main() {
    let _ = web::get().to(handler);
}
