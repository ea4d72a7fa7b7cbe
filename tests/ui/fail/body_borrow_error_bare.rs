//! A borrow error in the body. Without it, to compare.

use actix_web::{get, web};

async fn handler(text: web::Bytes) -> web::Bytes {
    drop(text);
    text
}

fn main() {
    let _ = web::get().to(handler);
}
