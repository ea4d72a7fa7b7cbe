//! Nonces: check 10 of RFC 9449 §4.3, and §9.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{HttpResponse, Responder, http::header::CACHE_CONTROL, test::TestRequest, web};
use auth_runtime::{
    Auth, Nonces,
    clock::{Clock, SystemClock},
    require_auth,
};
use auth_tests::{Answer, MISSING};

use super::{Caller, INVALID_PROOF, ask, assert_refused, dpop, services, with};
use crate::call;

const USE_NONCE: &str = r#"DPoP realm="api", error="use_dpop_nonce", error_description="The DPoP proof needs the nonce of this response", algs="ES256""#;

/// The answer, and the nonce that came with it.
async fn ask_nonce(auth: &Auth, request: TestRequest) -> (Answer, Option<String>) {
    let response = call(auth.clone(), services(), request).await;
    let mut nonces = response.headers().get_all("dpop-nonce");
    let nonce = nonces.next().map(|nonce| nonce.to_str().unwrap().to_owned());
    assert_eq!(nonces.next(), None);
    (Answer::of(response).await, nonce)
}

fn moving_clock(caller: &Caller, nonces: Nonces) -> (Auth, Arc<AtomicU64>) {
    // The beginning of a slot, and not before the token was made.
    let start = SystemClock.now();
    let now = Arc::new(AtomicU64::new(start - start % 100 + 100));
    let clock = {
        let now = Arc::clone(&now);
        move || now.load(Ordering::SeqCst)
    };
    let auth = Auth::builder()
        .issuer(caller.issuer.issuer())
        .dpop(dpop().nonces(nonces))
        .clock(clock)
        .build()
        .unwrap();
    (auth, now)
}

#[actix_web::test]
async fn p2_check_10_a_client_learns_the_nonce_and_uses_it() {
    let caller = Caller::new();
    let nonces = Nonces::new().lifetime(Duration::from_secs(100));
    let (auth, now) = moving_clock(&caller, nonces);
    let proof = || caller.proof().claim("iat", now.load(Ordering::SeqCst));

    let (answer, nonce) = ask_nonce(&auth, with(&caller.token, &proof().mint())).await;
    assert_refused(&answer, [MISSING, USE_NONCE]);
    let first = nonce.unwrap();
    for wrong in ["made up", ""] {
        let request = with(&caller.token, &proof().nonce(wrong).mint());
        let (answer, nonce) = ask_nonce(&auth, request).await;
        assert_refused(&answer, [MISSING, USE_NONCE]);
        assert_eq!(nonce.as_deref(), Some(&*first));
    }
    let request = with(&caller.token, &proof().claim("nonce", 7).mint());
    let (answer, nonce) = ask_nonce(&auth, request).await;
    assert_refused(&answer, [MISSING, INVALID_PROOF]);
    assert_eq!(nonce, None);

    let good = with(&caller.token, &proof().nonce(&first).mint());
    let (answer, nonce) = ask_nonce(&auth, good).await;
    assert_eq!((answer.status.as_u16(), nonce, answer.cache_control), (200, None, None));

    // It gets old: the next one comes along, in a response that nobody stores.
    now.fetch_add(100, Ordering::SeqCst);
    let good = with(&caller.token, &proof().nonce(&first).mint());
    let (answer, nonce) = ask_nonce(&auth, good).await;
    assert_eq!((answer.status.as_u16(), answer.cache_control.as_deref()), (200, Some("no-store")));
    let second = nonce.unwrap();
    assert_ne!(second, first);
    let (answer, nonce) =
        ask_nonce(&auth, with(&caller.token, &proof().nonce(&second).mint())).await;
    assert_eq!((answer.status.as_u16(), nonce), (200, None));

    // It is old.
    now.fetch_add(100, Ordering::SeqCst);
    let (answer, nonce) =
        ask_nonce(&auth, with(&caller.token, &proof().nonce(&first).mint())).await;
    assert_refused(&answer, [MISSING, USE_NONCE]);
    assert_ne!(nonce, Some(second));
}

#[actix_web::test]
async fn p2_instances_with_one_secret_take_each_other_s_nonces() {
    let caller = Caller::new();
    let build = |nonces| {
        let dpop = dpop().nonces(nonces);
        Auth::builder().issuer(caller.issuer.issuer()).dpop(dpop).build().unwrap()
    };
    let shared = [build(Nonces::shared([7; 32])), build(Nonces::shared([7; 32]))];
    let own = build(Nonces::new());
    let (_, nonce) = ask_nonce(&shared[0], with(&caller.token, &caller.proof().mint())).await;
    let nonce = nonce.unwrap();
    for (auth, status) in [(&shared[0], 200), (&shared[1], 200), (&own, 401)] {
        let request = with(&caller.token, &caller.proof().nonce(&nonce).mint());
        assert_eq!(ask(auth, request).await.status.as_u16(), status);
    }
}

/// A nonce in a stored response would be handed out when it is old (RFC 9449 §8.2).
#[actix_web::test]
async fn p2_a_response_that_is_stored_holds_no_nonce() {
    #[require_auth]
    async fn cached() -> impl Responder {
        HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, max-age=60")).finish()
    }
    #[require_auth]
    async fn unstored() -> impl Responder {
        HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, No-Store")).finish()
    }
    #[require_auth]
    async fn twice() -> impl Responder {
        HttpResponse::Ok()
            .append_header((CACHE_CONTROL, "private"))
            .append_header((CACHE_CONTROL, "no-store"))
            .finish()
    }

    let caller = Caller::new();
    let (auth, now) = moving_clock(&caller, Nonces::new().lifetime(Duration::from_secs(100)));
    let proof = |uri: &str| {
        let uri = format!("https://api.example.com{uri}");
        let proof = caller.key.proof("GET", &uri, &caller.token);
        proof.claim("iat", now.load(Ordering::SeqCst))
    };
    let (_, nonce) = ask_nonce(&auth, with(&caller.token, &proof("/me").mint())).await;
    let nonce = nonce.unwrap();
    now.fetch_add(100, Ordering::SeqCst);
    for (path, told, lines) in [("/cached", false, 1), ("/unstored", true, 1), ("/twice", true, 2)]
    {
        let services = (
            web::resource("/cached").to(cached),
            web::resource("/unstored").to(unstored),
            web::resource("/twice").to(twice),
        );
        let request = with(&caller.token, &proof(path).nonce(&nonce).mint()).uri(path);
        let response = call(auth.clone(), services, request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers().contains_key("dpop-nonce"), told, "{path}");
        assert_eq!(response.headers().get_all(CACHE_CONTROL).count(), lines, "{path}");
    }
}

/// What an application renders itself keeps the nonce too, and cannot put another one there.
#[actix_web::test]
async fn p2_a_renderer_keeps_the_nonce() {
    let caller = Caller::new();
    let auth = Auth::builder()
        .issuer(caller.issuer.issuer())
        .dpop(dpop().nonces(Nonces::new()))
        .renderer(|_: &auth_runtime::Rejection, _: &actix_web::HttpRequest| {
            HttpResponse::Ok().insert_header(("dpop-nonce", "mine")).body("no")
        })
        .build()
        .unwrap();
    let (answer, nonce) = ask_nonce(&auth, with(&caller.token, &caller.proof().mint())).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (401, "no"));
    assert_eq!(answer.challenges, [MISSING, USE_NONCE]);
    assert_eq!(nonce.unwrap().len(), 43);
    let (answer, nonce) = ask_nonce(&auth, with(&caller.token, "nonsense")).await;
    assert_eq!((answer.status.as_u16(), nonce), (401, None));
}
