//! An argument that is no extractor. Without it, to compare.

use actix_web::{Responder, get, web};

async fn handler(id: u32) -> impl Responder {
    id.to_string()
}

fn main() {
    let _ = web::get().to(handler);
}
