//! What the claims of a token with a good signature have to say.

use super::{
    header::{Header, Kind},
    invalid,
};
use crate::{
    issuer::{LoadedIssuer, TokenProfile},
    json::{Number, Object, Value},
    verifier::{VerifyError, dpop},
};

/// The largest number of seconds taken: up to here a double holds every whole number.
const LATEST: u64 = 1 << 53;

/// The claims that were checked and are kept.
pub(super) struct Accepted<'a> {
    pub(super) subject: &'a str,
    /// The first second at which it is good, with the leeway.
    pub(super) from: u64,
    pub(super) expires_at: u64,
    pub(super) issued_at: Option<u64>,
    pub(super) jti: Option<&'a str>,
    pub(super) acr: Option<&'a str>,
    pub(super) auth_time: Option<u64>,
    /// The thumbprint of the key whose owner alone may send the token.
    pub(super) bound_to: Option<&'a str>,
}

/// Time, audience, type, and the rest, in this order. Only what has run out is said to have.
pub(super) fn check<'a>(
    issuer: &LoadedIssuer,
    header: &Header,
    claims: &'a Object<'_>,
    now: u64,
) -> Result<Accepted<'a>, VerifyError> {
    let Times { from, expires_at } = check_time(issuer.leeway, claims, now)?;
    let expires_at = expires_at.ok_or_else(no_expiry)?;
    check_audience(issuer.audiences.as_deref(), claims)?;
    check_client(issuer, claims)?;
    check_kind(issuer, header.kind, claims)?;

    let bound_to = confirmation(claims)?;
    let subject = subject(claims)?;
    string(claims, "client_id")?;
    Ok(Accepted {
        subject,
        from,
        expires_at,
        // A fraction less, so that what was issued in the second of a revocation was issued before it.
        issued_at: seconds(claims, "iat", Round::Down)?,
        jti: string(claims, "jti")?,
        acr: string(claims, "acr")?,
        auth_time: seconds(claims, "auth_time", Round::Down)?,
        bound_to,
    })
}

/// The key that the token is bound to (RFC 7800 §3.1), by its thumbprint (RFC 9449 §6.1, §6.2).
///
/// Whoever admits the caller asks for a proof of it, and lets nobody through with a bound token as a plain one (P1).
/// Bound to anything else, such as a certificate (RFC 8705 §3), the token is refused: nobody here could check that.
pub(in crate::verifier) fn confirmation<'c>(
    claims: &'c Object<'_>,
) -> Result<Option<&'c str>, VerifyError> {
    let Some(confirmation) = claims.get("cnf") else {
        return Ok(None);
    };
    let refused = || invalid("`cnf` is not one thumbprint of a key");
    let members = confirmation.as_object().filter(|members| members.len() == 1);
    let thumbprint = members.and_then(|members| members.get("jkt")).ok_or_else(refused)?;
    thumbprint.as_str().filter(|text| dpop::is_thumbprint(text)).map(Some).ok_or_else(refused)
}

/// When a token is good, in seconds since the Unix epoch.
pub(in crate::verifier) struct Times {
    /// From here on, with the leeway.
    pub(in crate::verifier) from: u64,
    /// `exp` as it stands.
    pub(in crate::verifier) expires_at: Option<u64>,
}

/// `exp`, `nbf` and `iat` (RFC 7519 §4.1.4–6), as far as they are there.
pub(in crate::verifier) fn check_time(
    leeway: u64,
    claims: &Object<'_>,
    now: u64,
) -> Result<Times, VerifyError> {
    let expires_at = seconds(claims, "exp", Round::Down)?;
    let not_before = seconds(claims, "nbf", Round::Up)?;
    let issued_at = seconds(claims, "iat", Round::Up)?;

    // "On or after" the time: at `exp` itself the token is over.
    if expires_at.is_some_and(|end| now >= end.saturating_add(leeway)) {
        return Err(VerifyError::expired());
    }
    let latest_start = now.saturating_add(leeway);
    if not_before.is_some_and(|start| start > latest_start) {
        return Err(invalid("`nbf` is in the future"));
    }
    if issued_at.is_some_and(|issued| issued > latest_start) {
        return Err(invalid("`iat` is in the future"));
    }
    let from = not_before.max(issued_at).unwrap_or(0).saturating_sub(leeway);
    Ok(Times { from, expires_at })
}

pub(in crate::verifier) fn no_expiry() -> VerifyError {
    invalid("`exp` is missing")
}

/// Who the token is about (RFC 7519 §4.1.2): never nobody.
pub(in crate::verifier) fn subject<'c>(claims: &'c Object<'_>) -> Result<&'c str, VerifyError> {
    string(claims, "sub")?
        .filter(|subject| !subject.is_empty())
        .ok_or_else(|| invalid("`sub` is missing or empty"))
}

/// `aud` is a string or an array of strings; one that names us suffices (RFC 7519 §4.1.3). `None` takes any.
pub(in crate::verifier) fn check_audience(
    ours: Option<&[String]>,
    claims: &Object<'_>,
) -> Result<(), VerifyError> {
    let is_ours = |name: &str| ours.is_none_or(|ours| ours.iter().any(|ours| ours == name));
    let named = match claims.get("aud") {
        None if ours.is_none() => return Ok(()),
        Some(Value::String(audience)) => is_ours(audience),
        Some(Value::Array(audiences)) if !audiences.is_empty() => {
            if audiences.iter().any(|audience| audience.as_str().is_none()) {
                return Err(invalid("`aud` holds something that is no string"));
            }
            audiences.iter().filter_map(Value::as_str).any(is_ours)
        }
        _ => return Err(invalid("`aud` is missing or of a wrong type")),
    };
    if named { Ok(()) } else { Err(invalid("`aud` does not name this API")) }
}

/// Whose token it is, where that matters, and whatever else this issuer's tokens have to say.
fn check_client(issuer: &LoadedIssuer, claims: &Object<'_>) -> Result<(), VerifyError> {
    if !issuer.clients.is_empty() {
        let mut client = None;
        for name in ["client_id", "azp", "cid"] {
            client = client.or(string(claims, name)?);
        }
        if !client.is_some_and(|client| issuer.clients.iter().any(|known| known == client)) {
            return Err(invalid("it was issued to another client"));
        }
    }
    let says = |name: &str, wanted: &str| claims.get(name).and_then(Value::as_str) == Some(wanted);
    if issuer.required.iter().all(|(name, wanted)| says(name, wanted)) {
        Ok(())
    } else {
        Err(invalid("a claim that this issuer's tokens have is missing or different"))
    }
}

/// The token is an access token, as far as one can tell (RFC 9068 §4, RFC 8725 §3.11).
fn check_kind(issuer: &LoadedIssuer, kind: Kind, claims: &Object<'_>) -> Result<(), VerifyError> {
    match (issuer.profile, kind) {
        (TokenProfile::Rfc9068, Kind::AccessToken) => {
            // RFC 9068 §2.2. Their types are checked where they are read.
            let required = ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"];
            if required.iter().all(|name| claims.contains_key(name)) {
                Ok(())
            } else {
                Err(invalid("a claim that RFC 9068 requires is missing"))
            }
        }
        (TokenProfile::Rfc9068, Kind::Unsaid) => Err(invalid("`typ` is not `at+jwt`")),
        (TokenProfile::AccessToken, Kind::Unsaid) if is_something_else(claims) => {
            Err(invalid("it has the shape of an ID token, logout token or security event"))
        }
        (TokenProfile::AccessToken, Kind::AccessToken | Kind::Unsaid) => Ok(()),
        (TokenProfile::IdToken, Kind::AccessToken) => Err(invalid("it is an access token")),
        (TokenProfile::IdToken, Kind::Unsaid) => check_id_token(issuer, claims),
    }
}

/// OpenID Connect Core §3.1.3.7: whoever asked for it (`azp`) is one it is for.
fn check_id_token(issuer: &LoadedIssuer, claims: &Object<'_>) -> Result<(), VerifyError> {
    let is_access_token = claims.contains_key("scope") || claims.contains_key("scp");
    let says = |name: &str, values: &[&str]| {
        claims.get(name).and_then(Value::as_str).is_some_and(|value| values.contains(&value))
    };
    let other =
        says("typ", &["Bearer", "Refresh", "Offline", "Logout"]) || says("token_use", &["access"]);
    if is_access_token || other || claims.contains_key("events") {
        return Err(invalid("it is no ID token"));
    }
    let ours = issuer.audiences.as_deref().unwrap_or_default();
    match string(claims, "azp")? {
        Some(azp) if !ours.iter().any(|ours| ours == azp) => Err(invalid("`azp` is somebody else")),
        _ => Ok(()),
    }
}

/// Tokens that say `JWT` or nothing and are no access tokens are known by their claims.
pub(in crate::verifier) fn is_something_else(claims: &Object<'_>) -> bool {
    let has = |name: &str| claims.contains_key(name);
    let says = |name: &str, values: &[&str]| {
        claims.get(name).and_then(Value::as_str).is_some_and(|value| values.contains(&value))
    };
    // OpenID Connect Core §3.1.3.6, §3.3.2.11, and the state hash of FAPI.
    let hashes = has("at_hash") || has("c_hash") || has("s_hash");
    // OpenID Connect Core §2. Some access tokens carry the nonce along; those have scopes.
    let nonce = has("nonce") && !has("scope") && !has("scp");
    // RFC 8417 §2.2, OpenID Connect Back-Channel Logout §2.4.
    let event = has("events");
    // Keycloak and Amazon Cognito say it in the payload.
    let said = says("typ", &["ID", "Refresh", "Offline", "Logout"]) || says("token_use", &["id"]);
    hashes || nonce || event || said
}

/// Which way a fraction of a second goes: always against the token.
#[derive(Clone, Copy)]
pub(in crate::verifier) enum Round {
    Down,
    Up,
}

/// A `NumericDate` (RFC 7519 §2): a number of seconds, possibly with a fraction.
#[inline]
pub(in crate::verifier) fn seconds(
    claims: &Object<'_>,
    name: &str,
    round: Round,
) -> Result<Option<u64>, VerifyError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let Value::Number(number) = value else {
        return Err(invalid("a time is no number"));
    };
    whole_seconds(*number, round).map(Some).ok_or_else(|| invalid("a time is out of range"))
}

fn whole_seconds(number: Number, round: Round) -> Option<u64> {
    let exact = match number {
        Number::Natural(whole) => return (whole <= LATEST).then_some(whole),
        Number::Negative(_) => return None,
        Number::Fraction(exact) => exact,
    };
    let rounded = match round {
        Round::Down => exact.floor(),
        Round::Up => exact.ceil(),
    };
    #[expect(clippy::cast_precision_loss, reason = "2^53 is exact")]
    let in_range = exact >= 0.0 && rounded <= LATEST as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number between 0 and 2^53"
    )]
    in_range.then_some(rounded as u64)
}

#[inline]
pub(in crate::verifier) fn string<'c>(
    claims: &'c Object<'_>,
    name: &str,
) -> Result<Option<&'c str>, VerifyError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid("a registered claim is no string")),
    }
}
