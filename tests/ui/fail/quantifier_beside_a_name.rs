//! A quantifier and a name beside it: advice that does not nest.

use actix_web::Responder;
use auth_runtime::require_role;

#[require_role(any("a", "b"), "c")]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
