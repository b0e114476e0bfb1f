//! The calls in flight, by key.
//!
//! Keys are hashed, compared and dropped without the lock, since that is the user's code: under it
//! the table knows hashes only, and the calls that share one.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, Weak};
use std::{mem, ptr};

use super::call::Call;
use crate::sys::{Hashing, Mutex};

pub(super) struct Table<K, V, E> {
    hasher: Hashing,
    entries: Mutex<Entries<K, V, E>>,
}

/// The calls in flight, by the hashes of their keys.
type Entries<K, V, E> = HashMap<u64, Alike<K, V, E>, BuildHasherDefault<Hashed>>;

/// For so many calls at a time the table keeps its memory.
const KEPT: usize = 64;

/// The calls whose keys have one hash: as a rule one.
struct Alike<K, V, E> {
    first: Arc<Entry<K, V, E>>,
    others: Vec<Arc<Entry<K, V, E>>>,
}

/// A call and its key. Only those hold it who may drop a key, which a thread may not that has told
/// the pool that it is free.
pub(super) struct Entry<K, V, E> {
    hash: u64,
    key: K,
    call: Place<V, E>,
}

/// Where a call is.
enum Place<V, E> {
    /// Here: its function runs on the thread of a caller.
    Here(Call<V, E>),
    /// On its own: the thread of its function lets go of the key first.
    Apart(Arc<Call<V, E>>),
}

/// A number that is a hash.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("a hash is one number");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Whether a call was entered.
pub(super) enum Entered<K, V, E, C> {
    /// It was, with what was claimed for it.
    New(C),
    /// There is one for its key.
    Found(Arc<Entry<K, V, E>>),
}

impl<K, V, E> Entry<K, V, E> {
    /// For a call whose function runs on the thread of a caller.
    pub(super) fn here(hash: u64, key: K, call: Call<V, E>) -> Arc<Self> {
        Arc::new(Entry { hash, key, call: Place::Here(call) })
    }

    /// For a call whose function runs on another thread.
    pub(super) fn apart(hash: u64, key: K, call: Arc<Call<V, E>>) -> Arc<Self> {
        Arc::new(Entry { hash, key, call: Place::Apart(call) })
    }

    pub(super) fn call(&self) -> &Call<V, E> {
        match &self.call {
            Place::Here(call) => call,
            Place::Apart(call) => call,
        }
    }
}

impl<K, V, E> Alike<K, V, E> {
    fn iter(&self) -> impl Iterator<Item = &Arc<Entry<K, V, E>>> {
        [&self.first].into_iter().chain(&self.others)
    }
}

impl<K, V, E> Table<K, V, E> {
    pub(super) fn new() -> Self {
        Table { hasher: Hashing::new(), entries: Mutex::new(HashMap::default()) }
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

    /// Enters a call if there is none with its hash: as a rule there is none, and no key to compare.
    pub(super) fn enter_alone(&self, entry: &Arc<Entry<K, V, E>>) -> bool {
        self.enter_beside(&[], entry)
    }

    /// Enters a call whose key differs from those that are `known`, unless there is one that is not
    /// among them.
    fn enter_beside(&self, known: &[Weak<Entry<K, V, E>>], entry: &Arc<Entry<K, V, E>>) -> bool {
        let is_known =
            |other: &Arc<_>| known.iter().any(|known| ptr::eq(known.as_ptr(), Arc::as_ptr(other)));
        let mut entries = self.entries.lock();
        match entries.entry(entry.hash) {
            Vacant(place) => {
                place.insert(Alike { first: Arc::clone(entry), others: Vec::new() });
                true
            }
            Occupied(mut there) => {
                let all_known = there.get().iter().all(is_known);
                if all_known {
                    there.get_mut().others.push(Arc::clone(entry));
                }
                all_known
            }
        }
    }

    /// Takes a call out, if it is there: this very one, not another for the same key.
    pub(super) fn remove(&self, entry: &Arc<Entry<K, V, E>>) -> bool {
        let is_it = |other: &Arc<_>| Arc::ptr_eq(other, entry);
        let mut entries = self.entries.lock();
        let Occupied(mut there) = entries.entry(entry.hash) else { return false };
        let alike = there.get_mut();
        // The caller has another handle, so nothing of the user's is dropped here.
        if !is_it(&alike.first) {
            let place = alike.others.iter().position(is_it);
            return place.map(|place| alike.others.swap_remove(place)).is_some();
        }
        match alike.others.pop() {
            Some(next) => drop(mem::replace(&mut alike.first, next)),
            None => drop(there.remove()),
        }
        if entries.is_empty() && entries.capacity() > 2 * KEPT {
            *entries = HashMap::default();
        }
        true
    }

    pub(super) fn len(&self) -> usize {
        self.entries.lock().values().map(|alike| alike.iter().count()).sum()
    }

    fn with_hash(&self, hash: u64) -> Vec<Arc<Entry<K, V, E>>> {
        let entries = self.entries.lock();
        entries.get(&hash).map_or_else(Vec::new, |alike| alike.iter().cloned().collect())
    }
}
