//! `syscall`, which is how Rust code asks for `futex`: all of its locks, channels and parks.

#![expect(unsafe_code, reason = "a function of the C library")]
#![expect(clippy::disallowed_types, reason = "words of others")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a system call takes words of the machine, and makes of them what it needs"
)]

use std::ffi::{c_int, c_long};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::super::symbols::Symbol;
use super::bubbles::wake_elsewhere;
use super::errno::{EAGAIN, EINVAL, ETIMEDOUT, fail};
use super::selftest::{self, Call};
use super::{Timespec, clock, edges, is_diverted, random};
use crate::sim::machine::futex::{self, Bound, Waited, Word};
use crate::sim::machine::{foreign, real};

// SAFETY: `long syscall(long number, ...)`.
static SYSCALL: Symbol<unsafe extern "C" fn(c_long, ...) -> c_long> =
    unsafe { Symbol::new(c"syscall") };

/// The numbers of `futex` and `getrandom`; where they are not known, the self-test fails.
const NUMBERS: (c_long, c_long) = if cfg!(target_arch = "x86_64") {
    (202, 318)
} else if cfg!(target_arch = "powerpc64") {
    (221, 359)
} else if cfg!(target_arch = "s390x") {
    (238, 349)
} else if cfg!(any(target_arch = "aarch64", target_arch = "riscv64", target_arch = "loongarch64")) {
    (98, 278)
} else {
    (-1, -1)
};
const FUTEX: c_long = NUMBERS.0;
const GETRANDOM: c_long = NUMBERS.1;

const WAIT: u32 = 0;
const WAKE: u32 = 1;
const WAIT_BITSET: u32 = 9;
const WAKE_BITSET: u32 = 10;
/// Only for threads of this process; all are, here.
const PRIVATE: u32 = 128;
/// A deadline is one of the wall clock.
const CLOCK_REALTIME: u32 = 256;

/// Declared with as many arguments as there can be: they are where those of a variadic function are,
/// and whoever does not look at them does not mind what they are.
#[unsafe(no_mangle)]
#[expect(clippy::many_single_char_names, reason = "what they mean depends on the number")]
unsafe extern "C" fn syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    if number == FUTEX {
        selftest::arrived(Call::Futex);
        let word = ptr::with_exposed_provenance(a);
        let timeout = ptr::with_exposed_provenance(d);
        let call = Futex { word, op: b as u32, value: c as u32, timeout, bits: f as u32 };
        // SAFETY: the arguments are those of a call of `futex`.
        if let Some(result) = unsafe { call.here() } {
            return result;
        }
        if let Some(result) = call.elsewhere() {
            return result;
        }
    }
    if number == GETRANDOM && is_diverted() {
        // SAFETY: the arguments are those of a call of `getrandom`.
        if let Some(length) = unsafe { random::fill(ptr::with_exposed_provenance_mut(a), b) } {
            return length as c_long;
        }
    }
    // SAFETY: whatever the caller has promised.
    unsafe { SYSCALL.get()(number, a, b, c, d, e, f) }
}

/// A call of `futex`.
struct Futex {
    word: *const AtomicU32,
    op: u32,
    value: u32,
    timeout: *const Timespec,
    bits: u32,
}

impl Futex {
    /// On a thread of a bubble.
    ///
    /// # Safety
    ///
    /// That of the system call.
    unsafe fn here(&self) -> Option<c_long> {
        let is_word = self.word.is_aligned() && !self.word.is_null();
        if !is_word || !is_diverted() || edges::is_at_edge() {
            return None;
        }
        match self.op() {
            // SAFETY: the caller has promised it.
            WAIT | WAIT_BITSET => unsafe { self.wait() },
            WAKE | WAKE_BITSET => self.wake(),
            op => {
                foreign::refuse(&format!("the futex operation {op}, for which there is no model"));
                None
            }
        }
    }

    fn op(&self) -> u32 {
        self.op & !(PRIVATE | CLOCK_REALTIME)
    }

    fn word(&self) -> Word {
        let selects = matches!(self.op(), WAIT_BITSET | WAKE_BITSET);
        Word { address: self.word.addr(), bits: if selects { self.bits } else { u32::MAX } }
    }

    /// # Safety
    ///
    /// That of the system call.
    unsafe fn wait(&self) -> Option<c_long> {
        // SAFETY: it is null, or points to a `timespec`.
        let timeout = unsafe { self.timeout.as_ref() };
        let bound = match timeout {
            Some(timeout) => match self.bound(*timeout) {
                Some(bound) => Some(bound),
                None => return Some(fail(EINVAL)),
            },
            None => None,
        };
        // SAFETY: it points to a word, which is only changed atomically.
        let unchanged = || unsafe { &*self.word }.load(SeqCst) == self.value;
        Some(match futex::wait(self.word(), bound, unchanged)? {
            Waited::Woken => 0,
            Waited::Changed => fail(EAGAIN),
            Waited::TimedOut => fail(ETIMEDOUT),
        })
    }

    fn bound(&self, timeout: Timespec) -> Option<Bound> {
        if self.op() == WAIT {
            return Some(Bound::In(timeout.nanos()?));
        }
        let wall = self.op & CLOCK_REALTIME != 0;
        let clock = if wall { clock::REALTIME } else { clock::MONOTONIC };
        clock::since_start(clock, timeout).map(Bound::At)
    }

    /// Wakes threads of this bubble, and then others: a static may be shared with them.
    fn wake(&self) -> Option<c_long> {
        let (word, most) = (self.word(), self.value as usize);
        let woken = futex::wake(word, most)?;
        if woken == most {
            return Some(woken as c_long);
        }
        let outside = self.wake_outside(most - woken);
        if outside > 0 {
            futex::bubble()?.taint();
        }
        Some(woken as c_long + outside)
    }

    /// On a thread of no bubble, if there are bubbles that it may concern.
    fn elsewhere(&self) -> Option<c_long> {
        let wakes = matches!(self.op(), WAKE | WAKE_BITSET);
        let concerns = wakes && foreign::any() && !foreign::is_real() && selftest::is_passed();
        concerns.then(|| self.wake_outside(self.value as usize))
    }

    /// Wakes threads of other bubbles, and of none.
    fn wake_outside(&self, most: usize) -> c_long {
        let woken = wake_elsewhere(self.word(), most);
        if woken == most {
            return woken as c_long;
        }
        let (op, left) = (self.op as c_int, (most - woken) as u32);
        let (none, bits) = (ptr::null::<u32>(), self.bits);
        // SAFETY: a wake-up looks at nothing but the address.
        let real = real(|| unsafe { SYSCALL.get()(FUTEX, self.word, op, left, none, none, bits) });
        woken as c_long + real.max(0)
    }
}
