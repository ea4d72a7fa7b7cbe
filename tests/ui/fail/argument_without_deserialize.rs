//! An extractor whose inner type cannot be read from the request. With the attribute.

use actix_web::{Responder, post, web};
use auth_runtime::{Claims, Owned, require_auth};

struct NoDeserialize;

#[require_auth]
#[post("/json")]
async fn json(body: web::Json<NoDeserialize>) -> impl Responder {
    drop(body);
    "x"
}

#[require_auth]
async fn claims(claims: Claims<NoDeserialize>) -> impl Responder {
    drop(claims);
    "x"
}

#[require_auth]
async fn owned(resource: Owned<NoDeserialize>) -> impl Responder {
    drop(resource);
    "x"
}

fn main() {}
