//! One proof: a compact JWS that brings the key it is signed with (RFC 9449 §4.2).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use sha2::{Digest, Sha256};

use super::{ProofError, thumbprint::thumbprint};
use crate::{
    issuer::{Checked, algorithm, of_proof},
    json::{self, Object, Value},
    verifier::jwt::{
        Parts, decoded, decoded_text, refuse_extensions,
        rules::{Round, seconds},
    },
};

/// Members of a JWK that only its owner may know (RFC 7518 §6.2.2, §6.3.2, §6.4.1; RFC 8037 §2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A proof that is written as it has to be. Nothing in it is proven before [`check_signature`](Self::check_signature).
pub(super) struct Proof<'a> {
    parts: Parts<'a>,
    algorithm: Algorithm,
    key: Checked,
    thumbprint: String,
    times: Times,
    id: String,
    method: String,
    uri: String,
    token_hash: String,
    nonce: Option<String>,
}

impl<'a> Proof<'a> {
    /// Reads a header line. The numbers are those of RFC 9449 §4.3.
    pub(super) fn parse(line: &'a [u8], accepted: &[Algorithm]) -> Result<Self, ProofError> {
        // 2: one JWT, well-formed. Lines that somebody joined with a comma are none.
        let text = std::str::from_utf8(line).map_err(|_| invalid("it is not ASCII"))?;
        let parts = Parts::split(text.as_bytes())?;
        let (header, payload) = (decoded_text(parts.header)?, decoded_text(parts.payload)?);
        let header =
            json::read(&header).map_err(|_| invalid("the header is no sound JSON object"))?;
        let claims =
            json::read(&payload).map_err(|_| invalid("the payload is no sound JSON object"))?;
        refuse_extensions(&header)?;

        // 4: so that no other signed JSON of the client's can be mistaken for a proof.
        if header.get("typ").and_then(Value::as_str) != Some("dpop+jwt") {
            return Err(invalid("`typ` is not `dpop+jwt`"));
        }
        // 5: `none` is no algorithm we know, and a symmetric one is never accepted.
        let algorithm = header
            .get("alg")
            .and_then(Value::as_str)
            .and_then(algorithm)
            .filter(|algorithm| accepted.contains(algorithm))
            .ok_or_else(|| invalid("`alg` is missing or not accepted"))?;
        // 7: a client that gives its private key away has none any more.
        let jwk = header
            .get("jwk")
            .and_then(Value::as_object)
            .ok_or_else(|| invalid("`jwk` is missing or no object"))?;
        if PRIVATE.iter().any(|member| jwk.contains_key(member)) {
            return Err(invalid("`jwk` holds a private key"));
        }
        let key = of_proof(jwk, algorithm).map_err(invalid)?;
        let thumbprint = thumbprint(|name| jwk.get(name)?.as_str())
            .ok_or_else(|| invalid("its key has no thumbprint"))?;

        // 3: what has to be there.
        let string = |name| match claims.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.to_string())),
            Some(_) => Err(invalid("a claim is no string")),
        };
        let required = |name| {
            string(name)?
                .filter(|text| !text.is_empty())
                .ok_or_else(|| invalid("`jti`, `htm`, `htu` or `ath` is missing or empty"))
        };
        let (id, method, uri) = (required("jti")?, required("htm")?, required("htu")?);
        let (token_hash, nonce) = (required("ath")?, string("nonce")?);
        let times = Times::read(&claims)?;
        Ok(Self { parts, algorithm, key, thumbprint, times, id, method, uri, token_hash, nonce })
    }

    /// 6: whoever signed it holds the key that it brings.
    pub(super) fn check_signature(&self) -> Result<(), ProofError> {
        let signature = decoded(self.parts.signature)?;
        if self.key.verifies(self.algorithm, self.parts.message, &signature) {
            Ok(())
        } else {
            Err(invalid("the signature is wrong"))
        }
    }

    /// 12: it was made for this token, so that a stolen proof does not go with another one.
    pub(super) fn check_token(&self, token: &[u8]) -> Result<(), ProofError> {
        if self.token_hash == URL_SAFE_NO_PAD.encode(Sha256::digest(token)) {
            Ok(())
        } else {
            Err(invalid("`ath` is not the hash of the token"))
        }
    }

    /// 11: it was made just now, give or take. Gives the first second at which it is too old.
    pub(super) fn check_time(
        &self,
        lifetime: u64,
        leeway: u64,
        now: u64,
    ) -> Result<u64, ProofError> {
        let Times { issued, issued_by, expires_at, not_before } = self.times;
        let latest_start = now.saturating_add(leeway);
        if issued_by > latest_start {
            return Err(invalid("`iat` is in the future"));
        }
        let end = issued.saturating_add(lifetime).saturating_add(leeway);
        if now >= end {
            return Err(invalid("`iat` is too long ago"));
        }
        // Nobody has to set these; whoever does means them (RFC 7519 §4.1.4, §4.1.5).
        if expires_at.is_some_and(|end| now >= end.saturating_add(leeway)) {
            return Err(invalid("`exp` is over"));
        }
        if not_before.is_some_and(|start| start > latest_start) {
            return Err(invalid("`nbf` is in the future"));
        }
        Ok(end)
    }

    pub(super) fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn method(&self) -> &str {
        &self.method
    }

    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    pub(super) fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}

/// What a proof says about time, in seconds since the Unix epoch.
struct Times {
    issued: u64,
    /// The same, a fraction more.
    issued_by: u64,
    expires_at: Option<u64>,
    not_before: Option<u64>,
}

impl Times {
    fn read(claims: &Object<'_>) -> Result<Self, ProofError> {
        let missing = || invalid("`iat` is missing");
        Ok(Self {
            issued: seconds(claims, "iat", Round::Down)?.ok_or_else(missing)?,
            issued_by: seconds(claims, "iat", Round::Up)?.ok_or_else(missing)?,
            expires_at: seconds(claims, "exp", Round::Down)?,
            not_before: seconds(claims, "nbf", Round::Up)?,
        })
    }
}

fn invalid(reason: &'static str) -> ProofError {
    ProofError::Invalid(reason)
}
