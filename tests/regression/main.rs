//! Bugs that were found and mended: one file each, named after it.

mod another_auth_counted;
mod another_auth_remembered;
mod check_asked_twice;
mod error_looked_at_twice;
mod failed_attempts_miscounted;
mod forwarded_open_quote;
mod forwarded_unreadable;
mod held_while_refusing;
mod hidden_handler_told;
mod hidden_nested_marked;
mod jwt_at_an_opaque_endpoint;
mod long_key_taken_for_token;
mod panics_outside_of_the_future;
mod polled_after_a_panic;
mod polled_after_the_end;
mod refusal_in_the_body_marked;
mod unmarked_errors;

use actix_web::{
    App, Error,
    body::BoxBody,
    dev::{HttpServiceFactory, ServiceResponse},
    http::header::AUTHORIZATION,
    test::{TestRequest, call_service, init_service},
};
use auth_runtime::{
    Auth, AuthBuilder, Cookie,
    api_key::{ApiKey, ApiKeys, MemoryStore},
};
use auth_tests::Tokens;

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

/// Takes cookies and keys, whose responses say whom they are for; with a key.
fn marking() -> (AuthBuilder, String) {
    let (text, key) = ApiKey::generate("svc").unwrap();
    let store = MemoryStore::new();
    store.insert(key);
    let auth = Auth::builder()
        .verifier(Tokens::ready())
        .cookie(Cookie::named("session"))
        .api_keys(ApiKeys::new(store));
    (auth, text.reveal().to_owned())
}

type Extracting<T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Error>>>>;
