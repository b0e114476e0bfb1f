//! A limiter for each key.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Instant;

use super::{Limiter, Rate};
use crate::sys::{self, Mutex};

/// So many keys are kept without a look at which of them are idle.
const FEW: usize = 64;

/// A [`Limiter`] for each key, such as a user or an address, all with the same rate and burst.
///
/// A key costs nothing until it is used, and nothing again when it is idle, which is when its bucket
/// is full, with the rate and the burst that all have, and nobody holds its limiter. Idle keys are
/// dropped as others come, so that no more than twice as many are kept as are in use, and some sixty;
/// or by [`drop_idle`](Self::drop_idle). One that is in use takes some 290 bytes, with a `u64` for a key.
///
/// Keys may be of any type that can be hashed, compared and cloned. They are, and are dropped, on the
/// threads that call, without a lock.
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
    hasher: RandomState,
    keys: Mutex<Keys<K>>,
}

/// Keys are hashed, compared and dropped without the lock, since that is the user's code: under it
/// there are hashes only, and the bins of the keys that share one.
struct Keys<K> {
    by_hash: BTreeMap<u64, Bin<K>>,
    len: usize,
    /// How many there may be until idle ones are looked for.
    limit: usize,
}

/// The keys that have the same hash: nearly always one. It is replaced when they change, so who
/// compares them without the lock holds the bin, and with it every key in it.
type Bin<K> = Arc<[Arc<Entry<K>>]>;

struct Entry<K> {
    key: K,
    limiter: Arc<Limiter>,
}

impl<K> KeyedLimiter<K> {
    /// Creates one without keys.
    pub fn new(rate: Rate, burst: u64) -> Self {
        let keys = Keys { by_hash: BTreeMap::new(), len: 0, limit: FEW };
        KeyedLimiter { rate, burst, hasher: RandomState::new(), keys: Mutex::new(keys) }
    }

    /// Returns how many keys are kept.
    pub fn len(&self) -> usize {
        self.keys.lock().len
    }

    /// Returns `true` if no key is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the limiter of `key`, made now if there is none.
    ///
    /// To be used at once, or kept for as long as one likes: until it is dropped, everybody gets the
    /// same one for the key.
    ///
    /// # Panics
    ///
    /// Only if the key does, when it is hashed, compared, cloned or dropped; nothing is changed but
    /// that idle keys may have been dropped.
    pub fn of<Q>(&self, key: &Q) -> Arc<Limiter>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let mut made = None;
        loop {
            let known = self.keys.lock().by_hash.get(&hash).cloned();
            let entries = known.as_deref().unwrap_or_default();
            if let Some(found) = entries.iter().find(|entry| entry.key.borrow() == key) {
                return Arc::clone(&found.limiter);
            }
            let entry = made.get_or_insert_with(|| self.entry(key.to_owned()));
            if let Some(idle) = self.enter(hash, known.as_ref(), entry) {
                let limiter = Arc::clone(&entry.limiter);
                drop(idle); // without the lock
                return limiter;
            }
        }
    }

    /// Drops the keys that are idle.
    ///
    /// # Panics
    ///
    /// Only if dropping a key does; all of them are dropped.
    pub fn drop_idle(&self) {
        let now = sys::now();
        let idle = self.keys.lock().take_idle(self.rate, self.burst, now);
        drop(idle); // without the lock
    }

    fn entry(&self, key: K) -> Arc<Entry<K>> {
        Arc::new(Entry { key, limiter: Arc::new(Limiter::new(self.rate, self.burst)) })
    }

    /// Enters a key that is not in the bin that is `known`, and returns bins with idle ones that were
    /// taken out; `None` if there is another bin by now.
    fn enter(
        &self,
        hash: u64,
        known: Option<&Bin<K>>,
        entry: &Arc<Entry<K>>,
    ) -> Option<Vec<Bin<K>>> {
        let mut keys = self.keys.lock();
        match (keys.by_hash.get(&hash), known) {
            (None, None) => {}
            (Some(there), Some(known)) if Arc::ptr_eq(there, known) => {}
            _ => return None,
        }
        let others = known.into_iter().flat_map(|bin| bin.iter());
        let bin = others.chain([entry]).cloned().collect();
        // The caller holds the bin that is replaced.
        keys.by_hash.insert(hash, bin);
        keys.len += 1;
        if keys.len <= keys.limit {
            return Some(Vec::new());
        }
        Some(keys.take_idle(self.rate, self.burst, sys::now()))
    }
}

impl<K> Keys<K> {
    /// Takes the idle keys out: returns the bins that they were in.
    fn take_idle(&mut self, rate: Rate, burst: u64, now: Instant) -> Vec<Bin<K>> {
        let (mut idle, mut gone) = (Vec::new(), 0);
        self.by_hash.retain(|_, bin| {
            // Whoever compares the keys, without the lock, may be about to use one of them.
            let Some(entries) = Arc::get_mut(bin) else { return true };
            let mut is_used = |entry: &mut Arc<_>| !Entry::is_idle(entry, rate, burst, now);
            let used: Vec<bool> = entries.iter_mut().map(&mut is_used).collect();
            if used.iter().all(|used| *used) {
                return true;
            }
            let kept = entries.iter().zip(used).filter(|(_, used)| *used);
            let kept: Bin<K> = kept.map(|(entry, _)| Arc::clone(entry)).collect();
            gone += bin.len() - kept.len();
            idle.push(mem::replace(bin, kept));
            !bin.is_empty()
        });
        self.len -= gone;
        self.limit = FEW.max(2 * self.len);
        idle
    }
}

impl<K> Entry<K> {
    /// Nobody else has the entry or its limiter, and that is as if it were new. Under the lock of the
    /// keys nobody can get hold of it; `Arc::get_mut` sees the work of those who had it.
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
