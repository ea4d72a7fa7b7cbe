//! `req.identity()` did not count guesses, and two extractors counted one request twice (Z7).

use std::time::Duration;

use actix_web::{HttpRequest, Responder, get};
use auth_runtime::{Auth, Identity, IdentityExt, OptionalIdentity, public};
use auth_tests::Tokens;

use crate::{call, get as get_as};

#[public]
#[get("/two")]
async fn two(_: Option<Identity>, _: OptionalIdentity) -> impl Responder {
    "two"
}

#[get("/asks")]
async fn asks(request: HttpRequest) -> impl Responder {
    if request.identity().is_some() { "known" } else { "stranger" }
}

#[actix_web::test]
async fn z7_a_request_is_one_attempt_whoever_looks_at_it() {
    for path in ["/two", "/asks"] {
        let tokens = Tokens::ready();
        let limit = Auth::builder()
            .verifier(tokens.clone())
            .failed_attempts(3, Duration::from_secs(60))
            .clock(|| 1_000)
            .build()
            .unwrap();
        for n in 0..10 {
            let request =
                get_as(path, &format!("guess{n}")).peer_addr("192.0.2.1:1".parse().unwrap());
            let status = call(&limit, (two, asks), request).await.status().as_u16();
            if path == "/two" {
                assert_eq!(status, if n < 3 { 401 } else { 429 }, "{n}");
            }
        }
        // The two extractors each ask for themselves; a closed address is not asked about at all.
        let asked = tokens.asked();
        assert!(
            asked == 3 || path == "/two" && asked == 6,
            "{path}: {asked} guesses were verified"
        );
    }
}
