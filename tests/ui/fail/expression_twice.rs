//! Two expressions.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(role("a"), role("b"))]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
