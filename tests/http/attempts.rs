//! RESPONSES Z7: too many failed authentications from one address.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{http::header::AUTHORIZATION, test::TestRequest};
use auth_runtime::{
    Auth,
    api_key::{ApiKey, ApiKeys, MemoryStore},
    testing::TestIssuer,
};
use auth_tests::{EXPIRED, INVALID, MISSING, Tokens};

use crate::send;

const TOO_MANY: &str = "Too many failed attempts";

fn from(peer: &str, token: Option<&str>) -> TestRequest {
    let request =
        TestRequest::get().uri("/me").peer_addr(SocketAddr::new(peer.parse().unwrap(), 1));
    match token {
        Some(token) => request.insert_header((AUTHORIZATION, format!("Bearer {token}"))),
        None => request,
    }
}

#[actix_web::test]
async fn z7_too_many_failed_authentications_from_one_address() {
    for tokens in [Tokens::ready(), Tokens::slow()] {
        let now = Arc::new(AtomicU64::new(1_000));
        let clock = Arc::clone(&now);
        let auth = Auth::builder()
            .verifier(tokens.clone())
            .failed_attempts(3, Duration::from_secs(30))
            .clock(move || clock.load(Ordering::SeqCst))
            .build()
            .unwrap();
        let ask = async |peer: &str, token| send(auth.clone(), from(peer, token)).await;

        for _ in 0..3 {
            let answer = ask("192.0.2.1", Some("unknown")).await;
            answer.assert(401, Some(INVALID), "Invalid or expired token");
        }
        // Whatever comes now is not looked at, good or bad.
        let asked = tokens.asked();
        for token in ["unknown", "admin"] {
            let answer = ask("192.0.2.1", Some(token)).await;
            answer.assert(429, None, TOO_MANY);
            assert_eq!(answer.retry_after.as_deref(), Some("10"));
        }
        assert_eq!(tokens.asked(), asked);
        // Who sends nothing cannot guess anything, and others are not concerned.
        ask("192.0.2.1", None).await.assert(401, Some(MISSING), "No authentication token provided");
        assert_eq!(ask("192.0.2.2", Some("admin")).await.status, 200);

        now.store(1_010, Ordering::SeqCst);
        assert_eq!(ask("192.0.2.1", Some("admin")).await.status, 200);
        ask("192.0.2.1", Some("unknown")).await.assert(
            401,
            Some(INVALID),
            "Invalid or expired token",
        );
        ask("192.0.2.1", Some("admin")).await.assert(429, None, TOO_MANY);
    }
}

#[actix_web::test]
async fn z7_keys_are_guessed_no_more_often_than_tokens() {
    let (text, key) = ApiKey::generate("svc").unwrap();
    let (unknown, _) = ApiKey::generate("svc").unwrap();
    let store = MemoryStore::new();
    store.insert(key);
    let auth = Auth::builder()
        .api_keys(ApiKeys::new(store))
        .failed_attempts(3, Duration::from_secs(30))
        .clock(|| 1_000)
        .build()
        .unwrap();
    let ask = async |peer: &str, key: &str| {
        send(auth.clone(), from(peer, None).insert_header(("x-api-key", key))).await
    };
    for guess in [unknown.reveal(), "nonsense", ""] {
        assert_eq!(ask("192.0.2.1", guess).await.status, 401, "{guess}");
    }
    ask("192.0.2.1", text.reveal()).await.assert(429, None, TOO_MANY);
    assert_eq!(ask("192.0.2.2", text.reveal()).await.body, "svc");
}

/// What no token consists of is wrong whoever sends it, and said before anybody is told to wait (RESPONSES A3).
#[actix_web::test]
async fn a3_what_is_no_token_is_no_token_also_from_who_has_to_wait() {
    let issuer = TestIssuer::new();
    let builder = || Auth::builder().issuer(issuer.issuer());
    let good = issuer.token("ann").mint();
    for builder in [builder(), builder().verifier(Tokens::ready())] {
        let auth = builder.failed_attempts(3, Duration::from_secs(3_600)).build().unwrap();
        let ask = async |peer: &str, token: &str| send(auth.clone(), from(peer, Some(token))).await;
        let dots: Vec<usize> = good.match_indices('.').map(|(place, _)| place).collect();
        let places =
            [1, dots[0], dots[0] + 1, dots[1] - 1, dots[1] + 1, good.len() - 1, good.len()];
        for place in places {
            for odd in ["(", " ", "\"", ",", "\u{e9}", "\\", "\t", "=a"] {
                let mut odd_token = good.clone();
                odd_token.insert_str(place, odd);
                for _ in 0..5 {
                    let answer = ask("192.0.2.1", &odd_token).await;
                    answer.assert(401, Some(INVALID), "Invalid or expired token");
                }
            }
        }
        ask("192.0.2.1", &good).await.assert(429, None, TOO_MANY);
        ask("192.0.2.1", "a.b.c").await.assert(429, None, TOO_MANY);
        assert_eq!(ask("192.0.2.2", &good).await.status, 200);
    }
}

#[actix_web::test]
async fn z7_off_by_default_and_an_expired_token_is_no_attack() {
    let tokens = Tokens::ready();
    for _ in 0..50 {
        let answer = send(tokens.auth(), from("192.0.2.1", Some("unknown"))).await;
        answer.assert(401, Some(INVALID), "Invalid or expired token");
    }

    let issuer = TestIssuer::new();
    let auth = Auth::builder()
        .issuer(issuer.issuer())
        .failed_attempts(2, Duration::from_secs(60))
        .build()
        .unwrap();
    let expired = issuer.token("ann").expired().mint();
    for _ in 0..5 {
        let answer = send(auth.clone(), from("192.0.2.1", Some(&expired))).await;
        answer.assert(401, Some(EXPIRED), "Invalid or expired token");
    }
    assert!(
        Auth::builder()
            .verifier(tokens)
            .failed_attempts(0, Duration::from_secs(1))
            .build()
            .is_err()
    );
}
