//! Times by issuer and name, for many readers and few writers.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState},
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

/// So many that worker threads seldom touch the same lock, even to read.
const SHARDS: usize = 16;

/// Looking something up hashes once and allocates nothing, and takes no lock while the table is empty.
#[derive(Default)]
pub(super) struct Table {
    shards: [RwLock<Shard>; SHARDS],
    hasher: RandomState,
    len: AtomicUsize,
}

type Shard = HashMap<Kept, u64, BuildHasherDefault<Known>>;

impl Table {
    /// In entries.
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    pub(super) fn get(&self, issuer: &str, name: &str) -> Option<u64> {
        if self.len() == 0 {
            return None;
        }
        let wanted = self.wanted(issuer, name);
        read(self.shard(&wanted)).get(&wanted as &dyn Named).copied()
    }

    /// Sets a time unless a later one is set.
    pub(super) fn raise(&self, issuer: &str, name: &str, time: u64) {
        let wanted = self.wanted(issuer, name);
        let mut shard = write(self.shard(&wanted));
        if let Some(known) = shard.get_mut(&wanted as &dyn Named) {
            *known = time.max(*known);
        } else {
            shard.insert(wanted.keep(), time);
            self.len.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(super) fn remove(&self, issuer: &str, name: &str) {
        let wanted = self.wanted(issuer, name);
        let removed = write(self.shard(&wanted)).remove(&wanted as &dyn Named).is_some();
        self.len.fetch_sub(usize::from(removed), Ordering::AcqRel);
    }

    /// Drops what `keep` refuses, and gives its memory back.
    pub(super) fn retain(&self, keep: impl Fn(u64) -> bool) {
        for shard in &self.shards {
            let mut shard = write(shard);
            let before = shard.len();
            shard.retain(|_, time| keep(*time));
            shard.shrink_to_fit();
            self.len.fetch_sub(before - shard.len(), Ordering::AcqRel);
        }
    }

    /// Shows everything, one shard after the other.
    pub(super) fn for_each(&self, mut show: impl FnMut(&str, &str, u64)) {
        for shard in &self.shards {
            for (kept, time) in read(shard).iter() {
                show(&kept.issuer, &kept.name, *time);
            }
        }
    }

    fn wanted<'a>(&self, issuer: &'a str, name: &'a str) -> Wanted<'a> {
        Wanted { hash: self.hasher.hash_one((issuer, name)), issuer, name }
    }

    fn shard(&self, wanted: &Wanted<'_>) -> &RwLock<Shard> {
        // Of the bits in the middle: the maps use those at both ends.
        let [first, ..] = &self.shards;
        usize::try_from((wanted.hash >> 32) % SHARDS as u64)
            .ok()
            .and_then(|index| self.shards.get(index))
            .unwrap_or(first)
    }
}

/// A lock is poisoned by a panic while it was held; what it guards is sound at any time.
fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

/// What an entry is found by, owned or borrowed.
trait Named {
    fn name(&self) -> Wanted<'_>;
}

/// A key as somebody asks for it.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    hash: u64,
    issuer: &'a str,
    name: &'a str,
}

impl Wanted<'_> {
    fn keep(self) -> Kept {
        Kept { hash: self.hash, issuer: self.issuer.into(), name: self.name.into() }
    }
}

impl Named for Wanted<'_> {
    fn name(&self) -> Wanted<'_> {
        *self
    }
}

/// A key as the table owns it.
struct Kept {
    hash: u64,
    issuer: Box<str>,
    name: Box<str>,
}

impl Named for Kept {
    fn name(&self) -> Wanted<'_> {
        Wanted { hash: self.hash, issuer: &self.issuer, name: &self.name }
    }
}

impl<'a> Borrow<dyn Named + 'a> for Kept {
    fn borrow(&self) -> &(dyn Named + 'a) {
        self
    }
}

impl Hash for dyn Named + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.name().hash);
    }
}

impl PartialEq for dyn Named + '_ {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (self.name(), other.name());
        one.issuer == other.issuer && one.name == other.name
    }
}

impl Eq for dyn Named + '_ {}

/// As it is borrowed, so that both are found alike.
impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self as &dyn Named).hash(state);
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        (self as &dyn Named) == (other as &dyn Named)
    }
}

impl Eq for Kept {}

/// Passes on a hash that is known already; the table's own hasher made it, with keys that nobody can guess.
#[derive(Default)]
struct Known(u64);

impl Hasher for Known {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
