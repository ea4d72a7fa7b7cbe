//! How we show the endpoint who asks (RFC 7662 §2.1, RFC 6749 §2.3.1), and the question itself.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    Method, Request, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};

/// What is written as it is in `application/x-www-form-urlencoded`, besides letters and digits; a space is a `+`.
const WRITTEN_OUT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');

/// What the operator gave.
#[derive(Clone)]
pub(super) enum Credentials {
    Basic { id: String, secret: String },
    Post { id: String, secret: String },
    Bearer { token: String },
}

/// Credentials that nobody could be known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CredentialsError {
    #[error(
        "the {0} in `{1}` is empty: give what the authorization server registered this API with"
    )]
    Empty(&'static str, &'static str),
    #[error(
        "the token in `.bearer(…)` holds characters that cannot stand in a header: give it without its scheme and line ends"
    )]
    Unsendable,
}

/// Credentials as they are sent.
pub(super) struct Sent {
    authorization: Option<HeaderValue>,
    /// What is added to each question, with its `&`.
    form: String,
    /// The method of the builder that they were given to.
    method: &'static str,
}

impl Credentials {
    pub(super) fn prepare(&self) -> Result<Sent, CredentialsError> {
        let method = self.method();
        let present = |what, text: &str| {
            if text.is_empty() { Err(CredentialsError::Empty(what, method)) } else { Ok(()) }
        };
        let (authorization, form) = match self {
            Self::Basic { id, secret } => {
                present("client id", id)?;
                present("client secret", secret)?;
                // Encoded first, so that a `:` in the id is none of the two (RFC 6749 §2.3.1).
                let pair = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
                (Some(sensitive(&format!("Basic {pair}"))?), String::new())
            }
            Self::Post { id, secret } => {
                present("client id", id)?;
                present("client secret", secret)?;
                let form = format!("&client_id={}&client_secret={}", encoded(id), encoded(secret));
                (None, form)
            }
            Self::Bearer { token } => {
                present("token", token)?;
                (Some(sensitive(&format!("Bearer {token}"))?), String::new())
            }
        };
        Ok(Sent { authorization, form, method })
    }

    fn method(&self) -> &'static str {
        match self {
            Self::Basic { .. } => ".client_secret_basic(…)",
            Self::Post { .. } => ".client_secret_post(…)",
            Self::Bearer { .. } => ".bearer(…)",
        }
    }
}

/// The secret stays out of logs.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method())
    }
}

impl Sent {
    /// Asks about a token. The hint is one: an endpoint looks among its other tokens too (RFC 7662 §2.1).
    pub(super) fn question(&self, endpoint: &Url, token: &str) -> Request {
        let mut request = Request::new(Method::POST, endpoint.clone());
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let form = format!("token={}&token_type_hint=access_token{}", encoded(token), self.form);
        *request.body_mut() = Some(form.into());
        request
    }

    pub(super) fn method(&self) -> &'static str {
        self.method
    }
}

/// Marked, so that whoever prints a request prints no secret.
fn sensitive(text: &str) -> Result<HeaderValue, CredentialsError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| CredentialsError::Unsendable)?;
    value.set_sensitive(true);
    Ok(value)
}

/// `application/x-www-form-urlencoded` (RFC 6749 appendix B).
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, WRITTEN_OUT).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded_as_rfc_6749_shows() {
        // RFC 6749 appendix B: space, percent sign, ampersand, plus, pound and euro sign.
        assert_eq!(encoded(" %&+£€"), "+%25%26%2B%C2%A3%E2%82%AC");
        assert_eq!(encoded("aZ09*-._"), "aZ09*-._");
        assert_eq!(encoded("a:b=c/d~\r\n"), "a%3Ab%3Dc%2Fd%7E%0D%0A");
    }

    #[test]
    fn what_nobody_can_be_known_by_is_refused_and_never_repeated() {
        let basic =
            |id: &str, secret: &str| Credentials::Basic { id: id.into(), secret: secret.into() };
        let post =
            |id: &str, secret: &str| Credentials::Post { id: id.into(), secret: secret.into() };
        let bearer = |token: &str| Credentials::Bearer { token: token.into() };
        for (credentials, part) in [
            (basic("", "hush"), "client id"),
            (basic("api", ""), "client secret"),
            (post("", "hush"), "client id"),
            (post("api", ""), "client secret"),
            (bearer(""), "token"),
            (bearer("hush\n"), "line ends"),
        ] {
            let problem = credentials.prepare().err().unwrap().to_string();
            assert!(problem.contains(part) && !problem.contains("hush"), "{problem}");
            assert!(!format!("{credentials:?}").contains("hush"));
        }
        assert!(basic("a:b\n", "c\n").prepare().is_ok());
        let sent = bearer("hush").prepare().unwrap();
        assert!(!format!("{:?}", sent.authorization).contains("hush"));
    }
}
