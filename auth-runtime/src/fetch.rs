//! Documents from an issuer over HTTP: bounded in time and size, over TLS, from where they were asked for.

use std::{error::Error, fmt, net::IpAddr, time::Duration};

use reqwest::{
    Client, Method, Request, StatusCode, Url,
    header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH},
    redirect::Policy,
};

/// How long a fetch may take (CHECKLIST K2).
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
/// How large a document may be, in bytes (CHECKLIST K2).
pub(crate) const DEFAULT_LIMIT: usize = 1024 * 1024;
/// How often a document may say that it is elsewhere.
const MOST_REDIRECTS: usize = 3;

/// Fetches documents. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    client: Client,
    limit: usize,
}

/// A document, or word that it is still the same.
#[derive(Debug)]
pub(crate) enum Fetched {
    NotModified,
    Document { body: Vec<u8>, etag: Option<HeaderValue>, content_type: Option<HeaderValue> },
}

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// Nobody answered in time, or the connection broke.
    #[error("nobody answers: {0}")]
    Unreachable(String),
    /// It answered, but not with a document.
    #[error("the answer is {0}")]
    Status(StatusCode),
    /// It is larger than the limit.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// An address that documents are not fetched from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    #[error("`{0}` is no URL: write it in full, such as `https://id.example.com/keys`")]
    Unreadable(String),
    #[error("`{0}` is not encrypted, and anybody between could change the answer: write `https`")]
    Insecure(String),
    #[error("`{0}` holds a password: leave it out of the URL")]
    Password(String),
}

/// Reads a URL that may be asked: `https`, or `http` to this machine's loopback interface.
pub(crate) fn url(text: &str) -> Result<Url, UrlError> {
    let url = Url::parse(text).map_err(|_| UrlError::Unreadable(text.to_owned()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Password(without_password(&url)));
    }
    if url.host().is_none() {
        return Err(UrlError::Unreadable(text.to_owned()));
    }
    if is_secure(&url) { Ok(url) } else { Err(UrlError::Insecure(text.to_owned())) }
}

fn without_password(url: &Url) -> String {
    format!("{}://…@{}", url.scheme(), url.host_str().unwrap_or_default())
}

fn is_secure(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => url.host_str().is_some_and(|host| {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }),
        _ => false,
    }
}

impl Fetcher {
    pub(crate) fn new(timeout: Duration, limit: usize) -> Result<Self, FetchError> {
        let redirects = Policy::custom(|attempt| {
            // The issuer vouches for its own host alone (CHECKLIST K2).
            let same_host = attempt.previous().first().is_some_and(|first| {
                first.host() == attempt.url().host()
                    && first.port_or_known_default() == attempt.url().port_or_known_default()
            });
            if same_host && is_secure(attempt.url()) && attempt.previous().len() <= MOST_REDIRECTS {
                attempt.follow()
            } else {
                attempt.stop()
            }
        });
        Self::redirected(timeout, limit, redirects)
    }

    /// Follows no redirect: what a request carries is for the one address it was given.
    pub(crate) fn staying(timeout: Duration, limit: usize) -> Result<Self, FetchError> {
        Self::redirected(timeout, limit, Policy::none())
    }

    fn redirected(timeout: Duration, limit: usize, policy: Policy) -> Result<Self, FetchError> {
        let client = Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout)
            .redirect(policy)
            // A proxy in the environment would see every secret we send.
            .no_proxy()
            .user_agent(concat!("auth-runtime/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| FetchError::unreachable(&error))?;
        Ok(Self { client, limit })
    }

    /// Fetches a document, unless it is the one that `known` names.
    pub(crate) async fn get(
        &self,
        url: &Url,
        known: Option<&HeaderValue>,
    ) -> Result<Fetched, FetchError> {
        let mut request = Request::new(Method::GET, url.clone());
        if let Some(etag) = known {
            request.headers_mut().insert(IF_NONE_MATCH, etag.clone());
        }
        self.send(request).await
    }

    /// Sends a request made by hand, such as a form with credentials, and reads the answer.
    pub(crate) async fn send(&self, mut request: Request) -> Result<Fetched, FetchError> {
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut response =
            self.client.execute(request).await.map_err(|error| FetchError::unreachable(&error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => return Ok(Fetched::NotModified),
            status => return Err(FetchError::Status(status)),
        }
        let etag = response.headers().get(ETAG).cloned();
        let content_type = response.headers().get(CONTENT_TYPE).cloned();
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| FetchError::unreachable(&error))?
        {
            if body.len() + chunk.len() > self.limit {
                return Err(FetchError::TooLarge(self.limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched::Document { body, etag, content_type })
    }
}

impl FetchError {
    /// The causes, without the URL: it is said by whoever knows what it is for.
    fn unreachable(error: &reqwest::Error) -> Self {
        let mut causes = Vec::new();
        let mut next: Option<&dyn Error> = error.source();
        while let Some(cause) = next {
            causes.push(cause.to_string());
            next = cause.source();
        }
        if error.is_timeout() {
            causes.insert(0, "it took too long".to_owned());
        }
        Self::Unreachable(causes.join(": "))
    }
}

impl fmt::Display for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotModified => f.write_str("not modified"),
            Self::Document { body, .. } => write!(f, "{} bytes", body.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k2_only_what_is_encrypted_or_stays_here_is_asked() {
        for text in [
            "https://id.example.com/keys",
            "http://127.0.0.1:8080/keys",
            "http://[::1]/keys",
            "http://localhost/keys",
        ] {
            assert!(url(text).is_ok(), "{text}");
        }
        for text in [
            "http://id.example.com/keys",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://10.0.0.1/keys",
            "ftp://127.0.0.1/keys",
            "file:///etc/passwd",
            "id.example.com/keys",
            "https://",
            "",
        ] {
            assert!(url(text).is_err(), "{text}");
        }
        let problem = url("https://me:secret@id.example.com/").unwrap_err().to_string();
        assert!(problem.contains("password") && !problem.contains("secret"), "{problem}");
    }
}
