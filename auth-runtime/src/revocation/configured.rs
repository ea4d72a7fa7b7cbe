//! Revocations that a configuration asks for. Wherever in a process it says the same, they are the same, so that one that
//! is read again neither forgets what was revoked nor opens a second connection.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

#[cfg(feature = "redis")]
use super::{RedisRevocations, RedisRevocationsBuilder, RedisRevocationsError, redis::Link};
use super::{Revocations, RevocationsBuilder, store::Store};

/// Those that somebody still has, by their settings.
struct Known<S, T>(Mutex<Vec<(S, Weak<T>)>>);

impl<S: PartialEq, T> Known<S, T> {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn find_or<E>(
        &self,
        settings: S,
        make: impl FnOnce() -> Result<Arc<T>, E>,
    ) -> Result<Arc<T>, E> {
        let mut known = self.lock();
        known.retain(|(_, gone)| gone.strong_count() > 0);
        let same = known.iter().find(|(other, _)| *other == settings);
        if let Some(found) = same.and_then(|(_, found)| found.upgrade()) {
            return Ok(found);
        }
        let new = make()?;
        known.push((settings, Arc::downgrade(&new)));
        Ok(new)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(S, Weak<T>)>> {
        // A lock is poisoned by a panic while it was held; what it guards is sound at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RevocationsBuilder {
    /// Those of this process with these settings.
    pub(crate) fn configured(self) -> Revocations {
        static KNOWN: Known<Duration, Store> = Known::new();
        let settings = self.longest_lifetime;
        let Ok(store) = KNOWN.find_or(settings, || Ok::<_, Infallible>(self.build().0));
        Revocations(store)
    }
}

#[cfg(feature = "redis")]
impl RedisRevocationsBuilder {
    /// Those of this process with these settings.
    pub(crate) fn configured(self) -> Result<RedisRevocations, RedisRevocationsError> {
        static KNOWN: Known<super::redis::Settings, Link> = Known::new();
        let settings = self.settings();
        KNOWN.find_or(settings, || self.start().map(|started| started.0)).map(RedisRevocations)
    }
}
