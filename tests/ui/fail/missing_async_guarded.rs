//! A handler that is not `async`. With the attribute.

use actix_web::{get, web};
use auth_runtime::{require_auth};

#[require_auth]
fn handler() -> &'static str {
    "x"
}

fn main() {
    let _ = web::get().to(handler);
}
