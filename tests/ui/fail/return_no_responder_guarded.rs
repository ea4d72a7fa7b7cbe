//! A return type that is no response. With the attribute.

use actix_web::{get, web};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler() -> Result<u32, std::fmt::Error> {
    Ok(1)
}

fn main() {
    let _ = web::get().to(handler);
}
