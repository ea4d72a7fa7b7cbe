//! A handler that returns nothing, and says so. Without it, to compare.

use actix_web::{get, web};

async fn handler() -> () {}

fn main() {
    let _ = web::get().to(handler);
}
