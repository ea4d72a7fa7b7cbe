//! A body of another type than the signature says. Without it, to compare.

use actix_web::{get, web};

async fn handler() -> String {
    7
}

fn main() {
    let _ = web::get().to(handler);
}
