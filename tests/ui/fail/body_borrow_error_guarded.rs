//! A borrow error in the body. With the attribute.

use actix_web::{get, web};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler(text: web::Bytes) -> web::Bytes {
    drop(text);
    text
}

fn main() {
    let _ = web::get().to(handler);
}
