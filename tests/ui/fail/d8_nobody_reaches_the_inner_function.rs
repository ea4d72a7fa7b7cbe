//! The user's function is out of reach, from other modules and from its own.

use actix_web::{Responder};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler() -> impl Responder {
    "x"
}

mod other {
    pub(super) struct Api;

    impl Api {
        #[auth_runtime::require_auth]
        pub(super) async fn associated() -> &'static str {
            Self::text()
        }

        fn text() -> &'static str {
            "x"
        }
    }
}

fn main() {
    let _ = handler();
    let _ = handler::handler();
    let _ = other::Api::__auth_runtime_associated();
}
