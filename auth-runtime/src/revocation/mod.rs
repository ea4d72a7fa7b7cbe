//! Tokens that are taken back before they expire: by name, by subject, or all that an issuer issued before a time.
//!
//! [`Revocations`] keeps them in this process. With the feature `redis`, `RedisRevocations` shares them between instances;
//! there too a request only ever looks into this process's memory. The [guide](crate::guide::revocation) says which to
//! choose and what is answered.

mod check;
mod configured;
#[cfg(feature = "redis")]
mod redis;
mod sharing;
mod store;
mod table;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

#[cfg(feature = "redis")]
pub use self::redis::{RedisRevocations, RedisRevocationsBuilder, RedisRevocationsError};
use self::store::{Kind, Store};
pub use self::{
    check::RevocationCheck,
    sharing::{NotShared, Sharing},
};
use crate::{
    audit::metrics,
    clock::{Clock, SystemClock},
    credential::Method,
    rejection::Rejection,
};

/// How old a credential may get unless [`longest_lifetime`](RevocationsBuilder::longest_lifetime) says otherwise.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What was revoked, in the memory of this process. Cloning is cheap, and all clones are one.
///
/// A revocation holds from the very next request on, for every `Auth` that was given a clone, and is forgotten when the
/// process ends.
///
/// # How long it is remembered
///
/// * A token by its `jti`: until five minutes after it expires, which is longer than any leeway.
/// * A subject or an issuer: until everything issued before the time has reached the
///   [longest lifetime](RevocationsBuilder::longest_lifetime), 30 days by default. A credential that says when it was
///   issued and is older than that is refused, since what revoked it may be forgotten.
///
/// What no longer matters is dropped as more comes in, so there are at most about twice as many entries in memory as
/// matter. One takes about 100 bytes, and its texts.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use actix_web::{App, Responder, get, test};
/// use auth_runtime::{Auth, Identity, require_auth, revocation::Revocations, testing::TestIssuer};
///
/// #[require_auth]
/// #[get("/me")]
/// async fn me(identity: Identity) -> impl Responder {
///     identity.subject().to_owned()
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let issuer = TestIssuer::new();
/// let revocations = Revocations::new();
/// let auth = Auth::builder().issuer(issuer.issuer()).revocations(revocations.clone()).build()?;
/// let app = test::init_service(App::new().app_data(auth).service(me)).await;
///
/// let token = issuer.token("ann").claim("jti", "token-17").mint();
/// let ask = || test::TestRequest::get().uri("/me").insert_header(("authorization", format!("Bearer {token}")));
///
/// assert_eq!(test::call_service(&app, ask().to_request()).await.status(), 200);
/// revocations.revoke_token("https://id.test/", "token-17", 4_000_000_000);
/// assert_eq!(test::call_service(&app, ask().to_request()).await.status(), 401);
/// # Ok(())
/// # }
/// # main().unwrap();
/// # }
/// ```
#[derive(Clone)]
pub struct Revocations(Arc<Store>);

impl Default for Revocations {
    fn default() -> Self {
        Self::new()
    }
}

impl Revocations {
    /// Nothing is revoked yet.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts with other settings than the default.
    pub fn builder() -> RevocationsBuilder {
        RevocationsBuilder { longest_lifetime: DEFAULT_LIFETIME, clock: Arc::new(SystemClock) }
    }

    /// Revokes one token, by its issuer (`iss`) and name (`jti`), both exact.
    ///
    /// `expires_at` is the token's `exp`, in seconds since the Unix epoch: the entry is kept until the token is over. For
    /// one that has no end, [`u64::MAX`] keeps it for good.
    ///
    /// ```
    /// use auth_runtime::{Identity, revocation::Revocations};
    ///
    /// /// Logs the caller out of this session.
    /// fn log_out(revocations: &Revocations, caller: &Identity) {
    ///     if let Some(jti) = caller.jti() {
    ///         revocations.revoke_token(caller.issuer(), jti, caller.expires_at().unwrap_or(u64::MAX));
    ///     }
    /// }
    /// ```
    pub fn revoke_token(&self, issuer: &str, jti: &str, expires_at: u64) {
        self.raise(Kind::Token, issuer, jti, expires_at);
    }

    /// Revokes what was issued to a subject (`sub`) of an issuer (`iss`), both exact, before a time.
    ///
    /// `issued_before` is in seconds since the Unix epoch, on the issuer's clock: a credential is revoked if its `iat` is
    /// less, or if it has none. `iat` counts whole seconds, so the second that has begun is not included: give it plus one
    /// to revoke everything there is, or as it is if the subject gets a new token in the same breath. Of two times given
    /// for a subject the later one holds.
    ///
    /// A credential that neither says when it was issued nor ever ends, such as an API key, is refused as long as this is
    /// remembered. Take it out of its store as well.
    ///
    /// ```
    /// use auth_runtime::{
    ///     clock::{Clock, SystemClock},
    ///     revocation::Revocations,
    /// };
    ///
    /// let revocations = Revocations::new();
    /// // Ann lost her phone: whatever was issued to her until now is revoked.
    /// revocations.revoke_subject("https://id.example.com/", "ann", SystemClock.now() + 1);
    /// ```
    pub fn revoke_subject(&self, issuer: &str, subject: &str, issued_before: u64) {
        self.raise(Kind::Subject, issuer, subject, issued_before);
    }

    /// Revokes everything that an issuer (`iss`, exact) issued before a time, in seconds since the Unix epoch.
    ///
    /// The time is understood as in [`revoke_subject`](Self::revoke_subject).
    pub fn revoke_issued_before(&self, issuer: &str, time: u64) {
        self.raise(Kind::Issuer, issuer, "", time);
    }

    /// Takes a mistaken [`revoke_token`](Self::revoke_token) back.
    pub fn restore_token(&self, issuer: &str, jti: &str) {
        self.remove(Kind::Token, issuer, jti);
    }

    /// Takes a mistaken [`revoke_subject`](Self::revoke_subject) back, whatever its time.
    ///
    /// After one that was meant there is no need to: what the subject gets from then on is good.
    pub fn restore_subject(&self, issuer: &str, subject: &str) {
        self.remove(Kind::Subject, issuer, subject);
    }

    /// Takes a mistaken [`revoke_issued_before`](Self::revoke_issued_before) back, whatever its time.
    pub fn restore_issued_before(&self, issuer: &str) {
        self.remove(Kind::Issuer, issuer, "");
    }

    fn raise(&self, kind: Kind, issuer: &str, name: &str, time: u64) {
        self.0.raise(kind, issuer, name, time);
        metrics::revoked_here(self.0.len());
    }

    fn remove(&self, kind: Kind, issuer: &str, name: &str) {
        self.0.remove(kind, issuer, name);
        metrics::revoked_here(self.0.len());
    }
}

/// Whom and what was revoked stays out of logs.
impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("entries", &self.0.len()).finish_non_exhaustive()
    }
}

/// Settings of [`Revocations`].
#[must_use]
pub struct RevocationsBuilder {
    longest_lifetime: Duration,
    clock: Arc<dyn Clock>,
}

impl RevocationsBuilder {
    /// How long after it was issued a credential may be used, in whole seconds. Default: 30 days.
    ///
    /// Revocations of a subject or an issuer are remembered this long after their time. So a credential that is older is
    /// refused, revoked or not: set this to the longest lifetime of the tokens you take.
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

    /// Nothing is revoked yet.
    #[must_use]
    pub fn build(self) -> Revocations {
        Revocations(Arc::new(Store::new(self.longest_lifetime, self.clock)))
    }
}

impl fmt::Debug for RevocationsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationsBuilder")
            .field("longest_lifetime", &self.longest_lifetime)
            .finish_non_exhaustive()
    }
}

/// Why an identity does not stand although somebody vouched for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Objection {
    #[error("the token is revoked by its `jti`")]
    Token,
    #[error("its subject's tokens are revoked up to a later time")]
    Subject,
    #[error("its issuer's tokens are revoked up to a later time")]
    Issuer,
    #[error(
        "it is older than revocations are remembered; if such tokens are good, raise `.longest_lifetime(…)`"
    )]
    TooOld,
    /// Nobody can tell at the moment.
    #[cfg(feature = "redis")]
    #[error("what is revoked is not known well enough, since Redis has been away for too long")]
    Unknown,
}

impl Objection {
    /// To the client, revoked is as good as forged (CHECKLIST J23).
    pub(crate) fn rejection(self, method: Method) -> Rejection {
        match self {
            #[cfg(feature = "redis")]
            Self::Unknown => {
                Rejection::TemporarilyUnavailable { retry_after: Duration::from_secs(5) }
            }
            _ if method == Method::ApiKey => Rejection::InvalidApiKey,
            _ => Rejection::InvalidToken,
        }
    }
}
