//! JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037 §2) and sets of them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::{
    error::KeyError,
    key::{Checked, LoadedKey},
};
use crate::json::{self, Object, Value};

/// Reads one key, which has to be usable.
pub(super) fn single(text: &str, allowed: &[Algorithm]) -> Result<LoadedKey, KeyError> {
    let jwk = json::read(text).map_err(|error| KeyError::Jwk(place(&error)))?;
    key(&jwk, allowed)?.map_err(KeyError::NotForVerifying)
}

/// Reads a set: keys for other purposes are passed over, keys that are broken or weak are not.
///
/// # Errors
///
/// What is wrong, with the position and name of the key it is wrong with.
pub(super) fn set(text: &str, allowed: &[Algorithm]) -> Result<Vec<LoadedKey>, String> {
    let mut keys = Vec::new();
    for (index, jwk) in members(text)?.iter().enumerate() {
        match member(jwk, allowed) {
            Ok(Ok(key)) => keys.push(key),
            Ok(Err(purpose)) => {
                let key = described(index, jwk);
                tracing::debug!(key, purpose, "a key of the JWK set is not used");
            }
            Err(error) => return Err(format!("{}: {error}", described(index, jwk))),
        }
    }
    if keys.is_empty() {
        return Err("no key in it can verify signatures".to_owned());
    }
    Ok(keys)
}

/// Reads a set that an issuer publishes. The operator cannot mend it, so every key that is not good is passed over
/// (RFC 7517 §5); and what everybody can read has to be the public half of a pair.
///
/// # Errors
///
/// Why it leaves no key to verify with.
#[cfg(feature = "jwks")]
pub(super) fn published(
    text: &str,
    allowed: &[Algorithm],
    issuer: &str,
) -> Result<Vec<LoadedKey>, String> {
    let mut keys = Vec::new();
    let mut refused = Vec::new();
    for (index, jwk) in members(text)?.iter().enumerate() {
        let why = match member(jwk, allowed) {
            _ if jwk
                .as_object()
                .is_some_and(|jwk| ["d", "k"].iter().any(|it| jwk.contains_key(it))) =>
            {
                "it is published with its secret part, so anybody can sign with it".to_owned()
            }
            Ok(Ok(key)) => {
                keys.push(key);
                continue;
            }
            Ok(Err(purpose)) => {
                let key = described(index, jwk);
                tracing::debug!(issuer, key, purpose, "a key of the published set is not used");
                continue;
            }
            Err(error) => error.to_string(),
        };
        let key = described(index, jwk);
        tracing::warn!(issuer, key, why, "a key of the published set is passed over");
        refused.push(format!("{key}: {why}"));
    }
    if !keys.is_empty() {
        return Ok(keys);
    }
    let mut error = "no key in it can verify signatures".to_owned();
    if let Some(first) = refused.first() {
        error = format!("{error}: {first}");
    }
    Err(error)
}

fn members(text: &str) -> Result<Vec<Value<'_>>, String> {
    let mut set =
        json::read(text).map_err(|error| format!("it is no JWK set: {}", place(&error)))?;
    match set.take("keys") {
        Some(Value::Array(jwks)) => Ok(jwks),
        _ => Err("it has no array `keys`".to_owned()),
    }
}

/// How a message refers to one key of a set.
fn described(index: usize, jwk: &Value<'_>) -> String {
    match jwk.as_object().and_then(|jwk| jwk.get("kid")).and_then(Value::as_str) {
        Some(kid) => format!("key {} (kid {kid:?})", index + 1),
        None => format!("key {}", index + 1),
    }
}

fn member(
    jwk: &Value<'_>,
    allowed: &[Algorithm],
) -> Result<Result<LoadedKey, &'static str>, KeyError> {
    let jwk = jwk.as_object().ok_or_else(|| KeyError::Jwk("it is no object".to_owned()))?;
    key(jwk, allowed)
}

/// The key that a proof of possession brings along, if it may be used with this algorithm (RFC 9449 §4.2).
///
/// The only key in this crate that comes from a token. It says nothing about who somebody is: a signature it verifies
/// proves that its sender holds the private half, and the access token has to name it by its thumbprint. Access tokens
/// themselves never bring a key (CHECKLIST J9).
///
/// # Errors
///
/// Why it cannot be used, as a text of ours.
pub(crate) fn of_proof(jwk: &Object<'_>, algorithm: Algorithm) -> Result<Checked, &'static str> {
    let loaded = key(jwk, &[algorithm]).map_err(|_| "its key is broken or weak")?;
    let loaded = loaded?;
    if loaded.key.is_symmetric() || !loaded.key.may_verify(algorithm) {
        return Err("its key does not fit its algorithm");
    }
    Ok(loaded.key)
}

/// Where a JSON text is wrong. Not what stands there: it may be a secret.
fn place(error: &serde_json::Error) -> String {
    format!("not valid at line {}, column {}", error.line(), error.column())
}

/// `Ok(Err(why))` is a sound key that is not for us.
fn key(
    jwk: &Object<'_>,
    allowed: &[Algorithm],
) -> Result<Result<LoadedKey, &'static str>, KeyError> {
    if let Err(purpose) = for_verifying(jwk)? {
        return Ok(Err(purpose));
    }
    let named = match jwk.get("alg") {
        None => None,
        Some(_) => match algorithm(string(jwk, "alg")?) {
            Some(algorithm) => Some(algorithm),
            None => return Ok(Err("its `alg` is not supported")),
        },
    };
    let with = |implied: &[Algorithm]| match named {
        Some(named) => vec![named],
        None => implied.to_vec(),
    };
    // Several algorithms share these types of key, so the operator has to choose (RFC 8725 §3.1).
    let chosen = |of_kind: &[Algorithm], example| {
        let chosen: Vec<Algorithm> =
            allowed.iter().copied().filter(|algorithm| of_kind.contains(algorithm)).collect();
        let algorithms = with(&chosen);
        if algorithms.is_empty() {
            return Err(KeyError::JwkWithoutAlgorithm(example));
        }
        Ok(algorithms)
    };

    let key = match string(jwk, "kty")? {
        "RSA" => {
            let algorithms = chosen(&RSA, "RS256")?;
            let key = DecodingKey::from_rsa_components(string(jwk, "n")?, string(jwk, "e")?)
                .map_err(|_| KeyError::Unreadable)?;
            Checked::rsa(&key, &algorithms)?
        }
        "EC" => {
            let (curve, length) = match string(jwk, "crv")? {
                "P-256" => (Algorithm::ES256, 32),
                "P-384" => (Algorithm::ES384, 48),
                _ => return Ok(Err("its curve is not supported")),
            };
            let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
            // RFC 7518 §6.2.1.2: always the full length, so that the two cannot be cut differently.
            if x.len() != length || y.len() != length {
                return Err(KeyError::Unreadable);
            }
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            Checked::ec(&DecodingKey::from_ec_der(&point), &with(&[curve]))?
        }
        "OKP" => {
            if string(jwk, "crv")? != "Ed25519" {
                return Ok(Err("its curve is not supported"));
            }
            Checked::ed(&DecodingKey::from_ed_der(&bytes(jwk, "x")?), &with(&[Algorithm::EdDSA]))?
        }
        "oct" => Checked::secret(&bytes(jwk, "k")?, &chosen(&HMAC, "HS256")?)?,
        _ => return Ok(Err("its type is not supported")),
    };
    let kid = match jwk.get("kid") {
        None => None,
        Some(_) => Some(string(jwk, "kid")?.into()),
    };
    Ok(Ok(LoadedKey::new(kid, key)))
}

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];
const HMAC: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

/// The algorithm of this name (RFC 7518 §3.1, RFC 8037 §3.1), exactly as it is registered. Every key for `EdDSA` is of the
/// curve Ed25519 here, so the name that says the curve as well (RFC 9864 §2.2) means the same.
pub(crate) fn algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        "HS256" => Algorithm::HS256,
        "HS384" => Algorithm::HS384,
        "HS512" => Algorithm::HS512,
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" | "Ed25519" => Algorithm::EdDSA,
        _ => return None,
    })
}

/// RFC 7517 §4.2, §4.3.
fn for_verifying(jwk: &Object<'_>) -> Result<Result<(), &'static str>, KeyError> {
    if jwk.contains_key("use") && string(jwk, "use")? != "sig" {
        return Ok(Err("its `use` is not `sig`"));
    }
    match jwk.get("key_ops") {
        None => {}
        Some(Value::Array(operations))
            if operations.iter().any(|it| it.as_str() == Some("verify")) => {}
        Some(_) => return Ok(Err("its `key_ops` do not contain `verify`")),
    }
    Ok(Ok(()))
}

fn string<'a>(jwk: &'a Object<'_>, member: &str) -> Result<&'a str, KeyError> {
    jwk.get(member)
        .and_then(Value::as_str)
        .ok_or_else(|| KeyError::Jwk(format!("`{member}` has to be a string")))
}

fn bytes(jwk: &Object<'_>, member: &str) -> Result<Vec<u8>, KeyError> {
    URL_SAFE_NO_PAD
        .decode(string(jwk, member)?)
        .map_err(|_| KeyError::Jwk(format!("`{member}` has to be base64url without padding")))
}
