//! A handler that returns nothing, and says so. With the attribute.

use actix_web::{get, web};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler() -> () {}

fn main() {
    let _ = web::get().to(handler);
}
