//! Nothing that could be a response.

use actix_web::{get};
use auth_runtime::{require_auth};

#[require_auth]
#[get("/x")]
async fn handler() {}

fn main() {}
