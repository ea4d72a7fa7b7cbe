//! The handler is still there, so using it is no second error.

use actix_web::{Responder, get};
use auth_runtime::{require_role};

#[require_role("admin", "editor")]
#[get("/x")]
async fn handler() -> impl Responder {
    "x"
}

fn main() {
    let _ = actix_web::App::new().service(handler);
}
