//! The order of evaluation: a request that is wrong in two ways gets the answer of the earlier one.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use actix_web::{
    App, FromRequest, HttpResponse, Responder, dev,
    error::PayloadError,
    http::{Method, header::AUTHORIZATION},
    test::{self, TestRequest, call_service, init_service},
    web,
};
use auth_runtime::{Auth, require_role, testing::TestIssuer};
use auth_tests::{EXPIRED, INVALID, MISSING, REPEATED, Tokens};
use futures_util::{future::join_all, stream};
use serde_json::json;

use crate::{get_as, routes, send};

const DENIED: &str = "You do not have permission to access this resource";

fn post(token: Option<&str>, body: &'static str) -> TestRequest {
    let request = TestRequest::post()
        .uri("/json")
        .insert_header(("content-type", "application/json"))
        .set_payload(body);
    match token {
        Some(token) => request.insert_header((AUTHORIZATION, format!("Bearer {token}"))),
        None => request,
    }
}

/// The guard keeps bodies while it waits: nobody may get what somebody else sent.
#[actix_web::test]
async fn requests_that_wait_at_once_keep_their_own_bodies() {
    let app = init_service(App::new().app_data(Tokens::slow().auth()).service(routes())).await;
    let bodies = ["1", "22", "333", "4444"];
    for round in 0..3 {
        let ask = async |body: &'static str, token| {
            let response = call_service(&app, post(Some(token), body).to_request()).await;
            (response.status().as_u16(), test::read_body(response).await)
        };
        let all = bodies.iter().enumerate().map(|(number, body)| {
            // Of one whose sender may not come, nothing is left for the next one.
            ask(body, if number == round { "user" } else { "admin" })
        });
        for (number, (status, text)) in join_all(all).await.into_iter().enumerate() {
            let (expected, whole) = if number == round { (403, false) } else { (200, true) };
            assert_eq!(status, expected);
            assert_eq!(text == bodies[number], whole, "{text:?}");
        }
        assert_eq!(ask("", "admin").await.0, 400);
    }
}

thread_local! {
    static HELD: RefCell<Weak<()>> = const { RefCell::new(Weak::new()) };
}

#[require_role("admin")]
async fn unread() -> impl Responder {
    match HELD.with_borrow(Weak::strong_count) {
        0 => HttpResponse::Ok(),
        _ => HttpResponse::InternalServerError(),
    }
}

/// What no extractor wants is gone when the handler runs, and what was refused when that is answered.
#[actix_web::test]
async fn a_body_that_nobody_reads_is_kept_by_nobody() {
    for (token, status) in [("admin", 200), ("user", 403)] {
        let holds = Rc::new(());
        HELD.set(Rc::downgrade(&holds));
        let body = stream::once(async move {
            drop(holds);
            Ok::<_, PayloadError>(web::Bytes::new())
        });
        let (request, _) = get_as("/", token).app_data(Tokens::ready().auth()).to_http_parts();
        let mut payload: dev::Payload = dev::Payload::Stream { payload: Box::pin(body) };
        let body = web::Payload::from_request(&request, &mut payload).await.unwrap();
        assert_eq!(unread((request, body).into()).await.status(), status);
        assert_eq!(HELD.with_borrow(Weak::strong_count), 0, "{token}");
    }
}

#[actix_web::test]
async fn a_malformed_body_is_a_400_for_those_alone_who_may_send_one() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        let bad = "{\"bad json";
        send(tokens.auth(), post(None, bad)).await.assert(
            401,
            Some(MISSING),
            "No authentication token provided",
        );
        send(tokens.auth(), post(Some("unknown"), bad)).await.assert(
            401,
            Some(INVALID),
            "Invalid or expired token",
        );
        send(tokens.auth(), post(Some("user"), bad)).await.assert(403, None, DENIED);
        assert_eq!(send(tokens.auth(), post(Some("admin"), bad)).await.status, 400);
        assert_eq!(send(tokens.auth(), post(Some("admin"), "7")).await.body, "7");
    }
}

#[actix_web::test]
async fn credential_syntax_comes_before_authenticity() {
    let tokens = Tokens::ready();
    let request = get_as("/admin", "unknown").append_header((AUTHORIZATION, "Bearer unknown"));
    send(tokens.auth(), request).await.assert(
        400,
        Some(REPEATED),
        "Malformed or repeated credentials",
    );
    assert_eq!(tokens.asked(), 0);
}

#[actix_web::test]
async fn authenticity_comes_before_time() {
    let forged = TestIssuer::new().token("ann").expired().mint();
    send(TestIssuer::new().auth().unwrap(), get_as("/me", &forged)).await.assert(
        401,
        Some(INVALID),
        "Invalid or expired token",
    );
}

#[actix_web::test]
async fn time_comes_before_audience_and_type() {
    let issuer = TestIssuer::new();
    for (name, value) in [("aud", json!("other")), ("cnf", json!({})), ("sub", json!(""))] {
        let token = issuer.token("ann").expired().claim(name, value).mint();
        send(issuer.auth().unwrap(), get_as("/me", &token)).await.assert(
            401,
            Some(EXPIRED),
            "Invalid or expired token",
        );
    }
}

#[actix_web::test]
async fn the_token_comes_before_the_policy() {
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").role("user").expired().mint();
    send(issuer.auth().unwrap(), get_as("/admin", &token)).await.assert(
        401,
        Some(EXPIRED),
        "Invalid or expired token",
    );
}

#[actix_web::test]
async fn the_policy_comes_before_the_path() {
    use actix_web::{Responder, get, web};
    use auth_runtime::require_role;

    #[require_role("admin")]
    #[get("/users/{id}")]
    async fn user(id: web::Path<u32>) -> impl Responder {
        id.to_string()
    }

    for tokens in [Tokens::ready(), Tokens::slow()] {
        for (token, status) in [("unknown", 401), ("user", 403), ("admin", 404)] {
            let answer =
                crate::send_to(tokens.auth(), user, get_as("/users/not-a-number", token)).await;
            assert_eq!(answer.status.as_u16(), status, "{token}");
        }
    }
}

#[actix_web::test]
async fn routing_comes_before_everything() {
    let request = TestRequest::default().method(Method::DELETE).uri("/me");
    let answer = send(Tokens::ready().auth(), request).await;
    assert!([404, 405].contains(&answer.status.as_u16()), "{answer:?}");
}

#[actix_web::test]
async fn a6_time_is_the_clock_s() {
    let now = Arc::new(AtomicU64::new(1_000_000));
    let clock = Arc::clone(&now);
    let issuer = TestIssuer::new();
    let auth = Auth::builder()
        .issuer(issuer.issuer().leeway(std::time::Duration::ZERO))
        .clock(move || clock.load(Ordering::SeqCst))
        .build()
        .unwrap();
    let token = issuer.token("ann").claim("iat", 999_000).claim("exp", 1_000_010).mint();
    for (time, status) in [(1_000_000, 200), (1_000_009, 200), (1_000_010, 401), (998_999, 401)] {
        now.store(time, Ordering::SeqCst);
        assert_eq!(
            send(auth.clone(), get_as("/me", &token)).await.status.as_u16(),
            status,
            "{time}"
        );
    }
}
