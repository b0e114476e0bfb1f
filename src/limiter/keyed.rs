//! A limiter for each key.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_utils::CachePadded;

use super::{Limiter, Rate};
use crate::sys::{self, Hashing, Mutex};

/// The keys are distributed over this many shards, each with a lock of its own.
const SHARDS: usize = 16;

/// A shard keeps up to this many keys without looking for idle ones.
const FEW: usize = 4;

/// A new key looks at this many others in its shard, in turn, and drops those that are idle. So idle keys are
/// at most about a third as many as those that are in use.
const LOOKS_PER_KEY: usize = 4;

/// The most keys that are looked at under a lock. It takes some microseconds.
const LOOKS_PER_LOCK: usize = 64;

/// A [`Limiter`] for each key, such as a user or an address, all with the same rate and burst.
///
/// A key costs nothing until it is used, and nothing after it has become idle. A key is idle when its limiter
/// is as new: its bucket is full, its rate and burst are those of the others, and no caller holds it. Each new
/// key drops idle ones, so that in the long run no more than twice as many keys are kept as are in use, plus
/// some eighty; [`drop_idle`](Self::drop_idle) drops all of them at once. Whether a key is idle goes by the
/// clock, even if its limiter is only ever asked for [given instants](Limiter::allow_n_at).
///
/// Keys may be of any type that can be hashed, compared and cloned. They are hashed, compared, cloned and
/// dropped on the calling threads, outside of all locks. A lock is held while at most 64 keys are looked at
/// (keys with equal hashes count as one), and a call does not take longer the more keys there are, but for the
/// depth of a tree.
///
/// # Examples
///
/// ```
/// use phalanx::{KeyedLimiter, Rate};
/// use std::time::Duration;
///
/// let logins = KeyedLimiter::<String>::new(Rate::per_minute(5), 2);
/// assert!(logins.of("eve").allow() && logins.of("eve").allow());
/// assert!(!logins.of("eve").allow());
/// assert!(logins.of("eve").wait_until(Duration::from_secs(1)).is_err());
/// assert!(logins.of("bob").allow());
/// ```
///
/// # Compared with Go
///
/// Not in Go, where it is a map of limiters that grows without bound.
pub struct KeyedLimiter<K> {
    rate: Rate,
    burst: u64,
    hasher: Hashing,
    shards: Box<[CachePadded<Mutex<Shard<K>>>]>,
}

/// The keys of a shard. Keys are hashed, compared and dropped without the lock, since that is the user's code:
/// under it there are only hashes, and bins of keys that share one.
///
/// A tree and not a table, since a table that grows moves all its keys at once.
struct Shard<K> {
    by_hash: BTreeMap<u64, Bin<K>>,
    len: usize,
    /// The hash from which the next new key looks for idle ones.
    cursor: u64,
}

/// The keys that have the same hash: nearly always one. It is replaced when they change, so a thread that
/// compares them without the lock holds the bin, and with it every key in it.
type Bin<K> = Arc<[Arc<Entry<K>>]>;

struct Entry<K> {
    key: K,
    limiter: Arc<Limiter>,
}

impl<K> KeyedLimiter<K> {
    /// Creates a limiter without keys.
    pub fn new(rate: Rate, burst: u64) -> Self {
        let shard = |_| CachePadded::new(Mutex::new(Shard::new()));
        let shards = (0..SHARDS).map(shard).collect();
        KeyedLimiter { rate, burst, hasher: Hashing::new(), shards }
    }

    /// Returns the number of keys that are kept, idle ones included. If other threads use the limiter, it may be
    /// out of date.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len).sum()
    }

    /// Returns `true` if no key is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the limiter of `key`. Creates it if there is none.
    ///
    /// The limiter may be used at once or kept: until it is dropped, all callers get the same one for this key.
    ///
    /// # Panics
    ///
    /// Panics only if hashing, comparing, cloning or dropping a key does. Nothing is changed then, except that
    /// idle keys may have been dropped.
    pub fn of<Q>(&self, key: &Q) -> Arc<Limiter>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let shard = self.shard(hash);
        let mut made = None;
        loop {
            let known = shard.lock().by_hash.get(&hash).cloned();
            let entries = known.as_deref().unwrap_or_default();
            if let Some(found) = entries.iter().find(|entry| entry.key.borrow() == key) {
                return Arc::clone(&found.limiter);
            }
            let entry = made.get_or_insert_with(|| self.entry(key.to_owned()));
            let bin = entries.iter().chain([&*entry]).cloned().collect();
            let now = sys::now();
            let mut keys = shard.lock();
            if keys.replace(hash, known.as_ref(), bin) {
                let idle = keys.take_some_idle(self.rate, self.burst, now);
                drop(keys);
                let limiter = Arc::clone(&entry.limiter);
                drop(idle); // without the lock
                return limiter;
            }
        }
    }

    /// Drops the keys that are idle. Keys that come while it runs may stay.
    ///
    /// # Panics
    ///
    /// Panics only if dropping a key does. All idle keys are dropped nevertheless.
    pub fn drop_idle(&self) {
        let now = sys::now();
        let mut idle = Vec::new();
        for shard in &self.shards {
            let mut next = Some(0);
            while let Some(start) = next {
                let mut keys = shard.lock();
                next = keys.take_idle(start, LOOKS_PER_LOCK, self.rate, self.burst, now, &mut idle);
            }
        }
        drop(idle); // without a lock
    }

    fn entry(&self, key: K) -> Arc<Entry<K>> {
        Arc::new(Entry { key, limiter: Arc::new(Limiter::new(self.rate, self.burst)) })
    }

    fn shard(&self, hash: u64) -> &Mutex<Shard<K>> {
        // The tree of a shard is ordered by all bits, so any of them will do.
        &self.shards[usize::from(hash.to_le_bytes()[0]) % SHARDS]
    }
}

impl<K> Shard<K> {
    const fn new() -> Self {
        Shard { by_hash: BTreeMap::new(), len: 0, cursor: 0 }
    }

    /// Replaces the bin that is `known` by one that has a key more; `false`, and nothing is changed, if there is
    /// another bin by now. The caller holds the bin that is replaced, so no key is dropped.
    fn replace(&mut self, hash: u64, known: Option<&Bin<K>>, bin: Bin<K>) -> bool {
        let is_there = match (self.by_hash.get(&hash), known) {
            (None, None) => true,
            (Some(there), Some(known)) => Arc::ptr_eq(there, known),
            _ => false,
        };
        if is_there {
            self.by_hash.insert(hash, bin);
            self.len += 1;
        }
        is_there
    }

    /// After a new key: looks at some others, and takes out those that are idle.
    fn take_some_idle(&mut self, rate: Rate, burst: u64, now: Instant) -> Vec<Bin<K>> {
        let mut idle = Vec::new();
        if self.len > FEW {
            let next = self.take_idle(self.cursor, LOOKS_PER_KEY, rate, burst, now, &mut idle);
            self.cursor = next.unwrap_or(0);
        }
        idle
    }

    /// Looks at up to `looks` bins from the hash `start` on, and takes the idle keys out: adds the bins that they
    /// were in to `idle`. Returns the hash from which to go on, or `None` at the end.
    fn take_idle(
        &mut self,
        start: u64,
        looks: usize,
        rate: Rate,
        burst: u64,
        now: Instant,
        idle: &mut Vec<Bin<K>>,
    ) -> Option<u64> {
        let (mut gone, mut empty) = (0, Vec::new());
        let mut bins = self.by_hash.range_mut(start..);
        for (&hash, bin) in bins.by_ref().take(looks) {
            // A thread that compares the keys, without the lock, may be about to use one of them.
            let Some(entries) = Arc::get_mut(bin) else { continue };
            let mut is_used = |entry: &mut Arc<_>| !Entry::is_idle(entry, rate, burst, now);
            let used: Vec<bool> = entries.iter_mut().map(&mut is_used).collect();
            if used.iter().all(|used| *used) {
                continue;
            }
            let kept = entries.iter().zip(used).filter(|(_, used)| *used);
            let kept: Bin<K> = kept.map(|(entry, _)| Arc::clone(entry)).collect();
            gone += bin.len() - kept.len();
            if kept.is_empty() {
                empty.push(hash);
            }
            idle.push(mem::replace(bin, kept));
        }
        let next = bins.next().map(|(&hash, _)| hash);
        for hash in empty {
            self.by_hash.remove(&hash);
        }
        self.len -= gone;
        next
    }
}

impl<K> Entry<K> {
    /// Whether no thread has the entry or its limiter, and the limiter is as new. Under the lock of the shard no
    /// thread can get hold of it; `Arc::get_mut` sees the work of those that had it.
    fn is_idle(entry: &mut Arc<Self>, rate: Rate, burst: u64, now: Instant) -> bool {
        let Some(entry) = Arc::get_mut(entry) else { return false };
        let Some(limiter) = Arc::get_mut(&mut entry.limiter) else { return false };
        limiter.is_as_new(rate, burst, now)
    }
}

// The lock is never held while user code runs, so no panic leaves what it guards half-changed.
impl<K> UnwindSafe for KeyedLimiter<K> {}
impl<K> RefUnwindSafe for KeyedLimiter<K> {}

impl<K> fmt::Debug for KeyedLimiter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedLimiter")
            .field("rate", &self.rate)
            .field("burst", &self.burst)
            .field("keys", &self.len())
            .finish_non_exhaustive()
    }
}
