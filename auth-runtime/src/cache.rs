//! Tokens that were verified before, so that they need not be again.
//!
//! Who somebody is, is remembered, and only of tokens that were good; never what somebody may do. A hit says what
//! verifying again would say: the token is compared whole, its times and the keys of whoever vouched for it are asked again
//! each time, and what does not fit is verified as if it had never been seen. Revocation, proofs, and where a credential may
//! come from are for whoever lets callers in, hit or not.
//!
//! What keeps them was chosen by measuring, with keys of 500 bytes that are hashed and compared as here (`auth-peers caches`,
//! a part of `benches/run`; nanoseconds, medians of 15 interleaved rounds, 2 cores). The flood has room for 1 000 entries,
//! brings 100 000 new ones, and asks for each of 200 in use once in every 500:
//!
//! | | 1 token, 1 thread | 10 000, 1 thread | 1 token, 2 threads | 10 000, 2 threads | a new one in a flood | in use, still there |
//! |---|--:|--:|--:|--:|--:|--:|
//! | `quick_cache` | 55 | 216 | 91 | 184 | 174 | 100 % |
//! | `moka` | 195 | 690 | 323 | 697 | 1,051 | 100 % |
//! | `papaya`, emptied when full | 54 | 167 | 64 | 139 | 387 | 38 % |
//! | a map for each thread (`quick_cache`, unsync) | 55 | 177 | 56 | 188 | 323 | 100 % |
//! | `RwLock<HashMap>`, emptied when full | 54 | 250 | 52 | 201 | 211 | 38 % |
//!
//! A map for each thread saves little or nothing, and takes its memory once for each worker; it would also verify each token
//! once for each. The others are slower, or forget what is in use.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use constant_time_eq::{constant_time_eq, constant_time_eq_n};
use foldhash::{SharedSeed, quality::SeedableRandomState};
use quick_cache::{
    Equivalent, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};

use crate::{
    credential::Method,
    identity::{Identity, Validity},
};

/// How many tokens are remembered unless the builder says otherwise.
pub(crate) const DEFAULT_ENTRIES: usize = 50_000;
/// How much memory they take, in bytes.
pub(crate) const DEFAULT_BYTES: usize = 64 << 20;

/// How much of a token is hashed, from its end, in bytes. That is where its signature is, so no two differ elsewhere only;
/// whoever cannot sign cannot choose it, and whoever can does not know the key of the hash, which each cache has for itself.
const TAIL: usize = 32;

/// What an entry takes at least as a rule, in bytes.
const USUAL: usize = 1 << 10;

/// What the cache adds to an entry, in bytes: its place in the table, its links, what the allocator takes for the token.
const OVERHEAD: usize = size_of::<Key>() + size_of::<Entry>() + 64;

/// Tokens with the identities that were found for them. Bounded by number and by memory; a new token is let go first, and
/// one that is asked for again stays, so that a flood of new ones does not wash out those in use.
pub(crate) struct TokenCache(Cache<Key, Entry, Weight, SeedableRandomState>);

struct Key {
    token: Box<[u8]>,
    method: Method,
}

/// A key as it stands in a request.
struct Wanted<'a> {
    token: &'a [u8],
    method: Method,
}

#[derive(Clone)]
struct Entry {
    identity: Identity,
    validity: Validity,
}

impl TokenCache {
    /// Room for this many tokens, and this many bytes. `None` where there is room for nothing.
    pub(crate) fn new(entries: usize, bytes: usize) -> Option<Self> {
        if entries == 0 || bytes == 0 {
            return None;
        }
        // The cache adds up what entries weigh without looking whether that fits into a number.
        let bytes = bytes.min(usize::MAX / 4);
        let options = OptionsBuilder::new()
            // It keeps traces of what it let go, half as many as it expects entries: no more than the bytes have room for.
            .estimated_items_capacity(entries.min(bytes.div_ceil(USUAL)))
            .weight_capacity(bytes as u64)
            .build()
            .ok()?;
        // Each entry weighs so much at least that one more than wanted does not fit in: the bytes bound the number too.
        let least = (bytes / entries.saturating_add(1)) as u64 + 1;
        // The standard library's has its keys from the operating system.
        let key = RandomState::new().hash_one(());
        let hash = SeedableRandomState::with_seed(key, SharedSeed::global_random());
        Some(Self(Cache::with_options(
            options,
            Weight { least },
            hash,
            DefaultLifecycle::default(),
        )))
    }

    /// Who sends this token, if that is known and still holds at this time.
    ///
    /// `now` is in seconds since the Unix epoch. `generation` tells the number of the keys that an issuer has by now.
    #[inline]
    pub(crate) fn get(
        &self,
        token: &[u8],
        method: Method,
        now: u64,
        generation: impl FnOnce(usize) -> Option<u64>,
    ) -> Option<Identity> {
        let wanted = Wanted { token, method };
        let Entry { identity, validity } = self.0.get(&wanted)?;
        if validity.holds(now, generation) {
            return Some(identity);
        }
        // Whoever replaced it meanwhile knows better.
        self.0.remove_if(&wanted, |entry| entry.validity == validity);
        None
    }

    /// Remembers a token as long as its verdict is valid. What is too large for its place is not remembered.
    pub(crate) fn insert(&self, token: &[u8], identity: &Identity, validity: Validity) {
        let key = Key { token: token.into(), method: identity.method() };
        self.0.insert(key, Entry { identity: identity.clone(), validity });
    }
}

impl Hash for Wanted<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.token.last_chunk::<TAIL>() {
            // Number by number, which takes half the time that as many bytes do.
            Some(tail) => {
                for eight in tail.as_chunks().0 {
                    state.write_u64(u64::from_le_bytes(*eight));
                }
            }
            None => state.write(self.token),
        }
        state.write_u8(self.method as u8);
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wanted().hash(state);
    }
}

impl Key {
    fn wanted(&self) -> Wanted<'_> {
        Wanted { token: &self.token, method: self.method }
    }
}

impl PartialEq for Wanted<'_> {
    /// In a time that does not tell how much of a signature is right. What stands before its end is compared only where the
    /// end is the same: whoever sends that knows the token, or signs himself.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.method == other.method
            && match (self.token.split_last_chunk(), other.token.split_last_chunk()) {
                (Some((head, tail)), Some((other, other_tail))) => {
                    constant_time_eq_n::<TAIL>(tail, other_tail) && head == other
                }
                _ => constant_time_eq(self.token, other.token),
            }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.wanted() == other.wanted()
    }
}

impl Eq for Key {}

impl Equivalent<Key> for Wanted<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.wanted()
    }
}

/// About how much memory an entry takes.
#[derive(Clone)]
struct Weight {
    least: u64,
}

impl Weighter<Key, Entry> for Weight {
    fn weight(&self, key: &Key, entry: &Entry) -> u64 {
        let bytes = OVERHEAD + key.token.len() + entry.identity.size();
        self.least.max(bytes as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::Verified, roles::RoleHierarchy};

    const FOREVER: Validity = Validity { from: 0, until: u64::MAX, issuer: 0, generation: 0 };

    fn identity(subject: &str) -> Identity {
        Identity::new(Verified::new("https://id.example.com/", subject), &RoleHierarchy::default())
    }

    /// Distinct where it counts.
    fn token(name: usize) -> String {
        format!("{}{name:040}", "x".repeat(400))
    }

    fn subject(cache: &TokenCache, token: &str, now: u64) -> Option<String> {
        let found = cache.get(token.as_bytes(), Method::Bearer, now, |_| Some(0))?;
        Some(found.subject().to_owned())
    }

    #[test]
    fn a_token_is_found_whole_or_not_at_all() {
        let cache = TokenCache::new(10, 1 << 20).unwrap();
        let known = token(1);
        cache.insert(known.as_bytes(), &identity("ann"), FOREVER);
        assert_eq!(subject(&cache, &known, 5).as_deref(), Some("ann"));
        // One character that is not hashed, more at the beginning, fewer, none.
        let other = known.replacen('x', "y", 1);
        for other in [&*other, &format!("x{known}"), known.get(1..).unwrap(), ""] {
            assert_eq!(subject(&cache, other, 5), None, "{other}");
        }
        assert!(cache.get(known.as_bytes(), Method::Cookie, 5, |_| Some(0)).is_none());
        cache.insert(b"short", &identity("eve"), FOREVER);
        assert_eq!(subject(&cache, "short", 5).as_deref(), Some("eve"));
        assert_eq!(subject(&cache, "shirt", 5), None);
    }

    #[test]
    fn a_verdict_holds_as_long_as_its_times_and_its_keys() {
        let cache = TokenCache::new(10, 1 << 20).unwrap();
        let validity = Validity { from: 100, until: 200, issuer: 3, generation: 7 };
        let holds = |now, generation| {
            cache.insert(b"token", &identity("ann"), validity);
            let asked = |issuer| {
                assert_eq!(issuer, 3);
                generation
            };
            cache.get(b"token", Method::Bearer, now, asked).is_some()
        };
        for (now, expected) in [(99, false), (100, true), (199, true), (200, false)] {
            assert_eq!(holds(now, Some(7)), expected, "{now}");
        }
        assert!(!holds(150, Some(8)));
        assert!(!holds(150, Some(6)));
        assert!(!holds(150, None));
        // What did not hold is gone, also when time goes back.
        assert!(cache.get(b"token", Method::Bearer, 150, |_| Some(7)).is_none());
    }

    #[test]
    fn entries_and_bytes_are_bounded() {
        for (entries, bytes) in [(1, 1 << 20), (7, 1 << 20), (1_000, 64 << 10), (100_000, 1 << 20)]
        {
            let cache = TokenCache::new(entries, bytes).unwrap();
            for name in 0..5_000 {
                cache.insert(token(name).as_bytes(), &identity("ann"), FOREVER);
            }
            let kept =
                (0..5_000).filter(|name| subject(&cache, &token(*name), 0).is_some()).count();
            let one = OVERHEAD + token(0).len() + identity("ann").size();
            assert!(kept >= 1, "{entries} {bytes}");
            assert!(kept <= entries && kept * one <= bytes, "{kept} of {entries}, {bytes} bytes");
        }
        // Whoever means to set no bound writes the greatest number there is.
        for (entries, bytes) in [(10, usize::MAX), (usize::MAX, 1 << 20), (usize::MAX, usize::MAX)]
        {
            let cache = TokenCache::new(entries, bytes).unwrap();
            for name in 0..500 {
                cache.insert(token(name).as_bytes(), &identity("ann"), FOREVER);
            }
            let kept = (0..500).filter(|name| subject(&cache, &token(*name), 0).is_some()).count();
            assert!((1..=entries).contains(&kept), "{kept} of {entries}");
        }
        assert!(TokenCache::new(0, 1 << 20).is_none());
        assert!(TokenCache::new(10, 0).is_none());
        // Too large for its place: not remembered, and nothing else goes for it.
        let cache = TokenCache::new(2, 2 << 10).unwrap();
        cache.insert(b"small", &identity("ann"), FOREVER);
        cache.insert("x".repeat(4 << 10).as_bytes(), &identity("eve"), FOREVER);
        assert_eq!(subject(&cache, "small", 0).as_deref(), Some("ann"));
        assert_eq!(subject(&cache, &"x".repeat(4 << 10), 0), None);
    }

    #[test]
    fn a_flood_of_new_tokens_leaves_those_in_use() {
        let cache = TokenCache::new(1_000, 16 << 20).unwrap();
        let hot: Vec<String> = (0..200).map(token).collect();
        for _ in 0..3 {
            for token in &hot {
                if subject(&cache, token, 0).is_none() {
                    cache.insert(token.as_bytes(), &identity("ann"), FOREVER);
                }
            }
        }
        let mut lost = 0;
        for name in 1_000..101_000 {
            cache.insert(token(name).as_bytes(), &identity("eve"), FOREVER);
            // In use: each of them once while five hundred new ones come.
            if name % 500 == 0 {
                for token in &hot {
                    if subject(&cache, token, 0).is_none() {
                        lost += 1;
                        cache.insert(token.as_bytes(), &identity("ann"), FOREVER);
                    }
                }
            }
        }
        assert!(lost <= 200, "{lost} of 40000 look-ups of tokens in use missed");
    }
}
