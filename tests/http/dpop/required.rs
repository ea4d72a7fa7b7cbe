//! Where every token has to be bound, and to come with a proof: P1, P2, A1, A2, A20; RFC 9449 §7.1.

use actix_web::{http::header::AUTHORIZATION, test::TestRequest};
use auth_runtime::{
    Auth,
    api_key::{ApiKey, ApiKeys, MemoryStore},
    testing::TestIssuer,
};

use super::{
    Caller, DPOP_INVALID, DPOP_MISSING, INVALID_MESSAGE, INVALID_PROOF, Opaque, URI, ask, dpop,
    with,
};
use crate::{get_as, get_with};

const NO_TOKEN: &str = "No authentication token provided";

fn auth(caller: &Caller) -> Auth {
    caller.builder().dpop(dpop().required()).build().unwrap()
}

/// As a bearer token it is refused, whatever it says; and `Bearer` is not asked for.
#[actix_web::test]
async fn p1_a20_an_unbound_token_is_refused_where_all_have_to_be_bound() {
    let caller = Caller::new();
    let auth = auth(&caller);
    let plain = caller.issuer.token("bob").role("user").mint();
    for token in [&plain, &caller.token, &TestIssuer::new().token("bob").mint()] {
        let answer = ask(&auth, get_as("/me", token)).await;
        answer.assert(401, Some(DPOP_INVALID), INVALID_MESSAGE);
        let beside = get_as("/me", token).insert_header(("dpop", caller.proof().mint()));
        ask(&auth, beside).await.assert(401, Some(DPOP_INVALID), INVALID_MESSAGE);
    }
    let proof = caller.key.proof("GET", URI, &plain).mint();
    let answer = ask(&auth, with(&plain, &proof)).await;
    answer.assert(401, Some(DPOP_INVALID), INVALID_MESSAGE);
    // Without the switch it is taken.
    assert_eq!(ask(&caller.auth(), get_as("/me", &plain)).await.status, 200);
}

#[actix_web::test]
async fn p1_so_are_unbound_tokens_that_somebody_else_verifies() {
    for slow in [false, true] {
        let verifier = Opaque { bound_to: None, slow };
        let auth = Auth::builder().verifier(verifier).dpop(dpop().required()).build().unwrap();
        let answer = ask(&auth, get_as("/me", "opaque")).await;
        answer.assert(401, Some(DPOP_INVALID), INVALID_MESSAGE);
    }
}

#[actix_web::test]
async fn p2_a_bound_token_with_a_proof_is_taken_once() {
    let caller = Caller::new();
    let auth = auth(&caller);
    let proof = caller.proof().mint();
    let answer = ask(&auth, with(&caller.token, &proof)).await;
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, "ann by DPoP"));
    let again = ask(&auth, with(&caller.token, &proof)).await;
    again.assert(401, Some(INVALID_PROOF), INVALID_MESSAGE);
}

#[actix_web::test]
async fn a1_a2_nothing_but_dpop_is_asked_for() {
    let caller = Caller::new();
    let auth = auth(&caller);
    for request in [TestRequest::get().uri("/me"), get_with("/me", "Basic dXNlcjpwYXNz")] {
        ask(&auth, request).await.assert(401, Some(DPOP_MISSING), NO_TOKEN);
    }
    let scope = r#"DPoP realm="api", scope="docs:write", algs="ES256""#;
    ask(&auth, TestRequest::get().uri("/docs")).await.assert(401, Some(scope), NO_TOKEN);
    let malformed = get_with("/me", "Bearer a b");
    ask(&auth, malformed).await.assert(401, Some(DPOP_INVALID), INVALID_MESSAGE);
    let plain = format!("Bearer {}", caller.issuer.token("b").mint());
    let twice = get_with("/me", &plain).append_header((AUTHORIZATION, &*plain));
    let repeated = r#"DPoP realm="api", error="invalid_request", algs="ES256""#;
    ask(&auth, twice).await.assert(400, Some(repeated), "Malformed or repeated credentials");
}

/// A key is no token.
#[actix_web::test]
async fn an_api_key_is_taken_all_the_same() {
    let caller = Caller::new();
    let store = MemoryStore::new();
    let (text, key) = ApiKey::generate("svc").unwrap();
    store.insert(key.role("admin"));
    let auth = caller.builder().dpop(dpop().required()).api_keys(ApiKeys::new(store));
    let auth = auth.build().unwrap();
    let request = TestRequest::get().uri("/admin").insert_header(("x-api-key", text.reveal()));
    assert_eq!(ask(&auth, request).await.status, 200);
}
