//! The stand-ins, for 64-bit Linux with glibc.

mod bubbles;
mod clock;
mod edges;
mod errno;
mod fairness;
mod futex;
mod random;
mod selftest;
mod threads;

pub(crate) use bubbles::Known;
pub(crate) use edges::body_is_over;
pub(crate) use fairness::prepare_thread;
pub(crate) use selftest::{begin, sees_waits};

use super::symbols::Symbol;
use crate::sim::machine;

/// Whether the machine is to be asked, and not the C library.
#[inline]
fn is_diverted() -> bool {
    machine::inside() && selftest::is_passed()
}

impl<F: Copy> Symbol<F> {
    /// The function, without which there would be no program.
    fn get(&self) -> F {
        self.find().unwrap_or_else(|| {
            eprintln!("sim-std: the C library has no {:?}", self.name);
            std::process::abort()
        })
    }
}

/// `struct timespec`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
struct Timespec {
    seconds: i64,
    nanos: i64,
}

const NANOS: i64 = 1_000_000_000;

impl Timespec {
    /// Its length in nanoseconds, cut off at both ends; `None` if it is none.
    fn nanos(self) -> Option<u64> {
        if !(0..NANOS).contains(&self.nanos) {
            return None;
        }
        let nanos = i128::from(self.seconds) * i128::from(NANOS) + i128::from(self.nanos);
        Some(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
}
