//! What stands behind the name does not hide it.

use actix_web::web;
use auth_runtime::require_auth;

#[require_auth]
mod api {
    use super::*;

    #[actix_web::get("/fine")]
    async fn fine() -> &'static str {
        "x"
    }

    async fn generic<T: Default + ToString>() -> String {
        T::default().to_string()
    }

    async fn cast() -> &'static str {
        "x"
    }

    async fn with_a_comma() -> &'static str {
        "x"
    }

    pub fn config(cfg: &mut web::ServiceConfig) {
        cfg.route("/x", web::get().to(generic::<u8>))
            .route("/y", web::get().to(cast as fn() -> _))
            .route("/z", web::get().to::<_, ()>(&with_a_comma,));
    }
}

fn main() {}
