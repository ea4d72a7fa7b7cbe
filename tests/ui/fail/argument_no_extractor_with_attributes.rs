//! Where the types of the arguments are not certain, the mistake is still told as often as without us.

use actix_web::{Responder, get};
use auth_runtime::require_auth;

struct Unsuited;

#[require_auth]
#[get("/")]
async fn configured(#[cfg(not(any()))] _unsuited: Unsuited) -> impl Responder {
    "x"
}

fn main() {}
