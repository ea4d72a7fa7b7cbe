//! Edition 2018, with handlers in a module where every name that generated code might use means something else.

#![deny(warnings, clippy::pedantic)]

/// Handlers that see none of the usual names.
#[allow(
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    dead_code,
    unused_macros,
    reason = "hostile on purpose"
)]
pub mod shadowed {
    use ::actix_web::Responder as Answers;
    use ::auth_runtime::{
        Identity as Caller, authorize, public, require_api_key, require_auth, require_ip,
        require_owner, require_role, require_scope, require_step_up,
    };

    struct Ok;
    struct Err;
    struct Some;
    struct None;
    struct Result;
    struct Option;
    struct String;
    struct Box;
    struct Vec;
    struct Future;
    struct Send;
    struct Clone;
    struct Into;
    struct From;
    struct Fn;
    struct Default;
    struct Iterator;
    struct HttpRequest;
    struct HttpResponse;
    struct Responder;
    struct Identity;
    struct Policy;
    struct Site;
    struct Payload;
    struct Name;
    struct Check;
    struct Condition;
    struct NoConditions;
    struct Duration;
    struct IpNet;
    struct bool;
    struct u8;
    const identity: () = ();
    const request: () = ();
    mod std {}
    mod core {}
    mod alloc {}
    mod actix_web {}
    mod auth_runtime {}
    mod auth_macros {}
    mod __private {}
    fn call() {}
    fn drop() {}
    fn assert_extractor() {}
    fn assert_responder() {}
    macro_rules! module_path {
        () => {
            compile_error!("hostile")
        };
    }
    macro_rules! file {
        () => {
            compile_error!("hostile")
        };
    }
    macro_rules! line {
        () => {
            compile_error!("hostile")
        };
    }
    macro_rules! concat {
        ($($any:tt)*) => {
            compile_error!("hostile")
        };
    }
    macro_rules! vec {
        ($($any:tt)*) => {
            compile_error!("hostile")
        };
    }

    /// A plain handler.
    #[require_auth]
    pub async fn plain(caller: Caller) -> impl Answers {
        caller.subject().len().to_string()
    }

    /// Nested attributes.
    #[require_auth]
    #[require_role(any("admin", "editor"))]
    #[require_role(all("admin", "root"))]
    pub async fn nested() -> &'static str {
        "nested"
    }

    /// A generic one.
    #[require_role("admin")]
    pub async fn generic<T: ::actix_web::FromRequest + 'static>(value: T) -> impl Answers {
        ::std::mem::drop(value);
        "generic"
    }

    /// Holds an associated one.
    pub struct Api;

    impl Api {
        /// An associated one.
        #[require_role("admin")]
        pub async fn associated() -> impl Answers {
            Self::text()
        }

        fn text() -> &'static str {
            "associated"
        }
    }

    /// A public one.
    #[public]
    pub async fn open() -> impl Answers {
        "open"
    }

    fn allowed(_: &Caller, _: &::actix_web::HttpRequest) -> ::core::primitive::bool {
        true
    }

    async fn allowed_later(
        _: &Caller,
        _: &::actix_web::HttpRequest,
    ) -> ::std::result::Result<::core::primitive::bool, ::std::fmt::Error> {
        ::std::result::Result::Ok(true)
    }

    /// Every predicate.
    #[require_api_key(deny = not_found)]
    #[require_ip("10.0.0.0/8", "::1")]
    #[require_owner("user")]
    #[require_scope(all("r", "w"))]
    #[require_step_up(acr = any("mfa", "phr"), amr = "otp", max_age = "5m")]
    #[authorize(
        (check(allowed) || check(self::allowed_later)) && when(text.len() > 1) && !when(text == "")
            || claim("tenant", "acme") && network("office")
    )]
    pub async fn language(text: ::std::string::String) -> impl Answers {
        text
    }

    /// What is inside is guarded.
    #[require_auth]
    pub mod module {
        use ::actix_web::Responder as Answers;
        use ::auth_runtime::authorize;

        /// Guarded twice.
        #[authorize(role("admin") || scope("w"))]
        pub async fn inside() -> impl Answers {
            "inside"
        }
    }
}

/// Enums of names that see none of the usual ones, not even `str`.
#[allow(non_camel_case_types, dead_code, reason = "hostile on purpose")]
pub mod shadowed_names {
    use ::auth_runtime::{Role, Scope};

    struct str;
    trait RoleName {}
    trait ScopeName {}
    mod core {}
    mod std {}
    mod auth_runtime {}
    mod __private {}

    /// Names of roles.
    #[derive(Role)]
    pub enum Role {
        /// A keyword.
        r#type,
        /// What the generated code calls itself.
        name,
    }

    /// Names of scopes, which nobody asks for.
    #[derive(Scope)]
    enum Scope {
        str,
        ScopeName,
    }
}

/// Route attributes of actix-web, which has needs of its own.
pub mod routed {
    use actix_web::{Responder, get, post, routes};
    use auth_runtime::{require_auth, require_role};

    /// Above.
    #[require_auth]
    #[get("/above")]
    pub async fn above() -> impl Responder {
        "above"
    }

    /// Below.
    #[post("/below")]
    #[require_role("admin")]
    pub async fn below() -> impl Responder {
        "below"
    }

    /// Around.
    #[require_role("admin")]
    #[routes]
    #[get("/one")]
    #[post("/two")]
    pub async fn around() -> impl Responder {
        "around"
    }
}
