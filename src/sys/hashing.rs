//! Hashes that no user can predict, and that a simulated run repeats.

use std::hash::{BuildHasher, DefaultHasher, RandomState};

use super::is_simulated;

/// Makes hashers with keys drawn at random, as [`RandomState`] does; in a simulated run, with keys that are
/// the same in every run, since what depends on a hash would not replay.
#[derive(Clone)]
pub(crate) struct Hashing(Option<RandomState>);

impl Hashing {
    pub(crate) fn new() -> Self {
        Hashing((!is_simulated()).then(RandomState::new))
    }
}

impl BuildHasher for Hashing {
    type Hasher = DefaultHasher;

    #[inline]
    fn build_hasher(&self) -> DefaultHasher {
        self.0.as_ref().map_or_else(DefaultHasher::new, RandomState::build_hasher)
    }
}
