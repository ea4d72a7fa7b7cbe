//! Associated functions.

use std::fmt::Display;

use actix_web::{HttpRequest, Responder, http::Method, web};
use auth_runtime::{Identity, require_auth, require_role};
use auth_tests::assert_admin_only;

struct Plain;

impl Plain {
    /// Says nothing of `Self`, so it is nested like any function.
    #[require_role("admin")]
    async fn without_self() -> impl Responder {
        "x"
    }

    /// `Self` in the body.
    #[require_auth]
    #[require_role("admin")]
    async fn with_self_in_the_body(identity: Identity) -> impl Responder {
        format!("{} {}", Self::NAME, identity.subject())
    }

    /// `Self` in the signature.
    #[require_role("admin")]
    pub async fn with_self_in_the_signature(
        _: web::Data<Self>,
    ) -> Result<String, actix_web::Error> {
        Ok(String::new())
    }

    const NAME: &'static str = "plain";
}

struct Generic<T>(T);

impl<T: Display + Default + 'static> Generic<T> {
    /// `T` belongs to the `impl`, and nothing in the tokens says so.
    #[require_role("admin", in_impl)]
    async fn generic(_: HttpRequest) -> impl Responder {
        T::default().to_string()
    }

    #[require_role("admin")]
    async fn generic_with_self<U: Display + Default + 'static>() -> String {
        let own: Option<Self> = None;
        let text = own.map(|own| own.0.to_string()).unwrap_or_default();
        format!("{text}{}", U::default())
    }
}

/// `Self` means the nested item's own type here, so this is a free function like any other.
#[require_role("admin")]
async fn self_of_a_nested_item() -> impl Responder {
    struct Inner(&'static str);
    impl Inner {
        fn new() -> Self {
            Self("inner")
        }
    }
    impl Clone for Inner {
        fn clone(&self) -> Self {
            Self(self.0)
        }
    }
    enum Kind {
        Boxed(Box<Self>),
        Plain,
    }
    let kind = Kind::Boxed(Box::new(Kind::Plain));
    let union = Inner::new().clone().0;
    match kind {
        Kind::Boxed(inner) => match *inner {
            Kind::Boxed(_) => "boxed",
            Kind::Plain => union,
        },
        Kind::Plain => "plain",
    }
}

#[actix_web::test]
async fn associated_functions_with_and_without_self() {
    let at =
        |route: actix_web::Route| web::scope("").app_data(web::Data::new(Plain)).route("/x", route);
    assert_admin_only(|| at(web::get().to(Plain::without_self)), Method::GET, "/x").await;
    assert_admin_only(|| at(web::get().to(Plain::with_self_in_the_body)), Method::GET, "/x").await;
    assert_admin_only(|| at(web::get().to(Plain::with_self_in_the_signature)), Method::GET, "/x")
        .await;
    assert_admin_only(|| at(web::get().to(Generic::<u8>::generic)), Method::GET, "/x").await;
    assert_admin_only(
        || at(web::get().to(Generic::<u8>::generic_with_self::<u16>)),
        Method::GET,
        "/x",
    )
    .await;
    assert_admin_only(|| at(web::get().to(self_of_a_nested_item)), Method::GET, "/x").await;
}
