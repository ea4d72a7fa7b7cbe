//! A method that does not exist. Without it, to compare.

use actix_web::{get, web};

async fn handler(id: web::Path<u32>) -> String {
    id.into_innner().to_string()
}

fn main() {
    let _ = web::get().to(handler);
}
