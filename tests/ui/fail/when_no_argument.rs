//! Names that can only be meant as arguments, and are none.

use actix_web::{Responder, web};
use auth_runtime::authorize;

#[authorize(when(docc.0 == 7))]
async fn field(doc: web::Path<(u32,)>) -> impl Responder {
    doc.0.to_string()
}

#[authorize(when(request.path() == "/x"))]
async fn receiver() -> impl Responder {
    "x"
}

#[authorize(when(limit < doc.0 && !flag && *pointer == 7 && list[0] == 7))]
async fn operands(doc: web::Path<(u32,)>, web::Query(page): web::Query<u32>) -> impl Responder {
    format!("{page} {}", doc.0)
}

#[authorize(when(identiti.has_role("admin")))]
async fn identity() -> impl Responder {
    "x"
}

fn main() {}
