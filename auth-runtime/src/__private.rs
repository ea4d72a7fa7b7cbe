//! Everything generated code may touch, and nothing else. No stability promise: `auth-macros` is locked to this version.

pub use core::{file, future::Future, line, module_path};

pub use actix_web::{HttpRequest, HttpResponse, web::Payload};

pub use crate::{
    handler::{Call, Site, call},
    policy::Policy,
};

/// Every argument of a handler has to be an extractor. Called with the user's own type, under its span.
pub const fn assert_extractor<T: actix_web::FromRequest>() {}

/// What a handler returns has to become a response. Called with the user's own type, under its span.
pub const fn assert_responder<T: actix_web::Responder>() {}
