//! A client left a quote open in `Forwarded`, which swallowed what the proxy appended behind it: the client's own address
//! counted (D6).

use actix_web::{Responder, get, test::TestRequest};
use auth_runtime::{Auth, ForwardedBy, require_ip};
use auth_tests::Tokens;

use crate::call;

#[require_ip("192.0.2.0/24")]
#[get("/metrics")]
async fn metrics() -> impl Responder {
    "inside"
}

#[actix_web::test]
async fn d6_an_open_quote_hides_nothing() {
    let auth = Auth::builder()
        .verifier(Tokens::ready())
        .trusted_proxies(ForwardedBy::Forwarded, ["10.9.9.9"])
        .build()
        .unwrap();
    for client_wrote in ["", "for=192.0.2.8, ", "for=192.0.2.8;x=\", ", "for=192.0.2.8;x=\"\\\", "]
    {
        let request = TestRequest::get()
            .uri("/metrics")
            .peer_addr("10.9.9.9:1".parse().unwrap())
            .insert_header(("forwarded", format!("{client_wrote}for=203.0.113.7")));
        assert_eq!(call(&auth, metrics, request).await.status(), 403, "{client_wrote}");
    }
}
