//! The parameter is missing in the prefix of the module too.

use actix_web::scope;

#[scope("/teams/{team}")]
mod teams {
    use actix_web::{Responder, get};
    use auth_runtime::require_owner;

    #[require_owner("user_id")]
    #[get("/docs")]
    async fn handler() -> impl Responder {
        "x"
    }
}

fn main() {}
