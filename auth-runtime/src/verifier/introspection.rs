//! Opaque tokens, judged by asking whoever issued them (RFC 7662).

mod answer;
mod cache;
mod credentials;
mod flights;

use std::{fmt, sync::Arc, time::Duration};

use actix_web::{HttpRequest, rt::time::timeout};
use reqwest::{StatusCode, Url, header::HeaderValue};
use tokio::sync::Semaphore;

use self::{
    answer::{Answer, Rules},
    cache::{Cache, Fingerprint},
    credentials::{Credentials, CredentialsError, Sent},
    flights::Flights,
};
use super::{Verification, Verifier, VerifyError};
use crate::{
    audit::metrics,
    claims::ClaimPath,
    clock::{Clock, SystemClock},
    danger::DangerousIntrospection,
    fetch::{self, FetchError, Fetched, Fetcher, Roots, RootsError, UrlError},
    identity::Verified,
};

const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);
const LONGEST_LEEWAY: Duration = Duration::from_secs(300);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(60);
/// For as long as this a token that was revoked would still be taken.
const LONGEST_MAX_AGE: Duration = Duration::from_secs(3_600);
const DEFAULT_ENTRIES: usize = 10_000;
const DEFAULT_BYTES: usize = 16 * 1024 * 1024;
/// How large an answer may be, in bytes.
const LARGEST_ANSWER: usize = 64 * 1024;
/// How many tokens are asked about at once; others wait. A flood of made-up tokens is not passed on to the endpoint.
const MOST_AT_ONCE: usize = 64;
/// When to come back where the endpoint is out of reach.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// What the endpoint says of that is passed on within these bounds: nobody is to stay away for a day because of a mistake
/// there, nor to come back at once.
const RETRY_BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Asks an authorization server about opaque tokens (RFC 7662).
///
/// Collects the configuration; [`build`](Self::build) makes the [`Introspector`] that
/// [`AuthBuilder::verifier`](crate::AuthBuilder::verifier) takes, or says what is wrong.
///
/// # Examples
///
/// ```
/// use auth_runtime::{Auth, Introspection};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let secret = "from-a-file";
/// let introspection = Introspection::new("https://id.example.com/introspect")
///     .client_secret_basic("api", secret) // as the authorization server registered this API
///     .issuer("https://id.example.com/") // whose subjects these are
///     .audience("api");
/// let auth = Auth::builder().verifier(introspection.build()?).build()?;
///
/// // In the clear anybody could read the tokens, and answer in the server's place: does not build.
/// let careless = Introspection::new("http://id.example.com/introspect")
///     .client_secret_basic("api", secret)
///     .issuer("https://id.example.com/")
///     .audience("api");
/// let error = careless.build().unwrap_err().to_string();
/// assert!(error.contains("write `https`") && !error.contains(secret));
/// # Ok(())
/// # }
/// ```
///
/// # Notes
///
/// * What is let through, what is refused, and with which status, is in the [guide](crate::guide::introspection).
/// * A token that was revoked is taken until its answer is [too old](Self::max_age).
/// * A token that looks like a JWT (two dots) never gets here where an [`Issuer`](crate::Issuer) is configured.
#[derive(Clone)]
#[must_use]
pub struct Introspection {
    endpoint: String,
    credentials: Option<Credentials>,
    issuer: String,
    audiences: Vec<String>,
    pub(crate) any_audience: bool,
    pub(crate) needs_expiry: bool,
    leeway: Duration,
    timeout: Duration,
    max_age: Duration,
    cache_entries: usize,
    cache_bytes: usize,
    roles: ClaimPath,
    scopes: Option<ClaimPath>,
    /// PEM; empty are the system's.
    roots: Vec<u8>,
    clock: Arc<dyn Clock>,
}

impl Introspection {
    /// Asks this endpoint: `https`, or `http` to this machine's loopback interface. Servers name it
    /// `introspection_endpoint` in their metadata (RFC 8414 §2).
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            credentials: None,
            issuer: String::new(),
            audiences: Vec::new(),
            any_audience: false,
            needs_expiry: true,
            leeway: DEFAULT_LEEWAY,
            timeout: fetch::DEFAULT_TIMEOUT,
            max_age: DEFAULT_MAX_AGE,
            cache_entries: DEFAULT_ENTRIES,
            cache_bytes: DEFAULT_BYTES,
            roles: ClaimPath::from("roles"),
            scopes: None,
            roots: Vec::new(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Shows the endpoint who asks with HTTP Basic (RFC 6749 §2.3.1): what most servers call `client_secret_basic`.
    ///
    /// Both are given as they were registered; encoding them is done here. Of the three ways to show who asks, the last
    /// one given counts.
    pub fn client_secret_basic(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.credentials = Some(Credentials::Basic { id: id.into(), secret: secret.into() });
        self
    }

    /// Shows the endpoint who asks with `client_id` and `client_secret` in the form (RFC 6749 §2.3.1). For servers that
    /// do not take [`client_secret_basic`](Self::client_secret_basic).
    pub fn client_secret_post(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.credentials = Some(Credentials::Post { id: id.into(), secret: secret.into() });
        self
    }

    /// Shows the endpoint who asks with a bearer token of this application's own (RFC 7662 §2.1).
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.credentials = Some(Credentials::Bearer { token: token.into() });
        self
    }

    /// Who vouches for the callers: what [`Identity::issuer`](crate::Identity::issuer) says, and what `iss` has to be,
    /// exactly, if an answer has one.
    pub fn issuer(mut self, name: impl Into<String>) -> Self {
        self.issuer = name.into();
        self
    }

    /// A name by which tokens may call this API in `aud`. With several, any one suffices (RFC 7519 §4.1.3).
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// How far the server's clock may be off, in whole seconds. Default: 60 s; at most 300 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// How long an answer may take; then the caller gets a 503. Default: 5 s; at most 60 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// For how long an answer is believed, in whole seconds, counted from when it was asked for; never past `exp`.
    /// Default: 60 s; at most 1 h. With 0 every request is asked about.
    ///
    /// A token that was revoked is taken for as long as this (RFC 7662 §4). Only active tokens are remembered: a token may
    /// become active, and made-up ones would push out the others.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// How many tokens are remembered at most. Default: 10,000.
    pub fn cache_entries(mut self, entries: usize) -> Self {
        self.cache_entries = entries;
        self
    }

    /// How much memory the remembered answers take at most, in bytes. Default: 16 MiB.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Where answers hold roles. Default: the array `roles`. Of any other shape than an array of strings, it yields none.
    pub fn roles_claim(mut self, path: impl Into<ClaimPath>) -> Self {
        self.roles = path.into();
        self
    }

    /// Where answers hold scopes, as an array or a string with spaces. Default: `scope`, else `scp`.
    pub fn scopes_claim(mut self, path: impl Into<ClaimPath>) -> Self {
        self.scopes = Some(path.into());
        self
    }

    /// Who vouches for the endpoint's certificate: one root certificate as PEM, or several, one behind the other. For
    /// servers whose certificates come from an authority of your own. Default: the system's roots.
    ///
    /// Nobody else does then: with these, a certificate from one of the system's roots is refused.
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots.extend_from_slice(pem.as_ref());
        // What is read from two files is not to meet in one line.
        self.roots.push(b'\n');
        self
    }

    /// Where "now" comes from; for tests, and then the same as [`Auth`](crate::Auth)'s. Default: the operating system's
    /// clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Opens what weakens the checks.
    pub fn danger(self) -> DangerousIntrospection {
        DangerousIntrospection(self)
    }

    /// Checks that nothing is missing. The endpoint is not asked yet.
    ///
    /// # Errors
    ///
    /// If the endpoint is no URL or not encrypted, there are no credentials for it, no issuer or no audience, or a time is
    /// out of range. The message says what to write instead, and repeats no secret.
    pub fn build(self) -> Result<Introspector, IntrospectionError> {
        let Self {
            endpoint,
            credentials,
            issuer,
            audiences,
            any_audience,
            needs_expiry,
            leeway,
            timeout,
            max_age,
            cache_entries,
            cache_bytes,
            roles,
            scopes,
            roots,
            clock,
        } = self;
        let endpoint = fetch::url(&endpoint).map_err(Problem::Url)?;
        let credentials = credentials.ok_or(Problem::NoCredentials)?.prepare();
        let credentials = credentials.map_err(Problem::Credentials)?;
        if issuer.is_empty() {
            return Err(Problem::NoIssuer.into());
        }
        if audiences.iter().any(String::is_empty) {
            return Err(Problem::EmptyAudience.into());
        }
        if audiences.is_empty() && !any_audience {
            return Err(Problem::NoAudience.into());
        }
        if leeway > LONGEST_LEEWAY {
            return Err(Problem::Leeway(leeway.as_secs()).into());
        }
        if timeout.is_zero() || timeout > LONGEST_TIMEOUT {
            return Err(Problem::Timeout.into());
        }
        if max_age > LONGEST_MAX_AGE {
            return Err(Problem::MaxAge(max_age.as_secs()).into());
        }
        let roots = match &*roots {
            [] => Roots::default(),
            pem => Roots::read(pem).map_err(Problem::Roots)?,
        };
        let fetcher = Fetcher::staying(timeout, LARGEST_ANSWER, &roots).map_err(Problem::Client)?;
        let rules = Rules {
            issuer: issuer.into(),
            audiences: (!any_audience).then_some(audiences),
            needs_expiry,
            leeway: leeway.as_secs(),
            roles,
            scopes,
        };
        Ok(Introspector(Arc::new(Inner {
            name: fetch::without_query(&endpoint),
            endpoint,
            credentials,
            fetcher,
            timeout,
            rules,
            max_age: max_age.as_secs(),
            cache: Cache::new(cache_entries, cache_bytes),
            flights: Flights::default(),
            at_once: Semaphore::new(MOST_AT_ONCE),
            clock,
        })))
    }
}

/// The secret stays out of logs.
impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("credentials", &self.credentials)
            .field("issuer", &self.issuer)
            .field("audiences", &self.audiences)
            .finish_non_exhaustive()
    }
}

/// Why an [`Introspection`] cannot be used. Always for the operator to mend; never contains a secret.
#[derive(Debug, thiserror::Error)]
#[error("token introspection: {0}")]
pub struct IntrospectionError(#[from] Problem);

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("the endpoint {0}")]
    Url(UrlError),
    #[error(
        "the endpoint has to know who asks (RFC 7662 §2.1): add `.client_secret_basic(id, secret)`, `.client_secret_post(id, secret)` or `.bearer(token)`"
    )]
    NoCredentials,
    #[error(transparent)]
    Credentials(CredentialsError),
    #[error(
        "it has no issuer: add `.issuer(\"…\")` with the name of the authorization server, exactly as its metadata says it"
    )]
    NoIssuer,
    #[error(
        "it has no audience: add `.audience(\"…\")` with the name by which tokens call this API"
    )]
    NoAudience,
    #[error("an audience is empty: give the name by which tokens call this API")]
    EmptyAudience,
    #[error("a leeway of {0} s is too long: give at most 300 s")]
    Leeway(u64),
    #[error("an answer has to come some time: give a timeout of more than 0 and at most 60 s")]
    Timeout,
    #[error(
        "a maximum age of {0} s is too long for tokens that may be revoked: give at most 3600 s"
    )]
    MaxAge(u64),
    #[error("`.root_certificates(…)`: {0}")]
    Roots(RootsError),
    #[error("the HTTP client cannot be set up: {0}")]
    Client(FetchError),
}

/// Asks an authorization server about tokens, and remembers for a short while what it said. Made by
/// [`Introspection::build`]. Cloning is cheap, and clones remember together.
#[derive(Clone)]
pub struct Introspector(Arc<Inner>);

struct Inner {
    /// Without what may be secret in it, for logs.
    name: String,
    endpoint: Url,
    credentials: Sent,
    fetcher: Fetcher,
    timeout: Duration,
    rules: Rules,
    /// In seconds.
    max_age: u64,
    cache: Cache,
    flights: Flights<Result<Verified, VerifyError>>,
    at_once: Semaphore,
    clock: Arc<dyn Clock>,
}

impl Verifier for Introspector {
    fn verify(&self, token: &str, _request: &HttpRequest) -> Verification {
        let fingerprint = Fingerprint::of(token);
        let known = self.0.cache.get(&fingerprint, self.0.clock.now());
        metrics::looked_up(metrics::Cache::Introspection, known.is_some());
        if let Some(known) = known {
            return Verification::Ready(Ok(known));
        }
        let (inner, token) = (Arc::clone(&self.0), token.to_owned());
        Verification::later(async move { inner.wait(fingerprint, &token).await })
    }
}

impl Inner {
    /// The answer of whoever asks about this token already, or one's own.
    ///
    /// Whoever asks may go away before the answer is there, and the next begins anew; twice the timeout ends that.
    async fn wait(&self, fingerprint: Fingerprint, token: &str) -> Result<Verified, VerifyError> {
        let waiting = self.flights.join(fingerprint, || self.look_up(fingerprint, token));
        timeout(self.timeout.saturating_mul(2), waiting).await.unwrap_or_else(|_| {
            Err(self.out_of_reach("those who asked went away before there was an answer"))
        })
    }

    async fn look_up(
        &self,
        fingerprint: Fingerprint,
        token: &str,
    ) -> Result<Verified, VerifyError> {
        let asked = self.clock.now();
        // Between the look into the cache and now another may have had its answer.
        if let Some(known) = self.cache.get(&fingerprint, asked) {
            return Ok(known);
        }
        let answer = self.ask(token).await?;
        let verified = self.rules.judge(answer, self.clock.now())?;
        let until = asked.saturating_add(self.max_age);
        let until = verified.expires_at.map_or(until, |end| until.min(end));
        self.cache.insert(fingerprint, &verified, asked, until);
        Ok(verified)
    }

    /// One question, and the time it takes to have a turn counts.
    async fn ask(&self, token: &str) -> Result<Answer, VerifyError> {
        let asking = async {
            // Fails only where it was closed, which it never is.
            let _turn = self.at_once.acquire().await;
            self.fetcher.send(self.credentials.question(&self.endpoint, token)).await
        };
        let fetched = match timeout(self.timeout, asking).await {
            Err(_) => return Err(self.out_of_reach("it took too long")),
            Ok(Err(error)) => return Err(self.failed(&error)),
            Ok(Ok(fetched)) => fetched,
        };
        let Fetched::Document { body, content_type, .. } = fetched else {
            return Err(self.broken("says that nothing has changed since a question that was none"));
        };
        Answer::read(content_type.as_ref().map(HeaderValue::as_bytes), body)
            .map_err(|why| self.broken(&format!("gives an answer that cannot be used: {why}")))
    }

    fn failed(&self, error: &FetchError) -> VerifyError {
        match error {
            FetchError::Unreachable(_) => self.out_of_reach(&error.to_string()),
            FetchError::Later { retry_after, .. } => {
                let (least, most) = RETRY_BOUNDS;
                self.out_of_reach_for(&error.to_string(), (*retry_after).clamp(least, most))
            }
            FetchError::Status(status)
                if status.is_server_error()
                    || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS]
                        .contains(status) =>
            {
                self.out_of_reach(&error.to_string())
            }
            // Some endpoints will not be asked about JWTs, which anybody can send: nothing of ours is wrong.
            FetchError::BadRequest(said) if answer::is_about_the_token(said) => {
                VerifyError::invalid("the endpoint does not know this kind of token")
            }
            // A missing or wrong credential of ours is any of these (RFC 6749 §5.2, RFC 7662 §2.3).
            FetchError::BadRequest(_) => self.not_allowed(StatusCode::BAD_REQUEST),
            FetchError::Status(status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)) => {
                self.not_allowed(*status)
            }
            FetchError::Status(status) => self.broken(&format!("answers {status}")),
            FetchError::TooLarge(_) | FetchError::Redirected | FetchError::NoClient(_) => {
                self.broken(&format!("gives no answer to use: {error}"))
            }
        }
    }

    /// A17: nobody can tell at the moment.
    fn out_of_reach(&self, why: &str) -> VerifyError {
        self.out_of_reach_for(why, RETRY_AFTER)
    }

    fn out_of_reach_for(&self, why: &str, retry_after: Duration) -> VerifyError {
        tracing::warn!(endpoint = self.name, %why, "a token could not be introspected");
        VerifyError::unavailable(retry_after)
    }

    /// A18: it does not know us, or does not let us ask.
    fn not_allowed(&self, status: StatusCode) -> VerifyError {
        VerifyError::misconfigured(format!(
            "`{}` does not let this application ask about tokens ({status}): correct what was given to `{}`, and allow \
             this client there to introspect tokens",
            self.name,
            self.credentials.method(),
        ))
    }

    /// A18: what answers is no introspection endpoint, or not as RFC 7662 has it.
    fn broken(&self, what: &str) -> VerifyError {
        VerifyError::misconfigured(format!(
            "`{}` {what}: give `Introspection::new(…)` the `introspection_endpoint` of the server's metadata, and let that \
             answer as RFC 7662 §2.2 says",
            self.name
        ))
    }
}

/// Credentials and what is remembered stay out of logs.
impl fmt::Debug for Introspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspector")
            .field("endpoint", &self.0.name)
            .field("issuer", &self.0.rules.issuer)
            .finish_non_exhaustive()
    }
}
