//! What a proof has to be. Statuses and headers are tested over HTTP, in `tests/http`.

mod checks;
mod config;
mod keys;
mod nonces;
mod properties;
mod replay;
mod uris;
mod vectors;

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{About, Dpop, Nonces, ProofError, ProofVerifier, pair::Pair};

const NOW: u64 = 1_700_000_000;
const TOKEN: &str = "the.access.token";

static KEY: LazyLock<Pair> = LazyLock::new(|| Pair::p256().unwrap());
static OTHER: LazyLock<Pair> = LazyLock::new(|| Pair::p256().unwrap());

fn dpop() -> Dpop {
    Dpop::new().origin("https://api.example.com")
}

fn verifier() -> ProofVerifier {
    dpop().load().unwrap()
}

/// A header that is right, but for what `changes` says; `null` takes a member out.
fn header(changes: Value) -> Value {
    changed(json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.jwk}), changes)
}

/// Claims that are right, but for what `changes` says; `null` takes a claim out.
fn claims(changes: Value) -> Value {
    let right = json!({
        "jti": "one",
        "htm": "GET",
        "htu": "https://api.example.com/me",
        "iat": NOW,
        "ath": URL_SAFE_NO_PAD.encode(Sha256::digest(TOKEN)),
    });
    changed(right, changes)
}

fn changed(mut value: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("{changes} are no members") };
    let members = value.as_object_mut().unwrap();
    for (name, change) in changes {
        if change.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, change);
        }
    }
    value
}

/// A proof that is signed well and says this.
fn signed(header: &Value, claims: &Value) -> String {
    KEY.sign(&header.to_string(), &claims.to_string()).unwrap()
}

fn proof(changes: Value) -> String {
    signed(&header(json!({})), &claims(changes))
}

/// Asks a new verifier, which remembers nothing, about a request for `/me`.
fn check(proof: &str) -> Result<(), ProofError> {
    check_at(&verifier(), proof, NOW)
}

fn check_at(verifier: &ProofVerifier, proof: &str, now: u64) -> Result<(), ProofError> {
    let key = KEY.thumbprint().unwrap();
    let about = About { token: TOKEN.as_bytes(), bound_to: &key, method: "GET", path: "/me" };
    verifier.check(proof.as_bytes(), about, &verifier.known(), now).map(drop)
}

/// Refused for a reason that holds this text.
#[track_caller]
fn assert_invalid(result: Result<(), ProofError>, why: &str, what: impl std::fmt::Debug) {
    match result {
        Err(ProofError::Invalid(reason)) => assert!(reason.contains(why), "{what:?}: {reason}"),
        other => panic!("{what:?}: {other:?}"),
    }
}
