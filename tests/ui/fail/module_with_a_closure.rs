//! A closure has no place for an attribute.

use actix_web::{HttpResponse, web};
use auth_runtime::require_auth;

#[require_auth]
mod api {
    use super::*;

    pub fn config(cfg: &mut web::ServiceConfig) {
        cfg.route("/x", web::get().to(|| async { HttpResponse::Ok() }))
            .route("/y", web::get().to(async move |_: web::Path<u32>| HttpResponse::Ok()));
    }
}

fn main() {}
