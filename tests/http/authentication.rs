//! RESPONSES, rows A1 to A7, A17, A20, A22 to A24, A26 and A27.

use std::time::Duration;

use actix_web::{
    HttpRequest, Responder, get,
    http::Method,
    http::header::{AUTHORIZATION, HeaderName, HeaderValue, PROXY_AUTHORIZATION},
    test::TestRequest,
    web,
};
use auth_runtime::{
    Auth, Claims, Identity, OptionalIdentity, public,
    testing::TestIssuer,
    verifier::{Verification, Verifier, VerifyError},
};
use auth_tests::{Answer, EXPIRED, INVALID, MISSING, REPEATED, Tokens};
use serde_json::{Value, json};

use crate::{get_as, get_with, send, send_to, setup::Log};

fn auth() -> Auth {
    TestIssuer::new().auth().unwrap()
}

#[actix_web::test]
async fn a1_no_credentials() {
    for path in ["/me", "/admin"] {
        for auth in [auth(), Tokens::ready().auth(), Tokens::slow().auth()] {
            let answer = send(auth, TestRequest::get().uri(path)).await;
            answer.assert(401, Some(MISSING), "No authentication token provided");
        }
    }
}

#[actix_web::test]
async fn a2_another_scheme_only() {
    for line in
        ["Basic dXNlcjpwYXNz", "Digest username=\"a\"", "Bearerx abc", "Token abc", "Negotiate"]
    {
        let answer = send(auth(), get_with("/me", line)).await;
        answer.assert(401, Some(MISSING), "No authentication token provided");
    }
}

#[actix_web::test]
async fn a2_the_scheme_is_case_insensitive() {
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").mint();
    for scheme in ["bearer", "BEARER", "bEaReR"] {
        let answer =
            send(issuer.auth().unwrap(), get_with("/me", &format!("{scheme} {token}"))).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, "ann"));
    }
}

#[actix_web::test]
async fn a3_a_bearer_token_that_is_none() {
    for line in [
        "Bearer".as_bytes(),
        b"Bearer ",
        b"Bearer  ",
        b"Bearer a b",
        b"Bearer a,b",
        b"Bearer \"abc\"",
        b"Bearer\tabc",
        b"Bearer =",
        b"Bearer a=b",
        b"Bearer caf\xc3\xa9",
        b"Bearer \xff\xfe",
        b"Bearer e30.\xff\xfe.e30",
    ] {
        let value = HeaderValue::from_bytes(line).unwrap();
        let tokens = Tokens::ready();
        let beside = Auth::builder().issuer(TestIssuer::new().issuer()).verifier(tokens.clone());
        for auth in [auth(), tokens.auth(), beside.build().unwrap()] {
            let request =
                TestRequest::get().uri("/me").insert_header((AUTHORIZATION, value.clone()));
            let answer = send(auth, request).await;
            answer.assert(401, Some(INVALID), "Invalid or expired token");
        }
        // A verifier of the application's own may rely on what a token consists of.
        assert_eq!(tokens.asked(), 0, "{line:?}");
    }
}

#[actix_web::test]
async fn a4_repeated_credentials() {
    let issuer = TestIssuer::new();
    let good = format!("Bearer {}", issuer.token("ann").mint());
    for (first, second) in [
        (&*good, &*good),
        (&*good, "Basic dXNlcjpwYXNz"),
        ("Basic dXNlcjpwYXNz", &*good),
        ("Basic a", "Basic b"),
        (&*good, ""),
    ] {
        let request = TestRequest::get()
            .uri("/me")
            .append_header((AUTHORIZATION, first))
            .append_header((AUTHORIZATION, second));
        let answer = send(issuer.auth().unwrap(), request).await;
        answer.assert(400, Some(REPEATED), "Malformed or repeated credentials");
    }
}

#[actix_web::test]
async fn a5_not_a_compact_jws() {
    let issuer = TestIssuer::new();
    for token in [
        "abc".to_owned(),
        "a.b".to_owned(),
        "a.b.c".to_owned(),
        "a.b.c.d.e".to_owned(),
        issuer.sign("{}", "{}"),
        issuer.sign(r#"{"alg":"HS256"}"#, "[]"),
        issuer.sign(r#"{"alg":"HS256"}"#, "null"),
        issuer.sign(r#"{"alg":"HS256"}"#, "{"),
    ] {
        let answer = send(issuer.auth().unwrap(), get_as("/me", &token)).await;
        answer.assert(401, Some(INVALID), "Invalid or expired token");
    }
}

#[actix_web::test]
async fn a6_expired() {
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").role("admin").expired().mint();
    for path in ["/me", "/admin"] {
        let answer = send(issuer.auth().unwrap(), get_as(path, &token)).await;
        answer.assert(401, Some(EXPIRED), "Invalid or expired token");
    }
}

#[actix_web::test]
async fn a6_what_a_verifier_vouches_for_ends_when_it_says() {
    struct Over;
    impl Verifier for Over {
        fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
            Verification::Ready(
                Ok(auth_runtime::verifier::Verified::new("i", "ann").expires_at(10)),
            )
        }
    }
    let at = |now: u64| Auth::builder().verifier(Over).clock(move || now).build().unwrap();
    assert_eq!(send(at(9), get_as("/me", "x")).await.status, 200);
    send(at(10), get_as("/me", "x")).await.assert(401, Some(EXPIRED), "Invalid or expired token");
}

#[actix_web::test]
async fn a7_from_the_future() {
    let issuer = TestIssuer::new();
    for claim in ["nbf", "iat"] {
        let token =
            issuer.token("ann").claim(claim, 4_000_000_000_u64).claim("exp", 4_100_000_000_u64);
        let answer = send(issuer.auth().unwrap(), get_as("/me", &token.mint())).await;
        answer.assert(401, Some(INVALID), "Invalid or expired token");
    }
}

/// A verifier that always fails in one way, at once or later.
struct Fails(VerifyError, bool);

impl Verifier for Fails {
    fn verify(&self, _: &str, _: &HttpRequest) -> Verification {
        let answer = Err(self.0.clone());
        if self.1 { Verification::later(async { answer }) } else { Verification::Ready(answer) }
    }
}

impl Fails {
    /// What is answered then, and logged.
    async fn answer(self) -> (Answer, String) {
        let auth = Auth::builder().verifier(self).build().unwrap();
        let log = Log::default();
        let _listening = log.listen();
        let answer = send(auth, get_as("/me", "x")).await;
        (answer, log.text())
    }
}

#[actix_web::test]
async fn a17_nobody_can_tell_at_the_moment() {
    for later in [false, true] {
        let error = VerifyError::unavailable(Duration::from_secs(7));
        let (answer, log) = Fails(error, later).answer().await;
        assert!(log.contains("WARN") && log.contains("the verifier cannot be reached"), "{log}");
        answer.assert(503, None, "Authentication is temporarily unavailable");
        assert_eq!(answer.retry_after.as_deref(), Some("7"));
    }
}

#[actix_web::test]
async fn a18_a_verifier_that_is_not_set_up() {
    for later in [false, true] {
        let error = VerifyError::misconfigured("the password of the session store is wrong");
        let (answer, log) = Fails(error, later).answer().await;
        assert!(log.contains("ERROR") && log.contains("the password of the session"), "{log}");
        answer.assert(500, None, "Authentication is not available");
    }
}

/// P1
#[actix_web::test]
async fn a20_a_bound_token_sent_as_a_plain_one() {
    let issuer = TestIssuer::new();
    for cnf in
        [json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}), json!({"x5t#S256": "x"})]
    {
        let token = issuer.token("ann").claim("cnf", cnf).mint();
        let answer = send(issuer.auth().unwrap(), get_as("/me", &token)).await;
        answer.assert(401, Some(INVALID), "Invalid or expired token");
    }
}

#[public]
#[get("/option")]
async fn option(caller: Option<Identity>) -> impl Responder {
    caller.map_or_else(|| "stranger".to_owned(), |caller| caller.subject().to_owned())
}

#[public]
#[get("/claims")]
async fn claims(caller: Option<Claims<Value>>) -> impl Responder {
    caller
        .map_or_else(|| "stranger".to_owned(), |claims| claims["sub"].as_str().unwrap().to_owned())
}

#[get("/bare")]
async fn bare(caller: OptionalIdentity) -> impl Responder {
    caller.as_ref().map_or_else(|| "stranger".to_owned(), |caller| caller.subject().to_owned())
}

#[public]
#[actix_web::post("/json")]
async fn with_json(_: Option<Identity>, body: web::Json<u32>) -> impl Responder {
    body.to_string()
}

/// No attribute never means no check.
#[get("/unguarded")]
async fn unguarded(caller: Identity) -> impl Responder {
    caller.subject().to_owned()
}

async fn optional(auth: Auth, request: TestRequest) -> Answer {
    send_to(auth, (option, claims, bare, with_json, unguarded), request).await
}

#[actix_web::test]
async fn a22_optional_authentication_without_credentials() {
    for path in ["/option", "/claims", "/bare"] {
        for auth in [auth(), Tokens::slow().auth()] {
            let answer = optional(auth, TestRequest::get().uri(path)).await;
            assert_eq!((answer.status.as_u16(), &*answer.body), (200, "stranger"), "{path}");
            assert!(answer.challenges.is_empty());
        }
    }
}

#[actix_web::test]
async fn a22_optional_authentication_with_good_credentials() {
    for path in ["/option", "/bare"] {
        for tokens in [Tokens::ready(), Tokens::slow()] {
            let answer = optional(tokens.auth(), get_as(path, "user")).await;
            assert_eq!((answer.status.as_u16(), &*answer.body), (200, "user"), "{path}");
        }
    }
    let issuer = TestIssuer::new();
    let answer =
        optional(issuer.auth().unwrap(), get_as("/claims", &issuer.token("ann").mint())).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, "ann"));
}

#[actix_web::test]
async fn a23_bad_credentials_are_never_silently_anonymous() {
    for path in ["/option", "/claims", "/bare"] {
        for auth in [auth(), Tokens::ready().auth(), Tokens::slow().auth()] {
            let answer = optional(auth, get_as(path, "unknown")).await;
            answer.assert(401, Some(INVALID), "Invalid or expired token");
        }
        let request = get_as(path, "user").append_header((AUTHORIZATION, "Bearer admin"));
        optional(Tokens::ready().auth(), request).await.assert(
            400,
            Some(REPEATED),
            "Malformed or repeated credentials",
        );
        let error = VerifyError::unavailable(Duration::from_secs(1));
        let auth = Auth::builder().verifier(Fails(error, true)).build().unwrap();
        optional(auth, get_as(path, "x")).await.assert(
            503,
            None,
            "Authentication is temporarily unavailable",
        );
    }
}

#[actix_web::test]
async fn a23_bad_credentials_beside_a_body() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        let post = |token: &str| {
            TestRequest::post()
                .uri("/json")
                .insert_header((AUTHORIZATION, format!("Bearer {token}")))
                .insert_header(("content-type", "application/json"))
        };
        let good_body = optional(tokens.auth(), post("unknown").set_payload("1")).await;
        good_body.assert(401, Some(INVALID), "Invalid or expired token");
    }
    // A verifier that is ready at once also comes before the body. (One that has to be waited for cannot: the handler
    // is public, so its extractors run together, and the first that fails answers.)
    let request = get_as("/json", "unknown")
        .method(Method::POST)
        .insert_header(("content-type", "application/json"))
        .set_payload("{\"bad json");
    optional(Tokens::ready().auth(), request).await.assert(
        401,
        Some(INVALID),
        "Invalid or expired token",
    );
}

#[actix_web::test]
async fn a1_a_handler_that_takes_the_identity_verifies_without_an_attribute() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        optional(tokens.auth(), TestRequest::get().uri("/unguarded")).await.assert(
            401,
            Some(MISSING),
            "No authentication token provided",
        );
        optional(tokens.auth(), get_as("/unguarded", "unknown")).await.assert(
            401,
            Some(INVALID),
            "Invalid or expired token",
        );
        let answer = optional(tokens.auth(), get_as("/unguarded", "user")).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, "user"));
    }
}

#[actix_web::test]
async fn public_looks_at_no_credentials() {
    let tokens = Tokens::ready();
    for line in ["Bearer unknown", "Bearer", "Basic a", "Bearer a b"] {
        let answer = send(tokens.auth(), get_with("/open", line)).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, "open"));
    }
    assert_eq!(tokens.asked(), 0);
}

mod cors {
    //! RESPONSES A24: preflights are not challenged, and errors can be read across origins.

    use actix_cors::Cors;
    use actix_web::{
        App,
        http::{Method, header},
        test::{TestRequest, call_service, init_service},
    };

    use super::*;

    #[actix_web::test]
    async fn a24_a_preflight_is_not_challenged() {
        let app = init_service(
            App::new().app_data(auth()).wrap(Cors::permissive()).service(crate::routes()),
        )
        .await;
        let preflight = TestRequest::default()
            .method(Method::OPTIONS)
            .uri("/json")
            .insert_header((header::ORIGIN, "http://app.example"))
            .insert_header((header::ACCESS_CONTROL_REQUEST_METHOD, "POST"))
            .insert_header((header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization"));
        let response = call_service(&app, preflight.to_request()).await;
        assert_eq!(response.status(), 200);
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));

        let request =
            TestRequest::get().uri("/me").insert_header((header::ORIGIN, "http://app.example"));
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), 401);
        assert!(response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[actix_web::test]
    async fn a24_without_cors_an_options_request_never_reaches_the_handler() {
        let request = TestRequest::default().method(Method::OPTIONS).uri("/me");
        let answer = send(auth(), request).await;
        assert!([404, 405].contains(&answer.status.as_u16()), "{answer:?}");
        assert!(answer.challenges.is_empty());
    }
}

#[actix_web::test]
async fn a26_proxy_authorization_is_ignored() {
    let issuer = TestIssuer::new();
    let proxy = format!("Bearer {}", issuer.token("ann").mint());
    let request = TestRequest::get().uri("/me").insert_header((PROXY_AUTHORIZATION, &*proxy));
    let answer = send(issuer.auth().unwrap(), request).await;
    answer.assert(401, Some(MISSING), "No authentication token provided");

    let token = issuer.token("ann").mint();
    let request = get_as("/me", &token).insert_header((PROXY_AUTHORIZATION, "Basic nonsense"));
    assert_eq!(send(issuer.auth().unwrap(), request).await.status, 200);
}

/// D6
#[actix_web::test]
async fn headers_that_only_a_proxy_may_set_count_for_nothing() {
    let mut request = TestRequest::get().uri("/admin");
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("x-user-id", "ann"),
        ("x-roles", "admin"),
        ("x-api-key", "key"),
        ("cookie", "token=admin; session=admin"),
    ] {
        request = request.insert_header((HeaderName::from_static(name), value));
    }
    let request = request.uri("/admin?access_token=admin&token=admin");
    let answer = send(Tokens::ready().auth(), request).await;
    answer.assert(401, Some(MISSING), "No authentication token provided");
}

#[actix_web::test]
async fn a27_a_token_over_the_limit_is_not_looked_at() {
    let tokens = Tokens::ready();
    let answer = send(tokens.auth(), get_as("/me", &"a".repeat(16 * 1024 + 1))).await;
    answer.assert(401, Some(INVALID), "Invalid or expired token");
    assert_eq!(tokens.asked(), 0);
    send(tokens.auth(), get_as("/me", &"a".repeat(16 * 1024))).await;
    assert_eq!(tokens.asked(), 1);

    // A good token that is too long for this application.
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").mint();
    let limited =
        |limit| Auth::builder().issuer(issuer.issuer()).token_limit(limit).build().unwrap();
    assert_eq!(send(limited(token.len()), get_as("/me", &token)).await.status, 200);
    let answer = send(limited(token.len() - 1), get_as("/me", &token)).await;
    answer.assert(401, Some(INVALID), "Invalid or expired token");
}
