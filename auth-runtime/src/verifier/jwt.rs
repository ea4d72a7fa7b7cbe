//! JWTs (RFC 7519) signed as compact JWS (RFC 7515), judged by the issuer they name.
//!
//! jsonwebtoken supplies keys and signatures. The rules about headers and claims are ours: its own leave `nbf` off, take
//! a token without `aud` or `iss`, pass `exp == now`, unknown `crit` and any `typ`.

mod base64url;
mod header;
pub(super) mod rules;
#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc};

pub(super) use self::base64url::{decoded, decoded_text};
pub(crate) use self::header::KnownHeader;
pub(super) use self::header::refuse_extensions;
use self::{
    base64url::{Scratch, decoded_text_with_room},
    header::Header,
    rules::Accepted,
};
#[cfg(feature = "jwks")]
use crate::issuer::network::NetworkKeys;
use crate::{
    claims::{methods, roles, scopes},
    credential::Method,
    identity::{Inner, Validity, Verified},
    issuer::{Issuer, IssuerError, Keys, LoadedIssuer, LoadedKey, Problem},
    json::{self, Object, Value},
    texts::{Quoted, Texts},
    verifier::VerifyError,
};
#[cfg(feature = "jwks")]
use jsonwebtoken::Algorithm;
use memchr::memchr_iter;

/// How many keys are tried where several share a name, or the token names none (CHECKLIST J11).
const MOST_CANDIDATES: usize = 4;

/// Whether a token has the shape of a JWS or JWE, so that issuers alone may judge it.
pub(crate) fn looks_like_jwt(token: &[u8]) -> bool {
    memchr_iter(b'.', token).count() >= 2
}

/// Judges tokens by the keys and rules of the issuer they name.
pub(crate) struct JwtVerifier {
    /// Never empty, no name twice. A handful at most, so a list is the fastest map.
    issuers: Vec<LoadedIssuer>,
}

impl JwtVerifier {
    pub(crate) fn new(issuers: Vec<Issuer>) -> Result<Self, IssuerError> {
        let mut loaded: Vec<LoadedIssuer> = Vec::with_capacity(issuers.len());
        for issuer in issuers {
            let issuer = issuer.load()?;
            if loaded.iter().any(|known| known.name == issuer.name) {
                return Err(IssuerError {
                    issuer: issuer.name.to_string(),
                    problem: Problem::Twice,
                });
            }
            loaded.push(issuer);
        }
        Ok(Self { issuers: loaded })
    }

    /// How many issuers are trusted.
    pub(crate) fn issuers(&self) -> usize {
        self.issuers.len()
    }

    /// The issuers whose keys come from the network.
    #[cfg(feature = "jwks")]
    pub(crate) fn network(&self) -> impl Iterator<Item = &Arc<NetworkKeys>> {
        self.issuers.iter().filter_map(|issuer| issuer.network.as_ref())
    }

    /// The same as [`judge`](Self::judge), with the keys that are here and no others.
    #[cfg(any(test, feature = "jwks"))]
    pub(crate) fn verify(
        &self,
        token: impl AsRef<[u8]>,
        now: u64,
    ) -> Result<Verified, VerifyError> {
        self.judge(token.as_ref(), now).map_err(|refusal| match refusal {
            Refusal::Final(error) => error,
            #[cfg(feature = "jwks")]
            Refusal::UnknownKey(unknown) => unknown.keys.unknown(now),
        })
    }

    /// Syntax, payload, issuer, header, key, signature, claims: in this order, and the first that is wrong ends it.
    ///
    /// `now` is in seconds since the Unix epoch.
    pub(crate) fn judge(&self, token: &[u8], now: u64) -> Result<Verified, Refusal> {
        let parts = Parts::split(token)?;
        let payload = decoded_text_with_room(parts.payload, Header::most_of_kid(parts.header))?;
        let claims =
            json::read(&payload).map_err(|_| invalid("the payload is no sound JSON object"))?;

        let (index, issuer) = self.issuer_of(&claims)?;
        let keys = issuer.keys(now);
        let mut read = None;
        let header =
            match keys.iter().find_map(|key| KnownHeader::recall(&key.header, parts.header)) {
                Some(known) => known,
                None => &*read.insert(Header::parse(parts.header)?),
            };
        let signer = check_signature(&keys, header, &parts)?;
        let generation = keys.generation();
        let Accepted { subject, from, expires_at, issued_at, jti, acr, auth_time, bound_to } =
            rules::check(issuer, header, &claims, now)?;

        let quotes = Quoted {
            subject,
            acr,
            jti,
            bound_to,
            roles: roles(&claims, &issuer.roles),
            scopes: scopes(&claims, issuer.scopes.as_ref()),
            amr: methods(&claims),
        }
        .find(&payload);
        let mut texts = Texts::of_claims(payload, quotes);
        if let Some(kid) = &header.kid {
            texts.set_kid(kid);
        }
        if let Some(header) = read {
            KnownHeader::remember(&signer.header, parts.header, header);
        }
        let caller = Inner {
            issuer: Arc::clone(&issuer.name),
            texts,
            method: Method::Bearer,
            auth_time,
            expires_at: Some(expires_at),
            issued_at,
        };
        let until = expires_at.saturating_add(issuer.leeway);
        let validity =
            generation.map(|generation| Validity { from, until, issuer: index, generation });
        Ok(Verified { leeway: issuer.leeway, validity, ..Verified::of(caller) })
    }

    /// The number of the keys that an issuer has at this time, by its place in the list: where it changed, tokens have to
    /// be verified again. `None` where there are none to verify with, or another issuer is meant.
    pub(crate) fn generation(&self, issuer: usize, now: u64) -> Option<u64> {
        self.issuers.get(issuer)?.generation(now)
    }

    /// The issuer whose name `iss` is, exactly (J16). What the token says of itself is believed only as far as choosing
    /// the keys that have to prove it (J15).
    fn issuer_of(&self, claims: &Object<'_>) -> Result<(usize, &LoadedIssuer), VerifyError> {
        let Some(Value::String(name)) = claims.get("iss") else {
            return Err(invalid("`iss` is missing or no string"));
        };
        self.issuers
            .iter()
            .enumerate()
            .find(|(_, issuer)| *issuer.name == **name)
            .ok_or_else(|| invalid("`iss` names no issuer that is trusted here"))
    }
}

/// Why a token is not accepted.
pub(crate) enum Refusal {
    Final(VerifyError),
    /// No key that is here has signed it, and another may have.
    #[cfg(feature = "jwks")]
    UnknownKey(UnknownKey),
}

impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        Self::Final(error)
    }
}

/// Keys to wait for.
#[cfg(feature = "jwks")]
pub(crate) struct UnknownKey {
    pub(crate) keys: Arc<NetworkKeys>,
    /// The number of the set that was tried.
    pub(crate) tried: Option<u64>,
}

/// The parts of a compact JWS (RFC 7515 §7.1).
pub(super) struct Parts<'a> {
    pub(super) header: &'a [u8],
    pub(super) payload: &'a [u8],
    /// What the signature is about: header, dot, payload.
    pub(super) message: &'a [u8],
    pub(super) signature: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Exactly three parts. An encrypted token has five (RFC 7516 §7.1) and is not for us; an unsigned one has an empty
    /// third.
    pub(super) fn split(token: &'a [u8]) -> Result<Self, VerifyError> {
        let malformed = || invalid("it does not consist of three parts");
        let mut dots = memchr_iter(b'.', token);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(malformed());
        };
        let part = |range: Range<usize>| token.get(range).ok_or_else(malformed);
        let (header, payload) = (part(0..first)?, part(first + 1..second)?);
        let (message, signature) = (part(0..second)?, part(second + 1..token.len())?);
        if signature.is_empty() {
            return Err(invalid("it is not signed"));
        }
        Ok(Self { header, payload, message, signature })
    }
}

/// Which key of these, of those that fit the header, has made the signature.
fn check_signature<'k>(
    keys: &'k Keys<'_>,
    header: &Header,
    parts: &Parts<'_>,
) -> Result<&'k LoadedKey, Refusal> {
    let mut scratch = Scratch::default();
    let signature = scratch.bytes(parts.signature)?;
    let mut reason = "no key of the issuer fits `kid` and `alg`";
    for key in candidates(keys.iter(), header) {
        if key.key.verifies(header.algorithm, parts.message, signature) {
            return Ok(key);
        }
        reason = "the signature is wrong";
    }
    #[cfg(feature = "jwks")]
    if let Some(network) = keys.network
        && may_be_unknown(keys.iter(), header)
    {
        let (keys, tried) = (Arc::clone(network), keys.generation());
        return Err(Refusal::UnknownKey(UnknownKey { keys, tried }));
    }
    Err(invalid(reason).into())
}

/// Keys that may verify this algorithm (J4) and are called what the token calls its key. A key without a name fits any.
fn candidates<'a>(
    keys: impl Iterator<Item = &'a LoadedKey>,
    header: &Header,
) -> impl Iterator<Item = &'a LoadedKey> {
    keys.filter(|key| key.key.may_verify(header.algorithm))
        .filter(|key| match (&header.kid, &key.kid) {
            (Some(wanted), Some(name)) => **wanted == **name,
            _ => true,
        })
        .take(MOST_CANDIDATES)
}

/// Whether a token that none of these keys has signed may be signed with one that is yet to be published: none of these
/// is called what the token calls its key. What is published is never a secret.
#[cfg(feature = "jwks")]
fn may_be_unknown<'a>(mut keys: impl Iterator<Item = &'a LoadedKey>, header: &Header) -> bool {
    let symmetric =
        matches!(header.algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512);
    let known = header.kid.is_some() && keys.any(|key| key.kid.as_deref() == header.kid.as_deref());
    !symmetric && !known
}

fn invalid(reason: &'static str) -> VerifyError {
    VerifyError::invalid(reason)
}
