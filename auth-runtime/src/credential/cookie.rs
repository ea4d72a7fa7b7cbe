//! A token in a cookie, which browsers send along unasked.

use actix_web::{
    HttpRequest,
    http::header::{COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, UPGRADE},
};

use super::{CredentialError, bearer};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A cookie that holds a token.
///
/// A browser sends cookies along with whatever another site makes it ask for (cross-site request forgery). So a request
/// that could change something (any method but GET, HEAD, OPTIONS and TRACE, and every upgrade to a WebSocket) is let
/// through only if the browser says that it comes from this application: by `Sec-Fetch-Site: same-origin`, or, where a
/// browser does not send that, by an `Origin` whose host is the request's own. Otherwise it is a 403.
///
/// Set the cookie with `HttpOnly` (scripts cannot read it), `Secure`, `SameSite=Lax` or `Strict`, `Path=/`, and name it
/// `__Host-…`, so that no neighbouring domain can set it (RFC 6265bis §4.1.3.2).
///
/// # Examples
///
/// ```
/// use auth_runtime::{Auth, Cookie};
///
/// let builder = Auth::builder().cookie(Cookie::named("__Host-session").origin("https://app.example.com"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Cookie {
    name: String,
    /// Further origins that may send unsafe requests, as browsers write them.
    origins: Vec<String>,
}

/// A cookie that cannot be looked for, or an origin that no browser sends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OriginError {
    #[error(
        "`{0}` is no name for a cookie: use letters, digits and `-`, `_`, such as `__Host-session`"
    )]
    Name(String),
    #[error(
        "`{0}` is no origin as browsers write it: scheme, host, and a port that is not the scheme's own, such as `https://app.example.com`"
    )]
    Origin(String),
}

impl Cookie {
    /// The cookie of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), origins: Vec::new() }
    }

    /// Another origin that may send requests which change something, as browsers write it: `https://app.example.com`.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    pub(crate) fn check(&self) -> Result<(), OriginError> {
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if self.name.is_empty() || !self.name.bytes().all(is_token) {
            return Err(OriginError::Name(self.name.clone()));
        }
        match self.origins.iter().find(|origin| !is_origin(origin)) {
            Some(origin) => Err(OriginError::Origin(origin.clone())),
            None => Ok(()),
        }
    }

    /// The token in this cookie. Two cookies of the name are two credentials: which one counts, two readers may see
    /// differently (RFC 6265 §4.2.2).
    pub(super) fn token<'a>(
        &self,
        headers: &'a HeaderMap,
        limit: usize,
    ) -> Result<Option<&'a [u8]>, CredentialError> {
        let mut values = headers
            .get_all(COOKIE)
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| {
                let pair = pair.trim_ascii();
                let end = pair.iter().position(|byte| *byte == b'=')?;
                let (name, value) = pair.split_at_checked(end)?;
                (name.trim_ascii_end() == self.name.as_bytes()).then(|| value.get(1..)).flatten()
            });
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(CredentialError::Repeated);
        }
        let value = value.trim_ascii_start();
        let value =
            value.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(value);
        // A cookie that was emptied to log out is none.
        if value.is_empty() {
            return Ok(None);
        }
        if value.len() > limit {
            return Err(CredentialError::TooLong);
        }
        bearer::b64token(value)?;
        Ok(Some(value))
    }

    pub(super) fn is_same_origin(&self, request: &HttpRequest) -> bool {
        let headers = request.headers();
        let changes_something = !request.method().is_safe() || headers.contains_key(UPGRADE);
        if !changes_something {
            return true;
        }
        // Twice is a forgery or a mistake in front of us.
        let one = |name: &HeaderName| {
            let mut lines = headers.get_all(name);
            let first = lines.next();
            if lines.next().is_some() { None } else { first }
        };
        let origin = one(&ORIGIN).and_then(|origin| origin.to_str().ok());
        let allowed =
            || origin.is_some_and(|origin| self.origins.iter().any(|allowed| allowed == origin));
        if headers.contains_key(SEC_FETCH_SITE) {
            // `none` is the user's own doing: a bookmark, the address bar.
            let site = one(&SEC_FETCH_SITE).map(HeaderValue::as_bytes);
            return matches!(site, Some(b"same-origin" | b"none")) || allowed();
        }
        let host = one(&HOST).and_then(|host| host.to_str().ok());
        let own = origin
            .and_then(|origin| origin.split_once("://"))
            .zip(host)
            .is_some_and(|((_, authority), host)| authority.eq_ignore_ascii_case(host));
        own || allowed()
    }
}

/// RFC 6454 §6.2: what a browser sends, so that it can be compared as text.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    !authority.is_empty()
        && !authority.ends_with(default_port)
        && authority.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte)
        })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(lines: &[&'static str]) -> Result<Option<String>, CredentialError> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        let found = Cookie::named("session").token(&headers, 16)?;
        Ok(found.map(|token| String::from_utf8(token.to_vec()).unwrap()))
    }

    #[test]
    fn one_cookie_of_the_name_is_the_token() {
        for line in [
            "session=abc",
            "a=b; session=abc",
            "session=abc; a=b",
            "session=\"abc\"",
            "a=b ;session = abc ",
            "a=session; session=abc;",
        ] {
            assert_eq!(read(&[line]).unwrap().as_deref(), Some("abc"), "{line}");
        }
        assert_eq!(read(&["a=b", "session=abc"]).unwrap().as_deref(), Some("abc"));
        for line in [
            "",
            "a=b",
            "Session=abc",
            "xsession=abc",
            "session",
            "session=",
            "session=\"\"",
            ";;=;",
        ] {
            assert_eq!(read(&[line]), Ok(None), "{line}");
        }
        for lines in [
            ["session=a; session=b", ""],
            ["session=a", "session=a"],
            // Emptied beside one that is not: another reader may take the caller for logged out.
            ["session=; session=a", ""],
            ["session=a; session=", ""],
        ] {
            assert_eq!(read(&lines), Err(CredentialError::Repeated));
        }
        for line in ["session=a b", "session=a,b", "session=caf%", "session=\"abc"] {
            assert_eq!(read(&[line]), Err(CredentialError::Malformed), "{line}");
        }
        assert!(read(&["session=aaaaaaaaaaaaaaaa"]).is_ok());
        assert_eq!(read(&["session=aaaaaaaaaaaaaaaaa"]), Err(CredentialError::TooLong));
    }

    const SITE: &str = "sec-fetch-site";

    #[test]
    fn what_could_change_something_has_to_come_from_here() {
        let cookie = Cookie::named("session").origin("https://app.example.com");
        let is_ours = |method: &str, headers: &[(&'static str, &'static str)]| {
            let mut request = TestRequest::default()
                .method(method.parse().unwrap())
                .insert_header(("host", "api.example.com"));
            for header in headers {
                request = request.append_header(*header);
            }
            cookie.is_same_origin(&request.to_http_request())
        };
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert!(is_ours(method, &[(SITE, "cross-site")]), "{method}");
        }
        for (headers, ours) in [
            ([(SITE, "same-origin")].as_slice(), true),
            (&[(SITE, "none")], true),
            (&[(SITE, "same-site")], false),
            (&[(SITE, "cross-site")], false),
            (&[(SITE, "cross-site"), ("origin", "https://api.example.com")], false),
            (&[(SITE, "cross-site"), ("origin", "https://app.example.com")], true),
            (&[(SITE, "same-origin"), (SITE, "cross-site")], false),
            (&[("origin", "https://api.example.com")], true),
            (&[("origin", "https://API.example.com")], true),
            (&[("origin", "https://app.example.com")], true),
            (&[("origin", "https://app.example.com.evil.example")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://api.example.com"), ("origin", "https://evil.example")], false),
            (&[("referer", "https://api.example.com/")], false),
            (&[], false),
        ] {
            for method in ["POST", "PUT", "PATCH", "DELETE", "BREW"] {
                assert_eq!(is_ours(method, headers), ours, "{method} {headers:?}");
            }
        }
        // Two hosts, of which nobody knows which one the browser meant.
        let two = [("host", "evil.example"), ("origin", "https://api.example.com")];
        assert!(!is_ours("POST", &two));
        assert!(!is_ours("GET", &[("upgrade", "websocket"), ("origin", "https://evil.example")]));
        assert!(is_ours("GET", &[("upgrade", "websocket"), ("origin", "https://api.example.com")]));
    }

    #[test]
    fn cookies_and_origins_that_no_browser_sends_are_refused() {
        for origin in [
            "http://localhost:8080",
            "http://localhost:443",
            "https://[::1]:8443",
            "https://a-b.example",
        ] {
            assert!(Cookie::named("__Host-session").origin(origin).check().is_ok(), "{origin}");
        }
        for name in ["", "a b", "a=b", "a;b", "ä"] {
            assert!(Cookie::named(name).check().is_err(), "{name}");
        }
        for origin in [
            "app.example.com",
            "https://",
            "https://app.example.com/",
            "https://App.example.com",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "ftp://app.example.com",
            "*",
        ] {
            assert!(Cookie::named("a").origin(origin).check().is_err(), "{origin}");
        }
    }
}
