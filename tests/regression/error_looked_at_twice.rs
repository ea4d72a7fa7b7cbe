//! An extractor that looked at the response of our error left nothing of it: the client got a 500.

use actix_web::{Error, FromRequest, HttpRequest, Responder, dev::Payload, get, test::TestRequest};
use auth_runtime::{Identity, testing::TestIssuer};

use crate::{Extracting, call};

struct Logged;

impl FromRequest for Logged {
    type Error = Error;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let identity = Identity::extract(request);
        Box::pin(async move {
            identity.await.map(|_| Self).inspect_err(|error| {
                assert_eq!(error.error_response().status(), 401);
            })
        })
    }
}

#[get("/logged")]
async fn logged(_: Logged) -> impl Responder {
    "logged"
}

#[actix_web::test]
async fn a1_a_401_stays_a_401_however_often_it_is_looked_at() {
    let auth = TestIssuer::new().auth().unwrap();
    let response = call(&auth, logged, TestRequest::get().uri("/logged")).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers().get("www-authenticate").unwrap(), r#"Bearer realm="api""#);
}
