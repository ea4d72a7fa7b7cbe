//! Keys: what the operator gave → what verifies a signature.

use std::{fmt, sync::OnceLock};

use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};

use super::{error::KeyError, jwk};
use crate::{
    crypto::{Ready, Refused, provider},
    verifier::jwt::KnownHeader,
};

/// A key that an issuer signs with.
///
/// Kept as given and parsed once, by [`AuthBuilder::build`](crate::AuthBuilder::build), which reports what is wrong.
#[derive(Clone)]
pub struct Key {
    source: Source,
    kid: Option<String>,
}

#[derive(Clone)]
enum Source {
    Secret { algorithm: Algorithm, secret: Vec<u8> },
    Pem { algorithms: Vec<Algorithm>, pem: Vec<u8> },
    Der { algorithms: Vec<Algorithm>, der: Vec<u8> },
    Jwk(String),
}

impl Key {
    /// A shared secret for HS256, HS384 or HS512: at least 32, 48 or 64 random bytes (RFC 7518 §3.2).
    ///
    /// A passphrase is no key. Make one with `openssl rand 32`.
    #[must_use]
    pub fn secret(algorithm: Algorithm, secret: impl Into<Vec<u8>>) -> Self {
        Self::new(Source::Secret { algorithm, secret: secret.into() })
    }

    /// A public key as PEM (`PUBLIC KEY` or `RSA PUBLIC KEY`), with the algorithms it may be used with.
    ///
    /// ```
    /// use auth_runtime::{Algorithm, Auth, Issuer, Key};
    ///
    /// let key = Key::pem([Algorithm::RS256], "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n");
    /// let issuer = Issuer::new("https://id.example.com/").audience("api").key(key);
    /// let error = Auth::builder().issuer(issuer).build().unwrap_err();
    /// assert!(error.to_string().contains("it is a private key; give the public half"));
    /// ```
    #[must_use]
    pub fn pem(algorithms: impl IntoIterator<Item = Algorithm>, pem: impl Into<Vec<u8>>) -> Self {
        Self::new(Source::Pem { algorithms: algorithms.into_iter().collect(), pem: pem.into() })
    }

    /// A public key as DER `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7), with the algorithms it may be used with.
    #[must_use]
    pub fn der(algorithms: impl IntoIterator<Item = Algorithm>, der: impl Into<Vec<u8>>) -> Self {
        Self::new(Source::Der { algorithms: algorithms.into_iter().collect(), der: der.into() })
    }

    /// One JSON Web Key (RFC 7517). Its `alg`, `use` and `key_ops` are obeyed.
    #[must_use]
    pub fn jwk(json: impl Into<String>) -> Self {
        Self::new(Source::Jwk(json.into()))
    }

    /// The name by which tokens refer to this key in their header. Without one the key fits any name.
    #[must_use]
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    fn new(source: Source) -> Self {
        Self { source, kid: None }
    }

    /// How an error refers to this key, the `position`th of its issuer.
    pub(super) fn describe(&self, position: usize) -> String {
        match &self.kid {
            Some(kid) => format!("key {position} (kid {kid:?})"),
            None => format!("key {position}"),
        }
    }

    pub(super) fn load(&self, allowed: &[Algorithm]) -> Result<LoadedKey, KeyError> {
        let (kid, key) = match &self.source {
            Source::Secret { algorithm, secret } => (None, Checked::secret(secret, &[*algorithm])?),
            Source::Pem { algorithms, pem } => (None, from_pem(pem, algorithms)?),
            // One door for both: jsonwebtoken reads SubjectPublicKeyInfo as PEM only.
            Source::Der { algorithms, der } => {
                let pem = pem::encode(&pem::Pem::new("PUBLIC KEY", der.as_slice()));
                (None, from_pem(pem.as_bytes(), algorithms)?)
            }
            Source::Jwk(json) => {
                let loaded = jwk::single(json, allowed)?;
                (loaded.kid, loaded.key)
            }
        };
        let kid = self.kid.as_deref().map(Into::into).or(kid);
        Ok(LoadedKey::new(kid, key))
    }
}

/// The key stays out of logs.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A key ready for use, under the name tokens may call it by.
pub(crate) struct LoadedKey {
    pub(crate) kid: Option<Box<str>>,
    pub(crate) key: Checked,
    /// That of the first good token that it signed.
    pub(crate) header: OnceLock<KnownHeader>,
}

impl LoadedKey {
    pub(super) fn new(kid: Option<Box<str>>, key: Checked) -> Self {
        Self { kid, key, header: OnceLock::new() }
    }
}

/// Key material that was found sound for each of its algorithms. The list is never empty (CHECKLIST J1).
pub(crate) struct Checked(Vec<Ready>);

impl Checked {
    pub(crate) fn secret(secret: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        for algorithm in algorithms {
            let least = match algorithm {
                Algorithm::HS256 => 32,
                Algorithm::HS384 => 48,
                Algorithm::HS512 => 64,
                _ => {
                    return Err(KeyError::Algorithm {
                        algorithm: *algorithm,
                        kind: "a secret",
                        fitting: "HS256, HS384 or HS512",
                    });
                }
            };
            if secret.len() < least {
                let found = secret.len();
                return Err(KeyError::ShortSecret { algorithm: *algorithm, least, found });
            }
        }
        Self::new(&DecodingKey::from_secret(secret), algorithms)
    }

    pub(crate) fn rsa(key: &DecodingKey, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        fits(
            algorithms,
            "an RSA key",
            "RS256, RS384, RS512, PS256, PS384 or PS512",
            |algorithm| {
                matches!(
                    algorithm,
                    Algorithm::RS256
                        | Algorithm::RS384
                        | Algorithm::RS512
                        | Algorithm::PS256
                        | Algorithm::PS384
                        | Algorithm::PS512
                )
            },
        )?;
        let (modulus, exponent) = match key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => (n.clone(), e.clone()),
            DecodingKeyKind::SecretOrDer(der) => {
                (provider().key_utils.rsa_pub_components_from_public_key)(der)
                    .map_err(|_| KeyError::Unreadable)?
            }
        };
        let (modulus, exponent) = (significant(&modulus), significant(&exponent));

        let bits =
            modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        // The upper limit is the smaller of the two backends', so that no key's fate depends on a feature; a verification
        // with more than 4096 bits is also a cheap way to keep a server busy.
        if !(2048..=4096).contains(&bits) {
            return Err(KeyError::RsaSize(bits));
        }
        let odd = exponent.last().is_some_and(|last| last % 2 == 1);
        let value =
            exponent.iter().take(9).fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
        if !odd || !(3..1 << 33).contains(&value) {
            return Err(KeyError::RsaExponent);
        }
        Self::new(&DecodingKey::from_rsa_raw_components(modulus, exponent), algorithms)
    }

    pub(crate) fn ec(key: &DecodingKey, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        let point = key.try_get_as_bytes().map_err(|_| KeyError::Unreadable)?;
        match (point.len(), point.first()) {
            (65, Some(4)) => {
                fits(algorithms, "a P-256 key", "ES256", |it| it == Algorithm::ES256)?;
            }
            (97, Some(4)) => {
                fits(algorithms, "a P-384 key", "ES384", |it| it == Algorithm::ES384)?;
            }
            _ => return Err(KeyError::Unreadable),
        }
        Self::new(key, algorithms)
    }

    pub(crate) fn ed(key: &DecodingKey, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        fits(algorithms, "an Ed25519 key", "EdDSA", |it| it == Algorithm::EdDSA)?;
        let point = key.try_get_as_bytes().map_err(|_| KeyError::Unreadable)?;
        if point.len() != 32 {
            return Err(KeyError::Unreadable);
        }
        Self::new(key, algorithms)
    }

    /// Whether the backend takes the key for every algorithm is found out here and not at the first request.
    fn new(material: &DecodingKey, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        if algorithms.is_empty() {
            return Err(KeyError::NoAlgorithm);
        }
        let ready = |algorithm: &Algorithm| {
            Ready::new(*algorithm, material).map_err(|Refused| KeyError::NotOnCurve)
        };
        algorithms.iter().map(ready).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn is_symmetric(&self) -> bool {
        self.0.iter().any(|it| {
            matches!(it.algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
        })
    }

    pub(crate) fn may_verify(&self, algorithm: Algorithm) -> bool {
        self.0.iter().any(|it| it.algorithm == algorithm)
    }

    /// Whether `signature` is this key's for `message`. The algorithm has to be one of this key's (CHECKLIST J4).
    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let ready = self.0.iter().find(|it| it.algorithm == algorithm);
        ready.is_some_and(|ready| ready.verifies(message, signature))
    }
}

fn fits(
    algorithms: &[Algorithm],
    kind: &'static str,
    fitting: &'static str,
    fits: impl Fn(Algorithm) -> bool,
) -> Result<(), KeyError> {
    match algorithms.iter().find(|algorithm| !fits(**algorithm)) {
        Some(algorithm) => Err(KeyError::Algorithm { algorithm: *algorithm, kind, fitting }),
        None => Ok(()),
    }
}

/// A number without the zeros in front.
fn significant(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    number.get(start..).unwrap_or_default()
}

fn from_pem(text: &[u8], algorithms: &[Algorithm]) -> Result<Checked, KeyError> {
    let blocks = pem::parse_many(text).map_err(|_| KeyError::Pem("none".to_owned()))?;
    let tag = match blocks.as_slice() {
        [only] => only.tag(),
        several => return Err(KeyError::Pem(format!("{} blocks", several.len()))),
    };
    match tag {
        "PUBLIC KEY" | "RSA PUBLIC KEY" => {}
        "CERTIFICATE" => return Err(KeyError::Certificate),
        tag if tag.ends_with("PRIVATE KEY") => return Err(KeyError::Private),
        tag => return Err(KeyError::Pem(format!("`{tag}`"))),
    }
    if let Ok(key) = DecodingKey::from_rsa_pem(text) {
        return Checked::rsa(&key, algorithms);
    }
    if let Ok(key) = DecodingKey::from_ec_pem(text) {
        return Checked::ec(&key, algorithms);
    }
    if let Ok(key) = DecodingKey::from_ed_pem(text) {
        return Checked::ed(&key, algorithms);
    }
    Err(KeyError::Unreadable)
}
