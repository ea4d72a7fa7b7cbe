//! Generic handlers.

use std::fmt::Display;

use actix_web::{FromRequest, Responder, dev::HttpServiceFactory, http::Method, web};
use auth_runtime::{Identity, require_role};
use auth_tests::assert_admin_only;

#[require_role("admin")]
async fn bounded<T: Display + 'static>(value: web::Data<T>) -> impl Responder {
    value.to_string()
}

#[require_role("admin")]
async fn with_where_clause<T, U>(
    value: web::Data<T>,
    other: U,
    identity: Identity,
) -> impl Responder
where
    T: Display + 'static,
    U: FromRequest + 'static,
{
    drop(other);
    format!("{} {}", value.as_ref(), identity.subject())
}

#[require_role("admin")]
async fn with_const<const N: usize>() -> String {
    "x".repeat(N)
}

#[require_role("admin")]
async fn with_lifetime<'a, T>(value: web::Data<T>) -> impl Responder
where
    T: AsRef<[&'a str]> + 'static,
    'a: 'static,
{
    value.as_ref().as_ref().concat()
}

#[require_role("admin")]
async fn with_static(value: web::Data<&'static str>) -> &'static str {
    value.as_ref()
}

fn service() -> impl HttpServiceFactory {
    web::scope("")
        .app_data(web::Data::new(7_u32))
        .app_data(web::Data::new("text"))
        .app_data(web::Data::new(vec!["a", "b"]))
        .route("/bounded", web::get().to(bounded::<u32>))
        .route("/where", web::get().to(with_where_clause::<u32, web::Bytes>))
        .route("/const", web::get().to(with_const::<3>))
        .route("/lifetime", web::get().to(with_lifetime::<Vec<&'static str>>))
        .route("/static", web::get().to(with_static))
}

#[actix_web::test]
async fn generics_bounds_where_clauses_constants_and_lifetimes() {
    for path in ["/bounded", "/where", "/const", "/lifetime", "/static"] {
        assert_admin_only(service, Method::GET, path).await;
    }
}
