//! What looks like a handler says who may call it.

use actix_web::{HttpResponse, Responder, web};
use auth_runtime::require_auth;

#[require_auth]
mod api {
    use std::future::Future;

    use super::*;

    async fn hidden() -> impl Responder {
        "x"
    }

    pub(crate) async fn named(_: web::Path<u32>) -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    async fn result() -> Result<HttpResponse, actix_web::Error> {
        Ok(HttpResponse::Ok().finish())
    }

    async fn hidden_in_a_result() -> actix_web::Result<impl Responder> {
        Ok("x")
    }

    fn future() -> impl Future<Output = HttpResponse> {
        async { HttpResponse::Ok().finish() }
    }

    async fn text() -> &'static str {
        "x"
    }

    struct Api;

    impl Api {
        async fn associated() -> HttpResponse {
            HttpResponse::Ok().finish()
        }
    }

    pub fn config(cfg: &mut web::ServiceConfig) {
        async fn inside() -> impl Responder {
            "x"
        }
        cfg.route("/inside", web::get().to(inside)).service(web::resource("/x").to(text));
    }

    #[actix_web::get("/fine")]
    async fn fine() -> impl Responder {
        loads().await.unwrap_or_else(|refused| refused)
    }

    async fn loads() -> Result<&'static str, &'static str> {
        Ok("x")
    }
}

fn main() {}
