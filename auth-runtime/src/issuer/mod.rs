//! Who signs tokens, with which keys, for whom.

mod error;
mod jwk;
mod key;
#[cfg(feature = "jwks")]
pub(crate) mod network;
mod preset;

use std::{fmt, sync::Arc, time::Duration};

use jsonwebtoken::Algorithm;

pub use error::IssuerError;
pub(crate) use error::Problem;
pub(crate) use jwk::{algorithm, of_proof};
pub use key::Key;
pub(crate) use key::{Checked, LoadedKey};

use crate::{claims::ClaimPath, danger::DangerousIssuer};

const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);
const LONGEST_LEEWAY: Duration = Duration::from_secs(300);

/// An issuer of JWTs that the application trusts.
///
/// Collects the configuration; [`AuthBuilder::build`](crate::AuthBuilder::build) parses the keys and says what is
/// wrong.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use auth_runtime::{Algorithm, Auth, Issuer, Key};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let secret = [7; 32];
/// let issuer = Issuer::new("https://id.example.com/") // exactly the tokens' `iss`, slash included
///     .audience("api")
///     .key(Key::secret(Algorithm::HS256, secret).kid("2026-01"))
///     .roles_claim("/realm_access/roles")
///     .leeway(Duration::from_secs(30));
/// let auth = Auth::builder().issuer(issuer).build()?;
///
/// // Without an audience every token of this issuer would do, also those meant for others: does not build.
/// let careless = Issuer::new("https://id.example.com/").key(Key::secret(Algorithm::HS256, secret));
/// assert!(Auth::builder().issuer(careless).build().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Issuer {
    name: String,
    audiences: Vec<String>,
    pub(crate) any_audience: bool,
    clients: Vec<String>,
    /// Claims that have to say this, exactly.
    required: Vec<(String, String)>,
    keys: Vec<Key>,
    sets: Vec<String>,
    algorithms: Vec<Algorithm>,
    leeway: Duration,
    roles: ClaimPath,
    scopes: Option<ClaimPath>,
    profile: TokenProfile,
    #[cfg(feature = "jwks")]
    network: network::Network,
}

/// Which kind of token an issuer's tokens have to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenProfile {
    /// `typ` is absent, `JWT`, `at+jwt` or `application/at+jwt`, in any case; ID tokens and other foreign shapes are
    /// refused.
    #[default]
    AccessToken,
    /// RFC 9068 to the letter: `typ` is `at+jwt` or `application/at+jwt`, and `iss`, `exp`, `aud`, `sub`, `client_id`,
    /// `iat` and `jti` are all there.
    Rfc9068,
    /// ID tokens (OpenID Connect Core §2), where a front end logs in for its own back end: `typ` is absent or `JWT`, and
    /// `azp`, if there is one, names the audience too. Access tokens are refused.
    IdToken,
}

impl Issuer {
    /// An issuer, by the exact value of its tokens' `iss`: case, port and a slash at the end count (RFC 7519 §4.1.1).
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            audiences: Vec::new(),
            any_audience: false,
            clients: Vec::new(),
            required: Vec::new(),
            keys: Vec::new(),
            sets: Vec::new(),
            algorithms: Vec::new(),
            leeway: DEFAULT_LEEWAY,
            roles: ClaimPath::from("roles"),
            scopes: None,
            profile: TokenProfile::default(),
            #[cfg(feature = "jwks")]
            network: network::Network::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A name by which tokens may call this API in `aud`. With several, any one suffices (RFC 7519 §4.1.3).
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// A client whose tokens are taken: `client_id` (RFC 9068 §2.2), or where a token has none `azp`
    /// (OpenID Connect Core §2) or `cid` (Okta).
    /// With several, any one of them; without any, every client's.
    pub fn client(mut self, client: impl Into<String>) -> Self {
        self.clients.push(client.into());
        self
    }

    /// A key. With several, tokens choose by `kid` and algorithm.
    pub fn key(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// A JSON Web Key set, `{"keys":[…]}` (RFC 7517 §5). Keys for encryption and of unsupported types are passed over;
    /// a broken or weak key is an error.
    pub fn jwk_set(mut self, json: impl Into<String>) -> Self {
        self.sets.push(json.into());
        self
    }

    /// The algorithms for RSA and symmetric JWKs that have no `alg` of their own.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms.extend(algorithms);
        self
    }

    /// How far the issuer's clock may be off, in whole seconds. Default: 60 s; at most 300 s. With none at all a token that was
    /// issued in this very moment can be refused, since [`SystemClock`](crate::clock::SystemClock) is a little late.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Where tokens hold roles. Default: the array `roles`. Of any other shape than an array of strings, it yields none.
    pub fn roles_claim(mut self, path: impl Into<ClaimPath>) -> Self {
        self.roles = path.into();
        self
    }

    /// Where tokens hold scopes, as an array or a string with spaces. Default: `scope`, else `scp`.
    pub fn scopes_claim(mut self, path: impl Into<ClaimPath>) -> Self {
        self.scopes = Some(path.into());
        self
    }

    /// Which kind of token is taken.
    pub fn profile(mut self, profile: TokenProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Opens what weakens this issuer's checks.
    pub fn danger(self) -> DangerousIssuer {
        DangerousIssuer(self)
    }

    /// Parses the keys and checks that nothing is missing.
    pub(crate) fn load(self) -> Result<LoadedIssuer, IssuerError> {
        let name = self.name.clone();
        self.try_load().map_err(|problem| IssuerError { issuer: name, problem })
    }

    fn try_load(self) -> Result<LoadedIssuer, Problem> {
        let Self {
            name,
            audiences,
            any_audience,
            clients,
            required,
            keys,
            sets,
            algorithms,
            leeway,
            roles,
            scopes,
            profile,
            #[cfg(feature = "jwks")]
            network,
        } = self;
        if name.is_empty() {
            return Err(Problem::NoName);
        }
        if leeway > LONGEST_LEEWAY {
            return Err(Problem::Leeway(leeway.as_secs()));
        }
        if audiences.iter().any(String::is_empty) {
            return Err(Problem::EmptyAudience);
        }
        if clients.iter().any(String::is_empty) {
            return Err(Problem::EmptyClient);
        }
        if audiences.is_empty() && !any_audience {
            return Err(Problem::NoAudience);
        }

        let mut loaded = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            let found = key
                .load(&algorithms)
                .map_err(|why| Problem::Key { key: key.describe(index + 1), why })?;
            loaded.push(found);
        }
        for (index, set) in sets.iter().enumerate() {
            let found = jwk::set(set, &algorithms)
                .map_err(|why| Problem::JwkSet { position: index + 1, why })?;
            loaded.extend(found);
        }
        #[cfg(feature = "jwks")]
        let network = network.load(&name, &algorithms)?.map(Arc::new);
        #[cfg(feature = "jwks")]
        let published = network.is_some();
        #[cfg(not(feature = "jwks"))]
        let published = false;
        if loaded.is_empty() && !published {
            return Err(Problem::NoKey);
        }
        let symmetric = loaded.iter().filter(|key| key.key.is_symmetric()).count();
        // What an issuer publishes is always asymmetric.
        if symmetric != 0 && (symmetric != loaded.len() || published) {
            return Err(Problem::MixedKeys);
        }

        Ok(LoadedIssuer {
            name: name.into(),
            audiences: (!any_audience).then_some(audiences),
            clients,
            required,
            keys: loaded,
            leeway: leeway.as_secs(),
            roles,
            scopes,
            profile,
            #[cfg(feature = "jwks")]
            network,
        })
    }
}

/// The keys stay out of logs.
impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("name", &self.name)
            .field("audiences", &self.audiences)
            .finish_non_exhaustive()
    }
}

/// An issuer that can judge tokens.
pub(crate) struct LoadedIssuer {
    pub(crate) name: Arc<str>,
    /// `None` takes any, and none.
    pub(crate) audiences: Option<Vec<String>>,
    /// Empty takes any.
    pub(crate) clients: Vec<String>,
    pub(crate) required: Vec<(String, String)>,
    /// All symmetric or none. Empty only if keys come from the network.
    pub(crate) keys: Vec<LoadedKey>,
    /// All asymmetric.
    #[cfg(feature = "jwks")]
    pub(crate) network: Option<Arc<network::NetworkKeys>>,
    /// In seconds.
    pub(crate) leeway: u64,
    pub(crate) roles: ClaimPath,
    pub(crate) scopes: Option<ClaimPath>,
    pub(crate) profile: TokenProfile,
}

impl LoadedIssuer {
    /// The keys in use at this time, in seconds since the Unix epoch.
    #[cfg(feature = "jwks")]
    pub(crate) fn keys(&self, now: u64) -> Keys<'_> {
        let network = self.network.as_ref();
        Keys { given: &self.keys, network, published: network.map(|it| it.usable(now)) }
    }

    #[cfg(not(feature = "jwks"))]
    pub(crate) fn keys(&self, _: u64) -> Keys<'_> {
        Keys { given: &self.keys }
    }

    /// The number of the keys in use at this time, in seconds since the Unix epoch: another number, other keys. `None` if
    /// those that are published are not known.
    #[cfg(feature = "jwks")]
    pub(crate) fn generation(&self, now: u64) -> Option<u64> {
        // Those that were given never change.
        self.network.as_ref().map_or(Some(0), |network| network.generation(now))
    }

    #[cfg(not(feature = "jwks"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "none are published")]
    pub(crate) fn generation(&self, _: u64) -> Option<u64> {
        Some(0)
    }
}

/// The keys of an issuer, at one time.
pub(crate) struct Keys<'i> {
    given: &'i [LoadedKey],
    #[cfg(feature = "jwks")]
    pub(crate) network: Option<&'i Arc<network::NetworkKeys>>,
    #[cfg(feature = "jwks")]
    published: Option<network::Usable>,
}

impl Keys<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &LoadedKey> {
        #[cfg(feature = "jwks")]
        let published = self.published.as_ref().map_or(&[][..], network::Usable::keys);
        #[cfg(not(feature = "jwks"))]
        let published = &[];
        self.given.iter().chain(published)
    }

    /// The same as [`LoadedIssuer::generation`].
    #[cfg(feature = "jwks")]
    pub(crate) fn generation(&self) -> Option<u64> {
        self.published.as_ref().map_or(Some(0), network::Usable::generation)
    }

    #[cfg(not(feature = "jwks"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "none are published")]
    pub(crate) fn generation(&self) -> Option<u64> {
        Some(0)
    }
}
