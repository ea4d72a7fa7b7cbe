//! Revocations that a fleet shares through Redis. Requests are decided by this process's memory alone.

mod fleet;
mod records;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use ::redis::{Client, ErrorKind, RedisError};
use tokio::sync::{mpsc, oneshot, watch};

use self::{
    fleet::Fleet,
    records::{Change, Keys, Revoked},
};
use super::{
    DEFAULT_LIFETIME, NotShared, Sharing,
    store::{Kind, LATEST, Store},
};
use crate::{
    clock::{Clock, SystemClock},
    danger::DangerousRedisRevocations,
};

const DEFAULT_STALENESS: Duration = Duration::from_secs(60);
/// More changes than this do not wait for Redis at once.
const MOST_WAITING: usize = 1024;

/// Revocations that all instances of an application share through Redis. Cloning is cheap, and all clones are one.
///
/// What one instance revokes holds there from the next request on, and everywhere within a second. A request never waits
/// for Redis: each instance keeps all revocations in its memory, and a thread of its own keeps them up to date. It ends
/// with the last clone, in whichever `Auth`.
///
/// # When Redis is away
///
/// What is known to be revoked stays refused. Everything else is accepted until what is known is
/// [stale](RedisRevocationsBuilder::stale_after), 60 seconds by default; from then on every credential is answered 503
/// with `Retry-After` until Redis is back (RFC 9110 §15.6.4), never a 401, which would send clients to log in again. The
/// same holds until everything was [loaded](Self::ready) for the first time.
///
/// When Redis is back, an instance loads what is there and writes back what it knows and Redis lost, so the revocations
/// outlive a Redis that lost its data as long as one instance is running.
///
/// # In Redis
///
/// Needs Redis 6.2, or Valkey, and the commands `MULTI`, `TIME`, `XADD`, `XRANGE`, `XREVRANGE`, `ZADD`, `ZREM`,
/// `ZREMRANGEBYSCORE` and `ZSCAN`. Three sorted sets hold what [`Revocations`](super::Revocations) would, for as long and
/// a day more; a stream of at most some ten thousand records says what changed. Whoever may write to them decides what is
/// revoked. Set `maxmemory-policy` to `noeviction`.
///
/// # Examples
///
/// ```
/// use auth_runtime::{Auth, revocation::RedisRevocations};
/// # use auth_runtime::{Algorithm, Issuer, Key, revocation::RedisRevocationsError};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let revocations = RedisRevocations::builder("redis://:secret@127.0.0.1:1/").start()?;
/// # let issuer = Issuer::new("https://id.example.com/").audience("api").key(Key::secret(Algorithm::HS256, [7; 32]));
/// let auth = Auth::builder().issuer(issuer).revocations(revocations.clone()).build()?;
///
/// // Nobody answers there: every credential is answered 503, and nothing is let through.
/// assert!(!revocations.is_ready());
/// assert!(!format!("{revocations:?}").contains("secret"));
///
/// let error = RedisRevocations::builder("127.0.0.1").start().unwrap_err();
/// assert!(error.to_string().contains("redis://"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisRevocations(pub(super) Arc<Link>);

impl RedisRevocations {
    /// Starts with the URL of Redis: `redis://`, then optionally `user:password@`, then `host:port/` and optionally the
    /// number of a database. The URL stays out of logs.
    ///
    /// `rediss://`, for TLS, needs the feature `tokio-rustls-comp` of the crate `redis`: the application has to depend on
    /// it with that feature, and to install the cryptography that rustls is to use.
    pub fn builder(url: impl Into<String>) -> RedisRevocationsBuilder {
        RedisRevocationsBuilder {
            url: url.into(),
            prefix: "auth-runtime".to_owned(),
            stale_after: Some(DEFAULT_STALENESS),
            longest_lifetime: DEFAULT_LIFETIME,
            clock: Arc::new(SystemClock),
        }
    }

    /// Waits until everything that is in Redis was loaded for the first time, however long that takes. Start the server
    /// after it, and no request is answered 503 for want of revocations.
    pub async fn ready(&self) {
        // It fails if the thread has ended, and then it never will be ready.
        if self.0.loaded.clone().wait_for(|loaded| *loaded).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether requests can be decided: everything was loaded once, and what is known is not stale. For readiness probes.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.may_decide()
    }

    /// When this instance last knew everything that was in Redis, in seconds since the Unix epoch.
    #[must_use]
    pub fn up_to_date_at(&self) -> Option<u64> {
        self.0.shared.up_to_date_at()
    }

    /// Revokes one token, here at once and everywhere within a second; see
    /// [`Revocations::revoke_token`](super::Revocations::revoke_token).
    ///
    /// # Errors
    ///
    /// The future says whether it was written to Redis. It is done either way; nothing is lost by not awaiting it.
    ///
    /// ```
    /// # use auth_runtime::revocation::RedisRevocations;
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let revocations = RedisRevocations::builder("redis://127.0.0.1:1/").start()?; // nobody is there
    /// let shared = revocations.revoke_token("https://id.example.com/", "token-17", 1_893_456_000).await;
    /// if let Err(error) = &shared {
    ///     // It holds here. The others learn of it as soon as this instance reaches Redis.
    ///     eprintln!("{error}");
    /// }
    /// # assert!(shared.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn revoke_token(&self, issuer: &str, jti: &str, expires_at: u64) -> Sharing {
        self.revoke(Kind::Token, issuer, jti, expires_at)
    }

    /// Revokes what a subject was issued before a time, here at once and everywhere within a second; see
    /// [`Revocations::revoke_subject`](super::Revocations::revoke_subject).
    ///
    /// # Errors
    ///
    /// As [`revoke_token`](Self::revoke_token).
    pub fn revoke_subject(&self, issuer: &str, subject: &str, issued_before: u64) -> Sharing {
        self.revoke(Kind::Subject, issuer, subject, issued_before)
    }

    /// Revokes what an issuer issued before a time, here at once and everywhere within a second; see
    /// [`Revocations::revoke_issued_before`](super::Revocations::revoke_issued_before).
    ///
    /// # Errors
    ///
    /// As [`revoke_token`](Self::revoke_token).
    pub fn revoke_issued_before(&self, issuer: &str, time: u64) -> Sharing {
        self.revoke(Kind::Issuer, issuer, "", time)
    }

    /// Takes a mistaken [`revoke_token`](Self::revoke_token) back, everywhere within a second.
    ///
    /// An instance that cannot reach Redis goes on refusing. One that was away while Redis lost data, or while ten
    /// thousand other things changed, takes the revocation for lost and brings it back: then restore once more.
    ///
    /// Await this before you revoke the same up to an earlier time: otherwise the later time may stay.
    ///
    /// # Errors
    ///
    /// If Redis does not confirm it. Then it still is revoked here.
    pub fn restore_token(&self, issuer: &str, jti: &str) -> Sharing {
        self.restore(Kind::Token, issuer, jti)
    }

    /// Takes a mistaken [`revoke_subject`](Self::revoke_subject) back, as [`restore_token`](Self::restore_token) does.
    ///
    /// # Errors
    ///
    /// As [`restore_token`](Self::restore_token).
    pub fn restore_subject(&self, issuer: &str, subject: &str) -> Sharing {
        self.restore(Kind::Subject, issuer, subject)
    }

    /// Takes a mistaken [`revoke_issued_before`](Self::revoke_issued_before) back, as
    /// [`restore_token`](Self::restore_token) does.
    ///
    /// # Errors
    ///
    /// As [`restore_token`](Self::restore_token).
    pub fn restore_issued_before(&self, issuer: &str) -> Sharing {
        self.restore(Kind::Issuer, issuer, "")
    }

    fn revoke(&self, kind: Kind, issuer: &str, name: &str, time: u64) -> Sharing {
        let name = Revoked::new(kind, issuer, name);
        // All of it under one lock: changes are written in the order of their numbers, and nobody who restores comes between.
        let mut unshared = self.0.shared.unshared();
        let number = unshared.next();
        unshared.revoked.insert(name.clone(), number);
        self.0.shared.store.raise(kind, &name.issuer, &name.name, time);
        self.0.send(Change { name, time: Some(time.min(LATEST)) }, number)
    }

    fn restore(&self, kind: Kind, issuer: &str, name: &str) -> Sharing {
        let mut unshared = self.0.shared.unshared();
        let number = unshared.next();
        self.0.send(Change { name: Revoked::new(kind, issuer, name), time: None }, number)
    }
}

/// The URL, and whom and what was revoked, stay out of logs.
impl fmt::Debug for RedisRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRevocations")
            .field("entries", &self.0.shared.store.len())
            .field("is_ready", &self.is_ready())
            .finish_non_exhaustive()
    }
}

/// What tells one from another. Whoever has the same talks over the same connection, where a configuration asks for it.
#[derive(PartialEq, Eq)]
pub(super) struct Settings {
    url: String,
    prefix: String,
    stale_after: Option<Duration>,
    longest_lifetime: Duration,
}

/// Settings of [`RedisRevocations`].
#[must_use]
pub struct RedisRevocationsBuilder {
    url: String,
    prefix: String,
    /// `None` if what is known is never stale.
    pub(crate) stale_after: Option<Duration>,
    longest_lifetime: Duration,
    clock: Arc<dyn Clock>,
}

impl RedisRevocationsBuilder {
    /// What the names of the keys in Redis begin with, for applications that share a Redis and not their revocations.
    /// Default: `auth-runtime`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long Redis may be away until credentials are answered 503, in whole seconds, at least 1. Default: 60 s.
    ///
    /// This is for how long a token can still be used that was revoked elsewhere while this instance could not reach Redis.
    pub fn stale_after(mut self, time: Duration) -> Self {
        self.stale_after = Some(time);
        self
    }

    /// How long after it was issued a credential may be used; see
    /// [`RevocationsBuilder::longest_lifetime`](super::RevocationsBuilder::longest_lifetime). Give all instances the same.
    pub fn longest_lifetime(mut self, lifetime: Duration) -> Self {
        self.longest_lifetime = lifetime;
        self
    }

    /// Where "now" comes from; for tests. Give [`AuthBuilder::clock`](crate::AuthBuilder::clock) the same. Default: the
    /// operating system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Opens what weakens this check.
    pub fn danger(self) -> DangerousRedisRevocations {
        DangerousRedisRevocations(self)
    }

    pub(super) fn settings(&self) -> Settings {
        let Self { url, prefix, stale_after, longest_lifetime, clock: _ } = self;
        let (url, prefix) = (url.clone(), prefix.clone());
        Settings { url, prefix, stale_after: *stale_after, longest_lifetime: *longest_lifetime }
    }

    /// Starts the thread that reaches for Redis, and goes on doing so. Does not wait for Redis:
    /// [`ready`](RedisRevocations::ready) does.
    ///
    /// # Errors
    ///
    /// If the URL is none or a setting makes no sense, or the operating system gives no thread. The message says what to
    /// write.
    pub fn start(self) -> Result<RedisRevocations, RedisRevocationsError> {
        let prefix = self.prefix.clone();
        let (revocations, fleet) = self.apart()?;
        fleet.start(prefix)?;
        Ok(revocations)
    }

    /// The handle, and who is to keep it in step with Redis.
    fn apart(self) -> Result<(RedisRevocations, Fleet), RedisRevocationsError> {
        let Self { url, prefix, stale_after, longest_lifetime, clock } = self;
        if stale_after.is_some_and(|time| time < Duration::from_secs(1)) {
            return Err(Problem::Staleness.into());
        }
        // The crate's message could repeat the URL.
        let client = Client::open(url).map_err(|error| match error.kind() {
            ErrorKind::InvalidClientConfig if error.to_string().contains("TLS") => Problem::Tls,
            _ => Problem::Url,
        })?;
        let (commands, received) = mpsc::channel(MOST_WAITING);
        let (loading, loaded) = watch::channel(false);
        let started_at = clock.now();
        let shared = Arc::new(Shared {
            store: Arc::new(Store::new(longest_lifetime, clock)),
            unshared: Mutex::default(),
            loaded: AtomicBool::new(false),
            up_to_date_at: AtomicU64::new(0),
            started_at,
            stale_after: stale_after.map(|time| time.as_secs()),
        });
        let fleet = Fleet::new(client, Keys::new(&prefix), Arc::clone(&shared), received, loading);
        Ok((RedisRevocations(Arc::new(Link { shared, commands, loaded })), fleet))
    }
}

/// The URL can hold a password.
impl fmt::Debug for RedisRevocationsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRevocationsBuilder")
            .field("prefix", &self.prefix)
            .field("stale_after", &self.stale_after)
            .field("longest_lifetime", &self.longest_lifetime)
            .finish_non_exhaustive()
    }
}

/// Why [`RedisRevocations`] could not start: always the operator's or programmer's to mend.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RedisRevocationsError(#[from] Problem);

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(
        "this is no URL of a Redis (it is not repeated here, since it can hold a password): write `redis://user:password@host:6379/0`, where all but `redis://host` can be left out"
    )]
    Url,
    #[error(
        "`rediss://` needs TLS: depend on the crate `redis` with its feature `tokio-rustls-comp`, or write `redis://` where the network is trusted"
    )]
    Tls,
    #[error(
        "revocations that are stale within 1 second are never fresh: write `.stale_after(Duration::from_secs(60))`"
    )]
    Staleness,
    #[error("no thread can be started to talk to Redis: {0}")]
    Thread(std::io::Error),
}

impl From<std::io::Error> for RedisRevocationsError {
    fn from(error: std::io::Error) -> Self {
        Self(Problem::Thread(error))
    }
}

/// What depends on this instance alone. Held while the store is changed by whoever goes by it.
#[derive(Default)]
struct Unshared {
    /// What was revoked here, and is not known to be in Redis, with the number of the last time that it was.
    revoked: HashMap<Revoked, u64>,
    /// How often something was revoked or restored here.
    changes: u64,
}

impl Unshared {
    /// The number of one more change.
    fn next(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    /// Whether it was revoked here after the change of this number, so that this one has no say any more.
    fn is_later(&self, name: &Revoked, number: u64) -> bool {
        self.revoked.get(name).is_some_and(|last| *last > number)
    }
}

/// What the thread and the instance have in common.
struct Shared {
    store: Arc<Store>,
    unshared: Mutex<Unshared>,
    /// Whether everything was loaded once.
    loaded: AtomicBool,
    /// In seconds since the Unix epoch, by the store's clock.
    up_to_date_at: AtomicU64,
    /// By the same clock.
    started_at: u64,
    /// In seconds; `None` is never.
    stale_after: Option<u64>,
}

impl Shared {
    fn unshared(&self) -> MutexGuard<'_, Unshared> {
        // A lock is poisoned by a panic while it was held; what it guards is sound at any time.
        self.unshared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn up_to_date_at(&self) -> Option<u64> {
        self.loaded.load(Ordering::Acquire).then(|| self.up_to_date_at.load(Ordering::Acquire))
    }

    /// How old is what is known, in seconds; since the start as long as nothing was loaded.
    fn lag(&self) -> u64 {
        self.store.now().abs_diff(self.up_to_date_at().unwrap_or(self.started_at))
    }

    fn may_decide(&self) -> bool {
        self.up_to_date_at().is_some_and(|then| {
            // Both ways: after a clock was set back, nobody knows how old this is until Redis answers again.
            self.stale_after.is_none_or(|time| self.store.now().abs_diff(then) <= time)
        })
    }
}

/// Keeps the thread alive, which ends when the last of these is dropped.
pub(super) struct Link {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    loaded: watch::Receiver<bool>,
}

impl Link {
    /// Whether what is known suffices to let somebody through.
    pub(super) fn may_decide(&self) -> bool {
        self.shared.may_decide()
    }

    fn send(&self, change: Change, number: u64) -> Sharing {
        let (done, answer) = oneshot::channel();
        match self.commands.try_send(Command { change, number, done }) {
            Ok(()) => Sharing::awaited(answer),
            Err(mpsc::error::TrySendError::Full(_)) => Sharing::known(Err(NotShared::TooMany)),
            Err(mpsc::error::TrySendError::Closed(_)) => Sharing::known(Err(NotShared::Away)),
        }
    }

    pub(super) fn store(&self) -> Arc<Store> {
        Arc::clone(&self.shared.store)
    }
}

/// A change that somebody may be waiting for.
struct Command {
    change: Change,
    /// By which later changes are told.
    number: u64,
    done: oneshot::Sender<Result<(), NotShared>>,
}

impl Command {
    fn answer(self, result: Result<(), NotShared>) {
        // Nobody has to wait for it.
        let _ = self.done.send(result);
    }
}

/// What went wrong, without anything that was sent: some of Redis's messages repeat it, and it can be a password.
fn describe(error: &RedisError) -> String {
    match (error.kind(), error.code()) {
        (ErrorKind::Io, _) => error.to_string(),
        (ErrorKind::AuthenticationFailed, _) => {
            "the user name or password in the URL is refused".to_owned()
        }
        (_, Some(code)) => format!("the answer is {code}"),
        _ => error.category().to_owned(),
    }
}
