//! `when(…)` sees arguments by reference.

use actix_web::{Responder, web};
use auth_runtime::authorize;

fn is_seven(id: web::Path<u32>) -> bool {
    *id == 7
}

#[authorize(when(is_seven(id)))]
async fn handler(id: web::Path<u32>) -> impl Responder {
    id.to_string()
}

#[authorize(when(id.into_inner() == 7))]
async fn other(id: web::Path<u32>) -> impl Responder {
    id.to_string()
}

fn main() {}
