//! What returns a response says who may call it, wherever it is routed to.

use actix_web::{Either, HttpResponse, http::StatusCode, web};
use auth_runtime::require_auth;

#[require_auth]
mod api {
    use super::*;

    pub async fn json() -> web::Json<u8> {
        web::Json(1)
    }

    pub async fn result() -> actix_web::Result<web::Json<u8>> {
        Ok(web::Json(1))
    }

    pub async fn generic<T: Default>() -> Option<web::Form<T>> {
        None
    }

    pub async fn either() -> Either<&'static str, HttpResponse> {
        Either::Left("x")
    }

    pub async fn with_a_status() -> (web::Bytes, StatusCode) {
        (web::Bytes::new(), StatusCode::CREATED)
    }

    pub async fn redirect() -> Result<web::Redirect, actix_web::Error> {
        Ok(web::Redirect::to("/"))
    }
}

fn main() {}
