//! An API key over the size limit was answered as a bearer token would be (A21): with another body, and a challenge that
//! said what is wrong with a token that nobody had sent.

use actix_web::{
    Responder, get,
    http::header::WWW_AUTHENTICATE,
    test::{TestRequest, read_body},
};
use auth_runtime::{
    Auth,
    api_key::{ApiKeys, MemoryStore},
    require_api_key, require_auth,
};
use auth_tests::Tokens;

use crate::call;

#[require_api_key]
#[get("/key")]
async fn key() -> impl Responder {
    "key"
}

#[require_auth]
#[get("/any")]
async fn any() -> impl Responder {
    "any"
}

#[actix_web::test]
async fn a21_a_key_is_a_key_however_long() {
    let auth = Auth::builder()
        .verifier(Tokens::ready())
        .api_keys(ApiKeys::new(MemoryStore::new()))
        .token_limit(64)
        .build()
        .unwrap();
    let of_keys = r#"ApiKey realm="api", header="X-API-Key""#;
    for (path, challenges) in
        [("/key", [of_keys].as_slice()), ("/any", &[r#"Bearer realm="api""#, of_keys])]
    {
        for length in [64, 65] {
            let request =
                TestRequest::get().uri(path).insert_header(("x-api-key", "a".repeat(length)));
            let response = call(&auth, (key, any), request).await;
            assert_eq!(response.status(), 401);
            let asked: Vec<_> = response.headers().get_all(WWW_AUTHENTICATE).collect();
            assert_eq!(asked, challenges, "{path} {length}");
            let body = read_body(response).await;
            assert_eq!(body, r#"{"error":"Unauthorized","message":"Invalid API key"}"#);
        }
    }
}
