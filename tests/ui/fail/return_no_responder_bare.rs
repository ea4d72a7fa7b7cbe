//! A return type that is no response. Without it, to compare.

use actix_web::{get, web};

async fn handler() -> Result<u32, std::fmt::Error> {
    Ok(1)
}

fn main() {
    let _ = web::get().to(handler);
}
