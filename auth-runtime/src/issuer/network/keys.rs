//! An issuer's published keys as requests see them: a snapshot, or a wait for the next.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::{Notify, watch};

use super::{
    Settings,
    documents::{News, Trouble},
};
use crate::{
    audit::metrics::{self, Refresh},
    issuer::LoadedKey,
    verifier::VerifyError,
};

/// Keys that an issuer publishes.
pub(crate) struct NetworkKeys {
    pub(super) settings: Settings,
    snapshot: ArcSwap<Snapshot>,
    /// Whether the issuer is being asked. It is from the beginning: that is what the thread does first.
    fetching: AtomicBool,
    /// Set for ever when nobody fetches any more.
    ended: AtomicBool,
    /// Wakes whoever fetches.
    wanted: Notify,
    /// How often the question whether there is anything new was answered.
    answered: watch::Sender<u64>,
}

/// What is known at one time. Never changed, only replaced. Times are in seconds since the Unix epoch.
#[derive(Default)]
pub(crate) struct Snapshot {
    keys: Arc<[LoadedKey]>,
    /// How often the keys have changed: what was decided under another number is not decided any more.
    generation: u64,
    /// When the issuer last said that these are its keys.
    confirmed: Option<u64>,
    /// When it was last asked.
    asked: u64,
    /// How long after that it is not asked again, whoever wants it, in seconds.
    pause: u64,
    /// How long after that it is asked again in any case, in seconds.
    refresh: u64,
    /// What came of asking, if not keys.
    trouble: Option<Trouble>,
    /// How often in a row nothing came of it.
    failures: u32,
}

impl Snapshot {
    fn may_ask(&self, now: u64) -> bool {
        passed(self.asked, self.pause, now)
    }

    fn is_due(&self, now: u64) -> bool {
        passed(self.asked, self.refresh, now)
    }
}

/// The keys of one snapshot.
pub(crate) struct Usable {
    snapshot: Guard<Arc<Snapshot>>,
    is_fresh: bool,
}

impl Usable {
    /// None, where the issuer has been silent for too long.
    pub(crate) fn keys(&self) -> &[LoadedKey] {
        if self.is_fresh { &self.snapshot.keys } else { &[] }
    }

    pub(crate) fn generation(&self) -> Option<u64> {
        self.is_fresh.then_some(self.snapshot.generation)
    }
}

/// Whether this much time has passed since. A clock that was put back cannot tell, and waiting for it to catch up could
/// take for ever.
fn passed(since: u64, seconds: u64, now: u64) -> bool {
    now.checked_sub(since).is_none_or(|passed| passed >= seconds)
}

impl NetworkKeys {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            snapshot: ArcSwap::default(),
            fetching: AtomicBool::new(true),
            ended: AtomicBool::new(false),
            wanted: Notify::new(),
            answered: watch::Sender::new(0),
        }
    }

    /// The keys to verify with. Never waits (CHECKLIST K3).
    ///
    /// `now` is in seconds since the Unix epoch.
    pub(crate) fn usable(&self, now: u64) -> Usable {
        let snapshot = self.snapshot.load();
        self.remind(&snapshot, now);
        Usable { is_fresh: self.is_fresh(&snapshot, now), snapshot }
    }

    /// The number of the key set in use, if there is one: it changes with the set.
    pub(crate) fn generation(&self, now: u64) -> Option<u64> {
        self.usable(now).generation()
    }

    /// Whether there are keys to verify with.
    pub(crate) fn is_ready(&self, now: u64) -> bool {
        self.generation(now).is_some()
    }

    /// Whether asking again may bring a key that was not in the set `tried`: there is another set, or may soon be.
    pub(crate) fn may_learn(&self, tried: Option<u64>, now: u64) -> bool {
        if self.ended.load(Ordering::Acquire) {
            return false;
        }
        // In this order: whoever fetches puts the snapshot down first.
        self.fetching.load(Ordering::Acquire)
            || self.snapshot.load().may_ask(now)
            || self.generation(now) != tried
    }

    /// Waits until the issuer has been asked, together with everybody who waits for the same (CHECKLIST K1, K3).
    pub(crate) async fn learn(&self, tried: Option<u64>, now: u64) {
        // First of all, so that no answer is missed from here on.
        let mut answered = self.answered.subscribe();
        if self.ended.load(Ordering::Acquire) {
            return;
        }
        if !self.fetching.load(Ordering::Acquire) {
            let may_ask = self.snapshot.load().may_ask(now);
            if !may_ask || self.generation(now) != tried {
                return;
            }
            self.wanted.notify_one();
        }
        // Fails only if the sender is gone, and that is ours.
        let _ = answered.changed().await;
    }

    /// Why a token is refused that no key of these has signed.
    pub(crate) fn unknown(&self, now: u64) -> VerifyError {
        let issuer = &self.settings.issuer;
        if self.ended.load(Ordering::Acquire) {
            return VerifyError::misconfigured(format!(
                "nobody fetches the keys of `{issuer}` any more, for a reason that was logged: start the application again"
            ));
        }
        let snapshot = self.snapshot.load();
        match &snapshot.trouble {
            Some(Trouble::Unusable(why)) => {
                VerifyError::misconfigured(format!("the keys of `{issuer}`: {why}"))
            }
            None if self.is_fresh(&snapshot, now) => {
                VerifyError::invalid("no key of the issuer fits `kid` and `alg`")
            }
            // It may be a new key of an issuer that is away: nobody can tell at the moment, and a client that was told
            // 401 would log in again, and come back with the same.
            Some(Trouble::Away(_)) | None => {
                let passed = now.saturating_sub(snapshot.asked);
                let wait = snapshot.pause.saturating_sub(passed).max(1);
                VerifyError::unavailable(Duration::from_secs(wait))
            }
        }
    }

    /// Waits until there are keys to verify with. `now` tells the time, in seconds since the Unix epoch.
    pub(crate) async fn ready(&self, now: impl Fn() -> u64) {
        let mut answered = self.answered.subscribe();
        while !self.is_ready(now()) {
            let _ = answered.changed().await;
        }
    }

    fn is_fresh(&self, snapshot: &Snapshot, now: u64) -> bool {
        snapshot
            .confirmed
            .is_some_and(|confirmed| now.saturating_sub(confirmed) < self.settings.max_stale)
    }

    /// Wakes whoever fetches, where it is due and nobody seems to have noticed: a machine that slept has.
    fn remind(&self, snapshot: &Snapshot, now: u64) {
        if snapshot.is_due(now) && !self.fetching.load(Ordering::Acquire) {
            self.wanted.notify_one();
        }
    }
}

/// The side of whoever fetches.
impl NetworkKeys {
    /// Says that the issuer is being asked.
    pub(super) fn begin(&self) {
        self.fetching.store(true, Ordering::Release);
    }

    /// Puts down what came of asking.
    pub(super) fn finish(&self, asked: u64, result: Result<News, Trouble>, now: u64) {
        let before = self.snapshot.load_full();
        let settings = &self.settings;
        let mut next = Snapshot {
            keys: Arc::clone(&before.keys),
            generation: before.generation,
            // Where the clock was set back since, they would be in use for as much longer.
            confirmed: before.confirmed.map(|confirmed| confirmed.min(now)),
            asked,
            pause: settings.cooldown,
            refresh: settings.refresh,
            trouble: None,
            failures: 0,
        };
        let refresh = match &result {
            Ok(News::Keys(_)) => Refresh::Fetched,
            Ok(News::Same) => Refresh::Unchanged,
            Err(_) => Refresh::Failed,
        };
        match result {
            Ok(news) => {
                if let News::Keys(keys) = news {
                    next.keys = keys.into();
                    next.generation = next.generation.wrapping_add(1);
                    tracing::info!(
                        issuer = &*settings.issuer,
                        keys = next.keys.len(),
                        generation = next.generation,
                        "its key set is new"
                    );
                }
                next.confirmed = Some(asked);
            }
            Err(trouble) => {
                next.failures = before.failures.saturating_add(1);
                // As long as there is nothing to go on with, every second counts.
                if let (Trouble::Away(_), false) = (&trouble, self.is_fresh(&before, now)) {
                    next.pause = settings.cooldown.min(1 << before.failures.min(16));
                }
                next.refresh = next.pause;
                log(settings, &trouble, before.confirmed, now);
                next.trouble = Some(trouble);
            }
        }
        metrics::refreshed(&settings.issuer, refresh, next.confirmed);
        self.snapshot.store(Arc::new(next));
        self.fetching.store(false, Ordering::Release);
        self.answer();
    }

    /// Lets everybody go on who waits.
    pub(super) fn answer(&self) {
        self.answered.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Says that nobody will ask the issuer any more.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.answer();
    }

    /// Waits until the issuer has to be asked. `now` tells the time, in seconds since the Unix epoch.
    pub(super) async fn due(&self, now: impl Fn() -> u64) {
        loop {
            let snapshot = self.snapshot.load_full();
            let left = snapshot.refresh.saturating_sub(now().saturating_sub(snapshot.asked));
            let time = Duration::from_secs(left.max(1));
            let wanted = tokio::time::timeout(time, self.wanted.notified()).await.is_ok();
            let now = now();
            if snapshot.is_due(now) || (wanted && snapshot.may_ask(now)) {
                return;
            }
            if wanted {
                // Somebody's clock said otherwise a moment ago, and nobody is to wait for nothing.
                self.answer();
            }
        }
    }
}

fn log(settings: &Settings, trouble: &Trouble, confirmed: Option<u64>, now: u64) {
    let issuer = &*settings.issuer;
    let left = confirmed
        .map(|confirmed| settings.max_stale.saturating_sub(now.saturating_sub(confirmed)))
        .filter(|left| *left > 0);
    let meanwhile = match (left, trouble) {
        (Some(left), _) => format!("those it had are used for another {left} s"),
        (None, Trouble::Away(_)) => "requests that need one are answered 503".to_owned(),
        (None, Trouble::Unusable(_)) => "requests that need one are answered 500".to_owned(),
    };
    match trouble {
        Trouble::Away(why) => {
            tracing::warn!(issuer, "its keys cannot be fetched, and {meanwhile}: {why}");
        }
        Trouble::Unusable(why) => {
            tracing::error!(issuer, "its keys cannot be used, and {meanwhile}: {why}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::{Pin, pin},
        task::{Context, Waker},
    };

    use super::*;
    use crate::{
        issuer::{Issuer, jwk},
        verifier::VerifyErrorKind,
    };

    fn keys() -> Arc<NetworkKeys> {
        let issuer = Issuer::new("https://id.example.com/").audience("api").jwks_discovery();
        issuer.load().unwrap().network.unwrap()
    }

    /// The key of RFC 8037 §A.2.
    fn news() -> News {
        let set = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        News::Keys(jwk::published(set, &[], "https://id.example.com/").unwrap())
    }

    fn away() -> Trouble {
        Trouble::Away("gone".to_owned())
    }

    /// What is remembered about tokens can be bound to this number.
    #[test]
    fn k6_the_generation_changes_with_the_keys_and_only_with_them() {
        let keys = keys();
        assert_eq!(keys.generation(1_000), None);
        keys.finish(1_000, Ok(news()), 1_000);
        assert_eq!(keys.generation(1_000), Some(1));
        keys.finish(1_100, Ok(News::Same), 1_100);
        assert_eq!(keys.generation(1_100), Some(1));
        keys.finish(1_200, Err(away()), 1_200);
        assert_eq!(keys.generation(1_200), Some(1));
        keys.finish(1_300, Ok(news()), 1_300);
        assert_eq!(keys.generation(1_300), Some(2));
        // Keys that have run out are no set at all.
        assert_eq!(keys.generation(1_300 + 24 * 60 * 60 - 1), Some(2));
        assert_eq!(keys.generation(1_300 + 24 * 60 * 60), None);
        assert!(keys.usable(1_300 + 24 * 60 * 60).keys().is_empty());
    }

    #[test]
    fn k1_nobody_is_made_to_wait_while_the_issuer_is_not_asked_again() {
        let keys = keys();
        assert!(keys.may_learn(None, 1_000), "it is being asked from the beginning");
        keys.finish(1_000, Ok(news()), 1_001);
        assert!(!keys.may_learn(Some(1), 1_029));
        assert!(keys.may_learn(Some(1), 1_030));
        // There is another set than the one that was tried.
        assert!(keys.may_learn(None, 1_029));
        assert!(keys.may_learn(Some(0), 1_029));
        keys.begin();
        assert!(keys.may_learn(Some(1), 1_029));
    }

    /// What came late was true when it was asked for.
    #[test]
    fn k4_keys_last_from_when_they_were_asked_for() {
        let keys = keys();
        keys.finish(1_000, Ok(news()), 1_010);
        assert!(keys.is_ready(1_000 + 24 * 60 * 60 - 1));
        assert!(!keys.is_ready(1_000 + 24 * 60 * 60));
    }

    /// As long as there are keys to go on with, one who is away is asked no more often than any other, but by itself.
    #[test]
    fn k4_an_issuer_that_is_away_is_asked_again_after_the_cooldown() {
        let keys = keys();
        keys.finish(1_000, Ok(news()), 1_000);
        keys.finish(1_100, Err(away()), 1_100);
        assert!(!keys.may_learn(Some(1), 1_129));
        assert!(keys.may_learn(Some(1), 1_130));
        let snapshot = keys.snapshot.load();
        assert!(!snapshot.is_due(1_129));
        assert!(snapshot.is_due(1_130));
    }

    /// Goes on with it as far as possible.
    fn ends<T>(future: Pin<&mut impl Future<Output = T>>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Between the question whether waiting helps and the wait, others may have had the answer.
    #[test]
    fn k1_whoever_comes_late_waits_for_nothing() {
        let keys = keys();
        keys.finish(1_000, Ok(news()), 1_000);
        // It is not asked again that soon.
        assert!(ends(pin!(keys.learn(Some(1), 1_029))));
        // It could be asked, and there is another set than the one that was tried.
        assert!(ends(pin!(keys.learn(None, 1_030))));
        assert!(!ends(pin!(keys.learn(Some(1), 1_030))));
    }

    #[test]
    fn k3_whoever_waits_goes_on_when_nobody_fetches_any_more() {
        let keys = keys();
        let mut learning = pin!(keys.learn(None, 1_000));
        assert!(!ends(learning.as_mut()));
        keys.end();
        assert!(ends(learning));
    }

    /// Clocks of two threads may differ: who is woken too early has nothing to ask, and says so.
    #[actix_web::test]
    async fn k3_whoever_waits_goes_on_where_the_issuer_is_not_asked() {
        let keys = keys();
        keys.finish(1_000, Ok(news()), 1_000);
        let mut due = pin!(keys.due(|| 1_029));
        let mut learning = pin!(keys.learn(Some(1), 1_030));
        assert!(!ends(due.as_mut()) && !ends(learning.as_mut()));
        assert!(!ends(due) && ends(learning));
    }

    /// A17: that no key fits is not known as long as there are no keys.
    #[test]
    fn a17_a_key_is_not_unknown_before_there_are_any_nor_when_they_are_too_old() {
        let keys = keys();
        let is_away = |now| matches!(keys.unknown(now).kind, VerifyErrorKind::Unavailable { .. });
        assert!(is_away(1_000));
        keys.finish(1_000, Ok(news()), 1_000);
        assert!(!is_away(1_000 + 24 * 60 * 60 - 1));
        assert!(is_away(1_000 + 24 * 60 * 60));
    }

    #[test]
    fn a17_retry_after_says_when_the_issuer_is_asked_again() {
        let keys = keys();
        let wait = |now| match keys.unknown(now).kind {
            VerifyErrorKind::Unavailable { retry_after } => retry_after.as_secs(),
            kind => panic!("{kind}"),
        };
        let mut waits = Vec::new();
        for _ in 0..7 {
            keys.finish(1_000, Err(away()), 1_000);
            waits.push(wait(1_000));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(wait(1_020), 10);
        assert_eq!(wait(1_030), 1);
        // Whoever was there in between is asked as often as at first.
        keys.finish(1_100, Ok(news()), 1_100);
        let ended = 1_100 + 24 * 60 * 60;
        keys.finish(ended, Err(away()), ended);
        assert_eq!(wait(ended), 1);
    }
}
