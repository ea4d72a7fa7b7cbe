//! Names that could clash with ours.

use actix_web::{Responder, get, http::Method, web};
use auth_runtime::{Identity, require_role};
use auth_tests::assert_admin_only;

#[require_role("admin")]
async fn r#type(r#match: Identity) -> impl Responder {
    r#match.subject().to_owned()
}

struct Holder;

impl Holder {
    #[require_role("admin")]
    async fn r#loop() -> impl Responder {
        Self::text()
    }

    fn text() -> &'static str {
        "x"
    }
}

macro_rules! named {
    ($($name:ident)*) => {
        $(
            #[require_role("admin")]
            async fn $name() -> impl Responder {
                stringify!($name)
            }
        )*

        #[actix_web::test]
        async fn handlers_with_names_of_our_own() {
            $(assert_admin_only(|| web::resource("/x").to($name), Method::GET, "/x").await;)*
        }
    };
}

named!(call guard public request payload site policy drop main __auth_request __private auth_runtime core std);

mod constants {
    //! A name in a pattern that is a constant somewhere is that constant.
    #![allow(non_upper_case_globals, dead_code, reason = "the test is about such names")]

    use actix_web::Responder;
    use auth_runtime::{Identity, require_role};

    pub(super) const request: u8 = 1;
    pub(super) const payload: u8 = 2;
    pub(super) const req: u8 = 3;
    pub(super) static site: u8 = 4;
    pub(super) const __private: u8 = 5;

    #[require_role("admin")]
    pub(super) async fn handler(identity: Identity) -> impl Responder {
        format!("{} {}", identity.subject(), request + payload + req + site + __private)
    }
}

#[require_role("admin")]
#[get("/x")]
async fn handler_beside_a_type_of_its_name() -> impl Responder {
    #[allow(non_camel_case_types, dead_code, reason = "the test is about such names")]
    struct inner;
    "x"
}

#[actix_web::test]
async fn raw_identifiers_and_constants() {
    assert_admin_only(|| web::resource("/x").to(r#type), Method::GET, "/x").await;
    assert_admin_only(|| web::resource("/x").to(Holder::r#loop), Method::GET, "/x").await;
    assert_admin_only(|| web::resource("/x").to(constants::handler), Method::GET, "/x").await;
    assert_admin_only(|| handler_beside_a_type_of_its_name, Method::GET, "/x").await;
}
