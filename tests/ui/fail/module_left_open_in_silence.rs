//! A security review's module: all of it but the first handler once answered anybody.

use auth_runtime::require_auth;

#[require_auth]
mod api {
    use actix_web::{Responder, get, get as fetch, web};

    #[get("/a")]
    pub async fn a() -> impl Responder {
        "a"
    }

    #[fetch("/renamed")]
    pub async fn renamed() -> web::Json<u8> {
        web::Json(1)
    }

    pub async fn json() -> web::Json<u8> {
        web::Json(1)
    }

    pub async fn result() -> actix_web::Result<web::Json<u8>> {
        Ok(web::Json(1))
    }

    pub async fn generic<T: Default + serde::Serialize>() -> web::Json<T> {
        web::Json(T::default())
    }

    pub fn config(cfg: &mut web::ServiceConfig) {
        cfg.service(web::resource("/resource_get").get(json));
        cfg.service(web::resource("/resource_closure").get(|| async { "open" }));
        cfg.route("/turbofish", web::get().to(generic::<u8>));
    }
}

fn main() {}
