//! Edition 2021, without any prelude.

#![no_implicit_prelude]
#![deny(warnings, clippy::pedantic)]

use ::actix_web::{Responder, web};
use ::auth_runtime::{
    Claims, Identity, Role, Scope, authorize, public, require_auth, require_role,
};

/// A plain handler.
#[require_auth]
pub async fn plain(caller: Identity) -> impl Responder {
    ::std::string::ToString::to_string(&caller.subject().len())
}

/// Nested attributes, and an extractor of each kind.
#[require_auth]
#[require_role(any("admin", "editor"))]
pub async fn nested(
    path: web::Path<u32>,
    caller: ::std::option::Option<Identity>,
    claims: ::std::result::Result<Claims<u32>, ::actix_web::Error>,
) -> ::std::result::Result<&'static str, ::actix_web::Error> {
    ::std::mem::drop((path, caller, claims));
    ::std::result::Result::Ok("nested")
}

/// A generic one.
#[require_role("admin")]
pub async fn generic<T>(value: T) -> impl Responder
where
    T: ::actix_web::FromRequest + 'static,
{
    ::std::mem::drop(value);
    "generic"
}

/// Holds associated ones.
pub struct Api<T>(T);

impl<T: 'static> Api<T> {
    /// `Self` in it.
    #[require_role("admin")]
    pub async fn associated() -> impl Responder {
        Self::text()
    }

    /// The generics of its `impl` in it.
    #[require_role("admin", in_impl)]
    pub async fn of_the_impl() -> impl Responder {
        ::std::any::type_name::<T>()
    }

    fn text() -> &'static str {
        "associated"
    }
}

async fn asked(_: &Identity, _: &::actix_web::HttpRequest) -> bool {
    true
}

/// The language.
#[authorize(
    (role("admin") || check(asked)) && when(*id > 7 && identity.has_role("admin"))
        && (ip("10.0.0.0/8") || max_age("5m") || acr("mfa") || scope("w"))
)]
pub async fn language(id: web::Path<u32>) -> impl Responder {
    ::std::string::ToString::to_string(&*id)
}

/// A public one.
#[public]
pub async fn open() -> impl Responder {
    "open"
}

/// Names of roles.
#[derive(Role)]
#[role(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Role {
    /// By the rule.
    NightShift,
    /// By itself.
    #[role(rename = "docs:write")]
    Writer,
}

/// Names of scopes.
#[derive(Scope)]
pub enum Allowed {
    /// By the rule.
    ReadDocs,
}

/// One of each.
#[must_use]
pub fn allowed(caller: &Identity) -> bool {
    caller.has_role(Role::Writer) && caller.has_scope(&Allowed::ReadDocs)
}
