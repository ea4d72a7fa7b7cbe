//! Text that is no network.

use actix_web::Responder;
use auth_runtime::require_ip;

#[require_ip("")]
async fn handler() -> impl Responder {
    "x"
}

#[require_ip("localhost")]
async fn other() -> impl Responder {
    "x"
}

#[require_ip("10.0.0.0/33")]
async fn third() -> impl Responder {
    "x"
}

#[require_ip("10.0.0/8")]
async fn fourth() -> impl Responder {
    "x"
}

#[require_ip("10.0.0.0/")]
async fn fifth() -> impl Responder {
    "x"
}

#[require_ip("10.0.0.0/08")]
async fn sixth() -> impl Responder {
    "x"
}

#[require_ip("10.0.0.0/255.0.0.0")]
async fn seventh() -> impl Responder {
    "x"
}

#[require_ip("::1/129")]
async fn eighth() -> impl Responder {
    "x"
}

#[require_ip("[::1]")]
async fn ninth() -> impl Responder {
    "x"
}

#[require_ip("010.0.0.0/8")]
async fn tenth() -> impl Responder {
    "x"
}

#[require_ip(" ::1")]
async fn eleventh() -> impl Responder {
    "x"
}

fn main() {}
