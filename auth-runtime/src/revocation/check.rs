//! What an [`Auth`](crate::Auth) asks about every identity, and a handle to change what it says.

use std::{fmt, sync::Arc};

#[cfg(feature = "redis")]
use super::redis::{Link, RedisRevocations};
use super::{Objection, Revocations, Sharing, store::Store};
use crate::identity::Identity;

/// What an [`Auth`](crate::Auth) asks about every identity; made of [`Revocations`] or of `RedisRevocations`.
///
/// [`Auth::revocations`](crate::Auth::revocations) gives it, to revoke with where it came from a configuration and the
/// application does not know which of the two it is. Cloning is cheap, and all clones are one.
///
/// # Examples
///
/// ```
/// use auth_runtime::{Auth, Identity, revocation::NotShared};
///
/// /// Logs the caller out of this session.
/// async fn log_out(auth: &Auth, caller: &Identity) -> Result<(), NotShared> {
///     if let (Some(revocations), Some(jti)) = (auth.revocations(), caller.jti()) {
///         // It holds here at once. An error says that other instances do not know of it yet.
///         revocations.revoke_token(caller.issuer(), jti, caller.expires_at().unwrap_or(u64::MAX)).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct RevocationCheck {
    store: Arc<Store>,
    /// Says whether what the store knows is up to date, and keeps it so.
    #[cfg(feature = "redis")]
    fleet: Option<Arc<Link>>,
}

impl RevocationCheck {
    /// Revokes one token; see [`Revocations::revoke_token`].
    ///
    /// # Errors
    ///
    /// The future says whether other instances will know. It is done here either way; nothing is lost by not awaiting it.
    pub fn revoke_token(&self, issuer: &str, jti: &str, expires_at: u64) -> Sharing {
        #[cfg(feature = "redis")]
        if let Some(shared) = self.shared() {
            return shared.revoke_token(issuer, jti, expires_at);
        }
        self.local().revoke_token(issuer, jti, expires_at);
        Sharing::known(Ok(()))
    }

    /// Revokes what a subject was issued before a time; see [`Revocations::revoke_subject`].
    ///
    /// # Errors
    ///
    /// As [`revoke_token`](Self::revoke_token).
    pub fn revoke_subject(&self, issuer: &str, subject: &str, issued_before: u64) -> Sharing {
        #[cfg(feature = "redis")]
        if let Some(shared) = self.shared() {
            return shared.revoke_subject(issuer, subject, issued_before);
        }
        self.local().revoke_subject(issuer, subject, issued_before);
        Sharing::known(Ok(()))
    }

    /// Revokes what an issuer issued before a time; see [`Revocations::revoke_issued_before`].
    ///
    /// # Errors
    ///
    /// As [`revoke_token`](Self::revoke_token).
    pub fn revoke_issued_before(&self, issuer: &str, time: u64) -> Sharing {
        #[cfg(feature = "redis")]
        if let Some(shared) = self.shared() {
            return shared.revoke_issued_before(issuer, time);
        }
        self.local().revoke_issued_before(issuer, time);
        Sharing::known(Ok(()))
    }

    /// Takes a mistaken [`revoke_token`](Self::revoke_token) back.
    ///
    /// # Errors
    ///
    /// Where it is shared: if that is not confirmed. Then it still is revoked.
    pub fn restore_token(&self, issuer: &str, jti: &str) -> Sharing {
        #[cfg(feature = "redis")]
        if let Some(shared) = self.shared() {
            return shared.restore_token(issuer, jti);
        }
        self.local().restore_token(issuer, jti);
        Sharing::known(Ok(()))
    }

    /// Takes a mistaken [`revoke_subject`](Self::revoke_subject) back, whatever its time.
    ///
    /// # Errors
    ///
    /// As [`restore_token`](Self::restore_token).
    pub fn restore_subject(&self, issuer: &str, subject: &str) -> Sharing {
        #[cfg(feature = "redis")]
        if let Some(shared) = self.shared() {
            return shared.restore_subject(issuer, subject);
        }
        self.local().restore_subject(issuer, subject);
        Sharing::known(Ok(()))
    }

    /// Takes a mistaken [`revoke_issued_before`](Self::revoke_issued_before) back, whatever its time.
    ///
    /// # Errors
    ///
    /// As [`restore_token`](Self::restore_token).
    pub fn restore_issued_before(&self, issuer: &str) -> Sharing {
        #[cfg(feature = "redis")]
        if let Some(shared) = self.shared() {
            return shared.restore_issued_before(issuer);
        }
        self.local().restore_issued_before(issuer);
        Sharing::known(Ok(()))
    }

    /// Whether requests can be decided. In memory they always can; with Redis once everything was loaded, and as long as
    /// what is known is not stale.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        #[cfg(feature = "redis")]
        return self.fleet.as_ref().is_none_or(|fleet| fleet.may_decide());
        #[cfg(not(feature = "redis"))]
        true
    }

    /// Waits until everything was loaded for the first time, where it is shared.
    #[cfg(feature = "redis")]
    pub(crate) async fn loaded(&self) {
        if let Some(shared) = self.shared() {
            shared.ready().await;
        }
    }

    /// Why this identity does not stand, if it does not. `now` is in seconds since the Unix epoch.
    pub(crate) fn objection(&self, identity: &Identity, now: u64) -> Option<Objection> {
        if let Some(objection) = self.store.objection(identity, now) {
            return Some(objection);
        }
        // What is known to be revoked is refused before it is asked what else there may be.
        #[cfg(feature = "redis")]
        if !self.is_ready() {
            return Some(Objection::Unknown);
        }
        None
    }

    /// Knows from now on what `before` knows, and hears of what is still revoked through a handle of that one.
    pub(crate) fn take_over(&self, before: &Self) {
        if !Arc::ptr_eq(&self.store, &before.store) {
            before.store.go_on_in(&self.store);
        }
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        // Each fleet has a store of its own.
        Arc::ptr_eq(&self.store, &other.store)
    }

    fn local(&self) -> Revocations {
        Revocations(Arc::clone(&self.store))
    }

    #[cfg(feature = "redis")]
    fn shared(&self) -> Option<RedisRevocations> {
        self.fleet.clone().map(RedisRevocations)
    }
}

impl From<Revocations> for RevocationCheck {
    fn from(revocations: Revocations) -> Self {
        Self {
            store: revocations.0,
            #[cfg(feature = "redis")]
            fleet: None,
        }
    }
}

#[cfg(feature = "redis")]
impl From<RedisRevocations> for RevocationCheck {
    fn from(RedisRevocations(link): RedisRevocations) -> Self {
        Self { store: link.store(), fleet: Some(link) }
    }
}

impl fmt::Debug for RevocationCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationCheck").finish_non_exhaustive()
    }
}
