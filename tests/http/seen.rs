//! CHECKLIST L5: a token that was seen before opens no door that a new one would not.

use std::{net::SocketAddr, time::Duration};

use actix_web::{
    http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION},
    test::TestRequest,
};
use auth_runtime::{
    Auth, AuthBuilder, Cookie,
    api_key::{ApiKeys, MemoryStore},
    testing::TestIssuer,
};

use crate::{get_as, send};

fn builder(issuer: &TestIssuer) -> AuthBuilder {
    Auth::builder().issuer(issuer.issuer())
}

#[actix_web::test]
async fn l5_a4_a_second_credential_is_one_too_many_beside_a_token_that_was_seen() {
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").mint();
    let keys = ApiKeys::new(MemoryStore::new());
    for (auth, name, value) in [
        (builder(&issuer), "authorization", format!("Bearer {token}")),
        (builder(&issuer).cookie(Cookie::named("session")), COOKIE.as_str(), "session=a".into()),
        (builder(&issuer).api_keys(keys), "x-api-key", "key".into()),
    ] {
        let auth = auth.build().unwrap();
        for _ in 0..2 {
            assert_eq!(send(auth.clone(), get_as("/me", &token)).await.body, "ann");
        }
        let request = get_as("/me", &token).append_header((name, value));
        assert_eq!(send(auth, request).await.status, 400, "{name}");
    }
}

#[actix_web::test]
async fn l5_z7_whoever_failed_too_often_waits_with_a_token_that_was_seen_too() {
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").mint();
    let auth = builder(&issuer).failed_attempts(1, Duration::from_secs(30)).build().unwrap();
    let ask = async |token: &str| {
        let peer = SocketAddr::from(([192, 0, 2, 1], 1));
        send(auth.clone(), get_as("/me", token).peer_addr(peer)).await.status.as_u16()
    };
    assert_eq!(ask(&token).await, 200);
    assert_eq!(ask("a.b.c").await, 401);
    assert_eq!(ask(&token).await, 429);
}

#[actix_web::test]
async fn l5_a26_a_proxy_takes_a_token_that_was_seen_from_its_own_header_alone() {
    let issuer = TestIssuer::new();
    let bearer = format!("Bearer {}", issuer.token("ann").mint());
    let auth = builder(&issuer).proxy_mode().build().unwrap();
    for (name, status) in
        [(PROXY_AUTHORIZATION, 200), (AUTHORIZATION, 407), (PROXY_AUTHORIZATION, 200)]
    {
        let request = TestRequest::get().uri("/me").insert_header((name, bearer.clone()));
        assert_eq!(send(auth.clone(), request).await.status, status);
    }
}

#[actix_web::test]
async fn l5_a27_a_token_over_the_limit_is_refused_each_time() {
    let issuer = TestIssuer::new();
    let token = issuer.token("ann").mint();
    for (limit, status) in [(token.len(), 200), (token.len() - 1, 401)] {
        let auth = builder(&issuer).token_limit(limit).build().unwrap();
        for _ in 0..2 {
            assert_eq!(send(auth.clone(), get_as("/me", &token)).await.status, status);
        }
    }
}
