//! What an extractor refused below an attribute did not say whom the response was for (RESPONSES, rule 4): a shared cache
//! could give it to somebody else. What a handler refuses says so too.

use actix_web::{
    Error, FromRequest, HttpRequest, Responder, dev, error, get,
    http::header::{CACHE_CONTROL, VARY},
    test::TestRequest,
};
use auth_runtime::require_auth;

use crate::{Extracting, call, marking};

/// Is gone, for this caller.
struct Gone;

impl FromRequest for Gone {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(_: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        Box::pin(async { Err(error::ErrorGone("yours is gone")) })
    }
}

#[require_auth]
#[get("/draft")]
async fn draft(_: Gone) -> impl Responder {
    "draft"
}

#[require_auth]
#[get("/closed")]
async fn closed() -> Result<&'static str, Error> {
    Err(error::ErrorGone("yours is gone"))
}

#[actix_web::test]
async fn what_an_extractor_or_a_handler_refuses_is_for_this_caller_alone() {
    let (auth, key) = marking();
    let auth = auth.build().unwrap();
    for (name, value, varies, private) in [
        ("authorization", "Bearer user".to_owned(), None, None),
        ("cookie", "session=user".to_owned(), Some("cookie"), None),
        ("x-api-key", key, Some("x-api-key"), Some("private")),
    ] {
        for path in ["/draft", "/closed"] {
            let request = TestRequest::get().uri(path).insert_header((name, &*value));
            let response = call(&auth, (draft, closed), request).await;
            assert_eq!(response.status(), 410);
            let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!((header(VARY), header(CACHE_CONTROL)), (varies, private), "{path} {name}");
        }
    }
}
