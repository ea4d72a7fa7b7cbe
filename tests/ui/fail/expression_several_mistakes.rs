//! Every mistake in an expression is reported, each once.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(rol("a") && (scope("") || !owner("{id}")) && ip("x"))]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
