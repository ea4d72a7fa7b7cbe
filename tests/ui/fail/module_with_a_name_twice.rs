//! A guarded handler excuses no other function of its name.

use actix_web::web;
use auth_runtime::require_auth;

#[require_auth]
mod api {
    use super::*;

    mod users {
        #[auth_runtime::require_auth]
        pub async fn list() -> &'static str {
            "x"
        }

        #[auth_runtime::require_auth]
        pub async fn count() -> &'static str {
            "x"
        }
    }

    mod files {
        pub async fn list() -> &'static str {
            "x"
        }

        pub async fn count() -> &'static str {
            "x"
        }

        pub async fn load() -> &'static str {
            "x"
        }
    }

    pub fn config(cfg: &mut web::ServiceConfig) {
        use self::users::count;

        cfg.route("/users", web::get().to(users::list))
            .route("/files", web::get().to(files::list))
            .route("/count", web::get().to(count));
    }
}

fn main() {}
