//! A bound that is not met, where the handler is used.

use actix_web::{get, web};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler<T: std::fmt::Display + 'static>(value: web::Data<T>) -> String {
    value.to_string()
}

fn main() {
    let _ = web::get().to(handler::<Vec<u8>>);
}
