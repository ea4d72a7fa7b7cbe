//! A path that leads nowhere is an error of rustc's own, under the word.

use actix_web::{Responder};
use auth_runtime::{require_role};

#[require_role(Role::Admin)]
async fn handler() -> impl Responder {
    "x"
}

fn main() {}
