//! Builds an [`Auth`], or says what is missing.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix_web::{HttpRequest, Responder};

use super::{Auth, Inner, Ledger};
#[cfg(feature = "jwks")]
use crate::issuer::network::{Refresher, RefresherError};
use crate::{
    address::{ForwardedBy, NetworkError, Networks},
    attempts::{Attempts, LimitError},
    audit::metrics,
    cache::{self, TokenCache},
    challenge::{Challenges, RealmError},
    clock::{Clock, SystemClock},
    credential::{Cookie, OriginError, Places},
    issuer::{Issuer, IssuerError},
    metadata::{ProtectedResource, ResourceError},
    name::RoleName,
    response::{Body, NotFound, Renderer, Responses},
    revocation::RevocationCheck,
    roles::RoleHierarchy,
    verifier::{
        Verifier,
        api_key::{ApiKeys, HeaderError},
        dpop::{Dpop, DpopError, ProofVerifier},
        jwt::JwtVerifier,
    },
};

/// What a credential may measure unless [`token_limit`](AuthBuilder::token_limit) says otherwise (RESPONSES A27).
const DEFAULT_TOKEN_LIMIT: usize = 16 * 1024;

/// Collects the configuration of an [`Auth`]. Nothing is checked before [`build`](Self::build).
#[must_use]
pub struct AuthBuilder {
    issuers: Vec<Issuer>,
    verifier: Option<Box<dyn Verifier>>,
    api_keys: Option<ApiKeys>,
    cookie: Option<Cookie>,
    dpop: Option<Dpop>,
    proxy: bool,
    revocations: Option<RevocationCheck>,
    hierarchy: RoleHierarchy,
    owners: Option<Box<str>>,
    realm: String,
    resource: Option<ProtectedResource>,
    body: Body,
    not_found: NotFound,
    networks: Vec<(String, Vec<String>)>,
    proxies: Option<(ForwardedBy, Vec<String>)>,
    attempts: Option<(u32, Duration)>,
    token_limit: usize,
    token_cache: (usize, usize),
    clock: Arc<dyn Clock>,
}

impl Default for AuthBuilder {
    fn default() -> Self {
        Self {
            issuers: Vec::new(),
            verifier: None,
            api_keys: None,
            cookie: None,
            dpop: None,
            proxy: false,
            revocations: None,
            hierarchy: RoleHierarchy::default(),
            owners: None,
            realm: "api".to_owned(),
            resource: None,
            body: Body::Json,
            not_found: NotFound::default(),
            networks: Vec::new(),
            proxies: None,
            attempts: None,
            token_limit: DEFAULT_TOKEN_LIMIT,
            token_cache: (cache::DEFAULT_ENTRIES, cache::DEFAULT_BYTES),
            clock: Arc::new(SystemClock),
        }
    }
}

impl AuthBuilder {
    /// Trusts an issuer of JWTs. Several may be trusted; each token is judged by the one its `iss` names.
    pub fn issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Decides about tokens that are no JWTs. Only the last one given is used.
    pub fn verifier(mut self, verifier: impl Verifier) -> Self {
        self.verifier = Some(Box::new(verifier));
        self
    }

    /// Takes API keys, in a header of their own. Where tokens are taken too, a request brings one or the other.
    pub fn api_keys(mut self, keys: ApiKeys) -> Self {
        self.api_keys = Some(keys);
        self
    }

    /// Takes tokens from a cookie too. A request with a cookie and an `Authorization` line brings two credentials: 400.
    pub fn cookie(mut self, cookie: Cookie) -> Self {
        self.cookie = Some(cookie);
        self
    }

    /// Takes tokens that are bound to a key of their owner too, as `Authorization: DPoP …` with a proof in `DPoP: …`
    /// (RFC 9449). Without this such tokens are refused, and so they are as plain bearer tokens in any case.
    pub fn dpop(mut self, dpop: Dpop) -> Self {
        self.dpop = Some(dpop);
        self
    }

    /// This application is a proxy: it takes its own credentials from `Proxy-Authorization`, and asks for them with a 407
    /// and `Proxy-Authenticate` (RFC 9110 §11.7, §15.5.8). `Authorization` belongs to the origin and is not looked at.
    pub fn proxy_mode(mut self) -> Self {
        self.proxy = true;
        self
    }

    /// Refuses what was revoked, from the very next request on: 401 `invalid_token` (RESPONSES A15).
    ///
    /// Takes [`Revocations`](crate::revocation::Revocations), or `RedisRevocations` where instances share them. Only the
    /// last one given is used. See the [guide](crate::guide::revocation).
    ///
    /// ```
    /// use auth_runtime::{Auth, revocation::Revocations};
    ///
    /// let revocations = Revocations::new();
    /// let builder = Auth::builder().revocations(revocations.clone());
    /// revocations.revoke_token("https://id.example.com/", "token-17", 1_893_456_000);
    /// ```
    pub fn revocations(mut self, revocations: impl Into<RevocationCheck>) -> Self {
        self.revocations = Some(revocations.into());
        self
    }

    /// Whoever has `role` has `implied` too, and what those imply.
    ///
    /// ```
    /// # use auth_runtime::{Auth, Role};
    /// #[derive(Role)]
    /// enum Role {
    ///     Admin,
    ///     Editor,
    /// }
    ///
    /// let builder = Auth::builder().role_implies(Role::Admin, [Role::Editor]).role_implies("editor", ["reader"]);
    /// ```
    pub fn role_implies(
        mut self,
        role: impl RoleName,
        implied: impl IntoIterator<Item: RoleName>,
    ) -> Self {
        for implied in implied {
            self.hierarchy.add(role.role_name(), implied.role_name());
        }
        self
    }

    /// Whose subjects the paths of this application name, by the exact `iss`: `owner("user_id")` holds for callers of this
    /// issuer alone.
    ///
    /// Needed where several vouch for callers, since two of them may call two people the same. Without it `owner(…)` is
    /// then a 500, and a line in the log that says so.
    ///
    /// ```
    /// # use auth_runtime::Auth;
    /// let builder = Auth::builder().owners_from("https://id.example.com/");
    /// ```
    pub fn owners_from(mut self, issuer: impl Into<String>) -> Self {
        self.owners = Some(issuer.into().into_boxed_str());
        self
    }

    /// The `realm` of every challenge (RFC 9110 §11.5). Default: `api`.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Describes this API to clients (RFC 9728): challenges name the document, and
    /// [`resource_metadata`](crate::resource_metadata) serves it.
    pub fn protected_resource(mut self, resource: ProtectedResource) -> Self {
        self.resource = Some(resource);
        self
    }

    /// Writes rejections as problem details (RFC 9457), `application/problem+json`. The members `error` and `message`
    /// stay.
    pub fn problem_details(mut self) -> Self {
        self.body = Body::ProblemDetails;
        self
    }

    /// Writes rejections with the application's own body and headers. Status and challenge stay.
    pub fn renderer(mut self, renderer: impl Renderer) -> Self {
        self.body = Body::Custom(Arc::new(renderer));
        self
    }

    /// The application's own not-found handler, which `deny = not_found` and [`Owned`](crate::Owned) answer with.
    ///
    /// Give the same function to [`App::default_service`](actix_web::App::default_service): then nobody can tell a
    /// hidden resource from none. Default: the empty 404 that actix-web gives.
    ///
    /// ```
    /// use actix_web::{App, HttpRequest, HttpResponse, Responder, get, test, web};
    /// use auth_runtime::{Auth, require_role};
    /// # use auth_runtime::{Algorithm, Issuer, Key};
    ///
    /// async fn not_found(_: HttpRequest) -> impl Responder {
    ///     HttpResponse::NotFound().body("nothing here")
    /// }
    ///
    /// #[require_role("admin", deny = not_found)]
    /// #[get("/secret")]
    /// async fn secret() -> impl Responder {
    ///     "the plan"
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() {
    /// # let issuer = Issuer::new("https://id.example.com/").audience("api").key(Key::secret(Algorithm::HS256, [7; 32]));
    /// let auth = Auth::builder().issuer(issuer).not_found(not_found).build().unwrap();
    /// let app = App::new().app_data(auth).service(secret).default_service(web::to(not_found));
    /// let app = test::init_service(app).await;
    ///
    /// for path in ["/secret", "/no-such-path"] {
    ///     let response = test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;
    ///     assert_eq!(response.status(), 404);
    ///     assert!(!response.headers().contains_key("www-authenticate"));
    ///     assert_eq!(test::read_body(response).await, "nothing here");
    /// }
    /// # }
    /// ```
    pub fn not_found<F, Answer>(mut self, handler: F) -> Self
    where
        F: Fn(HttpRequest) -> Answer + Send + Sync + 'static,
        Answer: Future + 'static,
        Answer::Output: Responder + 'static,
    {
        self.not_found = NotFound::new(handler);
        self
    }

    /// Names networks, for `network("office")` in [`authorize`](macro@crate::authorize) and [`Policy::Network`](crate::Policy::Network).
    ///
    /// Each is an address with a prefix length (`10.0.0.0/8`, `2001:db8::/32`) or one address.
    ///
    /// ```
    /// # use auth_runtime::Auth;
    /// let builder = Auth::builder().network("office", ["192.0.2.0/24", "2001:db8::/48"]);
    /// ```
    pub fn network<T: Into<String>>(
        mut self,
        name: impl Into<String>,
        networks: impl IntoIterator<Item = T>,
    ) -> Self {
        self.networks.push((name.into(), networks.into_iter().map(Into::into).collect()));
        self
    }

    /// Believes what proxies in these networks write into one header about where a request comes from.
    ///
    /// The client is the right-most address in the header that is no proxy of these: whatever stands left of it, the
    /// client may have written itself. Without this the client's address is that of the connection, and no header
    /// counts (RFC 7239 §8.1).
    ///
    /// ```
    /// # use auth_runtime::{Auth, ForwardedBy};
    /// let builder = Auth::builder().trusted_proxies(ForwardedBy::XForwardedFor, ["10.0.0.0/8"]);
    /// ```
    pub fn trusted_proxies<T: Into<String>>(
        mut self,
        header: ForwardedBy,
        networks: impl IntoIterator<Item = T>,
    ) -> Self {
        self.proxies = Some((header, networks.into_iter().map(Into::into).collect()));
        self
    }

    /// How many invalid credentials may come from one address in this time; then every credential from there is answered
    /// 429 until it has another attempt (RFC 6585 §4). The time is 1 second to 30 days. Off unless called.
    ///
    /// Counts credentials that nobody vouches for: forged, malformed or unknown ones, not those that expired. An address
    /// is one of IPv4, or a /64 of IPv6; behind proxies, see [`trusted_proxies`](Self::trusted_proxies). The count is this
    /// instance's own.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # use auth_runtime::Auth;
    /// let builder = Auth::builder().failed_attempts(10, Duration::from_secs(60));
    /// ```
    pub fn failed_attempts(mut self, limit: u32, per: Duration) -> Self {
        self.attempts = Some((limit, per));
        self
    }

    /// The longest credential that is looked at, in bytes. Default: 16 KiB. Anything longer is a 401.
    pub fn token_limit(mut self, bytes: usize) -> Self {
        self.token_limit = bytes;
        self
    }

    /// How many JWTs are remembered with what was found out about them, and how many bytes of memory they may take.
    /// Default: 50 000 and 64 MiB; with a 0 in either place, none.
    ///
    /// Speed is all that it changes. Each time a remembered token comes again, its expiry, its revocation, its proof and the
    /// keys of its issuer are checked again; refused tokens are not remembered, and neither is what a
    /// [`Verifier`] says. Tokens stand in memory whole, as they do in every request.
    ///
    /// ```
    /// # use auth_runtime::Auth;
    /// let small = Auth::builder().token_cache(1_000, 2 << 20);
    /// let off = Auth::builder().token_cache(0, 0);
    /// ```
    pub fn token_cache(mut self, entries: usize, bytes: usize) -> Self {
        self.token_cache = (entries, bytes);
        self
    }

    /// Where "now" comes from; for tests. Default: the operating system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Parses all keys and checks that this configuration can decide about something.
    ///
    /// # Errors
    ///
    /// If there is neither an issuer nor a verifier, an issuer is incomplete, a key is unusable, the realm cannot
    /// stand in a header, a network is none, or keys are to come from the network and this machine cannot fetch any. The
    /// message says what to add.
    ///
    /// ```
    /// use auth_runtime::{Auth, Issuer};
    ///
    /// let error = Auth::builder().build().unwrap_err();
    /// assert!(error.to_string().contains("add `.issuer("));
    ///
    /// let error = Auth::builder().issuer(Issuer::new("https://id.example.com/").audience("api")).build().unwrap_err();
    /// assert!(error.to_string().contains("https://id.example.com/"));
    /// ```
    pub fn build(self) -> Result<Auth, BuildError> {
        let Self {
            issuers,
            verifier,
            api_keys,
            cookie,
            dpop,
            proxy,
            revocations,
            hierarchy,
            owners,
            realm,
            resource,
            body,
            not_found,
            networks: named,
            proxies,
            attempts,
            token_limit,
            token_cache: (entries, bytes),
            clock,
        } = self;
        let tokens = !issuers.is_empty() || verifier.is_some();
        if !tokens && api_keys.is_none() {
            return Err(BuildErrorKind::NobodyVouches.into());
        }
        if proxy && (cookie.is_some() || api_keys.is_some()) {
            return Err(BuildErrorKind::ProxyMode.into());
        }
        if let Some(cookie) = &cookie {
            if !tokens {
                return Err(BuildErrorKind::CookieWithoutTokens.into());
            }
            cookie.check()?;
        }
        let dpop = dpop.map(Dpop::load).transpose()?;
        if dpop.is_some() && proxy {
            return Err(DpopError::ProxyMode.into());
        }
        if dpop.is_some() && !tokens {
            return Err(DpopError::NoTokens.into());
        }
        let only_proven = dpop.as_ref().is_some_and(ProofVerifier::is_required);
        if only_proven && cookie.is_some() {
            return Err(DpopError::Cookie.into());
        }
        if token_limit == 0 {
            return Err(BuildErrorKind::TokenLimit.into());
        }
        let proofs = dpop.as_ref().map(ProofVerifier::algorithms);
        let trusted: Vec<&str> = issuers.iter().map(Issuer::name).collect();
        let metadata = resource
            .map(|resource| resource.describe(&trusted, proofs.as_deref(), only_proven))
            .transpose()?;
        let jwt = if issuers.is_empty() { None } else { Some(JwtVerifier::new(issuers)?) };
        let mut networks = Networks::default();
        for (name, texts) in named {
            networks.name(&name, &texts)?;
        }
        if let Some((header, texts)) = proxies {
            networks.trust(header, &texts)?;
        }
        let attempts = attempts
            .map(|(limit, per)| Attempts::new(limit, per, Arc::clone(&clock)).map(Arc::new))
            .transpose()?;
        let proofs_known = dpop.as_ref().map(ProofVerifier::known);
        let api_key = api_keys.as_ref().map(ApiKeys::header_name).transpose()?;
        let challenges = Challenges::new(
            &realm,
            tokens && !only_proven,
            api_keys.as_ref().map(ApiKeys::header_as_written),
            metadata.as_ref().map(|metadata| &*metadata.url),
            proofs.as_deref(),
        )?;
        let responses = Responses { challenges, proxy, body, not_found };
        let dpop_on = dpop.is_some();
        let places = Places { proxy, tokens, dpop: dpop_on, cookie, api_key, limit: token_limit };
        metrics::describe();
        // Last: what does not build asks nobody.
        #[cfg(feature = "jwks")]
        let refresher = {
            let keys = jwt.iter().flat_map(JwtVerifier::network).cloned().collect();
            Refresher::start(keys, &clock).map_err(BuildErrorKind::from)?
        };
        Ok(Auth(Arc::new(Inner {
            tokens: jwt.as_ref().and_then(|_| TokenCache::new(entries, bytes)),
            jwt,
            verifier,
            api_keys,
            dpop,
            places,
            hierarchy,
            owners,
            responses,
            metadata,
            networks,
            ledger: Ledger { proofs: proofs_known, attempts, revocations },
            carried: OnceLock::new(),
            clock,
            #[cfg(feature = "jwks")]
            _refresher: refresher,
        })))
    }
}

/// Why an [`Auth`] could not be built: always the operator's or programmer's to mend.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BuildError(#[from] BuildErrorKind);

#[derive(Debug, thiserror::Error)]
enum BuildErrorKind {
    #[error(
        "nobody vouches for callers: add `.issuer(Issuer::new(…).audience(…).key(…))`, or `.verifier(…)` for opaque tokens, or `.api_keys(…)`"
    )]
    NobodyVouches,
    #[error(
        "a token limit of 0 bytes refuses every token: leave `.token_limit(…)` out or give a size in bytes"
    )]
    TokenLimit,
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    #[error(transparent)]
    Realm(#[from] RealmError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Cookie(#[from] OriginError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error(transparent)]
    Resource(#[from] ResourceError),
    #[error(
        "a proxy takes its own credentials from `Proxy-Authorization` alone: leave `.cookie(…)` and `.api_keys(…)` out, or `.proxy_mode()`"
    )]
    ProxyMode,
    #[error(
        "a cookie holds a token, and nobody vouches for tokens: add `.issuer(…)` or `.verifier(…)`"
    )]
    CookieWithoutTokens,
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Dpop(#[from] DpopError),
    #[cfg(feature = "jwks")]
    #[error(transparent)]
    Refresher(#[from] RefresherError),
}

impl BuildError {
    /// The issuer that is wrong, if one is.
    pub(crate) fn issuer(&self) -> Option<&str> {
        match &self.0 {
            BuildErrorKind::Issuer(error) => Some(&error.issuer),
            _ => None,
        }
    }
}

impl From<IssuerError> for BuildError {
    fn from(error: IssuerError) -> Self {
        Self(error.into())
    }
}

impl From<RealmError> for BuildError {
    fn from(error: RealmError) -> Self {
        Self(error.into())
    }
}

impl From<OriginError> for BuildError {
    fn from(error: OriginError) -> Self {
        Self(error.into())
    }
}

impl From<HeaderError> for BuildError {
    fn from(error: HeaderError) -> Self {
        Self(error.into())
    }
}

impl From<ResourceError> for BuildError {
    fn from(error: ResourceError) -> Self {
        Self(error.into())
    }
}

impl From<DpopError> for BuildError {
    fn from(error: DpopError) -> Self {
        Self(error.into())
    }
}

impl From<LimitError> for BuildError {
    fn from(error: LimitError) -> Self {
        Self(error.into())
    }
}

impl From<NetworkError> for BuildError {
    fn from(error: NetworkError) -> Self {
        Self(error.into())
    }
}
