//! Who may send a token that is bound, and who one that is not: P1, A4, A20.

use std::time::Duration;

use actix_web::{http::header::COOKIE, test::TestRequest};
use auth_runtime::{
    Auth, Cookie,
    api_key::{ApiKey, ApiKeys, MemoryStore},
    revocation::Revocations,
    testing::DpopKey,
};
use auth_tests::{Answer, INVALID, MISSING, REPEATED};
use serde_json::json;

use super::{
    Caller, DPOP_INVALID, DPOP_MISSING, INVALID_MESSAGE, INVALID_PROOF, Opaque, URI, ask,
    assert_refused, dpop, with,
};
use crate::{get_as, get_with};

#[actix_web::test]
async fn p1_a20_a_bound_token_is_no_bearer_token() {
    let caller = Caller::new();
    let off = Auth::builder().issuer(caller.issuer.issuer()).build().unwrap();
    ask(&off, get_as("/me", &caller.token)).await.assert(401, Some(INVALID), INVALID_MESSAGE);

    let auth = caller.auth();
    let with_proof = get_as("/me", &caller.token).insert_header(("dpop", caller.proof().mint()));
    for request in [get_as("/me", &caller.token), with_proof] {
        assert_refused(&ask(&auth, request).await, [INVALID, DPOP_MISSING]);
    }
    let cookies = caller.builder().cookie(Cookie::named("session")).build().unwrap();
    let request = TestRequest::get()
        .uri("/me")
        .insert_header((COOKIE, format!("session={}", caller.token)))
        .insert_header(("dpop", caller.proof().mint()));
    assert_refused(&ask(&cookies, request).await, [INVALID, DPOP_MISSING]);

    // So it is with tokens that somebody else verifies.
    for slow in [false, true] {
        let bound_to = Some(caller.key.thumbprint());
        let off = Auth::builder().verifier(Opaque { bound_to, slow });
        let off = off.build().unwrap();
        ask(&off, get_as("/me", "opaque")).await.assert(401, Some(INVALID), INVALID_MESSAGE);
    }
}

/// A stray proof is not looked at: good or bad, it changes nothing for a plain token.
#[actix_web::test]
async fn a_plain_token_beside_a_proof_is_judged_as_plain() {
    let caller = Caller::new();
    let plain = caller.issuer.token("bob").mint();
    for proof in ["nonsense".to_owned(), caller.key.proof("GET", URI, &plain).mint()] {
        let request = get_as("/me", &plain).insert_header(("dpop", proof));
        let answer = ask(&caller.auth(), request).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (200, "bob by Bearer"));
    }
}

#[actix_web::test]
async fn p1_a_token_that_is_bound_to_no_key_is_no_dpop_token() {
    let caller = Caller::new();
    let auth = caller.auth();
    let plain = caller.issuer.token("ann").mint();
    let proof = caller.key.proof("GET", URI, &plain).mint();
    assert_refused(&ask(&auth, with(&plain, &proof)).await, [MISSING, DPOP_INVALID]);
    for slow in [false, true] {
        let verifier = Opaque { bound_to: None, slow };
        let auth = Auth::builder().verifier(verifier).dpop(dpop()).build().unwrap();
        let proof = caller.key.proof("GET", URI, "opaque").mint();
        assert_refused(&ask(&auth, with("opaque", &proof)).await, [MISSING, DPOP_INVALID]);
    }
}

#[actix_web::test]
async fn p1_a_token_that_is_bound_to_something_else_is_refused_either_way() {
    let caller = Caller::new();
    let auth = caller.auth();
    let jkt = caller.key.thumbprint();
    for cnf in [
        json!({"x5t#S256": jkt}),
        json!({"jkt": jkt, "x5t#S256": jkt}),
        json!({"jwk": caller.key.jwk()}),
        json!({}),
        json!(null),
        json!({"jkt": DpopKey::new().thumbprint()}),
    ] {
        let token = caller.issuer.token("ann").claim("cnf", cnf.clone()).mint();
        let proof = caller.key.proof("GET", URI, &token).mint();
        let answer = ask(&auth, with(&token, &proof)).await;
        assert_eq!(answer.challenges, [MISSING, DPOP_INVALID], "{cnf}");
        assert_refused(&ask(&auth, get_as("/me", &token)).await, [INVALID, DPOP_MISSING]);
    }
    // What a verifier says is compared as it stands.
    for slow in [false, true] {
        for bound_to in ["", "x", &jkt[1..], &format!("{jkt}=")] {
            let verifier = Opaque { bound_to: Some(bound_to.to_owned()), slow };
            let auth = Auth::builder().verifier(verifier).dpop(dpop()).build().unwrap();
            let proof = caller.key.proof("GET", URI, "opaque").mint();
            assert_refused(&ask(&auth, with("opaque", &proof)).await, [MISSING, DPOP_INVALID]);
        }
    }
}

#[actix_web::test]
async fn a4_a_proven_token_and_another_credential() {
    let caller = Caller::new();
    let store = MemoryStore::new();
    let (text, key) = ApiKey::generate("svc").unwrap();
    store.insert(key);
    let auth = caller
        .builder()
        .cookie(Cookie::named("session"))
        .api_keys(ApiKeys::new(store))
        .build()
        .unwrap();
    let repeated_dpop = r#"DPoP realm="api", error="invalid_request", algs="ES256""#;
    let good = || with(&caller.token, &caller.proof().mint());
    let both = |first: &str, second: &str| {
        get_with("/me", first)
            .append_header(("authorization", second.to_owned()))
            .insert_header(("dpop", caller.proof().mint()))
    };
    let (bound, plain) =
        (format!("DPoP {}", caller.token), format!("Bearer {}", caller.issuer.token("b").mint()));
    for (request, bearer, dpop) in [
        (both(&bound, &plain), MISSING, repeated_dpop),
        (both(&bound, &bound), MISSING, repeated_dpop),
        (both(&plain, &bound), REPEATED, DPOP_MISSING),
        (good().insert_header((COOKIE, "session=x")), MISSING, repeated_dpop),
        (good().insert_header(("x-api-key", text.reveal())), MISSING, repeated_dpop),
    ] {
        let answer = ask(&auth, request).await;
        let keys = r#"ApiKey realm="api", header="X-API-Key""#;
        assert_eq!(answer.challenges, [bearer, dpop, keys], "{answer:?}");
        let without = Answer { challenges: Vec::new(), ..answer };
        without.assert(400, None, "Malformed or repeated credentials");
    }
    assert_eq!(ask(&auth, good()).await.status, 200);
}

/// RESPONSES, order of evaluation: … revocation → sender binding. Neither counts twice, and a revoked token is no attempt.
#[actix_web::test]
async fn revocation_comes_before_the_proof() {
    let caller = Caller::new();
    let token = |jti: &str| caller.issuer.token("ann").claim("jti", jti).bound_to(&caller.key);
    let revocations = Revocations::new();
    revocations.revoke_token("https://id.test/", "taken-back", u64::MAX);
    let auth = caller
        .builder()
        .revocations(revocations)
        .failed_attempts(1, Duration::from_secs(60))
        .build()
        .unwrap();
    let from = |request: TestRequest| request.peer_addr("192.0.2.1:4711".parse().unwrap());
    let revoked = token("taken-back").mint();
    for proof in [caller.key.proof("GET", URI, &revoked).mint(), "nonsense".to_owned()] {
        let answer = ask(&auth, from(with(&revoked, &proof))).await;
        assert_refused(&answer, [MISSING, DPOP_INVALID]);
    }
    let good = token("good").mint();
    let answer = ask(&auth, from(with(&good, "nonsense"))).await;
    assert_refused(&answer, [MISSING, INVALID_PROOF]);
    let proof = caller.key.proof("GET", URI, &good).mint();
    assert_eq!(ask(&auth, from(with(&good, &proof))).await.status, 429);
}
