//! A mistake in the attribute is said once, not once for each handler.

use auth_runtime::{public, require_auth, require_role};

#[require_role("admin", "editor")]
mod several_names {
    #[actix_web::get("/x")]
    async fn one() -> &'static str {
        "x"
    }

    #[actix_web::get("/y")]
    async fn two() -> &'static str {
        "x"
    }
}

#[require_auth]
#[require_role("a b")]
#[public]
#[require_auth]
mod contradicting {
    #[actix_web::get("/x")]
    async fn one() -> &'static str {
        "x"
    }

    #[actix_web::get("/y")]
    async fn two() -> &'static str {
        "x"
    }
}

fn main() {}
