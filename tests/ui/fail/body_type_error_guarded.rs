//! A type error in the body. With the attribute.

use actix_web::{get, web};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler(id: web::Path<u32>) -> String {
    let id: String = id.into_inner();
    id
}

fn main() {
    let _ = web::get().to(handler);
}
