//! Words that are no predicates.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(rol("admin"))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(api_kee)]
async fn other() -> impl Responder {
    "x"
}

#[authorize(is_admin())]
async fn third() -> impl Responder {
    "x"
}

#[authorize(policies::may_edit(identity))]
async fn fourth() -> impl Responder {
    "x"
}

fn main() {}
