//! Nonces, check 10 of RFC 9449 §4.3.

use std::{collections::HashSet, time::Duration};

use super::*;
use crate::verifier::dpop::nonce::{LoadedNonces, Verdict};

const SECRET: [u8; 32] = *b"0123456789abcdef0123456789abcdef";

fn ask(nonces: &LoadedNonces, nonce: Option<&str>, now: u64) -> Verdict {
    nonces.judge(nonce, now).unwrap()
}

fn current(nonces: &LoadedNonces, now: u64) -> String {
    match ask(nonces, None, now) {
        Verdict::Bad { current } => current,
        other => panic!("{other:?}"),
    }
}

#[test]
fn p2_a_nonce_is_good_for_its_slot_and_the_next() {
    let nonces = LoadedNonces::new(&SECRET, 100, false);
    let first = current(&nonces, 1_000);
    assert_eq!(current(&nonces, 1_099), first);
    for now in [1_000, 1_099] {
        assert_eq!(ask(&nonces, Some(&first), now), Verdict::Good);
    }
    let second = current(&nonces, 1_100);
    for now in [1_100, 1_199] {
        let verdict = ask(&nonces, Some(&first), now);
        assert_eq!(verdict, Verdict::GetsOld { next: second.clone() });
    }
    assert!(matches!(ask(&nonces, Some(&first), 1_200), Verdict::Bad { .. }));
    // Another instance's clock is a little ahead.
    assert_eq!(ask(&nonces, Some(&second), 1_099), Verdict::Good);
    assert!(matches!(ask(&nonces, Some(&second), 999), Verdict::Bad { .. }));

    for wrong in [
        "",
        "x",
        &first.replacen(char::is_alphanumeric, "", 1),
        &format!("{first}="),
        &first.to_uppercase(),
    ] {
        assert_eq!(ask(&nonces, Some(wrong), 1_000), Verdict::Bad { current: first.clone() });
    }
    for now in [0, u64::MAX] {
        let nonce = current(&nonces, now);
        assert_eq!(ask(&nonces, Some(&nonce), now), Verdict::Good);
    }
}

#[test]
fn p2_nonces_differ_by_slot_and_by_secret() {
    let nonces = LoadedNonces::new(&SECRET, 1, false);
    let others = LoadedNonces::new(&[7; 32], 1, false);
    let made: HashSet<String> =
        (0..100).flat_map(|now| [current(&nonces, now), current(&others, now)]).collect();
    assert_eq!(made.len(), 200);
    assert!(made.iter().all(|nonce| nonce.len() == 43));
    let same = LoadedNonces::new(&SECRET, 1, false);
    assert_eq!(current(&same, 5), current(&nonces, 5));
}

#[test]
fn p2_check_10_a_proof_without_the_nonce_is_told_it_and_not_used_up() {
    let verifier = dpop().nonces(Nonces::shared(SECRET)).load().unwrap();
    let nonce = match check_at(&verifier, &proof(json!({})), NOW) {
        Err(ProofError::UseNonce { nonce }) => nonce,
        other => panic!("{other:?}"),
    };
    for wrong in ["", "made up"] {
        let refused = check_at(&verifier, &proof(json!({"nonce": wrong})), NOW);
        assert_eq!(refused, Err(ProofError::UseNonce { nonce: nonce.clone() }));
    }
    let good = proof(json!({"nonce": nonce}));
    assert_eq!(check_at(&verifier, &good, NOW), Ok(()));
    assert_invalid(check_at(&verifier, &good, NOW), "used before", "again");
    // Nothing but a good proof is told one.
    let forged =
        OTHER.sign(&header(json!({})).to_string(), &claims(json!({})).to_string()).unwrap();
    assert_invalid(check_at(&verifier, &forged, NOW), "signature", "forged");

    // Another instance with the same secret takes it; one with a secret of its own does not.
    let same = dpop().nonces(Nonces::shared(SECRET)).load().unwrap();
    assert_eq!(check_at(&same, &good, NOW), Ok(()));
    let own = dpop().nonces(Nonces::new()).load().unwrap();
    assert!(matches!(check_at(&own, &good, NOW), Err(ProofError::UseNonce { .. })));
}

#[test]
fn p2_a_nonce_that_gets_old_is_replaced_in_time() {
    let slot = Duration::from_secs(100);
    let verifier = dpop().nonces(Nonces::shared(SECRET).lifetime(slot)).load().unwrap();
    let key = KEY.thumbprint().unwrap();
    let ask = |proof: &str, now| {
        let about = About { token: TOKEN.as_bytes(), bound_to: &key, method: "GET", path: "/me" };
        verifier.check(proof.as_bytes(), about, &verifier.known(), now)
    };
    let nonces = LoadedNonces::new(&SECRET, 100, false);
    let nonce = current(&nonces, NOW);
    let first = proof(json!({"nonce": nonce, "jti": "a"}));
    assert_eq!(ask(&first, NOW), Ok(None));
    let later = NOW + 100;
    let second = proof(json!({"nonce": nonce, "jti": "b", "iat": later}));
    let next = ask(&second, later).unwrap().unwrap();
    assert_eq!(next, current(&nonces, later).as_str());
}

#[test]
fn l4_the_secret_of_nonces_stays_out_of_logs() {
    let loaded = LoadedNonces::new(&SECRET, 1, false);
    let text = format!("{:?} {loaded:?}", dpop().nonces(Nonces::shared(SECRET)));
    assert!(!text.contains("0123456789") && !text.contains("[48, 49"), "{text}");
}
