//! Failed authentications, counted by the address they come from (RESPONSES Z7).
//!
//! governor does the counting (GCRA). Its limiters can only be asked by counting, so an address that has used up its
//! attempts is remembered here until it has a new one; meanwhile nothing it sends is verified.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter, clock, middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};

use crate::clock::Clock;

/// More addresses than this are not remembered at once: whoever has that many is not stopped by counting them.
const MOST_ADDRESSES: usize = 100_000;

/// The longest time in which failures are counted. governor counts nanoseconds, and panics at more than 584 years.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// No time is later, in seconds since the Unix epoch: a clock that lost the time must not take governor beyond those.
const LATEST: u64 = 10_000_000_000;

/// Who has failed how often.
pub(crate) struct Attempts {
    /// How many, in which time.
    limit: (u32, Duration),
    limiter: RateLimiter<IpAddr, HashMapStateStore<IpAddr>, Time, StateInformationMiddleware>,
    /// How long it takes until an address that has used up its attempts has a new one.
    pause: Duration,
    clock: Arc<dyn Clock>,
    /// Addresses without an attempt left, and when they have one again, in time since the Unix epoch.
    closed: RwLock<HashMap<IpAddr, Duration>>,
    /// When addresses that have all their attempts again were last forgotten, in whole seconds.
    swept: AtomicU64,
}

/// A limit that stops nobody, or everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a limit of failed attempts needs at least 1 attempt and a time of 1 second to 30 days: write `.failed_attempts(10, Duration::from_secs(60))`"
)]
pub(crate) struct LimitError;

impl Attempts {
    pub(crate) fn new(
        limit: u32,
        per: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LimitError> {
        let burst = NonZeroU32::new(limit).ok_or(LimitError)?;
        if per < Duration::from_secs(1) || per > LONGEST {
            return Err(LimitError);
        }
        let pause = per.checked_div(limit).ok_or(LimitError)?;
        let quota = Quota::with_period(pause).ok_or(LimitError)?.allow_burst(burst);
        let limiter =
            RateLimiter::new(quota, HashMapStateStore::default(), Time(Arc::clone(&clock)));
        Ok(Self {
            limit: (limit, per),
            limiter,
            pause,
            clock,
            closed: RwLock::default(),
            swept: AtomicU64::new(0),
        })
    }

    /// What goes on after a swap, where this is what the new `Auth` was built with: all of it with the same limit. With
    /// another one, addresses without an attempt left stay so until their time is over.
    pub(crate) fn after(self: &Arc<Self>, before: &Arc<Self>) -> Arc<Self> {
        if self.limit == before.limit {
            return Arc::clone(before);
        }
        let known = before.closed.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut closed = self.closed.write().unwrap_or_else(PoisonError::into_inner);
        for (address, until) in known {
            let end = closed.entry(address).or_insert(until);
            *end = until.max(*end);
        }
        drop(closed);
        Arc::clone(self)
    }

    /// How long an address has to wait before its credentials are looked at, if it has to.
    pub(crate) fn wait(&self, address: IpAddr) -> Option<Duration> {
        // A lock is poisoned by a panic while it was held; what it guards is sound at any time.
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        let until = closed.get(&network(address))?;
        until.checked_sub(self.now()).filter(|wait| !wait.is_zero())
    }

    /// Counts one failure.
    pub(crate) fn failed(&self, address: IpAddr) {
        let address = network(address);
        let now = self.now();
        if self.limiter.len() >= MOST_ADDRESSES && !self.sweep(now) {
            // Whoever has that many addresses is not stopped by counting them, and takes no more memory.
            return;
        }
        let until = match self.limiter.check_key(&address) {
            Ok(state) if state.remaining_burst_capacity() > 0 => return,
            Ok(_) => now.saturating_add(self.pause),
            Err(not_until) => not_until.earliest_possible(),
        };
        self.closed.write().unwrap_or_else(PoisonError::into_inner).insert(address, until);
    }

    /// Forgets addresses that have all their attempts again, at most once in a pause, since that takes a while. `true` if
    /// there is room now.
    fn sweep(&self, now: Duration) -> bool {
        let swept = self.swept.load(Ordering::Relaxed);
        let due = now.as_secs() >= swept.saturating_add(self.pause.as_secs().max(1));
        let ours = due
            && self
                .swept
                .compare_exchange(swept, now.as_secs(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if ours {
            self.limiter.retain_recent();
            self.closed
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .retain(|_, until| *until > now);
            if self.limiter.len() >= MOST_ADDRESSES {
                tracing::warn!("failed authentications come from more addresses than are counted");
            }
        }
        self.limiter.len() < MOST_ADDRESSES
    }

    fn now(&self) -> Duration {
        time(&*self.clock)
    }
}

fn time(clock: &dyn Clock) -> Duration {
    Duration::from_secs(clock.now().min(LATEST))
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").field("pause", &self.pause).finish_non_exhaustive()
    }
}

/// One customer has a whole /64 of IPv6 addresses (RFC 6177), so these count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Our clock, for governor.
#[derive(Clone)]
struct Time(Arc<dyn Clock>);

impl clock::Clock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        time(&*self.0)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Time")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many in so many seconds, by a clock that the test sets.
    fn attempts(limit: u32, seconds: u64) -> (Attempts, Arc<AtomicU64>) {
        let now = Arc::new(AtomicU64::new(1_000));
        let clock = {
            let now = Arc::clone(&now);
            move || now.load(Ordering::SeqCst)
        };
        let per = Duration::from_secs(seconds);
        (Attempts::new(limit, per, Arc::new(clock)).unwrap(), now)
    }

    #[test]
    fn z7_attempts_run_out_and_come_back() {
        let (attempts, now) = attempts(3, 30);
        let bad: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..3 {
            assert_eq!(attempts.wait(bad), None);
            attempts.failed(bad);
        }
        assert_eq!(attempts.wait(bad), Some(Duration::from_secs(10)));
        assert_eq!(
            attempts.wait("::ffff:192.0.2.1".parse().unwrap()),
            Some(Duration::from_secs(10))
        );
        assert_eq!(attempts.wait("192.0.2.2".parse().unwrap()), None);

        now.store(1_009, Ordering::SeqCst);
        assert_eq!(attempts.wait(bad), Some(Duration::from_secs(1)));
        now.store(1_010, Ordering::SeqCst);
        assert_eq!(attempts.wait(bad), None);
        // One came back, and is used up.
        attempts.failed(bad);
        assert!(attempts.wait(bad).is_some());
        now.store(1_100, Ordering::SeqCst);
        attempts.failed(bad);
        assert_eq!(attempts.wait(bad), None);
    }

    /// Requests that were on their way when the last attempt was used up fail later, and put nothing off.
    #[test]
    fn what_fails_while_an_address_waits_makes_it_wait_no_longer() {
        let (attempts, now) = attempts(3, 30);
        let bad: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..3 {
            attempts.failed(bad);
        }
        now.store(1_004, Ordering::SeqCst);
        attempts.failed(bad);
        assert_eq!(attempts.wait(bad), Some(Duration::from_secs(6)));
    }

    /// After a swap to another limit.
    #[test]
    fn of_two_times_to_wait_the_later_one_counts() {
        let bad: IpAddr = "192.0.2.1".parse().unwrap();
        let failed = |seconds| {
            let per = Duration::from_secs(seconds);
            let attempts = Arc::new(Attempts::new(1, per, Arc::new(|| 1_000)).unwrap());
            attempts.failed(bad);
            attempts
        };
        for (before, after) in [(10, 60), (60, 10)] {
            let goes_on = failed(after).after(&failed(before));
            assert_eq!(goes_on.wait(bad), Some(Duration::from_secs(60)));
        }
    }

    #[test]
    fn a_customer_s_ipv6_addresses_count_as_one() {
        let attempts = Attempts::new(2, Duration::from_secs(60), Arc::new(|| 1_000)).unwrap();
        attempts.failed("2001:db8:1:2::1".parse().unwrap());
        attempts.failed("2001:db8:1:2:ffff::2".parse().unwrap());
        assert!(attempts.wait("2001:db8:1:2:3::3".parse().unwrap()).is_some());
        assert!(attempts.wait("2001:db8:1:3::1".parse().unwrap()).is_none());
    }

    #[test]
    fn more_addresses_than_are_counted_take_no_more_memory_and_old_ones_are_forgotten() {
        let (attempts, now) = attempts(10, 60);
        // Some of them use up their attempts.
        for n in 0..20_u32 {
            for _ in 0..10 {
                attempts.failed(IpAddr::V4(n.into()));
            }
        }
        assert_eq!(attempts.closed.read().unwrap().len(), 20);
        for n in 0..u32::try_from(MOST_ADDRESSES + 5_000).unwrap() {
            attempts.failed(IpAddr::V4(n.into()));
        }
        assert!(attempts.limiter.len() <= MOST_ADDRESSES);
        now.store(2_000, Ordering::SeqCst);
        let late: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..10 {
            attempts.failed(late);
        }
        assert!(attempts.wait(late).is_some());
        assert!(attempts.limiter.len() < 10 && attempts.closed.read().unwrap().len() < 10);
    }

    #[test]
    fn a_broken_clock_is_no_panic() {
        let now = Arc::new(AtomicU64::new(1_000));
        let clock = {
            let now = Arc::clone(&now);
            move || now.load(Ordering::SeqCst)
        };
        let attempts = Attempts::new(1, Duration::from_secs(60), Arc::new(clock)).unwrap();
        let bad: IpAddr = "192.0.2.1".parse().unwrap();
        for time in [u64::MAX, 0, 1 << 53, 1_000] {
            now.store(time, Ordering::SeqCst);
            attempts.failed(bad);
            assert!(attempts.wait(bad).is_some(), "{time}");
        }
    }

    #[test]
    fn a_limit_that_stops_nobody_or_everybody_does_not_build() {
        for (limit, per) in [(0, 60), (10, 0), (1, LONGEST.as_secs() + 1), (1, u64::MAX)] {
            let limit = Attempts::new(limit, Duration::from_secs(per), Arc::new(|| 0));
            assert_eq!(limit.unwrap_err(), LimitError);
        }
        for per in [Duration::from_secs(1), LONGEST] {
            assert!(Attempts::new(1, per, Arc::new(|| 0)).is_ok(), "{per:?}");
        }
    }
}
