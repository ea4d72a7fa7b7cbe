//! `deny` given twice.

use actix_web::Responder;
use auth_runtime::require_role;

#[require_role("admin", deny = not_found, deny = not_found)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
