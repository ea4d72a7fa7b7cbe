//! Decisions, remembered verdicts, replays and revocations are counted, with the feature `metrics`.

use std::time::Duration;

use actix_web::{http::header::AUTHORIZATION, test::TestRequest};
use auth_runtime::{
    Auth, Dpop,
    api_key::{ApiKey, ApiKeys, MemoryStore},
    revocation::Revocations,
    testing::{DpopKey, TestIssuer},
};
use auth_tests::{Recorded, Tokens};
use metrics::Unit;

use crate::{get_as, introspection::endpoint::Endpoint, send};

/// Runs this, and gives what was recorded meanwhile.
fn recorded(work: impl AsyncFnOnce()) -> Recorded {
    let recorded = Recorded::default();
    metrics::with_local_recorder(&recorded, || {
        actix_web::rt::System::new().block_on(work());
    });
    recorded
}

#[test]
fn decisions_are_counted_by_outcome_and_reason() {
    let recorded = recorded(async || {
        for token in ["admin", "admin", "user", "unknown"] {
            send(Tokens::slow().auth(), get_as("/admin", token)).await;
        }
        send(Tokens::ready().auth(), TestRequest::get().uri("/admin")).await;
    });
    let expected = [
        (r#"{outcome="denied",reason="forbidden"}"#, 1),
        (r#"{outcome="denied",reason="invalid_token"}"#, 1),
        (r#"{outcome="denied",reason="no_credentials"}"#, 1),
        (r#"{outcome="granted",reason="granted"}"#, 2),
    ];
    let expected = expected.map(|(labels, count)| (labels.to_owned(), count));
    assert_eq!(recorded.series("auth_decisions_total"), expected.into());
    assert_eq!(recorded.count("auth_verification_seconds"), 5);
}

#[test]
fn refusals_for_too_many_attempts_are_counted_as_decisions() {
    let recorded = recorded(async || {
        let limited = Auth::builder()
            .verifier(Tokens::ready())
            .failed_attempts(1, Duration::from_secs(60))
            .build()
            .unwrap();
        for _ in 0..3 {
            let request = get_as("/me", "unknown").peer_addr("192.0.2.1:1".parse().unwrap());
            send(limited.clone(), request).await;
        }
    });
    let series = r#"auth_decisions_total{outcome="denied",reason="too_many_attempts"}"#;
    assert_eq!(recorded.count(series), 2);
}

#[test]
fn remembered_answers_of_an_endpoint_are_counted_as_hits_and_misses() {
    let endpoint = Endpoint::start(crate::introspection::endpoint::by_name);
    let recorded = recorded(async || {
        let auth = Auth::builder().verifier(endpoint.introspection().build().unwrap());
        let auth = auth.build().unwrap();
        for token in ["admin", "admin", "admin", "user"] {
            assert!(send(auth.clone(), get_as("/me", token)).await.status.is_success());
        }
    });
    let expected = [
        (r#"{cache="introspection",result="hit"}"#, 2),
        (r#"{cache="introspection",result="miss"}"#, 2),
    ];
    let expected = expected.map(|(labels, count)| (labels.to_owned(), count));
    assert_eq!(recorded.series("auth_cache_lookups_total"), expected.into());
}

#[test]
fn remembered_tokens_are_counted_as_hits_and_misses() {
    let issuer = TestIssuer::new();
    let tokens = ["ann", "ann", "bob", "ann"].map(|subject| (subject, issuer.token(subject)));
    let tokens = tokens.map(|(subject, token)| (subject, token.claim("jti", subject).mint()));
    let recorded = recorded(async || {
        let auth = issuer.auth().unwrap();
        for (subject, token) in &tokens {
            assert_eq!(send(auth.clone(), get_as("/me", token)).await.body, *subject);
        }
        send(auth, get_as("/me", "not-a-token")).await;
    });
    let expected =
        [(r#"{cache="tokens",result="hit"}"#, 2), (r#"{cache="tokens",result="miss"}"#, 3)];
    let expected = expected.map(|(labels, count)| (labels.to_owned(), count));
    assert_eq!(recorded.series("auth_cache_lookups_total"), expected.into());
}

/// Nothing is remembered of a key, nor of a token that its owner did not send: the one is not looked for, the other in vain.
#[test]
fn what_is_not_remembered_is_no_hit_and_a_key_is_no_miss() {
    let (issuer, store) = (TestIssuer::new(), MemoryStore::new());
    let (text, key) = ApiKey::generate("svc").unwrap();
    store.insert(key);
    let bound = issuer.token("ann").bound_to(&DpopKey::new()).mint();
    let recorded = recorded(async || {
        let auth = Auth::builder().issuer(issuer.issuer()).api_keys(ApiKeys::new(store));
        let auth = auth.build().unwrap();
        for _ in 0..3 {
            let request = TestRequest::get().uri("/me").insert_header(("x-api-key", text.reveal()));
            assert_eq!(send(auth.clone(), request).await.body, "svc");
        }
        for _ in 0..2 {
            assert_eq!(send(auth.clone(), get_as("/me", &bound)).await.status, 401);
        }
    });
    let expected = [(r#"{cache="tokens",result="miss"}"#.to_owned(), 2)];
    assert_eq!(recorded.series("auth_cache_lookups_total"), expected.into());
}

#[test]
fn proofs_that_were_used_before_are_counted_and_other_bad_ones_are_not() {
    let recorded = recorded(async || {
        let (issuer, key) = (TestIssuer::new(), DpopKey::new());
        let dpop = Dpop::new().origin("https://api.example.com");
        let auth = Auth::builder().issuer(issuer.issuer()).dpop(dpop).build().unwrap();
        let token = issuer.token("ann").bound_to(&key).mint();
        let [proof, other] = ["/me", "/other"]
            .map(|path| key.proof("GET", &format!("https://api.example.com{path}"), &token).mint());
        for (proof, status) in [(&proof, 200), (&proof, 401), (&other, 401), (&proof, 401)] {
            let request = TestRequest::get()
                .uri("/me")
                .insert_header((AUTHORIZATION, format!("DPoP {token}")))
                .insert_header(("dpop", proof.as_str()));
            assert_eq!(send(auth.clone(), request).await.status, status);
        }
    });
    assert_eq!(recorded.count("auth_dpop_replays_total"), 2);
}

#[test]
fn revocations_in_memory_are_measured_whenever_they_change() {
    let held = |recorded: &Recorded| recorded.gauge(r#"auth_revocations{store="memory"}"#);
    let revocations = Revocations::new();
    let nothing = recorded(async || {});
    assert_eq!(held(&nothing), None);
    let two = recorded(async || {
        revocations.revoke_subject("https://id.test/", "ann", 4_000_000_000);
        revocations.revoke_token("https://id.test/", "1", 4_000_000_000);
    });
    assert_eq!(held(&two), Some(2.0));
    let one = recorded(async || revocations.restore_token("https://id.test/", "1"));
    assert_eq!(held(&one), Some(1.0));
}

/// The table in the guide, and what a recorder is told, are the same.
#[test]
fn the_guide_lists_every_metric_with_its_kind_and_unit() {
    let recorded = recorded(async || drop(Tokens::ready().auth()));
    let described: Vec<_> = recorded
        .described()
        .into_iter()
        .map(|(name, (kind, unit))| {
            let unit = match unit {
                Some(Unit::Count) => "count",
                Some(Unit::Seconds) => "seconds",
                other => panic!("{name} has the unit {other:?}"),
            };
            format!("| `{name}` | {kind} | {unit} |")
        })
        .collect();
    let guide = include_str!("../../auth-runtime/src/guide/observability.md");
    let mut listed: Vec<_> = guide
        .lines()
        .filter(|line| line.starts_with("| `auth_"))
        .map(|line| {
            let cells: Vec<_> = line.split('|').take(4).collect();
            format!("{}|", cells.join("|"))
        })
        .collect();
    listed.sort();
    assert_eq!(listed, described);
}
