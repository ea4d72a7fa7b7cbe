//! What takes something out of the request says who may call it, whatever it returns.

use actix_web::{HttpRequest, web};
use auth_runtime::{Identity, require_auth};

#[require_auth]
mod api {
    use super::*;

    pub async fn path(id: web::Path<u32>) -> String {
        id.to_string()
    }

    pub async fn request(_: HttpRequest, text: String) -> Result<(), actix_web::Error> {
        drop(text);
        Ok(())
    }

    pub async fn maybe(caller: Option<Identity>) -> String {
        caller.map(|caller| caller.subject().to_owned()).unwrap_or_default()
    }

    pub async fn body(web::Json(numbers): web::Json<Vec<u8>>) -> Vec<u8> {
        numbers
    }
}

fn main() {}
