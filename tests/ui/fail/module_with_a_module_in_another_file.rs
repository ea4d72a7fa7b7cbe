//! What stands in another file cannot be seen, from a module around it either.

use auth_runtime::require_role;

#[require_role("admin")]
mod api {
    pub mod handlers;

    #[actix_web::get("/x")]
    async fn handler() -> &'static str {
        "x"
    }
}

fn main() {}
