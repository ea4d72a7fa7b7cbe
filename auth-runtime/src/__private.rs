//! Everything generated code may touch, and nothing else. No stability promise: `auth-macros` is locked to this version.

pub use core::{
    future::Future,
    module_path,
    net::{Ipv4Addr, Ipv6Addr},
    primitive::{bool, str, u8},
    time::Duration,
};

use actix_web::{FromRequest, Responder};
pub use actix_web::{HttpRequest, HttpResponse};

pub use ipnet::{IpNet, Ipv4Net, Ipv6Net};

pub use crate::{
    handler::{Site, call, call_when},
    identity::Identity,
    incoming::Incoming,
    name::{RoleName, ScopeName},
    policy::{Answer, Check, ClaimValue, Condition, IntoCheck, Name, Policy},
};

/// What stands between the braces of a guarded function.
///
/// A macro, because the route attribute below the guard takes a function apart down to the last token, only to write it
/// again, and passes over what stands in a macro's braces; and because what is always the same is cheaper written here.
#[doc(hidden)]
#[macro_export]
macro_rules! __auth_runtime_body {
    (
        { $($items:tt)* }
        $($(# $cfg:tt)* [$($extractor:tt)*])* $(-> [$($responder:tt)*])?
        $site:ident [$($policy:tt)*] $handler:literal [$($hidden:tt)*]
        { $($call:tt)* }
    ) => {
        $($items)*
        $($(# $cfg)* $crate::__private::assert_extractor::<$($extractor)*>();)*
        $($crate::__private::assert_responder::<$($responder)*>();)?
        let $site = const {
            &$crate::__private::Site::new(
                $($policy)*,
                $crate::__private::module_path!(),
                $handler,
            ) $($hidden)*
        };
        $($call)*
    };
}

pub use __auth_runtime_body as body;

/// Asks the function that `check(…)` names.
pub fn ask<Kind>(
    function: impl IntoCheck<Kind>,
    identity: &Identity,
    request: &HttpRequest,
) -> Answer {
    function.ask(identity, request)
}

/// The name of a typed role. The value is a constant, so it lives as long as its name is needed.
pub fn role_name<T: RoleName + ?Sized>(role: &'static T) -> &'static str {
    role.role_name()
}

/// The name of a typed scope.
pub fn scope_name<T: ScopeName + ?Sized>(scope: &'static T) -> &'static str {
    scope.scope_name()
}

/// Every argument of a handler has to be an extractor. Called with the user's own type, under its span.
pub const fn assert_extractor<T: Extractor>() {}

/// What a handler returns has to become a response. Called with the user's own type, under its span.
pub const fn assert_responder<T: Response>() {}

/// [`FromRequest`] under a name that can explain itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an extractor, so a handler cannot take it as an argument",
    label = "not an extractor",
    note = "an argument is an extractor: inside `web::Json<T>`, `web::Query<T>`, `web::Path<T>` and `Claims<T>` the `T` needs `#[derive(Deserialize)]`, inside `Owned<T>` it needs `impl Resource`, and any other type has to stand in one of these or in `web::Data<T>`"
)]
pub trait Extractor {}

#[diagnostic::do_not_recommend]
impl<T: FromRequest> Extractor for T {}

/// [`Responder`] under a name that can explain itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a response, so a handler cannot return it",
    label = "not a response",
    note = "return something that implements `Responder`: `HttpResponse`, `web::Json<…>`, a string, or a `Result` of one with an error that implements `ResponseError`"
)]
pub trait Response {}

#[diagnostic::do_not_recommend]
impl<T: Responder> Response for T {}
