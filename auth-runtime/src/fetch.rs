//! Documents from an issuer over HTTP: bounded in time and size, over TLS, from where they were asked for.

#[cfg(test)]
mod tests;

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use reqwest::{
    Certificate, Client, ClientBuilder, Method, Request, Response, StatusCode, Url,
    header::{
        ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
    },
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

/// Who vouches for the certificates of the hosts that are asked: the system's roots, or none but these.
#[derive(Clone, Default)]
pub(crate) struct Roots(Vec<Certificate>);

/// What is to hold root certificates and does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RootsError {
    #[error(
        "no certificate stands there: give those of your certificate authority as PEM, `-----BEGIN CERTIFICATE-----` and so on"
    )]
    None,
    #[error("a certificate cannot be read: {0}")]
    Unreadable(String),
}

impl Roots {
    /// Reads one certificate as PEM, or several, one behind the other.
    pub(crate) fn read(pem: &[u8]) -> Result<Self, RootsError> {
        let unreadable = |error: reqwest::Error| RootsError::Unreadable(causes(&error).join(": "));
        let roots = Self(Certificate::from_pem_bundle(pem).map_err(unreadable)?);
        if roots.0.is_empty() {
            return Err(RootsError::None);
        }
        // What stands in them is looked at when a client is made.
        roots.vouch(Client::builder()).build().map_err(unreadable)?;
        Ok(roots)
    }

    fn vouch(&self, builder: ClientBuilder) -> ClientBuilder {
        if self.0.is_empty() { builder } else { builder.tls_certs_only(self.0.iter().cloned()) }
    }
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
    /// This machine cannot ask anybody.
    #[error(
        "no encrypted connection can be made from here: {0}; install the system's root certificates (`ca-certificates`)"
    )]
    NoClient(String),
    /// Nobody answered in time, or the connection broke.
    #[error("nobody answers: {0}")]
    Unreachable(String),
    /// It answered, but not with a document.
    #[error("the answer is {0}")]
    Status(StatusCode),
    /// It will answer later, and says when.
    #[error("the answer is {status}")]
    Later { status: StatusCode, retry_after: Duration },
    /// A request made by hand was not understood, and this is what the answer says about it: whatever they like, so it is
    /// not repeated.
    #[error("the answer is {}", StatusCode::BAD_REQUEST)]
    BadRequest(Vec<u8>),
    /// It says that the document is where nobody vouches for it.
    #[error("it redirects to another host or too often; give the address where it ends")]
    Redirected,
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
    let shown = || without_secrets(text);
    let url = Url::parse(text).map_err(|_| UrlError::Unreadable(shown()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Password(shown()));
    }
    if url.host().is_none() {
        return Err(UrlError::Unreadable(shown()));
    }
    if is_secure(&url) { Ok(url) } else { Err(UrlError::Insecure(shown())) }
}

/// What may be told of a URL: some hold a key in their query.
pub(crate) fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// What an error may repeat of a text that was to be a URL: nothing that stands before an `@`, where passwords do, and
/// nothing from a `?` on, where keys do.
fn without_secrets(text: &str) -> String {
    let (before, shown) = text.rsplit_once('@').unwrap_or(("", text));
    let (shown, rest) = match shown.find(['?', '#']) {
        Some(end) => (shown.split_at_checked(end).map_or("", |(shown, _)| shown), "?…"),
        None => (shown, ""),
    };
    match before.split_once("://") {
        _ if before.is_empty() => format!("{shown}{rest}"),
        // Whether this `@` belongs to a password or to a key, nobody can tell.
        _ if before.contains(['?', '#']) => "…".to_owned(),
        Some((scheme, _)) => format!("{scheme}://…@{shown}{rest}"),
        None => format!("…@{shown}{rest}"),
    }
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
    pub(crate) fn new(timeout: Duration, limit: usize, roots: &Roots) -> Result<Self, FetchError> {
        let redirects = Policy::custom(|attempt| {
            // The issuer vouches for its own host alone (CHECKLIST K2).
            let same_origin = attempt
                .previous()
                .first()
                .is_some_and(|first| first.origin() == attempt.url().origin());
            if same_origin && attempt.previous().len() <= MOST_REDIRECTS {
                attempt.follow()
            } else {
                attempt.stop()
            }
        });
        Self::redirected(timeout, limit, roots, redirects)
    }

    /// Follows no redirect: what a request carries is for the one address it was given.
    pub(crate) fn staying(
        timeout: Duration,
        limit: usize,
        roots: &Roots,
    ) -> Result<Self, FetchError> {
        Self::redirected(timeout, limit, roots, Policy::none())
    }

    fn redirected(
        timeout: Duration,
        limit: usize,
        roots: &Roots,
        policy: Policy,
    ) -> Result<Self, FetchError> {
        let client = roots
            .vouch(Client::builder())
            .timeout(timeout)
            .connect_timeout(timeout)
            .redirect(policy)
            .referer(false)
            // What another crate in the tree enables changes nothing here.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            // Some resolvers ask the network for this name; unencrypted requests are for this machine only.
            .resolve_to_addrs(
                "localhost",
                &[
                    SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                    SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
                ],
            )
            // A proxy in the environment would see every secret we send.
            .no_proxy()
            .user_agent(concat!("auth-runtime/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| FetchError::NoClient(causes(&error).join(": ")))?;
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
        let response = self.execute(request).await?;
        self.document(response, known.is_some()).await
    }

    /// Sends a request made by hand, such as a form with credentials, and reads the answer, also one that says what is
    /// wrong with the request.
    pub(crate) async fn send(&self, request: Request) -> Result<Fetched, FetchError> {
        let response = self.execute(request).await?;
        if response.status() == StatusCode::BAD_REQUEST {
            return Err(FetchError::BadRequest(self.body(response).await?));
        }
        self.document(response, false).await
    }

    async fn execute(&self, mut request: Request) -> Result<Response, FetchError> {
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        self.client.execute(request).await.map_err(|error| FetchError::unreachable(&error))
    }

    async fn document(&self, response: Response, conditional: bool) -> Result<Fetched, FetchError> {
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if conditional => return Ok(Fetched::NotModified),
            status if status.is_redirection() && response.headers().contains_key(LOCATION) => {
                return Err(FetchError::Redirected);
            }
            status => return Err(FetchError::status(status, response.headers())),
        }
        let etag = response.headers().get(ETAG).cloned();
        let content_type = response.headers().get(CONTENT_TYPE).cloned();
        Ok(Fetched::Document { body: self.body(response).await?, etag, content_type })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, FetchError> {
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| FetchError::unreachable(&error))?
        {
            if body.len() + chunk.len() > self.limit {
                return Err(FetchError::TooLarge(self.limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl FetchError {
    /// Whether the same question may well be answered a little later. Otherwise somebody has to mend something.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Later { .. } => true,
            Self::Status(status) => is_temporary(*status),
            Self::BadRequest(_) | Self::NoClient(_) | Self::Redirected | Self::TooLarge(_) => false,
        }
    }

    /// `Retry-After` counts in seconds; as a date (RFC 9110 §10.2.3) it would have to be told by a clock that may be wrong.
    fn status(status: StatusCode, headers: &HeaderMap) -> Self {
        let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        match seconds.map(Duration::from_secs) {
            Some(retry_after) if is_temporary(status) => Self::Later { status, retry_after },
            _ => Self::Status(status),
        }
    }

    fn unreachable(error: &reqwest::Error) -> Self {
        let mut causes = causes(error);
        if error.is_timeout() {
            causes.insert(0, "it took too long".to_owned());
        }
        Self::Unreachable(causes.join(": "))
    }
}

fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// The causes, without the URL: it is said by whoever knows what it is for.
fn causes(error: &reqwest::Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next: Option<&dyn Error> = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}
