//! The runtime under another name.

#![deny(warnings, clippy::pedantic)]

use actix_web::{Responder, get, post};
use renamed::{Identity, Role, Scope, authorize, public, require_auth, require_role};

/// Above.
#[require_auth(crate = ::renamed)]
#[get("/above")]
pub async fn above(identity: Identity) -> impl Responder {
    identity.subject().len().to_string()
}

/// Below, and the outer attribute speaks for the inner one.
#[post("/below")]
#[require_auth(crate = renamed)]
#[require_role("admin")]
pub async fn below() -> impl Responder {
    "below"
}

/// Both say it, with a comma at the end.
#[require_role("admin", crate = ::renamed,)]
#[renamed::require_role(any("editor", "author"), crate = ::renamed)]
pub async fn both() -> impl Responder {
    "both"
}

fn allowed(_: &Identity, _: &actix_web::HttpRequest) -> bool {
    true
}

/// The language.
#[authorize(check(allowed) && when(text.len() > 1) && scope("w"), crate = ::renamed)]
pub async fn language(text: String) -> impl Responder {
    text
}

/// What is inside is guarded by that name.
#[renamed::require_auth(crate = ::renamed)]
pub mod module {
    use actix_web::{Responder, get};

    /// Guarded.
    #[get("/inside")]
    pub async fn inside() -> impl Responder {
        "inside"
    }
}

/// Open.
#[public(crate = ::renamed)]
pub async fn open() -> impl Responder {
    "open"
}

/// Names of roles.
#[derive(Role)]
#[role(crate = ::renamed)]
pub enum Role {
    /// Anybody with a name.
    Member,
}

/// Names of scopes.
#[derive(Scope)]
#[scope(crate = crate::reexported::auth, rename_all = "UPPERCASE")]
pub enum Allowed {
    /// To look.
    Read,
}

/// Under a path of the crate's own.
pub mod reexported {
    use actix_web::Responder;

    /// Our own name for the runtime.
    pub mod auth {
        pub use renamed::*;
    }

    /// By that name.
    #[auth::require_auth(crate = crate::reexported::auth)]
    pub async fn handler() -> impl Responder {
        "reexported"
    }
}
