//! One compile shows them all, each once.

use actix_web::{Responder, get};
use auth_runtime::{require_role};

#[require_role(any("a b", "c", "c"), crat = x, in_impl = 1)]
#[get("/x")]
#[require_role("x", "y")]
fn handler(self, value: impl Send) -> impl Responder {
    "x"
}

fn main() {}
