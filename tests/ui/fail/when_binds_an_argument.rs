//! A name inside `when(…)` that is an argument already.

use actix_web::{Responder, web};
use auth_runtime::authorize;

#[authorize(when([1, 2].iter().any(|id| *id == 7)))]
async fn closure(id: web::Path<u32>) -> impl Responder {
    id.to_string()
}

#[authorize(when({
    let id = 7;
    id == 7
}))]
async fn block(id: web::Path<u32>) -> impl Responder {
    id.to_string()
}

fn main() {}
