//! A guarded handler took the 404 that hides one inside of it for a response like any other, and said whom it was for: so it
//! could be told from one of something that is not there (Z4).

use actix_web::{
    HttpRequest, HttpResponse, Responder, get, rt::task::yield_now, test::TestRequest, web,
};
use auth_runtime::{Identity, public, require_auth, require_role as needs};

use crate::{call, marking};

/// The inner one hides.
#[require_auth]
#[get("/inner")]
#[needs("admin", deny = not_found)]
async fn inner() -> impl Responder {
    "inner"
}

/// The outer one hides, and so the inner one does.
#[require_auth(deny = not_found)]
#[get("/outer")]
#[needs("admin")]
async fn outer() -> impl Responder {
    "outer"
}

/// Who it is, is found out by the outer one's extractor.
#[public]
#[get("/public")]
async fn asks(_: Identity, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    secret((request, payload).into()).await
}

#[needs("admin", deny = not_found)]
async fn secret() -> impl Responder {
    "secret"
}

/// Makes callers wait.
async fn own_not_found(_: HttpRequest) -> impl Responder {
    yield_now().await;
    HttpResponse::NotFound()
}

#[actix_web::test]
async fn z4_what_is_hidden_inside_of_another_handler_has_nothing_that_others_have_not() {
    let (auth, key) = marking();
    let (waits, other_key) = marking();
    let waits = waits.not_found(own_not_found);
    for (auth, key) in [(auth, key), (waits, other_key)] {
        let auth = auth.build().unwrap();
        for (name, value) in [("cookie", "session=user"), ("x-api-key", &key)] {
            for path in ["/inner", "/outer", "/public"] {
                let request = TestRequest::get().uri(path).insert_header((name, value));
                let response = call(&auth, (inner, outer, asks), request).await;
                assert_eq!(response.status(), 404);
                assert_eq!(response.headers().len(), 0, "{path}: {:?}", response.headers());
            }
        }
    }
}
