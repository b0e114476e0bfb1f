//! Use this to have atomic words whose every operation is a step that a test controls.
//!
//! The types have the names and methods of [`std::sync::atomic`]. In a bubble other threads may run
//! before each operation; outside, it is just the operation. `new`, `get_mut` and `into_inner` are no
//! steps, since nobody else can look.
//!
//! Orderings are passed on as they are, so that `ThreadSanitizer` can be asked about them; a schedule
//! is sequentially consistent whatever they say. A weak compare-and-exchange fails only if the value
//! is another: the schedule is to say what happens.
//!
//! # Examples
//!
//! ```
//! use phalanx::sim;
//! use phalanx::sim::sync::atomic::{AtomicU32, Ordering::Relaxed};
//!
//! let counts = sim::outcomes(|| {
//!     let count = AtomicU32::new(0);
//!     sim::scope(|s| {
//!         for name in ["a", "b"] {
//!             s.spawn(name, || count.store(count.load(Relaxed) + 1, Relaxed));
//!         }
//!     });
//!     count.into_inner()
//! });
//! counts.exactly([1, 2]).exhausted(); // one of the two may be lost
//! ```

#![expect(clippy::disallowed_types, reason = "they are what is wrapped here")]

use std::fmt;
use std::sync::atomic;
pub use std::sync::atomic::{Ordering, compiler_fence, fence};

use crate::sim::machine::{Id, Kind, point};

macro_rules! word {
    ($name:ident $(<$t:ident>)?, $of:ty) => {
        #[doc = concat!("[`std::sync::atomic::", stringify!($name), "`], with a step before each")]
        #[doc = "operation in a bubble."]
        pub struct $name $(<$t>)? {
            word: atomic::$name $(<$t>)?,
            id: Id,
        }

        impl $(<$t>)? $name $(<$t>)? {
            /// Makes a word.
            pub const fn new(value: $of) -> Self {
                $name { word: atomic::$name::new(value), id: Id::new() }
            }

            /// Reads the word.
            #[inline]
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $of {
                point(Kind::Load, &self.id);
                self.word.load(order)
            }

            /// Writes the word.
            #[inline]
            #[track_caller]
            pub fn store(&self, value: $of, order: Ordering) {
                point(Kind::Store, &self.id);
                self.word.store(value, order);
            }

            /// Writes the word, and returns what it was.
            #[inline]
            #[track_caller]
            pub fn swap(&self, value: $of, order: Ordering) -> $of {
                point(Kind::Update, &self.id);
                self.word.swap(value, order)
            }

            /// Writes `new` if the word is `current`, and returns what it was.
            ///
            /// # Errors
            ///
            /// What it is, if that is not `current`; it is left as it is.
            #[inline]
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $of,
                new: $of,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$of, $of> {
                point(Kind::Update, &self.id);
                self.word.compare_exchange(current, new, success, failure)
            }

            /// [`compare_exchange`](Self::compare_exchange), and nothing else: it never fails
            /// without reason.
            ///
            /// # Errors
            ///
            /// As there.
            #[inline]
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $of,
                new: $of,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$of, $of> {
                self.compare_exchange(current, new, success, failure)
            }

            /// Writes what `f` makes of the word, again and again until nobody has changed it in
            /// between, and returns what it was: a read, and a step for each attempt to write.
            ///
            /// # Errors
            ///
            /// What it is, if `f` returned `None` for that.
            #[track_caller]
            pub fn fetch_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut f: impl FnMut($of) -> Option<$of>,
            ) -> Result<$of, $of> {
                let mut value = self.load(fetch_order);
                while let Some(new) = f(value) {
                    match self.compare_exchange_weak(value, new, set_order, fetch_order) {
                        Ok(old) => return Ok(old),
                        Err(now) => value = now,
                    }
                }
                Err(value)
            }

            /// Returns the word, which nobody else can reach. Not a step.
            pub fn get_mut(&mut self) -> &mut $of {
                self.word.get_mut()
            }

            /// Returns what the word was in the end. Not a step.
            pub const fn into_inner(self) -> $of {
                self.word.into_inner()
            }
        }

        impl $(<$t>)? From<$of> for $name $(<$t>)? {
            fn from(value: $of) -> Self {
                $name::new(value)
            }
        }

        impl $(<$t>)? fmt::Debug for $name $(<$t>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.word.fmt(f)
            }
        }

        impl $(<$t>)? Default for $name $(<$t>)? {
            fn default() -> Self {
                $name { word: atomic::$name::default(), id: Id::new() }
            }
        }
    };
}

macro_rules! updates {
    ($name:ident, $of:ty, $($update:ident: $what:literal),*) => {
        impl $name {
            $(
                #[doc = $what]
                #[doc = "Returns what it was."]
                #[inline]
                #[track_caller]
                pub fn $update(&self, value: $of, order: Ordering) -> $of {
                    point(Kind::Update, &self.id);
                    self.word.$update(value, order)
                }
            )*
        }
    };
}

macro_rules! integers {
    ($($name:ident, $of:ty;)*) => {
        $(
            word!($name, $of);
            updates!($name, $of,
                fetch_add: "Adds, and wraps around on overflow.",
                fetch_sub: "Subtracts, and wraps around on overflow.",
                fetch_and: "Keeps the bits that are set in `value`, too.",
                fetch_nand: "Keeps the bits that are set in `value`, too, and inverts all.",
                fetch_or: "Sets the bits of `value`.",
                fetch_xor: "Flips the bits of `value`.",
                fetch_max: "Raises it to `value`, if it is less.",
                fetch_min: "Lowers it to `value`, if it is more."
            );
        )*
    };
}

integers! {
    AtomicI8, i8;
    AtomicU8, u8;
    AtomicI16, i16;
    AtomicU16, u16;
    AtomicI32, i32;
    AtomicU32, u32;
    AtomicI64, i64;
    AtomicU64, u64;
    AtomicIsize, isize;
    AtomicUsize, usize;
}

word!(AtomicBool, bool);
updates!(AtomicBool, bool,
    fetch_and: "Sets it to `false`, if `value` is `false`.",
    fetch_nand: "Sets it to `false` if both it and `value` are `true`, and else to `true`.",
    fetch_or: "Sets it to `true`, if `value` is `true`.",
    fetch_xor: "Inverts it, if `value` is `true`."
);

impl AtomicBool {
    /// Inverts it. Returns what it was.
    #[inline]
    #[track_caller]
    pub fn fetch_not(&self, order: Ordering) -> bool {
        self.fetch_xor(true, order)
    }
}

word!(AtomicPtr<T>, *mut T);
