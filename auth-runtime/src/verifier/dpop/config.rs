//! What an application says about the proofs it takes.

use std::{fmt, sync::Arc, time::Duration};

use jsonwebtoken::Algorithm;

use super::{KnownProofs, ProofVerifier, nonce::LoadedNonces, replay::Memory, uri};

const DEFAULT_LIFETIME: Duration = Duration::from_secs(60);
const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);
/// RFC 9449 §11.1: "on the order of seconds or minutes".
pub(crate) const LONGEST: Duration = Duration::from_secs(300);
const DEFAULT_MEMORY: usize = 1_000_000;
const DEFAULT_NONCE_LIFETIME: Duration = Duration::from_secs(300);
pub(crate) const LONGEST_NONCE_LIFETIME: Duration = Duration::from_secs(3_600);
/// As many as HMAC with SHA-256 makes use of (RFC 7518 §3.2).
pub(crate) const LEAST_SECRET: usize = 32;

/// Takes tokens that are bound to a key of their owner, with a proof of that key in each request (DPoP, RFC 9449).
///
/// A stolen token is then of no use to the thief. Given to [`AuthBuilder::dpop`](crate::AuthBuilder::dpop). Plain bearer
/// tokens are still taken, if they are not bound, unless they have to be: [`required`](Self::required).
///
/// # Notes
///
/// * **[`origin`](Self::origin) has to be said.** A proof names the URI it is for, and this is compared with what stands
///   here, never with a header of the request: `Host` is whatever the sender likes.
/// * A proof is good once. Used proofs are remembered by this value and its clones, in this process alone: an application of
///   several instances lets a proof be used once at each, within its lifetime. Make it outside of the closure that each
///   worker calls. An [`Auth`](crate::Auth) that replaces another in a [`ReloadableAuth`](crate::ReloadableAuth) goes on
///   with what that one remembers.
/// * The path in a proof is compared with the request's as handlers see it. A middleware that rewrites paths
///   (`NormalizePath`) makes proofs for the paths it rewrites invalid; a proxy that takes a prefix away does not, if
///   [`path_prefix`](Self::path_prefix) says so. A request whose path has dot segments is refused: the URI means another
///   one (RFC 3986 §5.2.4) than the one that is routed.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use auth_runtime::{Algorithm, Auth, Dpop, Issuer, Key};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let key = || Key::secret(Algorithm::HS256, [7; 32]);
/// let issuer = || Issuer::new("https://id.example.com/").audience("api").key(key());
/// let dpop = Dpop::new()
///     .origin("https://api.example.com")
///     .algorithms([Algorithm::ES256, Algorithm::EdDSA])
///     .lifetime(Duration::from_secs(30));
/// assert!(Auth::builder().issuer(issuer()).dpop(dpop).build().is_ok());
///
/// // Without an origin there is nothing to compare a proof with: does not build.
/// let error = Auth::builder().issuer(issuer()).dpop(Dpop::new()).build().unwrap_err();
/// assert!(error.to_string().contains("add `.origin("));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Dpop {
    algorithms: Vec<Algorithm>,
    lifetime: Duration,
    leeway: Duration,
    origins: Vec<String>,
    prefix: String,
    nonces: Option<Nonces>,
    memory: usize,
    required: bool,
    /// Shared by clones.
    used: Arc<Memory>,
}

impl Default for Dpop {
    fn default() -> Self {
        Self::new()
    }
}

impl Dpop {
    /// Takes proofs signed with ES256 that are at most 60 s old. An [`origin`](Self::origin) has to be added.
    pub fn new() -> Self {
        Self {
            algorithms: vec![Algorithm::ES256],
            lifetime: DEFAULT_LIFETIME,
            leeway: DEFAULT_LEEWAY,
            origins: Vec::new(),
            prefix: String::new(),
            nonces: None,
            memory: DEFAULT_MEMORY,
            required: false,
            used: Arc::default(),
        }
    }

    /// Where clients reach this application: scheme, host, and a port that is not the scheme's own. With several, any one
    /// may stand in a proof's `htu`.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// What a proxy takes from the front of the path before it passes a request on: `/api`, if clients ask for
    /// `https://example.com/api/me` and handlers see `/me`.
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// With which algorithms proofs may be signed; asymmetric ones only. Default: ES256. Shown in challenges, as `algs`.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How old a proof may be, in whole seconds. Default: 60 s; at most 300 s.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// How far a client's clock may be off, either way, in whole seconds. Default: 30 s; at most 300 s.
    ///
    /// A proof is taken from `iat` less this, until `iat` and the [lifetime](Self::lifetime) and this are over.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Proofs have to hold a nonce of ours (RFC 9449 §9), so that none can be made ahead of time. Off unless called.
    pub fn nonces(mut self, nonces: Nonces) -> Self {
        self.nonces = Some(nonces);
        self
    }

    /// How many used proofs are remembered. Default: 1,000,000, which take less than 100 MB once there are that many.
    ///
    /// They are remembered as long as they would be taken: lifetime and twice the leeway, at most. When there are more,
    /// nothing is forgotten early: proofs are answered 503 until there is room again. Only proofs beside a token that is
    /// bound to their key are remembered; and once half of the memory is used, no single key gets more than a sixteenth
    /// of it, so that one client cannot fill it.
    pub fn memory(mut self, proofs: usize) -> Self {
        self.memory = proofs;
        self
    }

    /// Takes no token but those that are bound to a key and come with a proof of it. Off unless called: then a token that
    /// is not bound is taken as `Bearer`.
    ///
    /// Any other token is a 401 `invalid_token`, and the only challenge about tokens is that of `DPoP` (RFC 9449 §7.1).
    /// API keys are no tokens and stay as they are. A cookie cannot come with a proof, so with
    /// [`AuthBuilder::cookie`](crate::AuthBuilder::cookie) this does not build.
    ///
    /// ```
    /// use actix_web::{App, Responder, get, test};
    /// use auth_runtime::{Auth, Dpop, require_auth};
    /// # use auth_runtime::{Algorithm, Issuer, Key};
    ///
    /// #[require_auth]
    /// #[get("/me")]
    /// async fn me() -> impl Responder {
    ///     "welcome"
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let issuer = Issuer::new("https://id.example.com/").audience("api").key(Key::secret(Algorithm::HS256, [7; 32]));
    /// let dpop = Dpop::new().origin("https://api.example.com").required();
    /// let auth = Auth::builder().issuer(issuer).dpop(dpop).build()?;
    /// let app = test::init_service(App::new().app_data(auth).service(me)).await;
    ///
    /// let response = test::call_service(&app, test::TestRequest::get().uri("/me").to_request()).await;
    /// assert_eq!(response.status(), 401);
    /// let challenges: Vec<_> = response.headers().get_all("www-authenticate").collect();
    /// assert_eq!(challenges, [r#"DPoP realm="api", algs="ES256""#]); // `Bearer` would not do
    /// # Ok(())
    /// # }
    /// ```
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Whether it can be [loaded](Self::load), for whoever knows better where the mistake was made.
    pub(crate) fn check(&self) -> Result<(), DpopError> {
        self.clone().load().map(drop)
    }

    pub(crate) fn load(self) -> Result<ProofVerifier, DpopError> {
        let Self { algorithms, lifetime, leeway, origins, prefix, nonces, memory, required, used } =
            self;
        if origins.is_empty() {
            return Err(DpopError::NoOrigin);
        }
        let origins = origins
            .into_iter()
            .map(|text| uri::origin(&text).ok_or(DpopError::Origin(text)))
            .collect::<Result<_, _>>()?;
        let prefix = uri::prefix(&prefix).ok_or(DpopError::Prefix(prefix))?;
        if algorithms.is_empty() {
            return Err(DpopError::NoAlgorithm);
        }
        if let Some(symmetric) = algorithms.iter().find(|algorithm| is_symmetric(**algorithm)) {
            return Err(DpopError::Symmetric(*symmetric));
        }
        if lifetime.as_secs() == 0 || lifetime > LONGEST || leeway > LONGEST {
            return Err(DpopError::Time);
        }
        let (lifetime, leeway) = (lifetime.as_secs(), leeway.as_secs());
        if memory == 0 {
            return Err(DpopError::Memory);
        }
        Ok(ProofVerifier {
            capacity: memory,
            required,
            known: KnownProofs {
                used,
                nonces: nonces.map(Nonces::load).transpose()?.map(Arc::new),
            },
            algorithms,
            lifetime,
            leeway,
            origins,
            prefix,
        })
    }
}

fn is_symmetric(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}

impl ProofVerifier {
    /// The algorithms as a challenge lists them: their registered names, with spaces between them (RFC 9449 §7.1).
    pub(crate) fn algorithms(&self) -> String {
        // The variants are called as RFC 7518 §3.1 and RFC 8037 §3.1 call them.
        let names: Vec<String> = self.algorithms.iter().map(|it| format!("{it:?}")).collect();
        names.join(" ")
    }

    /// Whether tokens without a proof are refused.
    pub(crate) fn is_required(&self) -> bool {
        self.required
    }
}

/// Nonces that proofs have to hold. Nothing is stored: whether one is ours, and how old it is, can be computed.
///
/// # Examples
///
/// ```
/// use auth_runtime::{Dpop, Nonces};
///
/// # let secret = [7; 32];
/// // One instance, or several that each hand out their own.
/// let dpop = Dpop::new().origin("https://api.example.com").nonces(Nonces::new());
/// // Several behind one name: each takes what another has handed out.
/// let dpop = Dpop::new().origin("https://api.example.com").nonces(Nonces::shared(secret));
/// ```
#[derive(Clone)]
#[must_use]
pub struct Nonces {
    /// `None` makes one up.
    secret: Option<Vec<u8>>,
    lifetime: Duration,
}

impl Default for Nonces {
    fn default() -> Self {
        Self::new()
    }
}

impl Nonces {
    /// Nonces of this instance alone, by a secret that it makes up when [`Auth`](crate::Auth) is built.
    pub fn new() -> Self {
        Self { secret: None, lifetime: DEFAULT_NONCE_LIFETIME }
    }

    /// Nonces that all instances with this secret share: at least 32 random bytes. Make them with `openssl rand 32`.
    pub fn shared(secret: impl Into<Vec<u8>>) -> Self {
        Self { secret: Some(secret.into()), ..Self::new() }
    }

    /// How long a nonce is good, in whole seconds; at most twice that. Default: 300 s; at most an hour.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    fn load(self) -> Result<LoadedNonces, DpopError> {
        let Self { secret, lifetime } = self;
        if lifetime.as_secs() == 0 || lifetime > LONGEST_NONCE_LIFETIME {
            return Err(DpopError::NonceLifetime);
        }
        let made_up = secret.is_none();
        let secret = match secret {
            Some(secret) if secret.len() < LEAST_SECRET => {
                return Err(DpopError::ShortSecret(secret.len()));
            }
            Some(secret) => secret,
            None => {
                let mut secret = vec![0; LEAST_SECRET];
                getrandom::fill(&mut secret).map_err(DpopError::NoRandomness)?;
                secret
            }
        };
        Ok(LoadedNonces::new(&secret, lifetime.as_secs(), made_up))
    }
}

/// The secret stays out of logs.
impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// Proofs that could not be judged like this.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DpopError {
    #[error(
        "DPoP proofs name the URI they are for, and a request's own headers cannot say which that is: add `.origin(\"https://api.example.com\")` to `Dpop`, with the scheme and host by which clients reach this application"
    )]
    NoOrigin,
    #[error(
        "`{0}` is no origin for DPoP proofs: give scheme, host, and a port that is not the scheme's own, such as `https://api.example.com`"
    )]
    Origin(String),
    #[error(
        "`{0}` is no prefix of a path: begin it with `/` and end it without one, such as `/api`"
    )]
    Prefix(String),
    #[error(
        "DPoP proofs have no algorithm: leave `.algorithms(…)` out for ES256, or name some, such as `[Algorithm::ES256]`"
    )]
    NoAlgorithm,
    #[error(
        "{0:?} cannot sign DPoP proofs, because whoever checks one could make one: use ES256, ES384, EdDSA, RS256 or another asymmetric algorithm"
    )]
    Symmetric(Algorithm),
    #[error("a DPoP proof is good for 1 to 300 s, and a leeway is at most 300 s")]
    Time,
    #[error(
        "a memory of 0 DPoP proofs takes none: leave `.memory(…)` out or say how many to remember"
    )]
    Memory,
    #[error("a DPoP nonce is good for 1 to 3600 s")]
    NonceLifetime,
    #[error("the secret of DPoP nonces has at least 32 random bytes, this one has {0}")]
    ShortSecret(usize),
    #[error("the operating system gave no random numbers: {0}")]
    NoRandomness(getrandom::Error),
    #[error(
        "a DPoP proof comes with a token, and nobody vouches for tokens: add `.issuer(…)` or `.verifier(…)`"
    )]
    NoTokens,
    #[error(
        "a proxy takes its own credentials from `Proxy-Authorization`, where DPoP is not defined: leave `.dpop(…)` out, or `.proxy_mode()`"
    )]
    ProxyMode,
    #[error(
        "a token in a cookie comes without a proof, and `Dpop::required` takes none like that: leave `.cookie(…)` out, or `.required()`"
    )]
    Cookie,
}
