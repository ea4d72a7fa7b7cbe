//! Request → credential: where it stands, and whether it is written as it has to be.

mod bearer;
mod cookie;
mod dpop;

use actix_web::{
    HttpRequest,
    http::header::{AUTHORIZATION, HeaderMap, HeaderName, PROXY_AUTHORIZATION},
};

pub(crate) use bearer::b64token;
pub use cookie::Cookie;
pub(crate) use cookie::OriginError;
pub(crate) use dpop::attempts_dpop;

/// How a credential came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `Authorization: Bearer …` (RFC 6750 §2.1), or `Proxy-Authorization` in a proxy.
    Bearer,
    /// `Authorization: DPoP …`, with a proof that the token's owner sent it (RFC 9449).
    Dpop,
    /// A key that an application was given, however it was sent.
    ApiKey,
    /// A token in a cookie.
    Cookie,
}

/// What a request brings along.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Credential<'a> {
    /// A token, from a header or a cookie.
    Token(&'a [u8], Method),
    /// A token with what has to prove that its owner sends it.
    Bound { token: &'a [u8], proof: &'a [u8] },
    /// Whatever stands in the header for API keys.
    ApiKey(&'a [u8]),
}

impl<'a> Credential<'a> {
    /// The token, if it is one and is written as tokens are ([`Malformed`](CredentialError::Malformed), if not).
    pub(crate) fn token(&self) -> Result<Option<&'a str>, CredentialError> {
        match self {
            Self::Token(token, _) | Self::Bound { token, .. } => b64token(token).map(Some),
            Self::ApiKey(_) => Ok(None),
        }
    }
}

/// Why what stands in the request is no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CredentialError {
    /// More than one: whichever we took, somebody in front of us may have taken the other (RESPONSES A4).
    Repeated,
    /// `Bearer` without a token, or with one that is no `b64token` (A3).
    Malformed,
    /// A token longer than the limit (A27).
    TooLong,
    /// An API key longer than the limit (A21, A27).
    KeyTooLong,
    /// A token comes with exactly one proof, which is no longer than the limit either (RFC 9449 §4.3, 1).
    Proof,
}

/// Where this application looks for credentials.
#[derive(Debug)]
pub(crate) struct Places {
    /// In `Authorization`, or where a proxy's own credentials stand.
    pub(crate) proxy: bool,
    /// Whether somebody vouches for tokens; if not, a bearer token is no credential of ours.
    pub(crate) tokens: bool,
    /// Whether tokens are taken with a proof.
    pub(crate) dpop: bool,
    pub(crate) cookie: Option<Cookie>,
    pub(crate) api_key: Option<HeaderName>,
    /// The longest credential that is looked at, in bytes.
    pub(crate) limit: usize,
}

impl Places {
    /// The credential of a request, if it has one, and has one only. Whether a token is written as it has to be is looked
    /// at when it is [asked for](Credential::token): one that is known already was.
    ///
    /// `Proxy-Authorization` is not for an origin server (A26), `Authorization` not for a proxy, and query parameters end
    /// up in logs: none of these is looked at.
    #[inline]
    pub(crate) fn find<'a>(
        &self,
        headers: &'a HeaderMap,
    ) -> Result<Option<Credential<'a>>, CredentialError> {
        let header = if self.proxy { PROXY_AUTHORIZATION } else { AUTHORIZATION };
        let bearer = match bearer::token(headers, &header, "Bearer", self.limit) {
            // Who takes no tokens does not care how they are written; but two lines stay two credentials.
            Err(error) if self.tokens || error == CredentialError::Repeated => return Err(error),
            Ok(Some(token)) if self.tokens => Some(Credential::Token(token, Method::Bearer)),
            Ok(None) if self.dpop => dpop::bound(headers, self.limit)?,
            Ok(_) | Err(_) => None,
        };
        let cookie = self.cookie.as_ref().map(|cookie| cookie.token(headers, self.limit));
        let api_key = self.api_key.as_ref().map(|name| api_key(headers, name, self.limit));
        if let (None | Some(Ok(None)), None | Some(Ok(None))) = (&cookie, &api_key) {
            return Ok(bearer);
        }
        // With more than one of them, what is wrong with the first is said first.
        if let Some(bearer) = bearer {
            bearer.token()?;
        }
        let cookie = cookie.transpose()?.flatten();
        let cookie = cookie.map(|token| Credential::Token(token, Method::Cookie));
        let api_key = api_key.transpose()?.flatten();

        let mut found = [bearer, cookie, api_key].into_iter().flatten();
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(CredentialError::Repeated),
            (found, None) => Ok(found),
        }
    }

    /// The token that [`find`](Self::find) gives, as far as one look tells, where this application looks for bearer tokens
    /// alone. An empty one says that there is no credential, `None` that one look does not tell.
    #[inline]
    pub(crate) fn plain<'a>(&self, headers: &'a HeaderMap) -> Option<&'a [u8]> {
        let Self { proxy, tokens, dpop, cookie, api_key, limit } = self;
        let alone = *tokens && !*proxy && !*dpop && cookie.is_none() && api_key.is_none();
        if alone { bearer::plain(headers, &AUTHORIZATION, *limit) } else { None }
    }

    /// Whether a request with a credential of this kind may do what it asks for: a browser sends cookies along with what
    /// other sites make it ask.
    #[inline]
    pub(crate) fn is_ours(&self, method: Method, request: &HttpRequest) -> bool {
        match (method, &self.cookie) {
            (Method::Cookie, Some(cookie)) => cookie.is_same_origin(request),
            (Method::Cookie, None) => false,
            (Method::Bearer | Method::Dpop | Method::ApiKey, _) => true,
        }
    }

    /// The header that an identity of this kind came in, for `Vary` (RESPONSES, rule 4).
    pub(crate) fn varies_by(&self, method: Method) -> Option<HeaderName> {
        match method {
            Method::Bearer | Method::Dpop => None,
            Method::Cookie => Some(actix_web::http::header::COOKIE),
            Method::ApiKey => self.api_key.clone(),
        }
    }
}

fn api_key<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    limit: usize,
) -> Result<Option<Credential<'a>>, CredentialError> {
    let mut lines = headers.get_all(name);
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(CredentialError::Repeated);
    }
    if line.as_bytes().len() > limit {
        return Err(CredentialError::KeyTooLong);
    }
    Ok(Some(Credential::ApiKey(line.as_bytes())))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    const BEARER: (&str, &str) = ("authorization", "Bearer token");
    const DPOP: (&str, &str) = ("authorization", "DPoP token");
    const PROOF: (&str, &str) = ("dpop", "proof");
    const COOKIE: (&str, &str) = ("cookie", "session=token");
    const KEY: (&str, &str) = ("x-api-key", "key");

    fn places(tokens: bool) -> Places {
        Places {
            proxy: false,
            tokens,
            dpop: tokens,
            cookie: tokens.then(|| Cookie::named("session")),
            api_key: Some(HeaderName::from_static("x-api-key")),
            limit: 16,
        }
    }

    /// What is found, in one word.
    fn find(
        places: &Places,
        lines: &[(&'static str, &'static str)],
    ) -> Result<&'static str, CredentialError> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Ok(match places.find(&headers)? {
            None => "nothing",
            Some(Credential::Token(_, Method::Cookie)) => "cookie",
            Some(Credential::Token(..)) => "token",
            Some(Credential::Bound { .. }) => "bound",
            Some(Credential::ApiKey(_)) => "key",
        })
    }

    #[test]
    fn a4_two_credentials_of_any_kinds_are_too_many() {
        let places = places(true);
        for (one, expected) in [
            ([BEARER].as_slice(), "token"),
            (&[DPOP, PROOF], "bound"),
            (&[COOKIE], "cookie"),
            (&[KEY], "key"),
        ] {
            assert_eq!(find(&places, one), Ok(expected), "{one:?}");
        }
        for two in [
            [BEARER, COOKIE].as_slice(),
            &[BEARER, KEY],
            &[DPOP, PROOF, COOKIE],
            &[DPOP, PROOF, KEY],
            &[COOKIE, KEY],
            &[BEARER, COOKIE, KEY],
            &[BEARER, BEARER],
            &[BEARER, DPOP, PROOF],
            &[COOKIE, COOKIE],
            &[KEY, KEY],
        ] {
            assert_eq!(find(&places, two), Err(CredentialError::Repeated), "{two:?}");
        }
    }

    #[test]
    fn of_two_credentials_what_is_wrong_with_the_first_is_said() {
        for first in [
            ("authorization", "Bearer a,b"),
            ("authorization", "DPoP a,b"),
            ("cookie", "session=a,b"),
        ] {
            let found = find(&places(true), &[first, KEY]);
            assert_eq!(found, Err(CredentialError::Malformed), "{first:?}");
        }
    }

    /// How they are written is nobody's business there, but two of them are two.
    #[test]
    fn a4_two_lines_are_two_credentials_where_no_tokens_are_taken() {
        let places = places(false);
        for malformed in ["Bearer", "Bearer a,b", "Bearer much-longer-than-the-limit"] {
            let lines = [("authorization", malformed), KEY];
            assert_eq!(find(&places, &lines), Ok("key"), "{malformed}");
        }
        for lines in [[BEARER, BEARER].as_slice(), &[BEARER, BEARER, KEY]] {
            assert_eq!(find(&places, lines), Err(CredentialError::Repeated), "{lines:?}");
        }
    }

    #[test]
    fn a27_the_limit_is_the_longest_that_is_looked_at() {
        let places = places(true);
        for (lines, expected) in [
            ([("authorization", "Bearer 0123456789abcdef")].as_slice(), Ok("token")),
            (&[("authorization", "Bearer 0123456789abcdefg")], Err(CredentialError::TooLong)),
            (&[("x-api-key", "0123456789abcdef")], Ok("key")),
            (&[("x-api-key", "0123456789abcdefg")], Err(CredentialError::KeyTooLong)),
            (&[DPOP, ("dpop", "0123456789abcdef")], Ok("bound")),
            (&[DPOP, ("dpop", "0123456789abcdefg")], Err(CredentialError::Proof)),
        ] {
            assert_eq!(find(&places, lines), expected, "{lines:?}");
        }
    }
}
