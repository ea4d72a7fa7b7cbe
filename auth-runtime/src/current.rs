//! Where the identity lives while a guarded handler runs.
//!
//! It stays in the handler's own future. While that future is being polled, and only then, it also stands in a slot of
//! the worker thread, together with the request it belongs to; extractors and [`IdentityExt`](crate::IdentityExt) look
//! there. So a handler that asks for no identity pays nothing for it, and one that asks pays no allocation either.
//!
//! Measured with `cargo bench -p auth-benches --bench identity` (median of 41 interleaved rounds, 2 cores, a verifier
//! that costs next to nothing, then a JWT under HS256 that was seen before):
//!
//! | way | ns, allocations | ns, allocations with a JWT |
//! |---|---|---|
//! | nobody asks | 282, 4 | 188, 0 |
//! | slot | 316, 4 | 224, 0 |
//! | the request's extensions, over their own bare guard (234, 4; 152, 0) | 279, 5 | 191, 1 |
//! | verifying again, over the same | 419, 8 | 251, 0 |
//!
//! Extensions take a box for every request, asked for or not, since the guard cannot know who will ask. Verifying again
//! costs a look-up more, or a verification where nothing is remembered; it is what code outside the handler's future gets
//! (middleware after the response).

use std::{cell::RefCell, future::Future, pin::Pin, ptr};

use actix_web::{Error, HttpRequest, dev::RequestHead};

use crate::{identity::Identity, rejection::Rejection};

/// What the guard found out about one request.
pub(crate) struct Current {
    /// Compared, never followed. Whoever put it here holds the request, so no other can be at this address.
    head: *const RequestHead,
    /// `None` below `#[public]`, where credentials were not looked at.
    pub(crate) identity: Option<Identity>,
    /// Bad credentials that an extractor came upon: the handler must not run, even if it takes an `Option`.
    pub(crate) rejection: Option<Box<Rejection>>,
    /// Every denial below this attribute is the application's own 404.
    pub(crate) hides: bool,
    /// What extractors want decided before any of them is polled.
    load_first: Option<Box<LoadFirst>>,
    /// They are polled: it is too late for more.
    extracting: bool,
}

/// What is decided before any extractor is polled, in the order of the arguments.
#[derive(Default)]
pub(crate) struct LoadFirst(pub(crate) Vec<Loading>);

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

/// Where what the guard found stands while a guarded handler is being polled: a stack, since a handler may call another
/// one. Only the topmost counts.
pub(crate) struct Slot(RefCell<Vec<Current>>);

thread_local! {
    static SLOT: Slot = const { Slot(RefCell::new(Vec::new())) };
}

impl Slot {
    /// Looks at what stands here, if it belongs to this request.
    #[inline]
    pub(crate) fn with<T>(
        &self,
        request: &HttpRequest,
        look: impl FnOnce(&mut Current) -> T,
    ) -> Option<T> {
        // Whoever looks is of this crate, and calls nobody else while looking: nothing is borrowed here.
        let mut slot = self.0.try_borrow_mut().ok()?;
        slot.last_mut().filter(|it| ptr::eq(it.head, request.head())).map(look)
    }
}

impl Current {
    #[inline]
    pub(crate) fn new(request: &HttpRequest, identity: Option<Identity>, hides: bool) -> Self {
        Self {
            head: request.head(),
            identity,
            rejection: None,
            hides,
            load_first: None,
            extracting: false,
        }
    }

    /// Has this decided before any extractor is polled. Gives it back where it is too late for that, or where there is no
    /// guarded handler to do so.
    pub(crate) fn decide_first(request: &HttpRequest, loading: Loading) -> Option<Loading> {
        let mut loading = Some(loading);
        Self::with(request, |current| {
            if !current.extracting {
                current.load_first.get_or_insert_default().0.extend(loading.take());
            }
        });
        loading
    }

    /// What is to be decided first, if there is anything. From now on it is too late for more.
    #[inline]
    pub(crate) fn take_loading(&mut self) -> Option<Box<LoadFirst>> {
        self.extracting = true;
        self.load_first.take()
    }

    /// Runs `poll` with this in the slot, and takes it back afterwards, even out of a panic.
    #[inline]
    pub(crate) fn during<T>(ours: &mut Option<Self>, poll: impl FnOnce(&Slot) -> T) -> T {
        struct Restore<'a> {
            ours: &'a mut Option<Current>,
            slot: &'a Slot,
        }
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                // Each takes its own away: whoever came later has gone before.
                *self.ours = self.slot.0.borrow_mut().pop();
            }
        }

        SLOT.with(|slot| {
            let Some(mut current) = ours.take() else { return poll(slot) };
            let mut stack = slot.0.borrow_mut();
            // A guarded handler inside a hidden one hides too.
            current.hides |=
                stack.last().is_some_and(|it| it.hides && ptr::eq(it.head, current.head));
            stack.push(current);
            drop(stack);
            let _restore = Restore { ours, slot };
            poll(slot)
        })
    }

    /// Whether every denial in the guarded handler that runs for this request is the application's own 404.
    pub(crate) fn hides(request: &HttpRequest) -> bool {
        Self::with(request, |current| current.hides).unwrap_or(false)
    }

    /// Looks at what stands in the slot, if it belongs to this request.
    #[inline]
    pub(crate) fn with<T>(request: &HttpRequest, look: impl FnOnce(&mut Self) -> T) -> Option<T> {
        SLOT.with(|slot| slot.with(request, look))
    }
}
