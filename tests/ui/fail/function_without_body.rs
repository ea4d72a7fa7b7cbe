//! A function without a body.

use auth_runtime::{require_auth};

trait Handlers {
    #[require_auth]
    async fn handler() -> &'static str;
}

fn main() {}
