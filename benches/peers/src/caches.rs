//! Which structure should remember verified tokens? Keys are whole tokens, hashed by their tail and compared in constant
//! time; values are shared. Each structure as large as the guard's own would be, and as full.

use std::{
    borrow::Borrow,
    cell::RefCell,
    collections::HashMap,
    fmt::Write as _,
    fs,
    hash::{Hash, Hasher},
    hint::black_box,
    path::Path,
    sync::{Arc, Barrier, RwLock},
    thread,
    time::{Duration, Instant},
};

use constant_time_eq::{constant_time_eq, constant_time_eq_n};
use foldhash::quality::RandomState;

use crate::compare::{median, number};

const ROUNDS: usize = 15;
const TAIL: usize = 32;
pub(crate) const ROOM: usize = 50_000;
const MANY: usize = 10_000;
/// Look-ups of one thread in one turn.
const LOOK_UPS: usize = 20_480;
/// Copied at a time, so that a token is as near as one that was just read.
const BATCH: usize = 64;

const SMALL: usize = 1_000;
const HOT: usize = 200;
const FLOOD: usize = 100_000;
/// So many new tokens come while each of those in use is asked for once.
const BETWEEN: usize = 500;

type Who = Arc<str>;

trait Token {
    fn bytes(&self) -> &[u8];
}

impl Hash for dyn Token + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let bytes = self.bytes();
        match bytes.last_chunk::<TAIL>() {
            Some(tail) => {
                for eight in tail.as_chunks().0 {
                    state.write_u64(u64::from_le_bytes(*eight));
                }
            }
            None => state.write(bytes),
        }
    }
}

impl PartialEq for dyn Token + '_ {
    fn eq(&self, other: &Self) -> bool {
        match (self.bytes().split_last_chunk(), other.bytes().split_last_chunk()) {
            (Some((head, tail)), Some((other, other_tail))) => {
                constant_time_eq_n::<TAIL>(tail, other_tail) && head == other
            }
            _ => constant_time_eq(self.bytes(), other.bytes()),
        }
    }
}

impl Eq for dyn Token + '_ {}

struct Key(Box<[u8]>);

impl Token for Key {
    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<'a> Borrow<dyn Token + 'a> for Key {
    fn borrow(&self) -> &(dyn Token + 'a) {
        self
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self as &dyn Token).hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        (self as &dyn Token) == (other as &dyn Token)
    }
}

impl Eq for Key {}

/// A token as it stands in a request.
struct Wanted<'a>(&'a [u8]);

impl Token for Wanted<'_> {
    fn bytes(&self) -> &[u8] {
        self.0
    }
}

trait Cache: Send + Sync {
    fn get(&self, token: &[u8]) -> Option<Who>;
    fn insert(&self, token: &[u8], who: Who);
}

/// What the guard has, with anything for an identity.
pub(crate) struct Quick<V>(
    quick_cache::sync::Cache<Key, V, quick_cache::UnitWeighter, RandomState>,
);

impl<V: Clone> Quick<V> {
    pub(crate) fn new(room: usize) -> Self {
        Self(quick_cache::sync::Cache::with(
            room,
            room as u64,
            quick_cache::UnitWeighter,
            RandomState::default(),
            quick_cache::sync::DefaultLifecycle::default(),
        ))
    }

    pub(crate) fn get(&self, token: &[u8]) -> Option<V> {
        self.0.get(&Wanted(token) as &dyn Token)
    }

    pub(crate) fn insert(&self, token: &[u8], value: V) {
        self.0.insert(Key(token.into()), value);
    }
}

impl Cache for Quick<Who> {
    fn get(&self, token: &[u8]) -> Option<Who> {
        self.get(token)
    }

    fn insert(&self, token: &[u8], who: Who) {
        self.insert(token, who);
    }
}

struct Moka(moka::sync::Cache<Key, Who, RandomState>);

impl Cache for Moka {
    fn get(&self, token: &[u8]) -> Option<Who> {
        self.0.get(&Wanted(token) as &dyn Token)
    }

    fn insert(&self, token: &[u8], who: Who) {
        self.0.insert(Key(token.into()), who);
    }
}

/// Knows no bound of its own: emptied when it is full.
struct Papaya(papaya::HashMap<Key, Who, RandomState>, usize);

impl Cache for Papaya {
    fn get(&self, token: &[u8]) -> Option<Who> {
        self.0.pin().get(&Wanted(token) as &dyn Token).cloned()
    }

    fn insert(&self, token: &[u8], who: Who) {
        let map = self.0.pin();
        if map.len() >= self.1 {
            map.clear();
        }
        map.insert(Key(token.into()), who);
    }
}

/// Emptied when it is full.
struct Locked(RwLock<HashMap<Key, Who, RandomState>>, usize);

impl Cache for Locked {
    fn get(&self, token: &[u8]) -> Option<Who> {
        self.0.read().expect("whole").get(&Wanted(token) as &dyn Token).cloned()
    }

    fn insert(&self, token: &[u8], who: Who) {
        let mut map = self.0.write().expect("whole");
        if map.len() >= self.1 {
            map.clear();
        }
        map.insert(Key(token.into()), who);
    }
}

/// Each thread has one of its own, with the whole room: so many times the memory, and each token is verified once by each.
struct PerThread(usize);

type Own = quick_cache::unsync::Cache<Key, Who, quick_cache::UnitWeighter, RandomState>;

thread_local! {
    static OWN: RefCell<Option<Own>> = const { RefCell::new(None) };
}

impl Cache for PerThread {
    fn get(&self, token: &[u8]) -> Option<Who> {
        OWN.with_borrow(|own| own.as_ref()?.get(&Wanted(token) as &dyn Token).cloned())
    }

    fn insert(&self, token: &[u8], who: Who) {
        OWN.with_borrow_mut(|own| {
            let own = own.get_or_insert_with(|| {
                let weighter = quick_cache::UnitWeighter;
                Own::with(
                    self.0,
                    self.0 as u64,
                    weighter,
                    RandomState::default(),
                    quick_cache::unsync::DefaultLifecycle::default(),
                )
            });
            own.insert(Key(token.into()), who);
        });
    }
}

type Made = Box<dyn Cache>;
type Make = fn(usize) -> Made;

const ALL: [(&str, Make); 5] = [
    ("quick_cache", |room| Box::new(Quick::new(room))),
    ("moka", |room| {
        Box::new(Moka(
            moka::sync::Cache::builder()
                .max_capacity(room as u64)
                .build_with_hasher(RandomState::default()),
        ))
    }),
    ("papaya, emptied when full", |room| {
        Box::new(Papaya(papaya::HashMap::with_hasher(RandomState::default()), room))
    }),
    ("one map per thread (quick_cache, unsync)", |room| Box::new(PerThread(room))),
    ("RwLock<HashMap>, emptied when full", |room| {
        Box::new(Locked(RwLock::new(HashMap::default()), room))
    }),
];

/// Writes `caches.md`.
pub fn all(folder: &Path) {
    let tokens: Vec<_> = (0..MANY).map(token).collect();
    let modes = [(1, 1), (MANY, 1), (1, 2), (MANY, 2)];
    let caches = ALL.map(|(_, make)| make(ROOM));
    for cache in &caches {
        warm(&**cache, &tokens);
    }
    let mut times = vec![vec![Vec::new(); modes.len()]; ALL.len()];
    for round in 0..ROUNDS {
        eprintln!("caches: round {} of {ROUNDS}", round + 1);
        for turn in 0..ALL.len() {
            let number = (round + turn) % ALL.len();
            for (mode, (keys, threads)) in modes.into_iter().enumerate() {
                times[number][mode].push(hits(&*caches[number], &tokens[..keys], threads));
            }
        }
    }
    let mut text = format!(
        "Nanoseconds, medians of {ROUNDS} rounds, interleaved; room for {ROOM} tokens of {} bytes. The flood: room for {SMALL}, \
         {FLOOD} new tokens, and each of {HOT} in use asked for once in every {BETWEEN}.\n\n\
         | | hit: 1 token, 1 thread | 10,000 tokens, 1 thread | 1 token, 2 threads | 10,000 tokens, 2 threads | flood: a \
         new token costs | tokens in use still there |\n|---|--:|--:|--:|--:|--:|--:|\n",
        tokens[0].len(),
    );
    for ((name, make), times) in ALL.into_iter().zip(times) {
        let floods: Vec<_> = (0..3).map(|_| flood(&*make(SMALL))).collect();
        let _ = write!(text, "| {name} |");
        for time in times {
            let _ = write!(text, " {} |", number(median(time).round()));
        }
        let cost = median(floods.iter().map(|(cost, _)| *cost).collect());
        let kept = median(floods.iter().map(|(_, kept)| *kept).collect());
        let _ = writeln!(text, " {} | {:.1} % |", number(cost.round()), kept * 100.0);
    }
    fs::write(folder.join("caches.md"), text).expect("written");
}

/// Distinct where it counts.
fn token(name: usize) -> Vec<u8> {
    format!("{}{name:040}", "x".repeat(460)).into_bytes()
}

fn warm(cache: &dyn Cache, tokens: &[Vec<u8>]) {
    for token in tokens {
        if cache.get(token).is_none() {
            cache.insert(token, "who".into());
        }
    }
}

/// Nanoseconds that one look-up takes one of the threads.
fn hits(cache: &dyn Cache, tokens: &[Vec<u8>], threads: usize) -> f64 {
    let barrier = Barrier::new(threads);
    let look_up = &|offset: usize| {
        // What is a thread's own is empty so far.
        warm(cache, tokens);
        let mut rotation = tokens.iter().cycle().skip(offset * tokens.len() / threads);
        let mut time = Duration::ZERO;
        barrier.wait();
        for _ in 0..LOOK_UPS / BATCH {
            let copies: Vec<_> = rotation.by_ref().take(BATCH).cloned().collect();
            let start = Instant::now();
            for token in &copies {
                assert!(black_box(cache.get(black_box(token))).is_some(), "it was put in");
            }
            time += start.elapsed();
        }
        time.as_secs_f64() * 1e9 / LOOK_UPS as f64
    };
    thread::scope(|scope| {
        let running: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || look_up(thread))).collect();
        let times = running.into_iter().map(|thread| thread.join().expect("it does not panic"));
        times.sum::<f64>() / threads as f64
    })
}

/// What a new token costs, in nanoseconds, and how many look-ups of tokens in use still find them.
fn flood(cache: &dyn Cache) -> (f64, f64) {
    let hot: Vec<_> = (0..HOT).map(token).collect();
    for _ in 0..3 {
        warm(cache, &hot);
    }
    let (mut time, mut found, mut asked) = (Duration::ZERO, 0_u32, 0_u32);
    for names in 0..FLOOD / BETWEEN {
        let new: Vec<_> = (0..BETWEEN).map(|name| token(SMALL + names * BETWEEN + name)).collect();
        let start = Instant::now();
        for token in &new {
            if cache.get(token).is_none() {
                cache.insert(token, "new".into());
            }
        }
        time += start.elapsed();
        for token in &hot {
            asked += 1;
            if cache.get(token).is_some() {
                found += 1;
            } else {
                cache.insert(token, "who".into());
            }
        }
    }
    (time.as_secs_f64() * 1e9 / FLOOD as f64, f64::from(found) / f64::from(asked))
}
