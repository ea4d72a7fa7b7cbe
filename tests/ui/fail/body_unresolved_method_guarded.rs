//! A method that does not exist. With the attribute.

use actix_web::{get, web};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler(id: web::Path<u32>) -> String {
    id.into_innner().to_string()
}

fn main() {
    let _ = web::get().to(handler);
}
