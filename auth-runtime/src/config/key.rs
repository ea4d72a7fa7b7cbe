//! `[[issuers.keys]]`: what signatures are verified with.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::{
    error::ConfigError,
    files,
    place::Place,
    read::list,
    values::{AlgorithmName, Secret},
};
use crate::issuer::Key;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct KeyTable {
    kid: Option<String>,
    algorithms: Vec<AlgorithmName>,
    secret: Option<Secret>,
    secret_file: Option<String>,
    encoding: Option<Encoding>,
    pem: Option<String>,
    pem_file: Option<String>,
    der_file: Option<String>,
    jwk_file: Option<String>,
}

/// How a secret is written.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    /// Its bytes are the secret.
    #[default]
    Text,
    /// Either alphabet of RFC 4648, with or without `=`.
    Base64,
    Hex,
}

/// What a key can be made of. Exactly one of them has to be there.
const SOURCES: [&str; 6] = ["secret", "secret_file", "pem", "pem_file", "der_file", "jwk_file"];

impl KeyTable {
    pub(super) fn key(self, place: &Place<'_>) -> Result<Key, ConfigError> {
        let Self {
            kid,
            algorithms,
            secret,
            secret_file,
            encoding,
            pem,
            pem_file,
            der_file,
            jwk_file,
        } = self;
        let given = [
            secret.is_some(),
            secret_file.is_some(),
            pem.is_some(),
            pem_file.is_some(),
            der_file.is_some(),
            jwk_file.is_some(),
        ];
        let given: Vec<&str> =
            SOURCES.into_iter().zip(given).filter_map(|(key, is)| is.then_some(key)).collect();
        match *given.as_slice() {
            [_] => {}
            [] => {
                return Err(place.mistake(format!("holds no key: write one of {}", list(&SOURCES))));
            }
            [one, other, ..] => {
                let (one, other) = (place.key(one), place.key(other));
                return Err(one.mistake(format!(
                    "and {} are both given: leave one of them out",
                    other.short_name()
                )));
            }
        }
        let is_secret = secret.is_some() || secret_file.is_some();
        if encoding.is_some() && !is_secret {
            return Err(place
                .key("encoding")
                .mistake("is about secrets, and this key is none: leave it out"));
        }
        let algorithms: Vec<Algorithm> =
            algorithms.into_iter().map(|AlgorithmName(algorithm)| algorithm).collect();
        let at = place.key("algorithms");
        match (is_secret, jwk_file.is_some(), algorithms.len()) {
            (_, true, 1..) => {
                return Err(at.mistake("is not for a JWK, which names its own: leave it out"));
            }
            (_, false, 0) => {
                return Err(at.missing("those this key may be used with, such as `[\"RS256\"]`"));
            }
            (true, _, 2..) => {
                return Err(at.mistake("has several entries: a secret is for one algorithm"));
            }
            _ => {}
        }

        let key = if let (true, Some(algorithm)) = (is_secret, algorithms.first()) {
            let at = place.key(if secret.is_some() { "secret" } else { "secret_file" });
            let secret = match (secret, secret_file) {
                (Some(secret), _) => files::inline(&at, secret),
                (None, file) => files::secret(&at, &file.unwrap_or_default())?,
            };
            Key::secret(*algorithm, encoding.unwrap_or_default().decode(secret, &at)?)
        } else if let Some(pem) = pem {
            Key::pem(algorithms, pem)
        } else if let Some(file) = pem_file {
            Key::pem(algorithms, files::bytes(&place.key("pem_file"), &file)?)
        } else if let Some(file) = der_file {
            Key::der(algorithms, files::bytes(&place.key("der_file"), &file)?)
        } else {
            Key::jwk(files::text(&place.key("jwk_file"), &jwk_file.unwrap_or_default())?)
        };
        Ok(match kid {
            Some(kid) => key.kid(kid),
            None => key,
        })
    }
}

impl Encoding {
    pub(super) fn decode(
        self,
        written: Vec<u8>,
        place: &Place<'_>,
    ) -> Result<Vec<u8>, ConfigError> {
        match self {
            Self::Text => Ok(written),
            Self::Base64 => {
                // One alphabet for both: `-` is `+`, and `_` is `/`.
                let standard: Vec<u8> = written
                    .into_iter()
                    .map(|byte| match byte {
                        b'-' => b'+',
                        b'_' => b'/',
                        other => other,
                    })
                    .collect();
                let config = GeneralPurposeConfig::new()
                    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
                GeneralPurpose::new(&alphabet::STANDARD, config).decode(standard).map_err(|_| {
                    place.mistake("holds no base64: write it so, or another `encoding`")
                })
            }
            Self::Hex => hex(&written).ok_or_else(|| {
                place.mistake(
                    "holds no pairs of hexadecimal digits: write it so, or another `encoding`",
                )
            }),
        }
    }
}

fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}
