//! A key pair for tests, made with whichever backend there is.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};

use super::thumbprint::thumbprint;
use crate::crypto::provider;

/// What stands before the number in every private key of P-256 without its public half (RFC 5915 §3, RFC 5958 §2).
const PKCS8: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01,
    0x01, 0x04, 0x20,
];

/// A key that signs, and its public half as a JWK.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) algorithm: Algorithm,
    pub(crate) signing: EncodingKey,
    pub(crate) jwk: Map<String, Value>,
}

impl Pair {
    /// A new key of P-256; `None` if there are no random numbers.
    pub(crate) fn p256() -> Option<Self> {
        // Nearly every number of 256 bits is a key.
        (0..8).find_map(|_| {
            let mut number = [0; 32];
            getrandom::fill(&mut number).ok()?;
            Self::of_number(number)
        })
    }

    fn of_number(number: [u8; 32]) -> Option<Self> {
        let private = [PKCS8.as_slice(), &number].concat();
        let coordinates = provider().key_utils.ec_pub_components_from_private_key;
        let (_, x, y) = coordinates(&private, Algorithm::ES256).ok()?;
        let coordinate = |bytes: Vec<u8>| Value::from(URL_SAFE_NO_PAD.encode(bytes));
        let jwk = [
            ("kty", json!("EC")),
            ("crv", json!("P-256")),
            ("x", coordinate(x)),
            ("y", coordinate(y)),
        ];
        Some(Self {
            algorithm: Algorithm::ES256,
            signing: EncodingKey::from_ec_der(&private),
            jwk: jwk.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        })
    }

    pub(crate) fn thumbprint(&self) -> Option<String> {
        thumbprint(|name| self.jwk.get(name)?.as_str())
    }

    /// Signs any header and payload.
    pub(crate) fn sign(&self, header: &str, payload: &str) -> Option<String> {
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = (provider().signer_factory)(&self.algorithm, &self.signing)
            .ok()?
            .try_sign(message.as_bytes())
            .ok()?;
        Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The key stays out of logs.
impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
