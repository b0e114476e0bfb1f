//! The numbers of objects: each bubble has its own, in the order in which it meets them.
//!
//! An object remembers the number that the last bubble has given it. One that two bubbles use at the
//! same time, such as a static in tests that run in parallel, keeps a serial number instead, under
//! which each bubble finds its own; so neither is disturbed by what the other does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::here::{Here, real};
use super::state::State;

/// What makes an object known to the bubbles that it is in.
///
/// | bits 32..64          | bit 31     | bits 0..31     | meaning                             |
/// |----------------------|------------|----------------|-------------------------------------|
/// | 0                    | 0          | 0              | no bubble has met it                |
/// | a bubble's generation| 0          | its number     | the last bubble that has met it     |
/// | a serial number      | `SEVERAL`  | 0              | see [`Several::numbers`]            |
///
/// The first step is a compare-and-swap, all others are made under the lock of [`SEVERAL_BUBBLES`].
/// All is Relaxed: the word is all that there is to see, or what belongs to it is under the lock.
#[derive(Debug, Default)]
pub(crate) struct Id(AtomicU64);

const SEVERAL: u64 = 1 << 31;

/// The objects of several bubbles.
struct Several {
    /// The generations of the bubbles that run.
    live: Vec<u32>,
    /// By generation and serial number; of bubbles that run.
    numbers: BTreeMap<(u32, u32), u32>,
    serials: u32,
}

static SEVERAL_BUBBLES: Mutex<Several> =
    Mutex::new(Several { live: Vec::new(), numbers: BTreeMap::new(), serials: 0 });

fn several() -> MutexGuard<'static, Several> {
    SEVERAL_BUBBLES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Id {
    pub(crate) const fn new() -> Self {
        Id(AtomicU64::new(0))
    }

    /// The number of the object in the bubble of the current thread.
    #[inline]
    pub(super) fn number(&self, here: &Here) -> u32 {
        let known = self.0.load(Relaxed);
        // What is left if it is of this bubble: the number, which is not zero.
        let number = known ^ word(here.bubble.generation, 0);
        if number.wrapping_sub(1) < SEVERAL - 1 { low(number) } else { self.meet(known, here) }
    }

    /// The same for an object that was last met by another bubble, or by none.
    fn meet(&self, known: u64, here: &Here) -> u32 {
        if known != 0 {
            return real(|| self.meet_again(None, here));
        }
        let new = here.state().new_object();
        let met = word(here.bubble.generation, new);
        match self.0.compare_exchange(0, met, Relaxed, Relaxed) {
            Ok(_) => new,
            Err(_) => real(|| self.meet_again(Some(new), here)),
        }
    }

    /// The same for one that is known to another bubble. `new` is the number that it has here, if it
    /// has been given one.
    #[cold]
    fn meet_again(&self, new: Option<u32>, here: &Here) -> u32 {
        let me = here.bubble.generation;
        let new = || new.unwrap_or_else(|| here.state().new_object());
        let mut several = several();
        let known = self.0.load(Relaxed);
        let mut serial = high(known);
        if known & SEVERAL == 0 {
            let (whose, number) = (high(known), low(known));
            if !several.live.contains(&whose) {
                let new = new();
                self.0.store(word(me, new), Relaxed);
                return new;
            }
            several.serials += 1;
            serial = several.serials;
            several.numbers.insert((whose, serial), number);
            self.0.store(word(serial, 0) | SEVERAL, Relaxed);
        }
        *several.numbers.entry((me, serial)).or_insert_with(new)
    }
}

impl State {
    fn new_object(&mut self) -> u32 {
        self.objects += 1;
        self.objects
    }
}

fn word(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn high(word: u64) -> u32 {
    u32::try_from(word >> 32).unwrap_or(u32::MAX)
}

fn low(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// A bubble that runs, for as long as this lives: after that, no thread of it takes a step.
#[derive(Debug)]
pub(super) struct Running(u32);

impl Running {
    pub(super) fn new(generation: u32) -> Self {
        real(|| several().live.push(generation));
        Running(generation)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        real(|| {
            let mut several = several();
            several.live.retain(|generation| *generation != self.0);
            several.numbers.retain(|(generation, _), _| *generation != self.0);
        });
    }
}
