//! Which proofs were used (RFC 9449 §11.1).
//!
//! Bounded, and nothing is forgotten before its time: whoever could push entries out could use the proofs behind them
//! again. So a memory that is full refuses to take more.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sha2::{Digest, Sha256};

/// How long a portion is that is forgotten at once, in seconds.
const PORTION: u64 = 16;

/// A proof, or a key, by a hash that nobody can meet with another one.
type Name = [u8; 16];

/// Used proofs, until they are too old to be taken anyway.
#[derive(Default)]
pub(super) struct Memory(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// By the number of the portion of time in which the proofs end.
    portions: BTreeMap<u64, Portion>,
    /// The last portion that was forgotten. Whatever ends there is old, also after the clock was set back.
    forgotten: u64,
    /// When the latest proof of those that were forgotten was made. Whatever is not later is old too: it ends later than
    /// it did then, where proofs are good for longer now than they were.
    forgotten_made: Option<u64>,
}

#[derive(Default)]
struct Portion {
    proofs: HashSet<Name>,
    /// How many proofs of which key.
    by_key: HashMap<Name, usize>,
    /// When the latest of them was made.
    made: u64,
}

/// Why a proof is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotRemembered {
    /// It was used before.
    Seen,
    /// Proofs that end as early are forgotten, so nobody can tell.
    Old,
    /// There is no room.
    Full { retry_after: Duration },
}

impl Memory {
    /// Remembers a proof, unless it is known. `key` is its key's thumbprint, `id` its `jti`; `good` begins when it was made
    /// and ends when it is no longer taken. Times are in seconds since the Unix epoch. There is room for `capacity` proofs, at least one.
    pub(super) fn remember(
        &self,
        capacity: usize,
        key: &str,
        id: &str,
        good: Range<u64>,
        now: u64,
    ) -> Result<(), NotRemembered> {
        // A thumbprint has a fixed length, so no two pairs are the same text. With the key in it, nobody can use up
        // another client's `jti`.
        let proof = name(&[key, id]);
        let key = name(&[key]);
        let until = good.end.div_ceil(PORTION);

        let mut seen = self.lock();
        seen.forget(now / PORTION);
        if until <= seen.forgotten || seen.forgotten_made.is_some_and(|made| good.start <= made) {
            return Err(NotRemembered::Old);
        }
        if seen.portions.values().any(|portion| portion.proofs.contains(&proof)) {
            return Err(NotRemembered::Seen);
        }
        let used: usize = seen.portions.values().map(|portion| portion.proofs.len()).sum();
        let used_by_key: usize =
            seen.portions.values().filter_map(|portion| portion.by_key.get(&key)).sum();
        let greedy = used >= capacity / 2 && used_by_key >= (capacity / 16).max(1);
        if used >= capacity || greedy {
            let first = seen.portions.keys().next().map_or(now, |first| first * PORTION);
            let retry_after = Duration::from_secs(first.saturating_sub(now).max(1));
            return Err(NotRemembered::Full { retry_after });
        }
        let portion = seen.portions.entry(until).or_default();
        portion.proofs.insert(proof);
        portion.made = portion.made.max(good.start);
        *portion.by_key.entry(key).or_default() += 1;
        Ok(())
    }

    /// Whether a proof is remembered, by its key's thumbprint and its `jti`.
    pub(super) fn knows(&self, key: &str, id: &str) -> bool {
        let proof = name(&[key, id]);
        self.lock().portions.values().any(|portion| portion.proofs.contains(&proof))
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // A lock is poisoned by a panic while it was held; what it guards is sound at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// Forgets every portion up to this one.
    fn forget(&mut self, last: u64) {
        while let Some(first) = self.portions.first_entry() {
            if *first.key() > last {
                break;
            }
            let made = first.remove().made;
            self.forgotten_made = self.forgotten_made.max(Some(made));
        }
        self.forgotten = self.forgotten.max(last);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory(..)")
    }
}

fn name(parts: &[&str]) -> Name {
    let hash = parts.iter().fold(Sha256::new(), Digest::chain_update).finalize();
    let mut name = Name::default();
    name.iter_mut().zip(hash).for_each(|(byte, of_hash)| *byte = of_hash);
    name
}
