//! What is known to be revoked, and for how long that has to be known.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{Objection, table::Table};
use crate::{clock::Clock, identity::Identity};

/// Longer than any issuer's leeway, in seconds: nobody takes a token that has been over for this long.
pub(super) const SPARE: u64 = 300;
/// The largest time that is kept: up to here a double, and so Redis, holds every whole number.
pub(super) const LATEST: u64 = 1 << 53;
/// Fewer entries than this are not looked through for what can be dropped.
const FEW: usize = 1024;

/// What a revocation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// One token, until it expires.
    Token,
    /// What a subject was issued before a time.
    Subject,
    /// What an issuer issued before a time. Its entries have an empty name.
    Issuer,
}

/// Entries only ever rise to a later time, so the order in which they come in does not matter.
pub(super) struct Store {
    /// When they expire.
    tokens: Table,
    /// Issued before when.
    subjects: Table,
    issuers: Table,
    /// In seconds.
    longest_lifetime: u64,
    clock: Arc<dyn Clock>,
    /// With how many entries it is worth looking for those that can be dropped.
    many: AtomicUsize,
    /// Those that go on where this one ended, in another `Auth`: whoever still has a handle of this one means them too.
    followers: Mutex<Vec<Arc<Store>>>,
}

impl Store {
    pub(super) fn new(longest_lifetime: Duration, clock: Arc<dyn Clock>) -> Self {
        Self {
            tokens: Table::default(),
            subjects: Table::default(),
            issuers: Table::default(),
            longest_lifetime: longest_lifetime.as_secs(),
            clock,
            many: AtomicUsize::new(FEW),
            followers: Mutex::default(),
        }
    }

    pub(super) fn objection(&self, identity: &Identity, now: u64) -> Option<Objection> {
        let (issuer, issued_at) = (identity.issuer(), identity.issued_at());
        // What does not say when it was issued was issued before any time.
        let before = |time| issued_at.is_none_or(|issued| issued < time);
        if identity.jti().is_some_and(|jti| self.tokens.get(issuer, jti).is_some()) {
            Some(Objection::Token)
        } else if self.subjects.get(issuer, identity.subject()).is_some_and(before) {
            Some(Objection::Subject)
        } else if self.issuers.get(issuer, "").is_some_and(before) {
            Some(Objection::Issuer)
        } else if issued_at.is_some_and(|issued| now >= self.forgotten(issued)) {
            Some(Objection::TooOld)
        } else {
            None
        }
    }

    pub(super) fn raise(&self, kind: Kind, issuer: &str, name: &str, time: u64) {
        self.raise_here(kind, issuer, name, time);
        self.tell(|follower| follower.raise_here(kind, issuer, name, time));
    }

    fn raise_here(&self, kind: Kind, issuer: &str, name: &str, time: u64) {
        self.table(kind).raise(issuer, name, time.min(LATEST));
        if self.len() >= self.many.load(Ordering::Relaxed) {
            self.drop_what_is_over();
        }
    }

    pub(super) fn remove(&self, kind: Kind, issuer: &str, name: &str) {
        self.table(kind).remove(issuer, name);
        self.tell(|follower| follower.table(kind).remove(issuer, name));
    }

    /// `next` knows from now on what this one knows, and hears what this one does.
    pub(super) fn go_on_in(&self, next: &Arc<Self>) {
        // In this order, so that nothing comes between.
        let mut followers = self.followers();
        if !followers.iter().any(|known| Arc::ptr_eq(known, next)) {
            followers.push(Arc::clone(next));
        }
        drop(followers);
        // First all of it: `next` may tell this one again, which cannot change while it is shown.
        let mut known: Vec<(Kind, Box<str>, Box<str>, u64)> = Vec::new();
        self.for_each(|kind, issuer, name, time| {
            known.push((kind, issuer.into(), name.into(), time));
        });
        for (kind, issuer, name, time) in known {
            next.raise(kind, &issuer, &name, time);
        }
    }

    /// Tells everybody who goes on where this one ended, and whoever goes on where they did, once.
    fn tell(&self, change: impl Fn(&Self)) {
        let mut waiting = self.followers().clone();
        let mut told: Vec<Arc<Self>> = Vec::new();
        while let Some(store) = waiting.pop() {
            // A configuration may be what it was before.
            if std::ptr::eq(Arc::as_ptr(&store), self)
                || told.iter().any(|known| Arc::ptr_eq(known, &store))
            {
                continue;
            }
            change(&store);
            waiting.extend(store.followers().iter().cloned());
            told.push(store);
        }
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Arc<Self>>> {
        // A lock is poisoned by a panic while it was held; what it guards is sound at any time.
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows everything.
    pub(super) fn for_each(&self, mut show: impl FnMut(Kind, &str, &str, u64)) {
        for kind in [Kind::Token, Kind::Subject, Kind::Issuer] {
            self.table(kind).for_each(|issuer, name, time| show(kind, issuer, name, time));
        }
    }

    /// In entries.
    pub(super) fn len(&self) -> usize {
        self.tokens.len() + self.subjects.len() + self.issuers.len()
    }

    fn table(&self, kind: Kind) -> &Table {
        match kind {
            Kind::Token => &self.tokens,
            Kind::Subject => &self.subjects,
            Kind::Issuer => &self.issuers,
        }
    }

    /// When a revocation of what was issued before this time may be forgotten: everything it is about is too old then.
    fn forgotten(&self, time: u64) -> u64 {
        time.saturating_add(self.longest_lifetime).saturating_add(SPARE)
    }

    pub(super) fn drop_what_is_over(&self) {
        let now = self.clock.now();
        // On a machine that lost the time nothing is over for certain.
        if now < LATEST {
            self.tokens.retain(|expires_at| now < expires_at.saturating_add(SPARE));
            self.subjects.retain(|time| now < self.forgotten(time));
            self.issuers.retain(|time| now < self.forgotten(time));
        }
        self.many.store((self.len() * 2).max(FEW), Ordering::Relaxed);
    }
}

#[cfg(feature = "redis")]
impl Store {
    /// Up to when this is revoked, if it is.
    pub(super) fn time(&self, kind: Kind, issuer: &str, name: &str) -> Option<u64> {
        self.table(kind).get(issuer, name)
    }

    /// The latest time, in seconds since the Unix epoch, whose revocations can be dropped at `now`.
    pub(super) fn over(&self, kind: Kind, now: u64) -> u64 {
        match kind {
            Kind::Token => now.saturating_sub(SPARE),
            Kind::Subject | Kind::Issuer => {
                now.saturating_sub(SPARE).saturating_sub(self.longest_lifetime)
            }
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }
}
