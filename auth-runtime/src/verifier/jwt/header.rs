//! The token's header: which algorithm, which key, which kind of token.

use std::sync::OnceLock;

use base64::decoded_len_estimate;
use jsonwebtoken::Algorithm;

use super::{base64url::Scratch, invalid};
use crate::{
    issuer::algorithm,
    json::{self, Object, Value},
    verifier::VerifyError,
};

/// What counts of a header. `jwk`, `jku`, `x5u` and `x5c` are not even read: a token does not bring its own key (J9).
pub(crate) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    pub(super) kind: Kind,
}

/// The header of a token that was good, with what it says. An issuer writes the same into all that it signs with one key, so
/// that comparing is mostly enough; nothing but the header decides what it says, whoever signed it and whenever.
pub(crate) struct KnownHeader {
    part: Box<[u8]>,
    header: Header,
}

/// The longest header that is remembered, in bytes.
const MOST_KNOWN: usize = 512;

impl KnownHeader {
    /// Remembers it, unless it is too long or another one is remembered here.
    pub(super) fn remember(here: &OnceLock<Self>, part: &[u8], header: Header) {
        if part.len() <= MOST_KNOWN {
            here.get_or_init(|| Self { part: part.into(), header });
        }
    }

    /// What this header says, if it is the one that is remembered here.
    pub(super) fn recall<'k>(here: &'k OnceLock<Self>, part: &[u8]) -> Option<&'k Header> {
        here.get().filter(|known| *known.part == *part).map(|known| &known.header)
    }
}

/// What `typ` says the token is (RFC 8725 §3.11).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// `at+jwt` (RFC 9068 §2.1).
    AccessToken,
    /// `JWT`, or nothing: access tokens from before RFC 9068, but also ID tokens and others.
    Unsaid,
}

impl Header {
    /// The longest `kid` that a header of this length, in base64url, has room for. A long one has something else in it.
    pub(super) fn most_of_kid(part: &[u8]) -> usize {
        const AROUND: usize = r#"{"alg":"HS256","kid":""}"#.len();
        if part.len() > MOST_KNOWN {
            return 0;
        }
        decoded_len_estimate(part.len()).saturating_sub(AROUND)
    }

    pub(super) fn parse(part: &[u8]) -> Result<Self, VerifyError> {
        let mut scratch = Scratch::default();
        let text = scratch.text(part)?;
        let header = json::read(text).map_err(|_| invalid("the header is no sound JSON object"))?;

        // `none`, in whatever spelling, is simply no algorithm we know (J2).
        let algorithm = optional_string(&header, "alg")?
            .and_then(algorithm)
            .ok_or_else(|| invalid("`alg` is missing or not supported"))?;
        refuse_extensions(&header)?;
        Ok(Self {
            algorithm,
            kid: optional_string(&header, "kid")?.map(str::to_owned),
            kind: kind(optional_string(&header, "typ")?)?,
        })
    }
}

/// RFC 7515 §4.1.11: extensions that are not understood refuse the token, and we understand none (J12).
pub(in crate::verifier) fn refuse_extensions(header: &Object<'_>) -> Result<(), VerifyError> {
    if header.contains_key("crit") {
        return Err(invalid("`crit` demands an extension"));
    }
    // RFC 7797 §6 wants `b64` in `crit`; a token that forgets it is refused as well.
    if header.get("b64").is_some_and(|b64| *b64 != Value::Bool(true)) {
        return Err(invalid("`b64` is not `true`"));
    }
    Ok(())
}

/// Media types compare without regard to case, and `application/` may be left out (RFC 7515 §4.1.9).
fn kind(typ: Option<&str>) -> Result<Kind, VerifyError> {
    let is = |wanted: &str| typ.is_some_and(|typ| typ.eq_ignore_ascii_case(wanted));
    if is("at+jwt") || is("application/at+jwt") {
        Ok(Kind::AccessToken)
    } else if typ.is_none() || is("JWT") {
        Ok(Kind::Unsaid)
    } else {
        Err(invalid("`typ` is not that of an access token"))
    }
}

fn optional_string<'h>(
    header: &'h Object<'_>,
    member: &str,
) -> Result<Option<&'h str>, VerifyError> {
    match header.get(member) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid("a header member is no string")),
    }
}
