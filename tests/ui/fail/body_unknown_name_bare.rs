//! A name that does not exist. Without it, to compare.

use actix_web::{get, web};

async fn handler() -> String {
    nowhere.to_string()
}

fn main() {
    let _ = web::get().to(handler);
}
