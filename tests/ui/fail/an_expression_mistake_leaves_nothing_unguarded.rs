//! After a mistake in `authorize(…)` the handler is there for the editor, wherever it stands, and nothing compiles.

use actix_web::{App, Responder, get, web};
use auth_runtime::authorize;

#[authorize(rol("admin"))]
#[get("/free")]
async fn free() -> impl Responder {
    "x"
}

struct Api;

impl Api {
    #[authorize(true)]
    async fn associated() -> impl Responder {
        "x"
    }
}

macro_rules! made {
    ($condition:expr) => {
        #[authorize($condition)]
        #[get("/made")]
        async fn made() -> impl Responder {
            "x"
        }
    };
}

made!(role("a") & role("b"));

fn main() {
    #[get("/local")]
    #[authorize(role("admin") || "editor")]
    async fn local() -> impl Responder {
        "x"
    }

    let associated = web::resource("/associated").to(Api::associated);
    let _ = App::new().service(free).service(made).service(local).service(associated);
}
