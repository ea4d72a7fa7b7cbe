//! A name that could be anything is left to rustc, and so is a method.

use actix_web::{Responder, web};
use auth_runtime::authorize;

fn is_small(number: u32) -> bool {
    number < 10
}

#[authorize(when(is_small(numbr)))]
async fn handler(number: web::Path<u32>) -> impl Responder {
    number.to_string()
}

#[authorize(when(number.is_smal()))]
async fn other(number: web::Path<u32>) -> impl Responder {
    number.to_string()
}

fn main() {}
