//! More arguments than actix-web has extractors for.

use actix_web::{Responder, web};
use auth_runtime::{require_auth};

#[require_auth]
async fn handler(
    _a: web::Bytes,
    _b: web::Bytes,
    _c: web::Bytes,
    _d: web::Bytes,
    _e: web::Bytes,
    _f: web::Bytes,
    _g: web::Bytes,
    _h: web::Bytes,
    _i: web::Bytes,
    _j: web::Bytes,
    _k: web::Bytes,
    _l: web::Bytes,
    _m: web::Bytes,
    _n: web::Bytes,
    _o: web::Bytes,
    _p: web::Bytes,
    _q: web::Bytes,
) -> impl Responder {
    "x"
}

fn main() {}
