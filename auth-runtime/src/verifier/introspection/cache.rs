//! What endpoints said of tokens, for a short while.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use sha2::{Digest, Sha256};

use crate::identity::{Inner, Verified};

/// A token's SHA-256: the cache holds nothing that somebody could present.
///
/// Compared whole, so that no two tokens are one; the map's own hash of it has a random key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// Remembers active tokens; what was refused is asked again.
///
/// The first in is the first out, unless it was asked for since it was last due.
pub(super) struct Cache {
    most_entries: usize,
    most_bytes: usize,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    entries: HashMap<Fingerprint, Entry>,
    /// Exactly the keys of `entries`, each once.
    order: VecDeque<Fingerprint>,
    bytes: usize,
}

struct Entry {
    verified: Verified,
    /// The seconds since the Unix epoch at which this is true: from the first, before the second.
    from: u64,
    until: u64,
    bytes: usize,
    used: AtomicBool,
}

impl Entry {
    /// A clock that was set back makes an answer of unknown age.
    fn holds(&self, now: u64) -> bool {
        self.from <= now && now < self.until
    }
}

impl Cache {
    pub(super) fn new(most_entries: usize, most_bytes: usize) -> Self {
        Self { most_entries, most_bytes, known: RwLock::default() }
    }

    /// What is known of a token at this time.
    pub(super) fn get(&self, token: &Fingerprint, now: u64) -> Option<Verified> {
        // A lock is poisoned by a panic while it was held; what it guards is sound at any time.
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entries.get(token).filter(|entry| entry.holds(now))?;
        entry.used.store(true, Ordering::Relaxed);
        Some(entry.verified.clone())
    }

    /// Remembers a token from one time until before another, if it fits in.
    pub(super) fn insert(&self, token: Fingerprint, verified: &Verified, from: u64, until: u64) {
        let bytes = size(verified);
        if until <= from || bytes > self.most_bytes || self.most_entries == 0 {
            return;
        }
        let verified = verified.clone();
        let entry = Entry { verified, from, until, bytes, used: AtomicBool::new(false) };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Room is made before, so that a new entry is not the one to go where all others were asked for.
        while !known.has_room(&token, bytes, self) {
            known.drop_one(from);
        }
        match known.entries.insert(token, entry) {
            Some(old) => known.bytes -= old.bytes,
            None => known.order.push_back(token),
        }
        known.bytes += bytes;
    }
}

impl Known {
    fn has_room(&self, token: &Fingerprint, bytes: usize, cache: &Cache) -> bool {
        let old = self.entries.get(token);
        let entries = self.entries.len() + usize::from(old.is_none());
        let bytes = self.bytes - old.map_or(0, |old| old.bytes) + bytes;
        entries <= cache.most_entries && bytes <= cache.most_bytes
    }

    fn drop_one(&mut self, now: u64) {
        while let Some(token) = self.order.pop_front() {
            let again =
                |entry: &Entry| entry.holds(now) && entry.used.swap(false, Ordering::Relaxed);
            if self.entries.get(&token).is_some_and(again) {
                self.order.push_back(token);
            } else if let Some(entry) = self.entries.remove(&token) {
                self.bytes -= entry.bytes;
                return;
            }
        }
    }
}

/// About how much memory an entry takes, in bytes.
fn size(verified: &Verified) -> usize {
    const ENTRY: usize = 2 * size_of::<Fingerprint>() + size_of::<Entry>();
    /// What the allocator adds and the two counters of who shares it, once for the caller and once for the issuer's name.
    const AROUND: usize = 2 * (16 + 2 * size_of::<usize>());
    ENTRY + size_of::<Inner>() + AROUND + verified.inner.issuer.len() + verified.inner.texts.size()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(subject: &str) -> Verified {
        Verified::new("https://id.example.com/", subject)
    }

    fn subjects(cache: &Cache, tokens: &[&str]) -> Vec<bool> {
        let known = |token: &&str| {
            let found = cache.get(&Fingerprint::of(token), 0);
            if let Some(found) = &found {
                assert_eq!(found.inner.texts.subject(), *token);
            }
            found.is_some()
        };
        tokens.iter().map(known).collect()
    }

    /// The bytes that are counted are those of the entries that are there.
    fn check(cache: &Cache) {
        let known = cache.known.read().unwrap();
        assert_eq!(known.bytes, known.entries.values().map(|entry| entry.bytes).sum::<usize>());
        assert_eq!(known.order.len(), known.entries.len());
        assert!(known.order.iter().all(|token| known.entries.contains_key(token)));
        assert!(known.bytes <= cache.most_bytes && known.entries.len() <= cache.most_entries);
    }

    #[test]
    fn p3_nothing_is_known_before_or_past_its_time() {
        let cache = Cache::new(8, 1 << 20);
        let token = Fingerprint::of("ann");
        cache.insert(token, &verified("ann"), 100, 110);
        for (now, known) in [(99, false), (100, true), (109, true), (110, false), (u64::MAX, false)]
        {
            assert_eq!(cache.get(&token, now).is_some(), known, "{now}");
        }
        cache.insert(Fingerprint::of("bob"), &verified("bob"), 100, 100);
        assert!(cache.get(&Fingerprint::of("bob"), 100).is_none());
        check(&cache);
    }

    #[test]
    fn entries_are_bounded_and_what_is_asked_for_stays() {
        let cache = Cache::new(3, 1 << 20);
        for token in ["a", "b", "c"] {
            cache.insert(Fingerprint::of(token), &verified(token), 0, 10);
        }
        assert_eq!(subjects(&cache, &["a"]), [true]);
        cache.insert(Fingerprint::of("d"), &verified("d"), 0, 10);
        check(&cache);
        assert_eq!(subjects(&cache, &["a", "b", "c", "d"]), [true, false, true, true]);
        // All were asked for: the one that is due goes all the same.
        cache.insert(Fingerprint::of("e"), &verified("e"), 0, 10);
        check(&cache);
        assert_eq!(subjects(&cache, &["c", "e"]), [false, true]);
    }

    #[test]
    fn bytes_are_bounded_by_what_answers_hold() {
        let one = size(&verified("a"));
        let cache = Cache::new(1_000, 2 * one);
        for token in ["a", "b", "c"] {
            cache.insert(Fingerprint::of(token), &verified(token), 0, 10);
            check(&cache);
        }
        assert_eq!(subjects(&cache, &["a", "b", "c"]), [false, true, true]);

        let large = verified("d").role("r".repeat(one / 2));
        cache.insert(Fingerprint::of("d"), &large, 0, 10);
        check(&cache);
        assert_eq!(subjects(&cache, &["b", "c", "d"]), [false, false, true]);

        let too_large = verified("e").role("r".repeat(3 * one));
        cache.insert(Fingerprint::of("e"), &too_large, 0, 10);
        assert_eq!(subjects(&cache, &["d", "e"]), [true, false]);
        let many = (0..100).fold(verified("f"), |verified, _| verified.scope("s"));
        // Its letter, and two numbers that say where it stands.
        assert!(size(&many) > size(&verified("f")) + 100 * (1 + 2 * size_of::<u32>()));
    }

    #[test]
    fn an_answer_replaces_the_one_before() {
        let cache = Cache::new(2, 1 << 20);
        let token = Fingerprint::of("a");
        cache.insert(token, &verified("a").role("admin"), 0, 10);
        cache.insert(token, &verified("a"), 5, 20);
        check(&cache);
        assert_eq!(cache.get(&token, 15).unwrap().inner.texts.roles().len(), 0);
        cache.insert(Fingerprint::of("b"), &verified("b"), 0, 10);
        check(&cache);
        assert!(cache.get(&token, 15).is_some());
    }

    #[test]
    fn a_cache_without_room_remembers_nothing() {
        for cache in [Cache::new(0, 1 << 20), Cache::new(8, 0)] {
            cache.insert(Fingerprint::of("a"), &verified("a"), 0, 10);
            assert_eq!(subjects(&cache, &["a"]), [false]);
            check(&cache);
        }
    }
}
