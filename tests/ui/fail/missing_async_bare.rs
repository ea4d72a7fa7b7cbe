//! A handler that is not `async`. Without it, to compare.

use actix_web::{get, web};

fn handler() -> &'static str {
    "x"
}

fn main() {
    let _ = web::get().to(handler);
}
