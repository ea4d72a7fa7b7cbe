//! Where API keys are kept.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
};

use super::ApiKey;
use crate::verifier::VerifyError;

/// Finds API keys by their id.
///
/// A panic in it, or in the future it returns, is a 500 and the request is denied.
pub trait ApiKeyStore: Send + Sync + 'static {
    /// The key of this id, expired or not.
    fn find(&self, id: &str) -> Lookup;
}

/// What a store found, now or later.
///
/// [`VerifyError::unavailable`] says that the store is out of reach (503), [`VerifyError::misconfigured`] that it is not
/// set up (500). That there is no such key is `Ok(None)`.
#[non_exhaustive]
pub enum Lookup {
    /// The answer is known.
    Ready(Result<Option<ApiKey>, VerifyError>),
    /// The answer has to be waited for.
    Later(Pin<Box<dyn Future<Output = Result<Option<ApiKey>, VerifyError>>>>),
}

impl Lookup {
    /// An answer that has to be waited for.
    pub fn later(
        answer: impl Future<Output = Result<Option<ApiKey>, VerifyError>> + 'static,
    ) -> Self {
        Self::Later(Box::pin(answer))
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready(Ok(_)) => "Ready(Ok(..))",
            Self::Ready(Err(_)) => "Ready(Err(..))",
            Self::Later(_) => "Later(..)",
        })
    }
}

/// Keeps keys in memory. Cloning is cheap, and clones share their keys.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<RwLock<HashMap<String, ApiKey>>>);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key, or replaces the one of its id. It is good at once.
    pub fn insert(&self, key: ApiKey) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(key.id().to_owned(), key);
    }

    /// Takes a key out: the next request with it is refused. `false` if there is none of this id.
    pub fn remove(&self, id: &str) -> bool {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(id).is_some()
    }

    /// Puts these in the place of all others.
    pub(super) fn replace(&self, keys: Vec<ApiKey>) {
        let keys = keys.into_iter().map(|key| (key.id().to_owned(), key)).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }
}

impl ApiKeyStore for MemoryStore {
    fn find(&self, id: &str) -> Lookup {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Lookup::Ready(Ok(keys.get(id).cloned()))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("MemoryStore").field("keys", &keys.len()).finish()
    }
}
