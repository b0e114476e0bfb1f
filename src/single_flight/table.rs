//! The calls in flight, by key.
//!
//! Keys are hashed, compared and dropped without the lock, since that is the user's code: under it
//! the table knows hashes only, and the calls that share one.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::ptr;
use std::sync::{Arc, Weak};

use super::call::Call;
use crate::sys::Mutex;

pub(super) struct Table<K, V, E> {
    hasher: RandomState,
    entries: Mutex<BTreeMap<u64, Entries<K, V, E>>>,
}

/// A call and its key. Only those hold it who may drop a key, which a thread may not that has told
/// the pool that it is free.
pub(super) struct Entry<K, V, E> {
    hash: u64,
    key: K,
    call: Arc<Call<V, E>>,
}

/// The calls whose keys have one hash.
type Entries<K, V, E> = Vec<Arc<Entry<K, V, E>>>;

/// Whether a call was entered.
pub(super) enum Entered<K, V, E, C> {
    /// It was, with what was claimed for it.
    New(C),
    /// There is one for its key.
    Found(Arc<Entry<K, V, E>>),
}

impl<K, V, E> Entry<K, V, E> {
    pub(super) fn new(hash: u64, key: K, call: Call<V, E>) -> Arc<Self> {
        Arc::new(Entry { hash, key, call: Arc::new(call) })
    }

    pub(super) fn call(&self) -> &Arc<Call<V, E>> {
        &self.call
    }
}

impl<K, V, E> Table<K, V, E> {
    pub(super) fn new() -> Self {
        Table { hasher: RandomState::new(), entries: Mutex::new(BTreeMap::new()) }
    }

    pub(super) fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The call in flight for a key.
    pub(super) fn find<Q>(&self, hash: u64, key: &Q) -> Option<Arc<Entry<K, V, E>>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.with_hash(hash).into_iter().find(|entry| entry.key.borrow() == key)
    }

    /// Claims what a call needs and enters it, or finds the one that is in flight for its key.
    ///
    /// None of the user's code runs while the claim is in hand: others may wait for what it holds.
    pub(super) fn enter<C, X>(
        &self,
        entry: &Arc<Entry<K, V, E>>,
        claim: impl Fn() -> Result<C, X>,
    ) -> Result<Entered<K, V, E, C>, X>
    where
        K: Eq,
    {
        loop {
            let others = self.with_hash(entry.hash);
            if let Some(found) = others.iter().find(|other| other.key == entry.key) {
                return Ok(Entered::Found(Arc::clone(found)));
            }
            let known: Vec<_> = others.iter().map(Arc::downgrade).collect();
            drop(others);
            let claimed = claim()?;
            if self.enter_beside(&known, entry) {
                return Ok(Entered::New(claimed));
            }
        }
    }

    /// Enters a call whose key differs from those that are `known`, unless there is one that is not
    /// among them.
    fn enter_beside(&self, known: &[Weak<Entry<K, V, E>>], entry: &Arc<Entry<K, V, E>>) -> bool {
        let mut entries = self.entries.lock();
        let there = entries.entry(entry.hash).or_default();
        let is_known = |entry| known.iter().any(|known| ptr::eq(known.as_ptr(), entry));
        let all_known = there.iter().all(|entry| is_known(Arc::as_ptr(entry)));
        if all_known {
            there.push(Arc::clone(entry));
        }
        all_known
    }

    /// Takes a call out, if it is there: this very one, not another for the same key.
    pub(super) fn remove(&self, entry: &Arc<Entry<K, V, E>>) -> bool {
        let mut entries = self.entries.lock();
        let Some(there) = entries.get_mut(&entry.hash) else { return false };
        let place = there.iter().position(|other| Arc::ptr_eq(other, entry));
        // The caller has another handle, so nothing of the user's is dropped here.
        let removed = place.map(|place| there.swap_remove(place)).is_some();
        if there.is_empty() {
            entries.remove(&entry.hash);
        }
        removed
    }

    pub(super) fn len(&self) -> usize {
        self.entries.lock().values().map(Vec::len).sum()
    }

    fn with_hash(&self, hash: u64) -> Entries<K, V, E> {
        self.entries.lock().get(&hash).cloned().unwrap_or_default()
    }
}
