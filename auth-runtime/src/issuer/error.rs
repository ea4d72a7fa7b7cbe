//! What is wrong with an issuer's configuration.

use jsonwebtoken::Algorithm;

/// Why an [`Issuer`](crate::Issuer) cannot be used. Always for the operator to mend; never contains key material.
#[derive(Debug, thiserror::Error)]
#[error("issuer `{issuer}`: {problem}")]
pub struct IssuerError {
    pub(crate) issuer: String,
    pub(crate) problem: Problem,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("its name is empty: give the exact value of the tokens' `iss`")]
    NoName,
    #[error(
        "it is configured twice: put both configurations' keys and audiences into one `Issuer`"
    )]
    Twice,
    #[error(
        "it has no key: add `.key(Key::…)` or `.jwk_set(…)`, or with the feature `jwks` `.jwks_url(…)` or `.jwks_discovery()`"
    )]
    NoKey,
    #[error(
        "it has no audience: add `.audience(\"…\")` with the name by which tokens call this API"
    )]
    NoAudience,
    #[error("an audience is empty: give the name by which tokens call this API")]
    EmptyAudience,
    #[error("a client is empty: give the `client_id` whose tokens are taken")]
    EmptyClient,
    #[error("a leeway of {0} s is too long: give at most 300 s")]
    Leeway(u64),
    #[error(
        "it has symmetric and asymmetric keys: a public key could then be used as a secret; use two issuers"
    )]
    MixedKeys,
    #[cfg(feature = "jwks")]
    #[error("{0}")]
    Network(super::network::NetworkProblem),
    #[error("JWK set {position}: {why}")]
    JwkSet { position: usize, why: String },
    #[error("{key}: {why}")]
    Key { key: String, why: KeyError },
}

/// Why a key cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("it has no algorithm: name those it may be used with, such as `[Algorithm::RS256]`")]
    NoAlgorithm,
    #[error("{algorithm:?} does not fit {kind}: use {fitting}")]
    Algorithm { algorithm: Algorithm, kind: &'static str, fitting: &'static str },
    #[error(
        "a secret for {algorithm:?} has at least {least} bytes (RFC 7518 §3.2), this one has {found}"
    )]
    ShortSecret { algorithm: Algorithm, least: usize, found: usize },
    #[error("an RSA key has 2048 to 4096 bits, this one has {0}")]
    RsaSize(usize),
    #[error("its RSA public exponent is not an odd number from 3 to 2^33")]
    RsaExponent,
    #[error("its point is not on the curve")]
    NotOnCurve,
    #[error("it is a private key; give the public half: `openssl pkey -in key.pem -pubout`")]
    Private,
    #[error("it is a certificate; give its public key: `openssl x509 -in cert.pem -pubkey -noout`")]
    Certificate,
    #[error("expected one PEM block `PUBLIC KEY` or `RSA PUBLIC KEY`, found {0}")]
    Pem(String),
    #[error("it is no RSA, P-256, P-384 or Ed25519 public key")]
    Unreadable,
    #[error("it is no JWK: {0}")]
    Jwk(String),
    #[error("it is not for verifying signatures ({0})")]
    NotForVerifying(&'static str),
    #[error("it has no `alg`: add `.algorithms([Algorithm::{0}])` to the issuer")]
    JwkWithoutAlgorithm(&'static str),
}
