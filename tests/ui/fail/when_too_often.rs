//! More conditions than a handler may have.

use actix_web::{Responder, web};
use auth_runtime::authorize;

#[authorize(
    when(id.0 == 0) || when(id.0 == 1) || when(id.0 == 2) || when(id.0 == 3) || when(id.0 == 4)
        || when(id.0 == 5) || when(id.0 == 6) || when(id.0 == 7) || when(id.0 == 8) || when(id.0 == 9)
        || when(id.0 == 10) || when(id.0 == 11) || when(id.0 == 12) || when(id.0 == 13) || when(id.0 == 14)
        || when(id.0 == 15) || when(id.0 == 16) || when(id.0 == 17) || when(id.0 == 18) || when(id.0 == 19)
        || when(id.0 == 20) || when(id.0 == 21) || when(id.0 == 22) || when(id.0 == 23) || when(id.0 == 24)
        || when(id.0 == 25) || when(id.0 == 26) || when(id.0 == 27) || when(id.0 == 28) || when(id.0 == 29)
        || when(id.0 == 30) || when(id.0 == 31) || when(id.0 == 32) || when(id.0 == 33) || when(id.0 == 34)
        || when(id.0 == 35) || when(id.0 == 36) || when(id.0 == 37) || when(id.0 == 38) || when(id.0 == 39)
        || when(id.0 == 40) || when(id.0 == 41) || when(id.0 == 42) || when(id.0 == 43) || when(id.0 == 44)
        || when(id.0 == 45) || when(id.0 == 46) || when(id.0 == 47) || when(id.0 == 48) || when(id.0 == 49)
        || when(id.0 == 50) || when(id.0 == 51) || when(id.0 == 52) || when(id.0 == 53) || when(id.0 == 54)
        || when(id.0 == 55) || when(id.0 == 56) || when(id.0 == 57) || when(id.0 == 58) || when(id.0 == 59)
        || when(id.0 == 60) || when(id.0 == 61) || when(id.0 == 62) || when(id.0 == 63) || when(id.0 == 64)
        || when(id.0 == 65)
)]
async fn handler(id: web::Path<(u32,)>) -> impl Responder {
    id.0.to_string()
}

fn main() {}
