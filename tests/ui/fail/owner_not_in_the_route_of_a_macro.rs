//! The same where a macro writes the route, or the parameter.

use actix_web::{Responder, get};
use auth_runtime::require_owner;

macro_rules! made {
    ($name:ident, $path:literal, $parameter:literal) => {
        #[require_owner($parameter)]
        #[get($path)]
        async fn $name() -> impl Responder {
            "x"
        }
    };
}

made!(right, "/users/{user}", "user");
made!(wrong, "/users/{user}", "user_id");

macro_rules! fixed {
    ($path:expr) => {
        #[require_owner("user")]
        #[get($path)]
        async fn fixed() -> impl Responder {
            "x"
        }
    };
}

fixed!("/plain");

fn main() {}
