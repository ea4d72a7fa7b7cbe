//! `WWW-Authenticate`: what a 401 asks for. Written once, when [`Auth`](crate::Auth) is built.

use actix_web::http::header::HeaderValue;

/// Every challenge this application can send, ready to be put into a response.
#[derive(Clone, Debug)]
pub(crate) struct Challenges {
    /// Nothing was sent, so nothing is wrong: no `error` (RFC 6750 §3.1).
    pub(crate) missing: HeaderValue,
    pub(crate) repeated: HeaderValue,
    pub(crate) invalid: HeaderValue,
    pub(crate) expired: HeaderValue,
}

/// A realm that cannot stand in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the realm holds a character that cannot stand in a header: use printable ASCII")]
pub(crate) struct RealmError;

impl Challenges {
    pub(crate) fn new(realm: &str) -> Result<Self, RealmError> {
        let plain = format!("Bearer realm={}", quoted(realm).ok_or(RealmError)?);
        let with = |parameters: &str| value(&format!("{plain}, {parameters}"));
        Ok(Self {
            missing: value(&plain)?,
            repeated: with(r#"error="invalid_request""#)?,
            invalid: with(
                r#"error="invalid_token", error_description="The access token is invalid""#,
            )?,
            expired: with(
                r#"error="invalid_token", error_description="The access token expired""#,
            )?,
        })
    }
}

fn value(text: &str) -> Result<HeaderValue, RealmError> {
    HeaderValue::from_str(text).map_err(|_| RealmError)
}

/// `quoted-string` (RFC 9110 §5.6.4), printable ASCII only.
fn quoted(text: &str) -> Option<String> {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => return None,
        }
    }
    quoted.push('"');
    Some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_is_always_a_quoted_string() {
        let challenges = Challenges::new(r#"the "inner" \ api"#).unwrap();
        assert_eq!(challenges.missing, r#"Bearer realm="the \"inner\" \\ api""#);
    }

    #[test]
    fn a_realm_cannot_inject_a_header() {
        for realm in ["a\r\nSet-Cookie: x", "a\u{7f}", "schlüssel", "\0"] {
            assert_eq!(Challenges::new(realm).unwrap_err(), RealmError, "{realm:?}");
        }
    }

    /// RFC 6750 §3: `error` and `error_description` hold `%x20-21 / %x23-5B / %x5D-7E` only.
    #[test]
    fn rule_1_of_the_response_contract_holds_for_every_challenge() {
        let Challenges { missing, repeated, invalid, expired } = Challenges::new("api").unwrap();
        for challenge in [missing, repeated, invalid, expired] {
            let text = challenge.to_str().unwrap();
            let parameters = text.strip_prefix("Bearer ").unwrap();
            let mut seen = Vec::new();
            for parameter in parameters.split(", ") {
                let (name, value) = parameter.split_once('=').unwrap();
                assert!(!seen.contains(&name), "{name} twice in {text}");
                seen.push(name);
                let inner = value.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
                assert!(
                    inner.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
                );
            }
        }
    }
}
