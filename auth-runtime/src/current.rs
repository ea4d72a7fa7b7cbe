//! Where the identity lives while a guarded handler runs.
//!
//! It stays in the handler's own future. While that future is being polled, and only then, a slot of the worker thread
//! points to it; it says which request it belongs to, and extractors and [`IdentityExt`](crate::IdentityExt) look there. So
//! a handler that asks for no identity pays nothing for it, and one that asks pays no allocation either.
//!
//! Measured with `cargo bench -p auth-benches --bench identity` (median of 41 interleaved rounds, 2 cores, a verifier
//! that costs next to nothing, then a JWT under HS256 that was seen before):
//!
//! | way | ns, allocations | ns, allocations with a JWT |
//! |---|---|---|
//! | nobody asks | 500, 4 | 232, 0 |
//! | slot | 571, 4 | 313, 0 |
//! | the request's extensions, over their own bare guard (433, 4; 197, 0) | 501, 5 | 265, 1 |
//! | verifying again, over the same | 772, 8 | 329, 0 |
//!
//! Moving what the guard found into the slot and out again made asking cheaper and the whole dearer: with a JWT 278 ns where
//! nobody asks and 323 where somebody does, in the same runs in which it took 235 and 308 as it is.
//!
//! Extensions take a box for every request, asked for or not, since the guard cannot know who will ask. Verifying again
//! costs a look-up more, or a verification where nothing is remembered; it is what code outside the handler's future gets
//! (middleware after the response).

use std::{
    cell::RefCell,
    future::Future,
    mem,
    pin::Pin,
    ptr,
    task::{Context, Poll, ready},
};

use actix_web::{Error, HttpRequest, dev::RequestHead};
use scoped_tls::scoped_thread_local;

use crate::{credential::Method, identity::Identity, rejection::Rejection};

/// What the guard found out about one request.
pub(crate) struct Current {
    /// Compared, never followed. Whoever put it here holds the request, so no other can be at this address.
    head: *const RequestHead,
    /// `None` below `#[public]`, where credentials were not looked at.
    pub(crate) identity: Option<Identity>,
    /// Every denial below this attribute is the application's own 404.
    pub(crate) hides: bool,
    /// Extractors are polled: it is too late for more to be decided before them.
    extracting: bool,
    /// Nearly always nothing, and then without room of its own in the handler's future.
    found: Option<Box<Found>>,
}

/// What extractors have to say to the handler's future.
#[derive(Default)]
struct Found {
    /// Bad credentials: the handler must not run, even if it takes an `Option`.
    rejection: Option<Rejection>,
    /// What is to be decided before any extractor is polled, in the order of the arguments.
    first: Vec<Loading>,
}

impl Found {
    #[cold]
    fn rejection(&self) -> Option<Rejection> {
        self.rejection.clone()
    }
}

/// Something that decides whether the caller may have it.
pub(crate) type Loading = Pin<Box<dyn Future<Output = Result<(), Refused>>>>;

/// Why a handler's future ends without its handler.
pub(crate) enum Refused {
    /// By this crate's rules.
    Rejection(Rejection),
    /// By an extractor, with a response of its own.
    Error(Error),
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self::Rejection(rejection)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

scoped_thread_local! {
    // Points to what the guard found, while a guarded handler is being polled. A handler may call another one: what was here
    // before is here again afterwards, also after a panic.
    static SLOT: CurrentCell
}

/// Where what the guard found stands in the handler's future; nothing does until then.
pub(crate) type CurrentCell = RefCell<Option<Current>>;

impl Current {
    /// `hides` is whether every denial is the application's own 404; inside a handler that hides it is in any case.
    #[inline]
    pub(crate) fn new(request: &HttpRequest, identity: Option<Identity>, hides: bool) -> Self {
        Self {
            head: request.head(),
            identity,
            hides: hides || Self::hides(request),
            extracting: false,
            found: None,
        }
    }

    /// How whoever was found came.
    #[inline]
    pub(crate) fn method(&self) -> Option<Method> {
        self.identity.as_ref().map(Identity::method)
    }

    /// Has this decided before any extractor is polled. Gives it back where it is too late for that, or where there is no
    /// guarded handler to do so.
    pub(crate) fn decide_first(request: &HttpRequest, loading: Loading) -> Option<Loading> {
        let mut loading = Some(loading);
        Self::with(request, |current| {
            if !current.extracting {
                current.found.get_or_insert_default().first.extend(loading.take());
            }
        });
        loading
    }

    /// Waits for everything that is to be decided first. From now on it is too late for more.
    #[inline]
    pub(crate) fn poll_first(
        cell: &CurrentCell,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Refused>> {
        match &mut *cell.borrow_mut() {
            Some(current) => {
                current.extracting = true;
                if current.found.is_none() {
                    return Poll::Ready(Ok(()));
                }
            }
            None => return Poll::Ready(Err(Rejection::NotAvailable.into())),
        }
        First::take(cell).poll(context)
    }

    /// The handler must not run, for this reason. Says whether that was known already.
    pub(crate) fn reject(&mut self, rejection: Rejection) -> bool {
        self.found.get_or_insert_default().rejection.replace(rejection).is_some()
    }

    /// Why the handler must not run, if there is a reason: however often it is asked.
    #[inline]
    pub(crate) fn rejection(&self) -> Option<Rejection> {
        self.found.as_ref()?.rejection()
    }

    /// Runs `poll` while the thread's slot points there.
    #[inline]
    pub(crate) fn during<T>(cell: &CurrentCell, poll: impl FnOnce() -> T) -> T {
        SLOT.set(cell, poll)
    }

    /// Whether a guarded handler runs, for whichever request.
    #[inline]
    pub(crate) fn is_any() -> bool {
        SLOT.is_set()
    }

    /// Whether every denial in the guarded handler that runs for this request is the application's own 404.
    #[inline]
    pub(crate) fn hides(request: &HttpRequest) -> bool {
        Self::is_any() && Self::hides_inside(request)
    }

    #[inline(never)]
    fn hides_inside(request: &HttpRequest) -> bool {
        Self::with(request, |current| current.hides).unwrap_or(false)
    }

    /// Looks at what stands in the slot, if it belongs to this request.
    #[inline]
    pub(crate) fn with<T>(request: &HttpRequest, look: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if !Self::is_any() {
            return None;
        }
        SLOT.with(|cell| {
            // Whoever looks is of this crate, and calls nobody else while looking: nothing is borrowed here.
            let mut current = cell.try_borrow_mut().ok()?;
            let current = current.as_mut()?;
            ptr::eq(current.head, request.head()).then(|| look(current))
        })
    }
}

/// What is to be decided first, taken out while it is polled: whoever decides may look at what the guard found.
struct First<'a> {
    cell: &'a CurrentCell,
    loading: Vec<Loading>,
}

impl<'a> First<'a> {
    #[inline(never)]
    fn take(cell: &'a CurrentCell) -> Self {
        let mut current = cell.borrow_mut();
        let found = current.as_mut().and_then(|current| current.found.as_mut());
        let loading = found.map(|found| mem::take(&mut found.first)).unwrap_or_default();
        Self { cell, loading }
    }

    #[inline(never)]
    fn poll(mut self, context: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        while let Some(first) = self.loading.first_mut() {
            ready!(first.as_mut().poll(context))?;
            drop(self.loading.remove(0));
        }
        Poll::Ready(Ok(()))
    }
}

/// Also out of a panic: nothing goes on without what is still to be decided.
impl Drop for First<'_> {
    fn drop(&mut self) {
        if !self.loading.is_empty()
            && let Ok(mut current) = self.cell.try_borrow_mut()
            && let Some(found) = current.as_mut().and_then(|current| current.found.as_mut())
        {
            found.first = mem::take(&mut self.loading);
        }
    }
}
