//! A value that the first thread which needs it makes.

use std::sync::OnceLock;

/// A pointer-like value that is made at the first use. Making it must not block, and is no step of a
/// simulation: two threads that make it at the same time cannot be told apart from outside.
#[derive(Debug)]
pub(crate) struct Lazy<T>(OnceLock<T>);

impl<T> Lazy<T> {
    pub(crate) const fn new() -> Self {
        Lazy(OnceLock::new())
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    #[inline]
    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(make)
    }
}
