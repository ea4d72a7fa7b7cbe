//! Keys that an issuer publishes: where they are, how old they may get, and who fetches them.
//!
//! One thread fetches for all issuers of an [`Auth`](crate::Auth), in a runtime of its own, and ends with the last clone
//! of that `Auth`. The obvious alternative, a task on one of actix-web's workers, was not chosen: `build` may be called
//! where no runtime is; each worker has a runtime of its own, which ends with it, and a fetch that others wait for would
//! end with it too; and a worker would spend on handshakes and on parsing keys what its requests need.
//!
//! Requests look at an immutable [`Snapshot`](keys::Snapshot), swapped as a whole, and never at the thread. Only one whose
//! key is not in it waits, for the one fetch that it shares with everybody.

mod documents;
mod keys;
mod refresh;

use std::time::Duration;

use jsonwebtoken::Algorithm;
use reqwest::Url;

pub(crate) use self::keys::{NetworkKeys, Usable};
pub(crate) use self::refresh::{Refresher, RefresherError};
use super::{Issuer, Problem};
use crate::fetch::{self, DEFAULT_LIMIT, DEFAULT_TIMEOUT, Roots, RootsError, UrlError};

const DEFAULT_COOLDOWN: Duration = Duration::from_secs(30);
const DEFAULT_REFRESH: Duration = Duration::from_secs(5 * 60);
const DEFAULT_MAX_STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Where an issuer's keys are, as the operator said it.
#[derive(Clone, Debug)]
enum Place {
    Url(String),
    /// The issuer's name says where its metadata is.
    Discovery,
}

/// What an [`Issuer`] says about keys from the network. Nothing is checked yet.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    places: Vec<Place>,
    cooldown: Duration,
    refresh: Duration,
    max_stale: Duration,
    timeout: Duration,
    limit: usize,
    /// PEM; empty are the system's.
    roots: Vec<u8>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            cooldown: DEFAULT_COOLDOWN,
            refresh: DEFAULT_REFRESH,
            max_stale: DEFAULT_MAX_STALE,
            timeout: DEFAULT_TIMEOUT,
            limit: DEFAULT_LIMIT,
            roots: Vec::new(),
        }
    }
}

/// Keys from the network (feature `jwks`).
///
/// The chapter [Keys](crate::guide::keys) of the guide says what happens when the issuer rotates its keys, or is away.
impl Issuer {
    /// Takes the keys that the issuer publishes at this URL, as a JSON Web Key set (RFC 7517 §5).
    ///
    /// The URL is `https`, or `http` to `localhost` or a loopback address. [`build`](crate::AuthBuilder::build) returns at
    /// once and the keys are fetched in the background; a request that comes earlier waits for them.
    ///
    /// Only public keys of asymmetric algorithms are taken. A key in the set that is weak, or of no use here, is passed
    /// over and logged. RSA keys without an `alg` need [`algorithms`](Self::algorithms).
    ///
    /// ```
    /// use auth_runtime::{Auth, Issuer};
    ///
    /// let issuer = |url: &str| Issuer::new("https://id.example.com/").audience("api").jwks_url(url);
    /// # let _ =
    /// issuer("https://id.example.com/keys");
    ///
    /// // Anybody on the way could put a key of theirs into the answer: does not build.
    /// let error = Auth::builder().issuer(issuer("http://id.example.com/keys")).build().unwrap_err();
    /// assert!(error.to_string().contains("write `https`"));
    /// ```
    pub fn jwks_url(mut self, url: impl Into<String>) -> Self {
        self.network.places.push(Place::Url(url.into()));
        self
    }

    /// Takes the keys that the issuer's metadata points to, found by the issuer's name.
    ///
    /// Asks `/.well-known/openid-configuration` behind the name (OpenID Connect Discovery 1.0 §4) and, where that is none,
    /// `/.well-known/oauth-authorization-server` between host and path (RFC 8414 §3). The document's `issuer` has to be
    /// exactly the issuer's name (RFC 8414 §3.3), and its `jwks_uri` is held to the rules of [`jwks_url`](Self::jwks_url).
    ///
    /// ```
    /// use auth_runtime::{Auth, Issuer};
    ///
    /// let issuer = |name: &str| Issuer::new(name).audience("api").jwks_discovery();
    /// # let _ =
    /// issuer("https://id.example.com/realms/main");
    ///
    /// // A name that is no URL says nothing about where to ask: does not build.
    /// let error = Auth::builder().issuer(issuer("main")).build().unwrap_err();
    /// assert!(error.to_string().contains("`main` is no URL"));
    /// ```
    pub fn jwks_discovery(mut self) -> Self {
        self.network.places.push(Place::Discovery);
        self
    }

    /// The shortest time between two fetches, in whole seconds: however many tokens name an unknown key, the issuer is
    /// asked once in this time. Default: 30 s.
    ///
    /// As long as there are no keys at all, an issuer that is away is asked again after 1, 2, 4, … seconds, and never less
    /// often than this.
    pub fn jwks_cooldown(mut self, cooldown: Duration) -> Self {
        self.network.cooldown = cooldown;
        self
    }

    /// How often the keys are fetched anew, in whole seconds; a key that the issuer withdrew works no longer than this.
    /// Default: 5 min.
    pub fn jwks_refresh(mut self, refresh: Duration) -> Self {
        self.network.refresh = refresh;
        self
    }

    /// How long keys are used after the issuer last confirmed them, in whole seconds, while it is away. Then requests are
    /// answered 503. Default: 24 h.
    ///
    /// It is also how long somebody who keeps this application from reaching the issuer can use a key that was withdrawn.
    pub fn jwks_max_stale(mut self, max_stale: Duration) -> Self {
        self.network.max_stale = max_stale;
        self
    }

    /// How long one fetch may take, discovery included; and so how long a request may have to wait. Default: 5 s.
    pub fn jwks_timeout(mut self, timeout: Duration) -> Self {
        self.network.timeout = timeout;
        self
    }

    /// How large a document may be, in bytes. Default: 1 MiB.
    pub fn jwks_limit(mut self, bytes: usize) -> Self {
        self.network.limit = bytes;
        self
    }

    /// Who vouches for the issuer's certificate: one root certificate as PEM, or several, one behind the other. For issuers
    /// whose certificates come from an authority of your own. Default: the system's roots.
    ///
    /// Nobody else does then: with these, a certificate from one of the system's roots is refused.
    ///
    /// ```
    /// use auth_runtime::{Auth, Issuer};
    ///
    /// let issuer = |pem: &str| {
    ///     Issuer::new("https://id.internal/").audience("api").jwks_discovery().jwks_root_certificates(pem)
    /// };
    /// let error = Auth::builder().issuer(issuer("company-root.pem")).build().unwrap_err(); // its name, not what it holds
    /// assert!(error.to_string().contains("no certificate stands there"));
    /// ```
    pub fn jwks_root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.network.roots.extend_from_slice(pem.as_ref());
        // What is read from two files is not to meet in one line.
        self.network.roots.push(b'\n');
        self
    }
}

/// What is wrong with how keys are to come from the network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NetworkProblem {
    #[error(
        "its keys come from several places: give one `.jwks_url(…)` or `.jwks_discovery()`, and no other"
    )]
    SeveralPlaces,
    #[error("`.jwks_url(…)`: {0}")]
    Url(UrlError),
    #[error(
        "`.jwks_discovery()` looks where the name says: {0}; if the issuer is called so, give `.jwks_url(…)`"
    )]
    Name(UrlError),
    #[error(
        "`.jwks_discovery()` wants a name without `?` and `#` (RFC 8414 §2): give `.jwks_url(…)` instead"
    )]
    Query,
    #[error("`.jwks_root_certificates(…)`: {0}")]
    Roots(RootsError),
    #[error("{0}: give at least {1}")]
    TooLittle(&'static str, &'static str),
    #[error(
        "`.jwks_refresh(…)` is shorter than `.jwks_cooldown(…)`: fetching more often than that is what the cooldown forbids"
    )]
    Refresh,
    #[error(
        "`.jwks_max_stale(…)` is not longer than `.jwks_refresh(…)`: keys would run out between two fetches"
    )]
    MaxStale,
}

/// What was found sound. Times are in seconds.
pub(crate) struct Settings {
    pub(super) issuer: Box<str>,
    source: Source,
    algorithms: Vec<Algorithm>,
    cooldown: u64,
    refresh: u64,
    max_stale: u64,
    timeout: Duration,
    limit: usize,
    roots: Roots,
}

enum Source {
    Url(Url),
    /// The issuer's name, to which documents are appended.
    Discovery(Url),
}

impl Network {
    /// `None` where all keys are local.
    pub(super) fn load(
        self,
        issuer: &str,
        algorithms: &[Algorithm],
    ) -> Result<Option<NetworkKeys>, Problem> {
        let Some(place) = self.places.first() else {
            return Ok(None);
        };
        let source = source(place, issuer).and_then(|source| self.check().map(|()| source));
        let roots = match &*self.roots {
            [] => Roots::default(),
            pem => Roots::read(pem).map_err(|why| Problem::Network(NetworkProblem::Roots(why)))?,
        };
        Ok(Some(NetworkKeys::new(Settings {
            issuer: issuer.into(),
            source: source.map_err(Problem::Network)?,
            algorithms: algorithms.to_vec(),
            cooldown: self.cooldown.as_secs(),
            refresh: self.refresh.as_secs(),
            max_stale: self.max_stale.as_secs(),
            timeout: self.timeout,
            limit: self.limit,
            roots,
        })))
    }

    fn check(&self) -> Result<(), NetworkProblem> {
        if self.places.len() > 1 {
            return Err(NetworkProblem::SeveralPlaces);
        }
        if self.cooldown < Duration::from_secs(1) {
            return Err(NetworkProblem::TooLittle("`.jwks_cooldown(…)` is too short", "1 second"));
        }
        if self.timeout < Duration::from_millis(1) {
            return Err(NetworkProblem::TooLittle(
                "`.jwks_timeout(…)` lets no fetch end",
                "1 millisecond",
            ));
        }
        if self.limit == 0 {
            return Err(NetworkProblem::TooLittle(
                "`.jwks_limit(…)` lets no document in",
                "1 byte",
            ));
        }
        if self.refresh < self.cooldown {
            return Err(NetworkProblem::Refresh);
        }
        if self.max_stale <= self.refresh {
            return Err(NetworkProblem::MaxStale);
        }
        Ok(())
    }
}

fn source(place: &Place, issuer: &str) -> Result<Source, NetworkProblem> {
    match place {
        Place::Url(text) => fetch::url(text).map(Source::Url).map_err(NetworkProblem::Url),
        Place::Discovery => {
            let name = fetch::url(issuer).map_err(NetworkProblem::Name)?;
            if name.query().is_some() || name.fragment().is_some() {
                return Err(NetworkProblem::Query);
            }
            Ok(Source::Discovery(name))
        }
    }
}
