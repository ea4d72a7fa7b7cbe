//! A network of the builder needs its name.

use actix_web::Responder;
use auth_runtime::authorize;

#[authorize(network(""))]
async fn handler() -> impl Responder {
    "x"
}

#[authorize(network())]
async fn other() -> impl Responder {
    "x"
}

#[authorize(network(office))]
async fn third() -> impl Responder {
    "x"
}

#[authorize(network("office", "home"))]
async fn fourth() -> impl Responder {
    "x"
}

fn main() {}
