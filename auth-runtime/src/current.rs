//! Where the identity lives while a guarded handler runs.
//!
//! It stays in the handler's own future. While that future is being polled, and only then, it also stands in a slot of
//! the worker thread, together with the request it belongs to; extractors and [`IdentityExt`](crate::IdentityExt) look
//! there. So a handler that asks for no identity pays nothing for it, one that asks pays a reference count, and
//! neither allocates. The alternatives were a value in the request's extensions (a box for every request, asked for or
//! not) and verifying again for whoever asks (a signature, until there is a cache). `examples/src/bin/identity_cost.rs`
//! measures all three.

use std::cell::Cell;

use actix_web::{HttpRequest, dev::RequestHead};

use crate::{identity::Identity, rejection::Rejection};

/// What the guard found out about one request.
pub(crate) struct Current {
    /// Compared, never followed. Whoever put it here holds the request, so no other can be at this address.
    head: *const RequestHead,
    /// `None` below `#[public]`, where credentials were not looked at.
    pub(crate) identity: Option<Identity>,
    /// Bad credentials that an extractor came upon: the handler must not run, even if it takes an `Option`.
    pub(crate) rejection: Option<Rejection>,
}

thread_local! {
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
}

impl Current {
    pub(crate) fn new(request: &HttpRequest, identity: Option<Identity>) -> Self {
        Self { head: request.head(), identity, rejection: None }
    }

    /// Runs `poll` with this in the slot, and takes it back afterwards, even out of a panic.
    pub(crate) fn during<T>(slot: &mut Option<Self>, poll: impl FnOnce() -> T) -> T {
        struct Restore<'a> {
            ours: &'a mut Option<Current>,
            outer: Option<Current>,
        }
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                // A handler may call another one: the slot is a stack, and each takes its own away.
                *self.ours = CURRENT.replace(self.outer.take());
            }
        }

        let outer = CURRENT.replace(slot.take());
        let _restore = Restore { ours: slot, outer };
        poll()
    }

    /// Looks at what stands in the slot, if it belongs to this request.
    pub(crate) fn with<T>(request: &HttpRequest, look: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let mut current = CURRENT.take();
        let seen =
            current.as_mut().filter(|current| std::ptr::eq(current.head, request.head())).map(look);
        CURRENT.set(current);
        seen
    }
}
