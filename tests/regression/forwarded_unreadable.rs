//! A client wrote bytes that are no text, or an open quote, into the header that the proxy appends to. Then nobody knew
//! where its guesses came from, and it had as many as it liked (Z7).

use std::time::Duration;

use actix_web::{Responder, get, http::header::HeaderValue};
use auth_runtime::{Auth, ForwardedBy, require_auth};
use auth_tests::Tokens;

use crate::{call, get as get_as};

#[require_auth]
#[get("/me")]
async fn me() -> impl Responder {
    "me"
}

#[actix_web::test]
async fn z7_nothing_a_client_writes_hides_what_the_proxy_wrote() {
    let (x_forwarded_for, forwarded) = (ForwardedBy::XForwardedFor, ForwardedBy::Forwarded);
    for (header, client_wrote, proxy_wrote) in [
        (x_forwarded_for, b"".as_slice(), "203.0.113.7"),
        (x_forwarded_for, b"\xff, ", "203.0.113.7"),
        (forwarded, b"", "for=203.0.113.7"),
        (forwarded, b"for=\xff, ", "for=203.0.113.7"),
        (forwarded, b"x=\", ", "for=203.0.113.7"),
        (forwarded, b"x=\"\\\", ", "for=203.0.113.7;host=\"a\""),
    ] {
        let auth = Auth::builder()
            .verifier(Tokens::ready())
            .trusted_proxies(header, ["10.9.9.9"])
            .failed_attempts(3, Duration::from_secs(60))
            .clock(|| 1_000)
            .build()
            .unwrap();
        let line = [client_wrote, proxy_wrote.as_bytes()].concat();
        for n in 0..5 {
            let request = get_as("/me", &format!("guess{n}"))
                .peer_addr("10.9.9.9:1".parse().unwrap())
                .insert_header((header.to_string(), HeaderValue::from_bytes(&line).unwrap()));
            let status = call(&auth, me, request).await.status().as_u16();
            assert_eq!(status, if n < 3 { 401 } else { 429 }, "{header} {client_wrote:?} {n}");
        }
    }
}
