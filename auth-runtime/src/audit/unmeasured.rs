//! The functions of `metrics.rs` where nothing is counted, so that nobody else has to ask.

pub(crate) fn describe() {}

pub(crate) fn decided(_: &'static str, _: &'static str) {}

#[derive(Clone, Copy)]
pub(crate) enum Cache {
    Tokens,
    #[cfg(feature = "jwks")]
    Introspection,
}

pub(crate) fn looked_up(_: Cache, _: bool) {}

pub(crate) fn replayed() {}

#[cfg(feature = "jwks")]
#[derive(Clone, Copy)]
pub(crate) enum Refresh {
    Fetched,
    Unchanged,
    Failed,
}

#[cfg(feature = "jwks")]
pub(crate) fn refreshed(_: &str, _: Refresh, _: Option<u64>) {}

pub(crate) fn revoked_here(_: usize) {}

#[cfg(feature = "redis")]
pub(crate) fn revoked_in_fleet(_: &str, _: usize, _: u64) {}

#[derive(Debug)]
pub(crate) struct Stopwatch;

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "as where something is measured")]
    pub(crate) fn stop(&self) {}
}
