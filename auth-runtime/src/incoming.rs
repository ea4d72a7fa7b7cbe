//! A request on its way to the guard.

use std::{
    cell::Cell,
    convert::Infallible,
    fmt,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev, web};

/// A request as it came, its body unread: the one argument of every generated function. One takes actix-web less time than
/// two, and rustc too.
pub struct Incoming {
    pub(crate) request: HttpRequest,
    pub(crate) body: Body,
}

/// For whoever calls a guarded function himself, with his own request.
impl From<(HttpRequest, web::Payload)> for Incoming {
    fn from((request, payload): (HttpRequest, web::Payload)) -> Self {
        Self { request, body: Body::take(&mut payload.into_inner()) }
    }
}

/// Headers can hold credentials: they do not belong in a debug log.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").finish_non_exhaustive()
    }
}

impl FromRequest for Incoming {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    #[inline]
    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self { request: request.clone(), body: Body::take(payload) }))
    }
}

/// What is left to read of a request: of nearly every one, nothing. It is passed on several times before the guard is asked,
/// so it is one word, and what there is has a place of its own.
pub(crate) struct Body(Option<Box<dev::Payload>>);

thread_local! {
    // A place that a body has left, for the next one: there is rarely a second one before a handler's arguments are extracted.
    static PLACE: Cell<Option<Box<dev::Payload>>> = const { Cell::new(None) };
}

impl Body {
    #[inline]
    fn take(payload: &mut dev::Payload) -> Self {
        match payload {
            dev::Payload::None => Self(None),
            _ => Self::placed(payload.take()),
        }
    }

    #[inline(never)]
    fn placed(payload: dev::Payload) -> Self {
        Self(Some(match PLACE.try_with(Cell::take) {
            Ok(Some(mut place)) => {
                *place = payload;
                place
            }
            _ => Box::new(payload),
        }))
    }

    /// Its place, for the next one. What nobody has read is gone.
    #[inline]
    pub(crate) fn give_back(&mut self) {
        if let Some(place) = self.0.take() {
            Self::leave(place);
        }
    }

    #[inline(never)]
    fn leave(mut place: Box<dev::Payload>) {
        *place = dev::Payload::None;
        // A thread that ends needs none.
        let _ = PLACE.try_with(|free| free.set(Some(place)));
    }

    /// Has a handler's arguments extracted from it.
    #[inline]
    pub(crate) fn extract<Args: FromRequest>(&mut self, request: &HttpRequest) -> Args::Future {
        match &mut self.0 {
            Some(payload) => Args::from_request(request, payload),
            None => Args::from_request(request, &mut dev::Payload::None),
        }
    }
}

impl Drop for Body {
    #[inline]
    fn drop(&mut self) {
        self.give_back();
    }
}
