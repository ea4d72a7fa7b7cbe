//! Bugs that were found and mended: one file each, named after it.

mod another_auth_counted;
mod another_auth_remembered;
mod check_asked_twice;
mod error_looked_at_twice;
mod failed_attempts_miscounted;
mod forwarded_open_quote;
mod forwarded_unreadable;
mod hidden_handler_told;
mod jwt_at_an_opaque_endpoint;
mod long_key_taken_for_token;
mod panics_outside_of_the_future;
mod polled_after_a_panic;
mod refusal_in_the_body_marked;
mod unmarked_errors;

use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{HttpServiceFactory, ServiceResponse},
    http::header::AUTHORIZATION,
    test::{TestRequest, call_service, init_service},
};
use auth_runtime::Auth;

async fn call(
    auth: &Auth,
    services: impl HttpServiceFactory + 'static,
    request: TestRequest,
) -> ServiceResponse<BoxBody> {
    let app = init_service(App::new().app_data(auth.clone()).service(services)).await;
    call_service(&app, request.to_request()).await.map_into_boxed_body()
}

fn get(path: &str, token: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header((AUTHORIZATION, format!("Bearer {token}")))
}

type Extracting<T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Error>>>>;
