//! The value an application puts into its `app_data`: everything that is the same for all its requests.

mod authenticate;
mod binding;
mod builder;
mod ledger;
mod ready;
mod reload;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use actix_web::{HttpRequest, web};

pub(crate) use authenticate::{
    Authenticated, Authenticating, Known, Looked, Panicked, TurnedAway, poll_caught,
};
pub use builder::{AuthBuilder, BuildError};
pub use ready::ready;
pub(crate) use reload::{Pinned, Serving};
pub use reload::{ReloadError, ReloadableAuth};

use self::ledger::Ledger;

#[cfg(feature = "jwks")]
use crate::issuer::network::Refresher;
use crate::{
    address::Networks,
    cache::TokenCache,
    clock::Clock,
    credential::Places,
    decision::Owners,
    metadata::Metadata,
    rejection::Rejection,
    response::Responses,
    revocation::RevocationCheck,
    roles::RoleHierarchy,
    verifier::{Verifier, api_key::ApiKeys, dpop::ProofVerifier, jwt::JwtVerifier},
};

/// Who may vouch for callers, and how refusals are written.
///
/// Build one, and give each `App` a clone. Cloning is cheap.
///
/// # Examples
///
/// ```
/// use actix_web::{App, HttpResponse, Responder, get};
/// use auth_runtime::{Algorithm, Auth, Issuer, Key, require_role};
///
/// #[require_role("admin")]
/// #[get("/admin")]
/// async fn admin() -> impl Responder {
///     HttpResponse::Ok().body("welcome")
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let secret = [7; 32];
/// let auth = Auth::builder()
///     .issuer(
///         Issuer::new("https://id.example.com/")
///             .audience("api")
///             .key(Key::secret(Algorithm::HS256, secret)),
///     )
///     .build()?;
/// let app = actix_web::test::init_service(App::new().app_data(auth.clone()).service(admin)).await;
///
/// // Nobody is logged in: 401, and the response says how to log in.
/// let request = actix_web::test::TestRequest::get().uri("/admin").to_request();
/// let response = actix_web::test::call_service(&app, request).await;
/// assert_eq!(response.status(), 401);
/// assert_eq!(response.headers().get("www-authenticate").unwrap(), r#"Bearer realm="api""#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    /// `None` if the application takes opaque tokens only.
    jwt: Option<JwtVerifier>,
    /// What the issuers vouched for; `None` if nothing is remembered.
    tokens: Option<TokenCache>,
    verifier: Option<Box<dyn Verifier>>,
    api_keys: Option<ApiKeys>,
    /// `None` if tokens are taken without a proof only.
    dpop: Option<ProofVerifier>,
    places: Places,
    hierarchy: RoleHierarchy,
    /// Whose subjects paths name, if that was said.
    owners: Option<Box<str>>,
    responses: Responses,
    /// `None` if the application does not describe itself.
    metadata: Option<Metadata>,
    networks: Networks,
    /// What it was built with, until it takes another one's place: see [`Auth::ledger`].
    ledger: Ledger,
    /// What it goes on with since then.
    carried: OnceLock<Ledger>,
    clock: Arc<dyn Clock>,
    /// Fetches keys as long as it is here.
    #[cfg(feature = "jwks")]
    _refresher: Option<Refresher>,
}

/// Two values that differ, of which neither is known to be the nearer.
pub(super) struct Ambiguous;

/// What the application was given, as it is or inside `web::Data`.
#[inline]
fn given<T: 'static>(
    request: &HttpRequest,
    same: impl Fn(&T, &T) -> bool,
) -> Result<Option<&T>, Ambiguous> {
    let inside = request.app_data::<web::Data<T>>().map(|data| &***data);
    match (request.app_data::<T>(), inside) {
        (Some(one), Some(other)) if !same(one, other) => Err(Ambiguous),
        (one, other) => Ok(one.or(other)),
    }
}

impl Auth {
    /// Starts an empty configuration.
    pub fn builder() -> AuthBuilder {
        AuthBuilder::default()
    }

    /// The nearest `Auth` of the application that serves this request, given as it is or inside `web::Data`; or the one
    /// this request began with, where the application has a [`ReloadableAuth`].
    ///
    /// actix-web finds the nearest value of one type. Of two values of two types nobody can tell which one is nearer, and
    /// the outer one might let in whom the inner one refuses, so then there is none.
    #[inline(never)]
    pub(crate) fn of(request: &HttpRequest) -> Option<Serving<'_>> {
        match (Self::only(request), ReloadableAuth::of(request)) {
            (Ok(auth), Ok(None)) => auth.map(Serving::Only),
            (Ok(None), Ok(Some(handle))) => Some(Serving::Pinned(Pinned::get(request, handle))),
            (Ok(Some(_)), Ok(Some(_))) => {
                tracing::error!(
                    "the application has an `Auth` and a `ReloadableAuth`, and nobody can tell which one is nearer, so every \
                     request is answered 500: leave one of them out, or give the other as `ReloadableAuth::new(auth)`"
                );
                None
            }
            (Err(Ambiguous), _) | (_, Err(Ambiguous)) => ambiguous(),
        }
    }

    /// The same, for the way of every guarded request: two looks, at what is given as it is and at what is inside
    /// `web::Data`, unless the program has a `ReloadableAuth`.
    #[inline]
    pub(crate) fn of_guarded(request: &HttpRequest) -> Option<Serving<'_>> {
        if ReloadableAuth::is_any() {
            return Self::of(request);
        }
        match Self::only(request) {
            Ok(auth) => auth.map(Serving::Only),
            Err(Ambiguous) => ambiguous(),
        }
    }

    #[inline]
    fn only(request: &HttpRequest) -> Result<Option<&Self>, Ambiguous> {
        given(request, |one: &Self, other| Arc::ptr_eq(&one.0, &other.0))
    }

    /// What refuses credentials that were taken back, to take back more; `None` if nothing ever is.
    ///
    /// For applications whose revocations come from a configuration; whoever gave some to
    /// [`AuthBuilder::revocations`] has them already. With a [`ReloadableAuth`], ask
    /// [`current`](ReloadableAuth::current).
    ///
    /// # Examples
    ///
    /// ```
    /// use auth_runtime::Auth;
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let issuer = r#"
    ///     [[issuers]]
    ///     name = "https://id.example.com/"
    ///     audience = "api"
    ///     keys = [{ algorithms = "HS256", secret = "not-a-secret-since-it-stands-in-a-doc-comment" }]
    /// "#;
    /// let auth = Auth::from_toml(&format!("[revocations]\nlongest_lifetime = \"1d\"\n{issuer}"))?;
    /// let revocations = auth.revocations().unwrap();
    /// // Holds from the next request on. Where revocations are shared, the future says whether the others will know.
    /// revocations.revoke_token("https://id.example.com/", "token-17", 1_893_456_000).await?;
    ///
    /// assert!(Auth::from_toml(issuer)?.revocations().is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn revocations(&self) -> Option<RevocationCheck> {
        self.ledger().revocations.clone()
    }

    pub(crate) fn responses(&self) -> &Responses {
        &self.0.responses
    }

    /// Whose subjects the paths of this application name: two issuers may call two people the same (L6).
    pub(crate) fn owners(&self) -> Owners<'_> {
        let verifiers = self.0.jwt.as_ref().map_or(0, JwtVerifier::issuers)
            + usize::from(self.0.verifier.is_some())
            + usize::from(self.0.api_keys.is_some());
        match &self.0.owners {
            Some(issuer) => Owners::Of(issuer),
            None if verifiers > 1 => Owners::Unsaid,
            None => Owners::OfTheOnlyOne,
        }
    }

    pub(crate) fn metadata(&self) -> Option<&Metadata> {
        self.0.metadata.as_ref()
    }

    pub(crate) fn places(&self) -> &Places {
        &self.0.places
    }

    /// In a proxy, its own credentials are asked for, and refused, with a status of their own (RFC 9110 §15.5.8).
    pub(crate) fn in_mode<'a>(&self, rejection: &'a Rejection) -> &'a Rejection {
        if !self.0.places.proxy {
            return rejection;
        }
        match rejection {
            Rejection::NoCredentials { .. } | Rejection::NoApiKey => &Rejection::NoProxyCredentials,
            Rejection::InvalidToken
            | Rejection::ExpiredToken
            | Rejection::InvalidApiKey
            | Rejection::StepUp { .. } => &Rejection::InvalidProxyCredentials,
            other => other,
        }
    }

    pub(crate) fn networks(&self) -> &Networks {
        &self.0.networks
    }

    /// Seconds since the Unix epoch.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        self.0.clock.now()
    }
}

// Apart from the way of nearly every request.
#[cold]
fn ambiguous<'a>() -> Option<Serving<'a>> {
    tracing::error!(
        "the application has one `Auth` as it is and another inside `web::Data`, and nobody can tell which one is nearer, so \
         every request is answered 500: give both in the same way, as `.app_data(auth.clone())`"
    );
    None
}

/// Keys and verifiers stay out of logs.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("responses", &self.0.responses).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Algorithm, Issuer, Key,
        api_key::{ApiKeys, MemoryStore},
    };

    fn builder() -> AuthBuilder {
        let issuer = Issuer::new("i").audience("a").key(Key::secret(Algorithm::HS256, [7; 32]));
        Auth::builder().issuer(issuer)
    }

    #[test]
    fn a25_what_is_a_401_elsewhere_is_a_407_in_a_proxy() {
        let (origin, proxy) = (builder().build().unwrap(), builder().proxy_mode().build().unwrap());
        for (rejection, reason) in [
            (Rejection::no_credentials(), "no_proxy_credentials"),
            (Rejection::NoApiKey, "no_proxy_credentials"),
            (Rejection::InvalidToken, "invalid_proxy_credentials"),
            (Rejection::ExpiredToken, "invalid_proxy_credentials"),
            (Rejection::InvalidApiKey, "invalid_proxy_credentials"),
            (
                Rejection::StepUp { acr_values: None, max_age: Some(60) },
                "invalid_proxy_credentials",
            ),
        ] {
            assert_eq!(origin.in_mode(&rejection).status(), 401, "{rejection}");
            let refused = proxy.in_mode(&rejection);
            assert_eq!((refused.status().as_u16(), refused.reason()), (407, reason));
        }
        assert_eq!(proxy.in_mode(&Rejection::Forbidden).status(), 403);
    }

    /// L6
    #[test]
    fn keys_and_tokens_may_call_two_people_the_same() {
        let both = || builder().api_keys(ApiKeys::new(MemoryStore::default()));
        assert!(matches!(builder().build().unwrap().owners(), Owners::OfTheOnlyOne));
        assert!(matches!(both().build().unwrap().owners(), Owners::Unsaid));
        let said = both().owners_from("i").build().unwrap();
        assert!(matches!(said.owners(), Owners::Of("i")));
    }
}
