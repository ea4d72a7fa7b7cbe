//! A mistake in a handler is the handler's, wherever its attributes stand.

use auth_runtime::{require_auth, require_role};

#[require_role("admin")]
mod api {
    #[actix_web::get("/x")]
    fn not_async() -> &'static str {
        "x"
    }

    #[actix_web::get("/y")]
    async fn wrong_type(_: u32) -> &'static str {
        "x"
    }

    #[auth_runtime::require_role(any("admin"))]
    #[actix_web::get("/z")]
    async fn same_meaning() -> &'static str {
        "x"
    }
}

#[require_auth]
mod twice {
    #[auth_runtime::public]
    #[auth_runtime::require_role("admin")]
    #[actix_web::get("/x")]
    async fn contradicting() -> &'static str {
        "x"
    }
}

fn main() {}
