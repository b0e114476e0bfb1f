//! A value that the first thread which needs it makes.

use std::sync::OnceLock;

#[cfg(feature = "sim")]
use crate::sim::machine;

/// A value that is made at the first use. Making it must not block.
///
/// It is no step of a simulation. A value that is shared by several simulations, such as a static, may be
/// made by two of them at the same time: neither must see the other in the lock of the `OnceLock`.
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
        #[cfg(feature = "sim")]
        if machine::inside() {
            return self.get().unwrap_or_else(|| self.init_in_simulation(make()));
        }
        self.0.get_or_init(make)
    }

    #[cfg(feature = "sim")]
    #[cold]
    fn init_in_simulation(&self, value: T) -> &T {
        machine::real(|| self.0.get_or_init(|| value))
    }
}
