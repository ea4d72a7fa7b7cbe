//! `WWW-Authenticate`: what a 401 asks for. Written once, when [`Auth`](crate::Auth) is built.

use actix_web::http::header::HeaderValue;

/// Every challenge this application can send.
#[derive(Clone, Debug)]
pub(crate) struct Challenges {
    pub(crate) bearer: Scheme,
    /// Set where tokens are taken with a proof that their owner sends them.
    pub(crate) dpop: Option<DpopChallenges>,
    /// Whether tokens are taken as they are. Without, and with `dpop`, each needs a proof.
    pub(crate) tokens: bool,
    /// Where API keys are taken.
    pub(crate) api_key: Option<HeaderValue>,
}

/// What one challenge says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says<'a> {
    /// Nothing was sent, so nothing is wrong: no `error` (RFC 6750 §3.1).
    Missing,
    /// The same, and a token would need these scopes.
    MissingScope(&'a str),
    Repeated,
    Invalid,
    Expired,
    /// RFC 9449 §7.1. Only the scheme that takes proofs has words for it.
    InvalidProof,
    /// RFC 9449 §9. The same.
    UseNonce,
    StepUp {
        acr_values: Option<&'a str>,
        max_age: Option<u64>,
    },
    InsufficientScope(&'a str),
}

/// The challenges of one scheme that takes tokens. Those that depend on nothing are ready to be put into a response.
#[derive(Clone, Debug)]
pub(crate) struct Scheme {
    /// `Bearer realm="…"`: what every other challenge begins with.
    plain: Box<str>,
    /// `, algs="…", resource_metadata="…"`, either or neither: what every challenge ends with.
    tail: Box<str>,
    missing: HeaderValue,
    repeated: HeaderValue,
    invalid: HeaderValue,
    expired: HeaderValue,
}

/// RFC 9449 §7.1.
#[derive(Clone, Debug)]
pub(crate) struct DpopChallenges {
    scheme: Scheme,
    invalid_proof: HeaderValue,
    /// RFC 9449 §9.
    use_nonce: HeaderValue,
}

/// A realm that cannot stand in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the realm holds a character that cannot stand in a header: use printable ASCII")]
pub(crate) struct RealmError;

impl Challenges {
    /// `tokens` is whether they are taken without a proof; `api_keys` is the header that they are taken from, if they are; `metadata` the URL of the document that describes the
    /// API, if there is one; `dpop` the algorithms of proofs, if any are taken.
    pub(crate) fn new(
        realm: &str,
        tokens: bool,
        api_keys: Option<&str>,
        metadata: Option<&str>,
        dpop: Option<&str>,
    ) -> Result<Self, RealmError> {
        // Stands last in every challenge about tokens (RFC 9728 §5.1).
        let metadata = metadata.map(|url| format!(r#", resource_metadata="{url}""#));
        let metadata = metadata.unwrap_or_default();
        let realm = quoted(realm).ok_or(RealmError)?;
        Ok(Self {
            bearer: Scheme::new(&format!("Bearer realm={realm}"), &metadata)?,
            dpop: dpop
                .map(|algorithms| DpopChallenges::new(&realm, algorithms, &metadata))
                .transpose()?,
            tokens,
            api_key: api_keys
                .map(|header| value(&format!(r#"ApiKey realm={realm}, header="{header}""#)))
                .transpose()?,
        })
    }
}

impl DpopChallenges {
    fn new(realm: &str, algorithms: &str, metadata: &str) -> Result<Self, RealmError> {
        let plain = format!("DPoP realm={realm}");
        let tail = format!(r#", algs="{algorithms}"{metadata}"#);
        let with = |parameters: &str| value(&format!("{plain}, {parameters}{tail}"));
        Ok(Self {
            invalid_proof: with(
                r#"error="invalid_dpop_proof", error_description="The DPoP proof is invalid""#,
            )?,
            use_nonce: with(
                r#"error="use_dpop_nonce", error_description="The DPoP proof needs the nonce of this response""#,
            )?,
            scheme: Scheme::new(&plain, &tail)?,
        })
    }

    /// `DPoP …`
    pub(crate) fn line(&self, says: Says<'_>) -> HeaderValue {
        match says {
            Says::InvalidProof => self.invalid_proof.clone(),
            Says::UseNonce => self.use_nonce.clone(),
            says => self.scheme.line(says),
        }
    }
}

impl Scheme {
    fn new(plain: &str, tail: &str) -> Result<Self, RealmError> {
        let with = |parameters: &str| value(&format!("{plain}, {parameters}{tail}"));
        Ok(Self {
            missing: value(&format!("{plain}{tail}"))?,
            repeated: with(r#"error="invalid_request""#)?,
            invalid: with(
                r#"error="invalid_token", error_description="The access token is invalid""#,
            )?,
            expired: with(
                r#"error="invalid_token", error_description="The access token expired""#,
            )?,
            plain: plain.into(),
            tail: tail.into(),
        })
    }

    /// `Bearer …`
    pub(crate) fn line(&self, says: Says<'_>) -> HeaderValue {
        match says {
            Says::Missing => self.missing.clone(),
            Says::MissingScope(scope) => self.missing_with_scope(scope),
            Says::Repeated => self.repeated.clone(),
            Says::Invalid | Says::InvalidProof | Says::UseNonce => self.invalid.clone(),
            Says::Expired => self.expired.clone(),
            Says::StepUp { acr_values, max_age } => self.step_up(acr_values, max_age),
            Says::InsufficientScope(scope) => self.insufficient_scope(scope),
        }
    }

    /// Nothing was sent, and a token would need these scopes.
    fn missing_with_scope(&self, scope: &str) -> HeaderValue {
        self.with(&[("scope", Some(scope))]).unwrap_or_else(|| self.missing.clone())
    }

    /// RFC 6750 §3.1.
    fn insufficient_scope(&self, scope: &str) -> HeaderValue {
        let error = [
            ("error", Some("insufficient_scope")),
            ("error_description", Some("The access token lacks a scope that is required")),
        ];
        self.with(&[error.as_slice(), &[("scope", Some(scope))]].concat())
            .or_else(|| self.with(&error))
            .unwrap_or_else(|| self.missing.clone())
    }

    /// RFC 9470 §3.
    fn step_up(&self, acr_values: Option<&str>, max_age: Option<u64>) -> HeaderValue {
        let max_age = max_age.map(|seconds| seconds.to_string());
        let error = ("error", Some("insufficient_user_authentication"));
        let max_age = ("max_age", max_age.as_deref());
        self.with(&[error, ("acr_values", acr_values), max_age])
            .or_else(|| self.with(&[error, max_age]))
            .unwrap_or_else(|| self.missing.clone())
    }

    /// `None` if a value cannot stand in a challenge.
    fn with(&self, parameters: &[(&str, Option<&str>)]) -> Option<HeaderValue> {
        let mut challenge = String::from(&*self.plain);
        for (name, value) in parameters {
            if let Some(value) = value {
                challenge.extend([", ", name, "=\"", plain_text(value)?, "\""]);
            }
        }
        challenge.push_str(&self.tail);
        HeaderValue::from_str(&challenge).ok()
    }
}

/// What may stand in `scope` and `error_description`: `%x20-21 / %x23-5B / %x5D-7E` (RFC 6750 §3).
fn plain_text(text: &str) -> Option<&str> {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)).then_some(text)
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
        let challenges = Challenges::new(r#"the "inner" \ api"#, true, None, None, None).unwrap();
        assert_eq!(challenges.bearer.missing, r#"Bearer realm="the \"inner\" \\ api""#);
    }

    #[test]
    fn what_a_route_needs_stands_in_its_challenge() {
        let challenges =
            Challenges::new("api", true, Some("X-API-Key"), None, Some("ES256 EdDSA")).unwrap();
        let Challenges { bearer, dpop, tokens: _, api_key } = challenges;
        assert_eq!(bearer.missing_with_scope("a b"), r#"Bearer realm="api", scope="a b""#);
        assert_eq!(
            bearer.insufficient_scope("a b"),
            r#"Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope that is required", scope="a b""#
        );
        assert_eq!(
            bearer.step_up(Some("mfa"), Some(300)),
            r#"Bearer realm="api", error="insufficient_user_authentication", acr_values="mfa", max_age="300""#
        );
        assert_eq!(
            bearer.step_up(None, Some(300)),
            r#"Bearer realm="api", error="insufficient_user_authentication", max_age="300""#
        );
        assert_eq!(api_key.as_ref().unwrap(), r#"ApiKey realm="api", header="X-API-Key""#);
        let dpop = dpop.unwrap().scheme;
        assert_eq!(
            dpop.missing_with_scope("a b"),
            r#"DPoP realm="api", scope="a b", algs="ES256 EdDSA""#
        );
        assert_eq!(
            dpop.step_up(None, Some(300)),
            r#"DPoP realm="api", error="insufficient_user_authentication", max_age="300", algs="ES256 EdDSA""#
        );
    }

    /// A name that cannot stand there is left out; the refusal stays, and says the rest.
    #[test]
    fn what_cannot_stand_in_a_challenge_costs_only_itself() {
        let bearer = Challenges::new("api", true, None, None, None).unwrap().bearer;
        for name in ["a\r\nb", "say \"a\"", r"a\b", "schön"] {
            assert_eq!(bearer.missing_with_scope(name), bearer.missing, "{name}");
            assert_eq!(
                bearer.insufficient_scope(name),
                r#"Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope that is required""#,
                "{name}"
            );
            assert_eq!(
                bearer.step_up(Some(name), Some(300)),
                r#"Bearer realm="api", error="insufficient_user_authentication", max_age="300""#,
                "{name}"
            );
        }
    }

    #[test]
    fn a_realm_cannot_inject_a_header() {
        for realm in ["a\r\nSet-Cookie: x", "a\u{7f}", "schlüssel", "\0"] {
            assert_eq!(
                Challenges::new(realm, true, None, None, None).unwrap_err(),
                RealmError,
                "{realm:?}"
            );
        }
    }

    /// RFC 6750 §3: `error` and `error_description` hold `%x20-21 / %x23-5B / %x5D-7E` only.
    #[test]
    fn rule_1_of_the_response_contract_holds_for_every_challenge() {
        let challenges =
            Challenges::new("api", true, Some("X-API-Key"), None, Some("ES256 EdDSA")).unwrap();
        let Challenges { bearer, dpop, api_key, tokens: _ } = challenges;
        let DpopChallenges { scheme, invalid_proof, use_nonce } = dpop.unwrap();
        let mut all = vec![api_key.unwrap(), invalid_proof, use_nonce];
        for scheme in [bearer, scheme] {
            all.extend([
                scheme.missing_with_scope("a b"),
                scheme.insufficient_scope("docs:read docs:write"),
                scheme.insufficient_scope("\"quoted\""),
                scheme.step_up(Some("mfa phr"), Some(300)),
                scheme.step_up(Some("line\nbreak"), None),
            ]);
            let Scheme { missing, repeated, invalid, expired, plain: _, tail: _ } = scheme;
            all.extend([missing, repeated, invalid, expired]);
        }
        for challenge in all {
            let text = challenge.to_str().unwrap();
            let (_, parameters) = text.split_once(' ').unwrap();
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
