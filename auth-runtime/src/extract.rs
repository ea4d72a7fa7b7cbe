//! What handlers can ask for: [`Identity`], [`OptionalIdentity`], [`Claims`].
//!
//! Below an attribute they give what the guard found. Without one they verify the request's credentials themselves.

use std::{
    any::type_name,
    fmt,
    future::Future,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{Error, FromRequest, HttpRequest, dev, dev::ServiceRequest};
use serde::de::DeserializeOwned;

use crate::{
    audit::{self, Asked, At},
    auth::{Auth, Authenticated, Authenticating, TurnedAway},
    current::Current,
    guard::no_auth,
    identity::Identity,
    rejection::Rejection,
};

impl FromRequest for Identity {
    type Error = Error;
    type Future = Identify<Self>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        Identify::caller(request)
    }
}

/// The caller, or nobody: for handlers that serve both and have no attribute.
///
/// No credentials give `None`. Bad credentials are a 401, never silently anonymous. Below an attribute `Option<Identity>`
/// does the same.
///
/// # Examples
///
/// ```
/// use actix_web::{HttpResponse, Responder, get};
/// use auth_runtime::OptionalIdentity;
///
/// #[get("/")]
/// async fn home(caller: OptionalIdentity) -> impl Responder {
///     match &*caller {
///         Some(identity) => HttpResponse::Ok().body(format!("hello {}", identity.subject())),
///         None => HttpResponse::Ok().body("hello stranger"),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct OptionalIdentity(pub Option<Identity>);

impl Deref for OptionalIdentity {
    type Target = Option<Identity>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromRequest for OptionalIdentity {
    type Error = Error;
    type Future = Identify<Self>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        Identify::new(request, |identity| Ok(Self(identity)))
    }
}

/// The claims of the caller's token, as a type of your own.
///
/// `T` sees the whole payload, registered claims included; they were verified before. A token whose claims do not fit
/// `T` is genuine but not good enough for this handler: 403.
///
/// # Examples
///
/// ```
/// use actix_web::{HttpResponse, Responder, get};
/// use auth_runtime::{Claims, require_auth};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Tenant {
///     tenant: String,
/// }
///
/// #[require_auth]
/// #[get("/tenant")]
/// async fn tenant(claims: Claims<Tenant>) -> impl Responder {
///     // No token: 401. A token without `tenant`: 403.
///     HttpResponse::Ok().body(claims.into_inner().tenant)
/// }
/// ```
#[derive(Clone)]
pub struct Claims<T>(pub T);

impl<T> Claims<T> {
    /// The claims themselves.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Claims<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Claims are personal data: they do not belong in a debug log.
impl<T> fmt::Debug for Claims<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Claims<T> {
    type Error = Error;
    type Future = Identify<Self>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        Identify::new(request, |identity| {
            let identity = identity.ok_or(Rejection::no_credentials())?;
            identity.claims().map(Self).map_err(|error| {
                // The error's text can repeat what a claim says: only its place goes to the log.
                tracing::warn!(
                    wanted = type_name::<T>(),
                    kind = ?error.classify(),
                    column = error.column(),
                    "the token's claims do not fit the type the handler asks for"
                );
                Rejection::Forbidden
            })
        })
    }
}

/// Who decides, for events.
const EXTRACTOR: &str = "an extractor";

/// The future of the extractors above. Ready at once unless a verifier makes it wait.
#[must_use = "futures do nothing unless polled"]
pub struct Identify<T> {
    request: HttpRequest,
    finish: fn(Option<Identity>) -> Result<T, Rejection>,
    /// Set while somebody makes us wait.
    authenticating: Option<Authenticating>,
    /// The owner of a credential that was refused although it is genuine, for events.
    turned_away: Option<Identity>,
    /// Whether the guard, or another extractor, decided before.
    decided: bool,
}

impl<T> fmt::Debug for Identify<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identify").finish_non_exhaustive()
    }
}

impl<T> Identify<T> {
    fn new(request: &HttpRequest, finish: fn(Option<Identity>) -> Result<T, Rejection>) -> Self {
        let request = request.clone();
        Self { request, finish, authenticating: None, turned_away: None, decided: false }
    }

    /// The guard's identity if there is one, else the outcome of verifying here.
    pub(crate) fn poll_identity(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Identity>, Rejection>> {
        let request = &self.request;
        if let Some(identity) = Current::with(request, |current| current.identity.clone()).flatten()
        {
            self.decided = true;
            return Poll::Ready(Ok(Some(identity)));
        }
        let Some(auth) = Auth::of(request) else {
            return Poll::Ready(Err(no_auth("a handler that takes the identity")));
        };
        let authenticated = match &mut self.authenticating {
            Some(authenticating) => ready!(authenticating.poll(&auth, request, context)),
            None => match auth.authenticate(request, auth.look(request)) {
                Authenticated::Now(authenticated) => authenticated,
                Authenticated::Later(authenticating) => {
                    let authenticating = self.authenticating.insert(authenticating);
                    ready!(authenticating.poll(&auth, request, context))
                }
            },
        };
        Poll::Ready(match authenticated {
            Ok(identity) => {
                if let Some(identity) = &identity {
                    // Below `#[public]` nobody has asked before; now it is known, for the next extractor and for the response.
                    Current::with(request, |current| current.identity = Some(identity.clone()));
                }
                Ok(identity)
            }
            Err(TurnedAway { rejection, owner }) => {
                self.turned_away = owner;
                Err(rejection)
            }
        })
    }

    /// The owner of a credential that was refused although it is genuine, for events.
    pub(crate) fn turned_away(&self) -> Option<&Identity> {
        self.turned_away.as_ref()
    }
}

impl Identify<Identity> {
    /// Finds out who the caller is, for other extractors.
    pub(crate) fn caller(request: &HttpRequest) -> Self {
        Self::new(request, |identity| identity.ok_or(Rejection::no_credentials()))
    }
}

impl<T> Future for Identify<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let identity = ready!(self.poll_identity(context));
        let caller = identity.as_ref().ok().and_then(Option::clone);
        let by = At(EXTRACTOR, &self.request);
        let asked = Asked { request: &self.request, by: &by, hides: false };
        Poll::Ready(match identity.and_then(self.finish) {
            Ok(found) => {
                if !self.decided {
                    audit::granted(asked, caller.as_ref());
                }
                Ok(found)
            }
            // `Option<Identity>` forgets errors. Below an attribute the handler's own future remembers this one.
            Err(rejection) if rejection.is_about_given_credentials() => {
                let caller = caller.as_ref().or(self.turned_away());
                let known =
                    Current::with(&self.request, |current| current.reject(rejection.clone()));
                // Several extractors of one handler may come upon the same credential.
                if known != Some(true) {
                    audit::denied(asked, &rejection, None, caller);
                }
                Err(rejection.into_error(&self.request, None))
            }
            // Nobody is refused where it is an `Option`.
            Err(rejection) => {
                let (request, hides) = (self.request.clone(), Current::hides(&self.request));
                Err(rejection.into_error_with(&self.request, move |rejection| {
                    let by = At(EXTRACTOR, &request);
                    audit::denied(
                        Asked { request: &request, by: &by, hides },
                        rejection,
                        None,
                        None,
                    );
                }))
            }
        })
    }
}

/// The caller's identity for code that is no handler: middleware, loggers, extractors of your own.
///
/// # Examples
///
/// ```
/// use actix_web::{Error, body::MessageBody, dev::{ServiceRequest, ServiceResponse}, middleware::Next};
/// use auth_runtime::IdentityExt;
///
/// async fn log(request: ServiceRequest, next: Next<impl MessageBody>) -> Result<ServiceResponse<impl MessageBody>, Error> {
///     let response = next.call(request).await?;
///     let caller = response.request().identity();
///     println!("{} for {}", response.status(), caller.as_ref().map_or("anonymous", |caller| caller.subject()));
///     Ok(response)
/// }
/// ```
pub trait IdentityExt {
    /// The verified caller, or `None` for anonymous callers and bad credentials.
    ///
    /// Inside a guarded handler and its extractors this is what the guard found. Elsewhere the credentials are verified
    /// anew, which costs as much as the guard's own verification; where the verifier makes callers wait, or a token comes
    /// with a proof that is good once ([`dpop`](crate::AuthBuilder::dpop)), the identity is known only after the guard or
    /// an extractor has verified it. A `None` decides nothing: use an attribute or
    /// [`guard`](crate::guard()) to refuse requests.
    ///
    /// It looks into the request's extensions: call it before you borrow them, not inside `extensions_mut().insert(…)`.
    fn identity(&self) -> Option<Identity>;
}

impl IdentityExt for HttpRequest {
    fn identity(&self) -> Option<Identity> {
        Current::with(self, |current| current.identity.clone())
            .flatten()
            .or_else(|| Auth::of(self)?.identity_now(self))
    }
}

impl IdentityExt for ServiceRequest {
    fn identity(&self) -> Option<Identity> {
        self.request().identity()
    }
}
