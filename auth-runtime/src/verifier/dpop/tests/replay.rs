//! A proof is good once, and nobody can push another one out of memory (RFC 9449 §11.1).

use std::time::Duration;

use super::*;
use crate::verifier::dpop::replay::{Memory, NotRemembered};

const KEY_A: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const KEY_B: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

#[test]
fn p2_a_proof_is_good_once() {
    let verifier = verifier();
    let used = proof(json!({}));
    assert_eq!(check_at(&verifier, &used, NOW), Ok(()));
    // 60 s lifetime and 30 s leeway: to the last second at which it would be taken, and after it.
    for now in [NOW, NOW + 1, NOW + 89, NOW - 30] {
        assert_invalid(check_at(&verifier, &used, now), "used before", now);
    }
    assert_invalid(check_at(&verifier, &used, NOW + 90), "too long ago", "its end");
    // Its `jti` is not good for another proof either.
    assert_invalid(
        check_at(&verifier, &proof(json!({"iat": NOW + 1})), NOW),
        "used before",
        "the same jti",
    );
    assert_eq!(check_at(&verifier, &proof(json!({"jti": "two"})), NOW), Ok(()));
}

#[test]
fn p2_a_proof_that_is_refused_is_not_used_up() {
    let verifier = verifier();
    let head = header(json!({})).to_string();
    let forged = OTHER.sign(&head, &claims(json!({})).to_string()).unwrap();
    assert!(check_at(&verifier, &forged, NOW).is_err());
    assert!(check_at(&verifier, &proof(json!({"htm": "POST"})), NOW).is_err());
    assert_eq!(check_at(&verifier, &proof(json!({})), NOW), Ok(()));
}

#[test]
fn p2_one_client_cannot_use_up_another_s_jti() {
    let memory = Memory::default();
    let remember = |key: &str, id: &str, end, now| memory.remember(10, key, id, end - 90..end, now);
    assert_eq!(remember(KEY_A, "x", 150, 100), Ok(()));
    assert_eq!(remember(KEY_B, "x", 150, 100), Ok(()));
    assert_eq!(remember(KEY_A, "x", 150, 100), Err(NotRemembered::Seen));
}

#[test]
fn p2_a_memory_that_is_full_refuses_and_forgets_nothing() {
    let memory = Memory::default();
    let remember = |key: &str, id: &str, end, now| memory.remember(4, key, id, end - 90..end, now);
    let key = |n: u64| URL_SAFE_NO_PAD.encode(Sha256::digest(n.to_string()));
    for n in 0..4 {
        assert_eq!(remember(&key(n), "x", 1_045, 1_000), Ok(()), "{n}");
    }
    for n in 4..1_000 {
        // Portions of 16 s: there is room as soon as the first one is over.
        let full = NotRemembered::Full { retry_after: Duration::from_secs(56) };
        assert_eq!(remember(&key(n), "x", 1_080, 1_000), Err(full));
    }
    for n in 0..4 {
        assert_eq!(remember(&key(n), "x", 1_045, 1_044), Err(NotRemembered::Seen), "{n}");
    }
    assert_eq!(remember(&key(4), "x", 1_130, 1_056), Ok(()));
    // A clock that is set back does not bring back what was forgotten.
    assert_eq!(remember(&key(0), "x", 1_045, 1_000), Err(NotRemembered::Old));
}

#[test]
fn p2_one_client_cannot_fill_the_memory() {
    let memory = Memory::default();
    let remember = |key: &str, id: &str, end, now| memory.remember(64, key, id, end - 90..end, now);
    let flood = (0..1_000).filter(|n| remember(KEY_A, &n.to_string(), 1_080, 1_000).is_ok());
    assert_eq!(flood.count(), 32);
    for n in 0..4 {
        assert_eq!(remember(KEY_B, &n.to_string(), 1_080, 1_000), Ok(()));
    }
    assert!(matches!(remember(KEY_B, "5", 1_080, 1_000), Err(NotRemembered::Full { .. })));
}

#[test]
fn p2_a_full_memory_is_not_the_client_s_fault() {
    let verifier = dpop().memory(1).load().unwrap();
    assert_eq!(check_at(&verifier, &proof(json!({})), NOW), Ok(()));
    let next = check_at(&verifier, &proof(json!({"jti": "two"})), NOW);
    assert!(matches!(next, Err(ProofError::Full { .. })), "{next:?}");
    // And the first is still known.
    assert_invalid(check_at(&verifier, &proof(json!({})), NOW), "used before", "full");
}

#[test]
fn p2_clones_share_what_was_used() {
    let settings = dpop();
    let (before, after) = (settings.clone().load().unwrap(), settings.load().unwrap());
    assert_eq!(check_at(&before, &proof(json!({})), NOW), Ok(()));
    assert_invalid(check_at(&after, &proof(json!({})), NOW), "used before", "a clone");
    assert_eq!(check_at(&verifier(), &proof(json!({})), NOW), Ok(()));
}

/// A reload may change for how long proofs are good, and goes on with the same memory.
#[test]
fn p2_a_proof_that_was_forgotten_is_not_good_again_where_proofs_are_good_for_longer() {
    let settings = dpop();
    let before = settings.clone().load().unwrap();
    let after = settings.lifetime(Duration::from_secs(300)).load().unwrap();
    let later = |id: &str, made: u64| proof(json!({"jti": id, "iat": made}));
    assert_eq!(check_at(&before, &proof(json!({})), NOW), Ok(()));
    assert_eq!(check_at(&after, &later("two", NOW + 120), NOW + 120), Ok(()));
    assert_invalid(check_at(&after, &proof(json!({})), NOW + 121), "older", "forgotten");
    assert_eq!(check_at(&after, &later("three", NOW + 1), NOW + 121), Ok(()));
    assert_invalid(check_at(&after, &later("two", NOW + 120), NOW + 400), "used before", "known");
}

/// Whatever comes in which order, what was taken once is not taken again.
#[test]
fn p2_concurrent_requests_use_a_proof_once() {
    let memory = Memory::default();
    let remember =
        |key: &str, id: &str, end, now| memory.remember(1_000, key, id, end - 90..end, now);
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..100)
                        .filter(|n| remember(KEY_A, &n.to_string(), 1_050, 1_000).is_ok())
                        .count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, 100);
}
