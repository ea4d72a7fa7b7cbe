//! A body of another type than the signature says. With the attribute.

use actix_web::{get, web};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler() -> String {
    7
}

fn main() {
    let _ = web::get().to(handler);
}
