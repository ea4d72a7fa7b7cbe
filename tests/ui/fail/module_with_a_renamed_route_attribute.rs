//! A route attribute under another name routes all the same.

use actix_web::{get as fetch, post as send};
use auth_runtime::{require_auth, require_role};

#[require_auth]
mod api {
    use super::*;

    #[fetch("/renamed")]
    pub async fn renamed() -> &'static str {
        "x"
    }

    /// In a scope, this is the scope itself.
    #[cfg_attr(all(), send(""))]
    pub async fn conditional() -> &'static str {
        "x"
    }

    #[fetch("/fine")]
    #[require_role("admin")]
    pub async fn fine() -> &'static str {
        "x"
    }
}

fn main() {}
