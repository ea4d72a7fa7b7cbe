//! `web::resource` names the method and the handler in one call.

use actix_web::web;
use auth_runtime::{public, require_auth};

#[require_auth]
mod api {
    use super::*;

    async fn text() -> &'static str {
        "x"
    }

    #[public]
    async fn open() -> &'static str {
        "x"
    }

    pub fn config(cfg: &mut web::ServiceConfig) {
        cfg.service(web::resource("/x").get(text).post(open))
            .service(web::resource("/y").put(|| async { "x" }))
            .service(web::resource("/z").delete(async move |_: web::Path<u32>| "x"));
    }
}

fn main() {}
