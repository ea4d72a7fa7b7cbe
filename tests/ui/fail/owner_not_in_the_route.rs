//! The parameter is missing in a route that can be seen.

use actix_web::{Responder, get, route, routes};
use auth_runtime::{authorize, require_owner};

#[require_owner("user_id")]
#[get("/users/{user}")]
async fn handler() -> impl Responder {
    "x"
}

#[require_owner("user_id")]
#[get("/plain")]
async fn other() -> impl Responder {
    "x"
}

#[require_owner("name")]
#[route("/a/{b}/{c:[a-z]{2,}}-{d}/{tail:.*}", method = "GET", method = "POST")]
async fn third() -> impl Responder {
    "x"
}

#[authorize(!owner("name") || owner("tail"))]
#[get("/files/{tail}*")]
async fn fourth() -> impl Responder {
    "x"
}

#[require_owner("id")]
#[routes]
#[get("/users/{id}")]
#[get("/me")]
async fn fifth() -> impl Responder {
    "x"
}

fn main() {}
