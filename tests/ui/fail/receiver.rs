//! A handler has no `self`.

use actix_web::{Responder};
use auth_runtime::{require_auth};

struct Api;

impl Api {
    #[require_auth]
    async fn handler(&self) -> impl Responder {
        "x"
    }
}

fn main() {}
