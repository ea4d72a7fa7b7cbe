//! Where "now" comes from, so that expiry is tested without sleeping.

/// Tells the time in whole seconds since 1970-01-01T00:00:00Z.
///
/// Implemented for closures, so a test can move time by hand:
///
/// ```
/// use auth_runtime::clock::Clock;
///
/// let frozen = || 1_700_000_000;
/// assert_eq!(frozen.now(), 1_700_000_000);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The current time, in seconds since the Unix epoch.
    fn now(&self) -> u64;
}

impl<F> Clock for F
where
    F: Fn() -> u64 + Send + Sync + 'static,
{
    fn now(&self) -> u64 {
        self()
    }
}

/// The operating system's clock; what [`Auth`](crate::Auth) uses unless told otherwise.
///
/// On Linux it is the kernel's coarse one, which is up to ten milliseconds late: what was issued just now can be from a
/// second that has not begun here. The leeway of an [`Issuer`](crate::Issuer) takes that in, unless it is set to nothing; give
/// [`AuthBuilder::clock`](crate::AuthBuilder::clock) an exact one then.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        // A clock before 1970 is a broken machine. `u64::MAX` makes every token expired: deny.
        seconds().unwrap_or(u64::MAX)
    }
}

/// The seconds of the kernel's last tick: a few milliseconds late at most, for a tenth of the price.
#[cfg(target_os = "linux")]
fn seconds() -> Option<u64> {
    use rustix::time::{ClockId, clock_gettime};

    clock_gettime(ClockId::RealtimeCoarse).tv_sec.try_into().ok()
}

#[cfg(not(target_os = "linux"))]
fn seconds() -> Option<u64> {
    use std::time::{SystemTime, UNIX_EPOCH};

    SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn the_system_clock_tells_the_time() {
        let exact = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let (before, now, after) = (exact(), SystemClock.now(), exact());
        assert!((before - 1..=after).contains(&now), "{before} {now} {after}");
    }
}
