//! `Authorization: Bearer …` (RFC 6750 §2.1), the same for proxies, and `Authorization: DPoP …` (RFC 9449 §7.1).

use actix_web::http::header::{HeaderMap, HeaderName};

use super::CredentialError;

/// What stands in one header where a token should, if it has something under this scheme. Another scheme is no credential
/// of ours (A2).
#[inline]
pub(super) fn token<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    scheme: &str,
    limit: usize,
) -> Result<Option<&'a [u8]>, CredentialError> {
    let mut lines = headers.get_all(name);
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(CredentialError::Repeated);
    }

    // Every header value is read as bytes: what is not ASCII is refused, never a panic.
    let Some(rest) = behind_scheme(line.as_bytes(), scheme) else {
        return Ok(None);
    };

    let token = rest.trim_ascii_start();
    // 1*SP stands between scheme and token, and nothing else does (RFC 9110 §11.4).
    let separator = rest.get(..rest.len() - token.len()).unwrap_or_default();
    if separator.is_empty() || separator.iter().any(|byte| *byte != b' ') {
        return Err(CredentialError::Malformed);
    }
    if token.len() > limit {
        return Err(CredentialError::TooLong);
    }
    if token.is_empty() {
        return Err(CredentialError::Malformed);
    }
    Ok(Some(token))
}

/// The same as [`token`], as far as one look tells: `None` where that says nothing, and an empty one where there is no such
/// header, since no token is empty.
///
/// Nothing more telling, since that would not fit into two registers: it would be written word by word and read at once,
/// which has to wait for the writes.
#[inline]
pub(super) fn plain<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    limit: usize,
) -> Option<&'a [u8]> {
    let mut lines = headers.get_all(name);
    let Some(line) = lines.next() else { return Some(&[]) };
    let token = line.as_bytes().strip_prefix(b"Bearer ")?;
    let starts = token.first().is_some_and(|first| !first.is_ascii_whitespace());
    (starts && token.len() <= limit && lines.next().is_none()).then_some(token)
}

/// Whether a header holds a credential of this scheme, good or not.
pub(super) fn attempts(headers: &HeaderMap, name: &HeaderName, scheme: &str) -> bool {
    headers.get(name).is_some_and(|line| behind_scheme(line.as_bytes(), scheme).is_some())
}

/// What follows the scheme, if it is this one. Scheme names are case-insensitive, and end where no `tchar` follows
/// (RFC 9110 §11.1).
#[inline]
fn behind_scheme<'a>(line: &'a [u8], scheme: &str) -> Option<&'a [u8]> {
    let (found, rest) = line.split_at_checked(scheme.len())?;
    let ends = rest.first().is_none_or(|next| *next == b' ' || !is_tchar(*next));
    // Nearly everybody writes it as the RFC does.
    let same = found == scheme.as_bytes() || found.eq_ignore_ascii_case(scheme.as_bytes());
    (ends && same).then_some(rest)
}

/// What may stand where a bearer token does (RFC 6750 §2.1).
pub(crate) fn b64token(token: &[u8]) -> Result<&str, CredentialError> {
    if !is_b64token(token) {
        return Err(CredentialError::Malformed);
    }
    std::str::from_utf8(token).map_err(|_| CredentialError::Malformed)
}

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` (RFC 6750 §2.1).
fn is_b64token(token: &[u8]) -> bool {
    let end = token.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let body = token.get(..end).unwrap_or_default();
    // Without branches, so that the compiler looks at many bytes at once.
    !body.is_empty() && body.iter().fold(true, |all, byte| all & is_b64(*byte))
}

#[expect(clippy::needless_bitwise_bool, reason = "a branch for each byte would cost more")]
fn is_b64(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    // `-`, `.`, `/` and the digits follow one another.
    let dash_to_nine = byte.wrapping_sub(b'-') <= b'9' - b'-';
    letter | dash_to_nine | (byte == b'+') | (byte == b'_') | (byte == b'~')
}

/// `tchar` (RFC 9110 §5.6.2).
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AUTHORIZATION, HeaderValue};
    use proptest::{prelude::*, proptest};

    use super::*;

    fn read(lines: &[&[u8]]) -> Result<Option<String>, CredentialError> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(line).unwrap());
        }
        let found = token(&headers, &AUTHORIZATION, "Bearer", 64)?;
        found.map(|token| b64token(token).map(str::to_owned)).transpose()
    }

    #[test]
    fn the_scheme_is_case_insensitive_and_the_token_is_not() {
        assert_eq!(read(&[b"Bearer aA.b-c_d"]).unwrap().as_deref(), Some("aA.b-c_d"));
        assert_eq!(read(&[b"bEARER aA"]).unwrap().as_deref(), Some("aA"));
        assert_eq!(read(&[b"Bearer   three"]).unwrap().as_deref(), Some("three"));
        assert_eq!(read(&[b"Bearer padded=="]).unwrap().as_deref(), Some("padded=="));
    }

    #[test]
    fn a_plain_token_is_found_at_once() {
        let found = |lines: &[&[u8]], limit| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(AUTHORIZATION, HeaderValue::from_bytes(line).unwrap());
            }
            match plain(&headers, &AUTHORIZATION, limit) {
                Some([]) => "nothing".to_owned(),
                Some(token) => format!("token {}", token.escape_ascii()),
                None => "unusual".to_owned(),
            }
        };
        assert_eq!(found(&[], 8), "nothing");
        assert_eq!(found(&[b"Bearer aA.b-c_d"], 8), "token aA.b-c_d");
        assert_eq!(found(&[b"Bearer aA.b-c_d"], 7), "unusual");
        assert_eq!(found(&[b"Bearer a", b"Bearer a"], 8), "unusual");
        for line in
            [b"Bearer ".as_slice(), b"Bearer  a", b"Bearer \ta", b"bearer a", b"DPoP a", b""]
        {
            assert_eq!(found(&[line], 8), "unusual", "{line:?}");
        }
    }

    proptest! {
        /// Where that finds something, it is what a thorough look finds.
        #[test]
        fn a_plain_token_is_the_token(
            lines in prop::collection::vec(
                r"[Bb]earer?(\t|  ?|   )?[a-zA-Z .,\t=\x80-\xff]{0,6}".prop_map(String::into_bytes), 0..3,
            ),
            limit in 0_usize..8,
        ) {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(AUTHORIZATION, HeaderValue::from_bytes(line).unwrap());
            }
            let found = token(&headers, &AUTHORIZATION, "Bearer", limit);
            match plain(&headers, &AUTHORIZATION, limit) {
                Some([]) => prop_assert_eq!(found, Ok(None)),
                Some(token) => prop_assert_eq!(found, Ok(Some(token))),
                None => {}
            }
        }
    }

    #[test]
    fn other_schemes_and_no_header_are_no_credential() {
        assert_eq!(read(&[]), Ok(None));
        for line in [b"Basic dXNlcjpwYXNz".as_slice(), b"Bearerx abc", b"DPoP abc", b"", b"\xff"] {
            assert_eq!(read(&[line]), Ok(None), "{line:?}");
        }
    }

    #[test]
    fn b64token_is_what_the_grammar_says() {
        for byte in 0..=u8::MAX {
            let named = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_b64(byte), named, "{byte}");
            for place in [0, 1, 15, 16, 99] {
                let mut token = [b'a'; 100];
                token[place] = byte;
                assert_eq!(is_b64token(&token), named || (byte == b'=' && place == 99), "{byte}");
            }
        }
        assert!(!is_b64token(b""));
        assert!(!is_b64token(b"="));
    }

    #[test]
    fn what_is_no_b64token_is_malformed() {
        for line in [
            b"Bearer".as_slice(),
            b"Bearer ",
            b"Bearer\tabc",
            b"Bearer \tabc",
            b"Bearer=abc",
            b"Bearer \"abc\"",
            b"Bearer a b",
            b"Bearer a,b",
            b"Bearer a, Bearer b",
            b"Bearer =",
            b"Bearer a=b",
            b"Bearer \xc3\xa9",
        ] {
            assert_eq!(read(&[line]), Err(CredentialError::Malformed), "{line:?}");
        }
    }

    #[test]
    fn two_lines_are_repeated_whatever_they_say() {
        for pair in
            [[b"Bearer a", b"Bearer a"], [b"Bearer a", b"Basic bb"], [b"Basic aa", b"Basic bb"]]
        {
            assert_eq!(read(&[pair[0], pair[1]]), Err(CredentialError::Repeated));
        }
    }

    #[test]
    fn the_limit_counts_the_token_alone() {
        let fits = [b"Bearer ".as_slice(), &[b'a'; 64]].concat();
        let too_long = [b"Bearer ".as_slice(), &[b'a'; 65]].concat();
        assert_eq!(read(&[&fits]).unwrap().as_deref(), Some("a".repeat(64).as_str()));
        assert_eq!(read(&[&too_long]), Err(CredentialError::TooLong));
    }
}
