//! A type error in the body. Without it, to compare.

use actix_web::{get, web};

async fn handler(id: web::Path<u32>) -> String {
    let id: String = id.into_inner();
    id
}

fn main() {
    let _ = web::get().to(handler);
}
