//! What handlers return.

use std::{fmt, io};

use actix_web::{
    Either, HttpRequest, HttpResponse, Responder, ResponseError,
    http::{Method, StatusCode},
    web,
};
use auth_runtime::{Identity, require_role};
use auth_tests::{assert_admin_only, assert_guarded};

#[derive(Debug)]
struct AppError;

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the application's own error")
    }
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        StatusCode::IM_A_TEAPOT
    }
}

macro_rules! handlers {
    ($($name:ident: $ty:ty = $value:expr;)*) => {
        $(
            #[require_role("admin")]
            async fn $name() -> $ty {
                $value
            }
        )*

        #[actix_web::test]
        async fn every_kind_of_response() {
            $(assert_admin_only(|| web::resource("/x").to($name), Method::GET, "/x").await;)*
        }
    };
}

handlers! {
    text: &'static str = "text";
    string: String = "string".to_owned();
    response: HttpResponse = HttpResponse::Ok().finish();
    bytes: web::Bytes = web::Bytes::from_static(b"bytes");
    with_status: (&'static str, StatusCode) = ("x", StatusCode::OK);
    option: Option<&'static str> = Some("x");
    json: web::Json<Vec<u32>> = web::Json(vec![1]);
    either: Either<&'static str, HttpResponse> = Either::Left("x");
    result: Result<HttpResponse, actix_web::Error> = Ok(HttpResponse::Ok().finish());
    own_error: Result<&'static str, AppError> = Ok("x");
    nested: Result<Option<String>, AppError> = Ok(Some(String::new()));
    boxed: Result<String, Box<dyn std::error::Error>> = Ok(String::new());
}

#[require_role("admin")]
async fn hidden() -> impl Responder + use<> {
    "x"
}

#[require_role("admin")]
async fn hidden_in_a_result() -> Result<impl Responder, AppError> {
    Ok("x")
}

#[require_role("admin")]
async fn early(request: HttpRequest) -> Result<impl Responder, AppError> {
    if request.path() == "/early" {
        return Ok("early");
    }
    let number: u32 = request.path().trim_start_matches('/').parse().map_err(|_| AppError)?;
    if number == 0 {
        return Err(AppError);
    }
    Ok("late")
}

/// Calls itself: the name means the user's function, not the guarded one.
#[require_role("admin")]
async fn recursive(depth: web::Path<u32>, identity: Identity) -> String {
    match depth.into_inner() {
        0 => identity.subject().to_owned(),
        depth => format!(".{}", Box::pin(recursive(web::Path::from(depth - 1), identity)).await),
    }
}

#[actix_web::test]
async fn hidden_types_early_returns_question_marks_and_recursion() {
    assert_admin_only(|| web::resource("/x").to(hidden), Method::GET, "/x").await;
    assert_admin_only(|| web::resource("/x").to(hidden_in_a_result), Method::GET, "/x").await;
    assert_admin_only(|| web::resource("/{n}").to(early), Method::GET, "/early").await;
    assert_admin_only(|| web::resource("/{n}").to(early), Method::GET, "/7").await;
    let teapot = [("user", 403), ("admin", 418)];
    assert_guarded(|| web::resource("/{n}").to(early), Method::GET, "/0", &teapot).await;
    assert_guarded(|| web::resource("/{n}").to(early), Method::GET, "/x", &teapot).await;
    assert_admin_only(|| web::resource("/{n}").to(recursive), Method::GET, "/3").await;
}

/// Errors of extractors and handlers keep their own status.
#[require_role("admin")]
async fn io_error() -> Result<&'static str, io::Error> {
    Err(io::Error::from(io::ErrorKind::NotFound))
}

#[actix_web::test]
async fn the_handler_s_own_errors_stay_its_own() {
    let expected = [("user", 403), ("admin", 404)];
    assert_guarded(|| web::resource("/x").to(io_error), Method::GET, "/x", &expected).await;
}
