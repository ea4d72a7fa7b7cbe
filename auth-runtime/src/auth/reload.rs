//! An [`Auth`] that is replaced while requests are being served.

use std::{
    cell::Cell,
    error::Error,
    fmt,
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{HttpMessage, HttpRequest, dev::RequestHead, rt::time::timeout};

use super::{Ambiguous, Auth, given};
use crate::config::ConfigError;

/// An [`Auth`] that can be replaced while the application runs. It stands in `app_data` in the place of an `Auth`.
///
/// A request goes on with the `Auth` it began with, guard, extractors and response alike; the next one has the new one. No
/// request waits and none is dropped. Cloning is cheap, and all clones are the same one: keep one to replace it by.
///
/// # What goes on
///
/// The new `Auth` begins where the one before ends, however both were made:
///
/// * A DPoP proof that was used stays used, also if the bounds of that memory changed. Nonces stay good, unless the secret
///   or its lifetime changed or one is made up and the other is not; then clients are told a new one.
/// * What was revoked stays revoked, also if [`Revocations`](crate::revocation::Revocations) are others than before, or if
///   none are left: then the ones from before go on, and a line in the log says so. Whatever still is revoked by a handle
///   from before counts too. Revocations that a configuration asks for are the same as before where their settings are,
///   over the same connection to Redis.
/// * Failed attempts are counted on if the limit is the same. With another one every address has all its attempts again,
///   but those that have none left wait until their time is over.
///
/// What introspection answered is asked anew, and keys from the network are fetched anew. A store of API keys goes on where
/// both have got the same.
///
/// An application has either an `Auth` or this. With both, nobody can tell which one is nearer, so every request is a 500
/// with a line in the log.
///
/// # Examples
///
/// ```
/// use actix_web::{App, HttpResponse, Responder, get, test};
/// use auth_runtime::{Algorithm, Auth, Issuer, Key, ReloadableAuth, require_auth};
///
/// #[require_auth]
/// #[get("/me")]
/// async fn me() -> impl Responder {
///     HttpResponse::Ok()
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let build = |realm: &str| {
///     let key = Key::secret(Algorithm::HS256, [7; 32]);
///     Auth::builder().issuer(Issuer::new("https://id.example.com/").audience("api").key(key)).realm(realm).build()
/// };
/// let auth = ReloadableAuth::new(build("before")?);
/// let app = test::init_service(App::new().app_data(auth.clone()).service(me)).await;
///
/// for realm in ["before", "after"] {
///     auth.replace(&build(realm)?);
///     let response = test::call_service(&app, test::TestRequest::get().uri("/me").to_request()).await;
///     assert_eq!(response.status(), 401);
///     let challenge = format!(r#"Bearer realm="{realm}""#);
///     assert_eq!(response.headers().get("www-authenticate").unwrap(), &*challenge);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ReloadableAuth(Arc<Shared>);

struct Shared {
    current: RwLock<Auth>,
    /// `None` if there is nothing to read again.
    load: Option<Box<Load>>,
    /// Numbers whoever begins to replace it, and says who was the last to do so: of two who read at once, the one who
    /// began later wins.
    begun: AtomicU64,
    replaced_by: Mutex<u64>,
}

/// Whether there is one at all. Most applications have none, and then no request looks for it. Whoever has one has got it
/// from the thread that made it, so no order has to be asked for.
static ANY: AtomicBool = AtomicBool::new(false);

type Load = dyn Fn() -> Result<Auth, BoxError> + Send + Sync;
type BoxError = Box<dyn Error + Send + Sync>;

/// Why a configuration was not read again. The [`Auth`] from before stays.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ReloadError(#[from] ReloadErrorKind);

#[derive(Debug, thiserror::Error)]
enum ReloadErrorKind {
    #[error(
        "there is nothing to read again: make it with `ReloadableAuth::from_config` or `ReloadableAuth::load`, or use `replace`"
    )]
    NoSource,
    #[error("the configuration cannot be used, so the one from before stays: {0}")]
    Broken(#[source] BoxError),
    #[error(
        "the keys of the new configuration's issuers were not there after {0:?}, so the one from before stays"
    )]
    NotReady(Duration),
}

fn logged(error: ReloadErrorKind) -> ReloadError {
    tracing::error!("{error}");
    error.into()
}

impl ReloadableAuth {
    /// Begins with this one. Only [`replace`](Self::replace) changes it.
    #[must_use]
    pub fn new(auth: Auth) -> Self {
        Self::with(auth, None)
    }

    /// Begins with what [`Auth::from_config`] makes of this file and of the environment. [`reload`](Self::reload) reads
    /// both again.
    ///
    /// # Errors
    ///
    /// As [`Auth::from_config`].
    pub fn from_config(path: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        let path = path.into();
        let auth = Auth::from_config(&path)?;
        Ok(Self::with(auth, Some(Box::new(move || Ok(Auth::from_config(&path)?)))))
    }

    /// Begins with what this function gives. [`reload`](Self::reload) calls it again.
    ///
    /// # Errors
    ///
    /// What the function says.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use auth_runtime::{Config, ReloadableAuth};
    /// # use actix_web::{HttpRequest, HttpResponse};
    /// # async fn not_found(_: HttpRequest) -> HttpResponse { HttpResponse::NotFound().finish() }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let auth = ReloadableAuth::load(|| {
    ///     let config = Config::from_file("auth.toml")?.apply_env()?;
    ///     Ok(config.into_builder()?.not_found(not_found).build()?)
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(
        load: impl Fn() -> Result<Auth, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let auth = load()?;
        Ok(Self::with(auth, Some(Box::new(load))))
    }

    fn with(auth: Auth, load: Option<Box<Load>>) -> Self {
        ANY.store(true, Ordering::Relaxed);
        Self(Arc::new(Shared {
            current: RwLock::new(auth),
            load,
            begun: AtomicU64::new(0),
            replaced_by: Mutex::new(0),
        }))
    }

    /// What the next request will have.
    #[must_use]
    pub fn current(&self) -> Auth {
        // A lock is poisoned by a panic while it was held; what it guards is sound at any time.
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From the next request on, this one decides.
    ///
    /// Where an issuer's keys come from the network, await [`Auth::wait_ready`] before.
    pub fn replace(&self, auth: &Auth) {
        self.set(self.begin(), auth.clone());
    }

    /// Reads the configuration again; from the next request on, it decides.
    ///
    /// Reads files and parses keys, so call it where waiting is no harm: in `web::block`, in a thread that handles
    /// signals. Keys from the network are fetched anew and may not be there yet;
    /// [`reload_when_ready`](Self::reload_when_ready) waits for them.
    ///
    /// # Errors
    ///
    /// If it cannot be used; that is logged at error level too. The one from before goes on deciding.
    pub fn reload(&self) -> Result<(), ReloadError> {
        let number = self.begin();
        let auth = self.read().map_err(logged)?;
        self.set(number, auth);
        tracing::info!("the configuration was read again");
        Ok(())
    }

    /// The same as [`reload`](Self::reload), but the new one decides only when the keys of its issuers are there. Waits for
    /// them no longer than `limit`.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload), and if the keys are not there in time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use auth_runtime::{Auth, ReloadableAuth};
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let auth = ReloadableAuth::load(|| {
    ///     let key = r#"{ algorithms = "HS256", secret = "not-a-secret-since-it-stands-in-a-doc-comment" }"#;
    ///     let issuer = format!(r#"{{ name = "https://id.example.com/", audience = "api", keys = [{key}] }}"#);
    ///     Ok(Auth::from_toml(&format!("issuers = [{issuer}]"))?)
    /// })?;
    /// auth.reload_when_ready(Duration::from_secs(10)).await?; // at once: the keys are local
    /// # Ok(())
    /// # }
    /// ```
    pub async fn reload_when_ready(&self, limit: Duration) -> Result<(), ReloadError> {
        let number = self.begin();
        let auth = self.read().map_err(logged)?;
        if timeout(limit, auth.wait_ready()).await.is_err() {
            return Err(logged(ReloadErrorKind::NotReady(limit)));
        }
        self.set(number, auth);
        tracing::info!("the configuration was read again");
        Ok(())
    }

    fn read(&self) -> Result<Auth, ReloadErrorKind> {
        let load = self.0.load.as_ref().ok_or(ReloadErrorKind::NoSource)?;
        load().map_err(ReloadErrorKind::Broken)
    }

    fn begin(&self) -> u64 {
        self.0.begun.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn set(&self, number: u64, auth: Auth) {
        let mut replaced_by = self.0.replaced_by.lock().unwrap_or_else(PoisonError::into_inner);
        if *replaced_by > number {
            return;
        }
        *replaced_by = number;
        auth.succeed(&self.current());
        let mut current = self.0.current.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *current, auth);
        drop(current);
        // What the old one takes with it, if no request has it, is nothing that a request should wait for.
        drop(before);
    }

    /// The nearest one, given as it is or inside `web::Data`.
    #[inline]
    pub(super) fn of(request: &HttpRequest) -> Result<Option<&Self>, Ambiguous> {
        if !Self::is_any() {
            return Ok(None);
        }
        given(request, Self::is)
    }

    /// Whether the program has any at all. Where it has none, nobody has to look for one.
    #[inline]
    pub(super) fn is_any() -> bool {
        ANY.load(Ordering::Relaxed)
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for ReloadableAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadableAuth").field("current", &self.current()).finish_non_exhaustive()
    }
}

/// The [`Auth`] of one request: the application's only one, or the one it began with.
pub(crate) enum Serving<'a> {
    Only(&'a Auth),
    Pinned(Auth),
}

impl Deref for Serving<'_> {
    type Target = Auth;

    fn deref(&self) -> &Auth {
        match self {
            Self::Only(auth) => auth,
            Self::Pinned(auth) => auth,
        }
    }
}

/// Which `Auth` one request goes on with, as far as one [`ReloadableAuth`] is concerned: a scope may have its own.
///
/// A guarded handler keeps it in its own future; while that is being polled it also stands in a slot of the worker thread,
/// so that it costs no allocation. Elsewhere (a guard by hand, an extractor without an attribute, middleware) it is kept
/// in the request's extensions, which takes a box.
#[derive(Clone)]
pub(crate) struct Pinned {
    /// Compared, never followed. Whoever keeps this holds the request, so no other can be at this address.
    head: *const RequestHead,
    handle: ReloadableAuth,
    auth: Auth,
}

/// What the request's extensions hold.
struct Pins(Vec<(ReloadableAuth, Auth)>);

thread_local! {
    static PINNED: Cell<Option<Pinned>> = const { Cell::new(None) };
}

impl Pinned {
    /// For the whole of a guarded handler. `None` where the application's `Auth` never changes.
    #[inline]
    pub(crate) fn begin(request: &HttpRequest) -> Result<Option<Self>, Ambiguous> {
        if !ReloadableAuth::is_any() {
            return Ok(None);
        }
        Self::begin_with_any(request)
    }

    #[inline(never)]
    fn begin_with_any(request: &HttpRequest) -> Result<Option<Self>, Ambiguous> {
        let Some(handle) = given(request, ReloadableAuth::is)? else { return Ok(None) };
        let auth = Self::found(request, handle).unwrap_or_else(|| handle.current());
        Ok(Some(Self { head: request.head(), handle: handle.clone(), auth }))
    }

    /// Runs `poll` with this in the slot, and takes it back afterwards, even out of a panic.
    pub(crate) fn during<T>(slot: &mut Option<Self>, poll: impl FnOnce() -> T) -> T {
        struct Restore<'a> {
            ours: &'a mut Option<Pinned>,
            outer: Option<Pinned>,
        }
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                *self.ours = PINNED.replace(self.outer.take());
            }
        }

        let outer = PINNED.replace(slot.take());
        let _restore = Restore { ours: slot, outer };
        poll()
    }

    /// For whoever asks at any time during a request.
    pub(super) fn get(request: &HttpRequest, handle: &ReloadableAuth) -> Auth {
        Self::found(request, handle).unwrap_or_else(|| {
            let auth = handle.current();
            let mut extensions = request.extensions_mut();
            let pin = (handle.clone(), auth.clone());
            match extensions.get_mut::<Pins>() {
                Some(pins) => pins.0.push(pin),
                None => drop(extensions.insert(Pins(vec![pin]))),
            }
            auth
        })
    }

    fn found(request: &HttpRequest, handle: &ReloadableAuth) -> Option<Auth> {
        let slot = PINNED.take();
        let found = slot
            .as_ref()
            .filter(|pinned| std::ptr::eq(pinned.head, request.head()) && pinned.handle.is(handle))
            .map(|pinned| pinned.auth.clone());
        PINNED.set(slot);
        found.or_else(|| {
            let extensions = request.extensions();
            let pins = extensions.get::<Pins>()?;
            pins.0.iter().find(|(known, _)| known.is(handle)).map(|(_, auth)| auth.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, Issuer, Key};

    fn named(realm: &str) -> Auth {
        let issuer = Issuer::new("i").audience("a").key(Key::secret(Algorithm::HS256, [7; 32]));
        Auth::builder().issuer(issuer).realm(realm).build().unwrap()
    }

    /// Who was slow to read has read what was there before.
    #[test]
    fn of_two_who_read_at_once_the_later_one_wins() {
        let handle = ReloadableAuth::new(named("first"));
        let (early, late) = (handle.begin(), handle.begin());
        handle.set(late, named("late"));
        handle.set(early, named("early"));
        assert!(format!("{:?}", handle.current()).contains("late"));
        handle.replace(&named("last"));
        assert!(format!("{:?}", handle.current()).contains("last"));
    }
}
