//! What a key is called: the hash of its required members (RFC 7638).

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// The SHA-256 thumbprint of a public key, if it is one that can be had one of. `member` gives the JWK's text members.
pub(crate) fn thumbprint<'j>(member: impl Fn(&str) -> Option<&'j str>) -> Option<String> {
    // RFC 7638 §3.2, RFC 8037 §2.
    let required: &[&str] = match member("kty")? {
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        _ => return None,
    };
    // Sorted by name, without white space (RFC 7638 §3.3).
    let members: BTreeMap<&str, &str> =
        required.iter().map(|name| Some((*name, member(name)?))).collect::<Option<_>>()?;
    let text = serde_json::to_string(&members).ok()?;
    Some(URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
}

/// Whether a text is written as a thumbprint is: 32 bytes in base64url.
pub(crate) fn is_thumbprint(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}
