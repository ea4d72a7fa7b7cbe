//! Arguments stand in parentheses.

use actix_web::{Responder};
use auth_runtime::{require_auth, require_role};

#[require_auth]
#[require_role = "admin"]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
