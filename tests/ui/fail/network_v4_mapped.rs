//! IPv4 addresses in IPv6 clothing.

use actix_web::Responder;
use auth_runtime::require_ip;

#[require_ip("::ffff:10.0.0.0/104")]
async fn handler() -> impl Responder {
    "x"
}

#[require_ip("::ffff:192.0.2.7")]
async fn other() -> impl Responder {
    "x"
}

#[require_ip("::ffff:10.0.0.1/104")]
async fn third() -> impl Responder {
    "x"
}

fn main() {}
