//! Resources that belong to somebody: load it, check it, and hand it out, hide it or deny it.

use std::{
    cell::Cell,
    fmt,
    future::{Future, poll_fn},
    ops::{Deref, DerefMut},
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    rc::Rc,
    str::FromStr,
    task::{Context, Poll, ready},
};

use actix_web::{Error, FromRequest, HttpRequest, dev};

use crate::{
    audit::{self, Asked, At},
    auth::{Auth, Panicked, poll_caught},
    current::{Current, Loading, Refused},
    extract::Identify,
    identity::Identity,
    parameter::Parameter,
    rejection::Rejection,
    response::{Answering, PendingResponse},
};

/// Something that callers may have or not, found by a parameter of the path.
///
/// # Examples
///
/// ```
/// use actix_web::{App, HttpRequest, Responder, get, test};
/// use auth_runtime::{Denied, Identity, Owned, Resource, require_auth};
/// # #[cfg(feature = "testing")]
/// # use auth_runtime::testing::TestIssuer;
///
/// struct Document {
///     owner: String,
///     text: String,
/// }
///
/// impl Resource for Document {
///     type Id = u32;
///     type Error = actix_web::Error;
///     const DENIED: Denied = Denied::NotFound;
///
///     async fn load(id: u32, _request: &HttpRequest) -> Result<Option<Self>, actix_web::Error> {
///         // … ask the database …
///         Ok((id == 7).then(|| Self { owner: "ann".to_owned(), text: "hello".to_owned() }))
///     }
///
///     fn permits(&self, identity: &Identity) -> bool {
///         self.owner == identity.subject()
///     }
/// }
///
/// #[require_auth]
/// #[get("/documents/{id}")]
/// async fn read(document: Owned<Document>) -> impl Responder {
///     document.text.clone()
/// }
///
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// # #[cfg(feature = "testing")]
/// # #[actix_web::main]
/// # async fn main() {
/// # let issuer = TestIssuer::new();
/// let app = test::init_service(App::new().app_data(issuer.auth().unwrap()).service(read)).await;
/// for (subject, path, status) in [
///     ("ann", "/documents/7", 200),
///     ("bob", "/documents/7", 404), // somebody else's: as if there were none
///     ("ann", "/documents/8", 404), // none
/// ] {
///     let token = format!("Bearer {}", issuer.token(subject).mint());
///     let request = test::TestRequest::get().uri(path).insert_header(("authorization", token)).to_request();
///     assert_eq!(test::call_service(&app, request).await.status(), status);
/// }
/// # }
/// ```
pub trait Resource: Sized + 'static {
    /// What it is found by. A parameter that is none of these finds nothing: 404.
    type Id: FromStr;
    /// Why it could not be loaded; becomes the response.
    type Error: Into<Error>;

    /// The parameter of the path that holds the id.
    const PARAMETER: &'static str = "id";
    /// What somebody else is told.
    const DENIED: Denied = Denied::Forbidden;

    /// Finds it; `None` if there is none.
    fn load(
        id: Self::Id,
        request: &HttpRequest,
    ) -> impl Future<Output = Result<Option<Self>, Self::Error>>;

    /// Whether this caller may have it.
    fn permits(&self, identity: &Identity) -> bool;
}

/// What somebody is told who may not have a [`Resource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// 403: it is there, and not for them.
    Forbidden,
    /// The application's own 404, as if it were not there. (An attribute's own 401 or 403 comes first, whether it is there
    /// or not; below `deny = not_found`, and without an attribute, these are the same 404.)
    NotFound,
}

/// A [`Resource`] that the caller may have, as an extractor.
///
/// It is loaded and checked after the guard and before any other extractor is polled, so a malformed body is a 400 only
/// for those who may have the resource. One that is not there is the application's own 404; somebody else's is what
/// [`Resource::DENIED`] says, and a 404 below `deny = not_found`. `Option<Owned<T>>` below an attribute denies all the same.
///
/// Without an attribute it verifies the caller's credentials itself: anonymous callers get a 401.
///
/// An error of [`load`](Resource::load) becomes the response. A panic there or in [`permits`](Resource::permits) denies
/// with a 500.
pub struct Owned<T>(T);

impl<T> Owned<T> {
    /// The resource itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Owned<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Owned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Owned").field(&self.0).finish()
    }
}

impl<T: Resource> FromRequest for Owned<T> {
    type Error = Error;
    type Future = Owning<T>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let found = Rc::new(Cell::new(None));
        let loading: Loading = Box::pin(load(request.clone(), Rc::clone(&found)));
        let stage = match Current::decide_first(request, loading) {
            None => Stage::Loaded,
            Some(loading) => Stage::Loading(loading),
        };
        Owning { request: request.clone(), found, stage }
    }
}

/// The future of [`Owned`].
#[must_use = "futures do nothing unless polled"]
pub struct Owning<T> {
    request: HttpRequest,
    found: Rc<Cell<Option<T>>>,
    stage: Stage,
}

enum Stage {
    /// The guarded handler's future has done it.
    Loaded,
    /// There is no guarded handler around.
    Loading(Loading),
    Refusing(Rejection, PendingResponse),
}

impl<T> fmt::Debug for Owning<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owning").finish_non_exhaustive()
    }
}

impl<T> Future for Owning<T> {
    type Output = Result<Owned<T>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let refused = match &mut self.stage {
                Stage::Loaded => match self.found.take() {
                    Some(found) => return Poll::Ready(Ok(Owned(found))),
                    // Nobody looked: never hand out what was not checked.
                    None => Refused::Rejection(Rejection::NotAvailable),
                },
                Stage::Loading(loading) => match ready!(loading.as_mut().poll(context)) {
                    Ok(()) => {
                        self.stage = Stage::Loaded;
                        continue;
                    }
                    Err(refused) => refused,
                },
                Stage::Refusing(rejection, response) => {
                    let response = ready!(response.as_mut().poll(context));
                    let error = rejection.clone().into_error(&self.request, Some(response));
                    return Poll::Ready(Err(error));
                }
            };
            match refused {
                Refused::Error(error) => return Poll::Ready(Err(error)),
                Refused::Rejection(rejection) => match answer(&rejection, &self.request) {
                    Answering::Done(response) => {
                        let error = rejection.into_error(&self.request, Some(response));
                        return Poll::Ready(Err(error));
                    }
                    Answering::Waiting(response) => {
                        self.stage = Stage::Refusing(rejection, response);
                    }
                },
            }
        }
    }
}

// `Owning` holds no self-reference.
impl<T> Unpin for Owning<T> {}

fn answer(rejection: &Rejection, request: &HttpRequest) -> Answering {
    rejection.answer(Auth::of(request).as_deref(), request)
}

/// Leaves the resource in `found` if the caller may have it. Every outcome is an event, but for the application's own error.
async fn load<T: Resource>(
    request: HttpRequest,
    found: Rc<Cell<Option<T>>>,
) -> Result<(), Refused> {
    let hides = T::DENIED == Denied::NotFound || Current::hides(&request);
    let mut caller = None;
    let decided = decide::<T>(&request, &mut caller).await;
    let by = At("`Owned`", &request);
    let asked = Asked { request: &request, by: &by, hides };
    match decided {
        Ok(resource) => {
            audit::granted(asked, caller.as_ref());
            found.set(Some(resource));
            Ok(())
        }
        Err(Refused::Rejection(rejection)) => {
            audit::denied(asked, &rejection, None, caller.as_ref());
            let hidden = hides && rejection.is_denial();
            Err(if hidden { Rejection::NotFound } else { rejection }.into())
        }
        Err(error) => Err(error),
    }
}

/// Who is it, what do they want, and may they have it? Leaves the first answer in `caller`.
async fn decide<T: Resource>(
    request: &HttpRequest,
    caller: &mut Option<Identity>,
) -> Result<T, Refused> {
    let mut asking = Identify::caller(request);
    let identity = poll_fn(|context| asking.poll_identity(context)).await;
    let identity = match identity {
        Ok(Some(identity)) => &*caller.insert(identity),
        Ok(None) => return Err(Rejection::no_credentials().into()),
        Err(rejection) => {
            *caller = asking.turned_away().cloned();
            return Err(rejection.into());
        }
    };

    let id = match Parameter::of(request, T::PARAMETER) {
        Parameter::Text(id) => {
            let parsed = std::panic::catch_unwind(AssertUnwindSafe(|| id.parse().ok()));
            parsed.map_err(|_| failed("`Id::from_str` panicked"))?
        }
        Parameter::Malformed => None,
        found @ (Parameter::Missing | Parameter::Ambiguous) => {
            let number = if found == Parameter::Missing { "none" } else { "several" };
            tracing::error!(
                route = request.match_pattern().as_deref().unwrap_or("?"),
                "a handler takes an `Owned` resource by the path parameter `{0}`, and its route has {number}: write `{{{0}}}` \
                 once in the path, or set `Resource::PARAMETER`",
                T::PARAMETER
            );
            return Err(Rejection::NotAvailable.into());
        }
    };
    let Some(id) = id else {
        return Err(Rejection::NotFound.into());
    };

    // A `load` that panics before it gives its future panics inside this one.
    let mut loading = pin!(async { T::load(id, request).await });
    let loaded = poll_fn(|context| poll_caught(loading.as_mut(), context)).await;
    let resource = match loaded {
        Ok(Ok(Some(resource))) => resource,
        Ok(Ok(None)) => return Err(Rejection::NotFound.into()),
        Ok(Err(error)) => return Err(Refused::Error(error.into())),
        Err(Panicked) => return Err(failed("`load` panicked").into()),
    };
    match std::panic::catch_unwind(AssertUnwindSafe(|| resource.permits(identity))) {
        Ok(true) => Ok(resource),
        Ok(false) => Err(Rejection::Forbidden.into()),
        Err(_) => Err(failed("`permits` panicked").into()),
    }
}

fn failed(what: &str) -> Rejection {
    tracing::error!("{what} in a `Resource`, so the request was denied");
    Rejection::NotAvailable
}
