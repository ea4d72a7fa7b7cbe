//! The token rules, one test per statement of the checklist. Statuses and bodies are tested over HTTP, in `tests/http`.

mod claims;
mod keys;
mod presets;
mod properties;
mod syntax;

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::JwtVerifier;
use crate::{
    crypto::provider,
    identity::Verified,
    issuer::{Issuer, IssuerError, Key},
    verifier::VerifyError,
};

pub(super) const NOW: u64 = 1_700_000_000;
pub(super) const ISSUER: &str = "https://id.example.com/";
pub(super) const SECRET: [u8; 64] =
    *b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A key pair made for this run.
pub(super) struct Pair {
    signing: EncodingKey,
    /// `SubjectPublicKeyInfo`.
    pub(super) spki: Vec<u8>,
}

impl Pair {
    pub(super) fn pem(&self) -> String {
        pem::encode(&pem::Pem::new("PUBLIC KEY", self.spki.as_slice()))
    }

    /// The raw point at the end of an elliptic-curve key.
    pub(super) fn tail(&self, length: usize) -> &[u8] {
        &self.spki[self.spki.len() - length..]
    }
}

pub(super) static RSA: LazyLock<Pair> = LazyLock::new(rsa);
pub(super) static OTHER_RSA: LazyLock<Pair> = LazyLock::new(rsa);
pub(super) static P256: LazyLock<Pair> = LazyLock::new(|| ec(&ECDSA_P256_SHA256_FIXED_SIGNING));
pub(super) static P384: LazyLock<Pair> = LazyLock::new(|| ec(&ECDSA_P384_SHA384_FIXED_SIGNING));
pub(super) static ED: LazyLock<Pair> = LazyLock::new(|| {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    // RFC 8410 §4: the same twelve bytes stand before every Ed25519 key.
    let mut spki = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    spki.extend_from_slice(pair.public_key().as_ref());
    Pair { signing: EncodingKey::from_ed_der(pkcs8.as_ref()), spki }
});

fn rsa() -> Pair {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let private = pem::encode(&pem::Pem::new("PRIVATE KEY", private.as_ref()));
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
    Pair {
        signing: EncodingKey::from_rsa_pem(private.as_bytes()).unwrap(),
        spki: public.as_ref().to_vec(),
    }
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> Pair {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap();
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
    Pair { signing: EncodingKey::from_ec_der(pkcs8.as_ref()), spki: public.as_ref().to_vec() }
}

pub(super) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs whatever header and payload it is given, broken ones too.
pub(super) fn sign(
    key: &EncodingKey,
    algorithm: Algorithm,
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> String {
    let message = format!("{}.{}", b64(header), b64(payload));
    let signature =
        (provider().signer_factory)(&algorithm, key).unwrap().try_sign(message.as_bytes()).unwrap();
    format!("{message}.{}", b64(signature))
}

pub(super) fn hs256(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    sign(&EncodingKey::from_secret(&SECRET), Algorithm::HS256, header, payload)
}

/// A header that only names its algorithm.
pub(super) fn header(algorithm: Algorithm) -> String {
    json!({"alg": format!("{algorithm:?}"), "typ": "JWT"}).to_string()
}

/// Claims that are right, but for what `changes` says; `null` takes a claim out.
pub(super) fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "api", "sub": "ann", "iat": NOW, "exp": NOW + 300, "roles": ["admin"],
    });
    if let Value::Object(changes) = changes {
        for (name, value) in changes {
            claims[name] = value;
        }
    }
    claims
}

/// A token that is signed well and says this.
pub(super) fn token(claims: &Value) -> String {
    hs256(header(Algorithm::HS256), claims.to_string())
}

/// The usual issuer, with its secret.
pub(super) fn issuer() -> Issuer {
    bare().key(Key::secret(Algorithm::HS256, SECRET))
}

/// The usual issuer, without a key.
pub(super) fn bare() -> Issuer {
    Issuer::new(ISSUER).audience("api")
}

pub(super) fn verifier(issuer: Issuer) -> JwtVerifier {
    load(issuer).unwrap()
}

pub(super) fn load(issuer: Issuer) -> Result<JwtVerifier, IssuerError> {
    JwtVerifier::new(vec![issuer])
}

pub(super) fn verify(issuer: Issuer, token: &str) -> Result<Verified, VerifyError> {
    verifier(issuer).verify(token, NOW)
}

#[track_caller]
pub(super) fn assert_accepted(result: Result<Verified, VerifyError>) -> Verified {
    match result {
        Ok(verified) => verified,
        Err(error) => panic!("refused: {error}"),
    }
}

/// Refused, and not for its age.
#[track_caller]
pub(super) fn assert_invalid(result: Result<Verified, VerifyError>, what: impl std::fmt::Debug) {
    match result {
        Ok(_) => panic!("accepted: {what:?}"),
        Err(error) => {
            assert!(!error.is_expired(), "{what:?} is said to have expired");
            assert!(!error.is_ours(), "{what:?} is said to be our fault");
        }
    }
}

#[track_caller]
pub(super) fn assert_expired(result: Result<Verified, VerifyError>, what: impl std::fmt::Debug) {
    match result {
        Ok(_) => panic!("accepted: {what:?}"),
        Err(error) => assert!(error.is_expired(), "{what:?}: {error}"),
    }
}

/// The message of a configuration that does not load.
#[track_caller]
pub(super) fn refusal(issuer: Issuer) -> String {
    match load(issuer) {
        Ok(_) => panic!("it loads"),
        Err(error) => error.to_string(),
    }
}

impl Pair {
    pub(super) fn token(&self, algorithm: Algorithm) -> String {
        self.token_with(algorithm, &header(algorithm))
    }

    pub(super) fn token_with(&self, algorithm: Algorithm, header: &str) -> String {
        sign(&self.signing, algorithm, header, claims(json!({})).to_string())
    }
}
