//! `Authorization: DPoP …` and the proof beside it (RFC 9449 §4.1, §7.1).

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName};

use super::{Credential, CredentialError, bearer};

const SCHEME: &str = "DPoP";
const PROOF: HeaderName = HeaderName::from_static("dpop");

/// The token and its proof, if the request tries to prove something. A proof beside another scheme proves nothing, and is
/// not looked at.
pub(super) fn bound(
    headers: &HeaderMap,
    limit: usize,
) -> Result<Option<Credential<'_>>, CredentialError> {
    let Some(token) = bearer::token(headers, &AUTHORIZATION, SCHEME, limit)? else {
        return Ok(None);
    };
    bearer::b64token(token)?;
    let mut lines = headers.get_all(PROOF);
    // Two are no proof, and neither is none (RFC 9449 §4.3, 1).
    match (lines.next(), lines.next()) {
        (Some(proof), None) if proof.len() <= limit => {
            Ok(Some(Credential::Bound { token, proof: proof.as_bytes() }))
        }
        _ => Err(CredentialError::Proof),
    }
}

/// Whether the caller chose this scheme, however well.
pub(crate) fn attempts_dpop(headers: &HeaderMap) -> bool {
    bearer::attempts(headers, &AUTHORIZATION, SCHEME)
}
