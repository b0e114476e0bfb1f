//! Finds out, before the first bubble, whether what std asks of the C library comes here.

#![expect(clippy::disallowed_methods, reason = "it is the other side of the door")]
#![expect(clippy::disallowed_types, reason = "it is the other side of the door")]

use std::collections::hash_map::RandomState;
use std::hint::black_box;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use super::{edges, fairness};

/// What std must be seen to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Futex,
    Clock,
    Sleep,
    Yield,
    Create,
    Join,
    Random,
}

const ALL: [(Call, &str); 7] = [
    (Call::Futex, "waiting"),
    (Call::Clock, "reading the clock"),
    (Call::Sleep, "sleeping"),
    (Call::Yield, "yielding"),
    (Call::Create, "starting a thread"),
    (Call::Join, "joining a thread"),
    (Call::Random, "asking for random bytes"),
];

/// A bit for each call that has come here.
static ARRIVED: AtomicU32 = AtomicU32::new(0);
static PASSED: AtomicBool = AtomicBool::new(false);
static RUNNING: AtomicBool = AtomicBool::new(false);

#[inline]
pub(super) fn arrived(call: Call) {
    let bit = 1 << call as u32;
    // Relaxed, here and below: the test itself joins the threads whose calls it looks for.
    if ARRIVED.load(Relaxed) & bit == 0 {
        ARRIVED.fetch_or(bit, Relaxed);
    }
}

/// Whether the calls of std come here, so that bubbles can rely on it.
#[inline]
pub(super) fn is_passed() -> bool {
    // Relaxed: threads of bubbles are started afterwards.
    PASSED.load(Relaxed)
}

/// Whether waits of unmodified code are seen.
pub(crate) fn sees_waits() -> bool {
    is_passed()
}

/// Whether threads that are started now may be the one that tries it.
pub(super) fn is_running() -> bool {
    RUNNING.load(Relaxed)
}

/// Tries it, once, before there are bubbles; says so if it does not work.
pub(crate) fn begin() {
    static TRIED: Once = Once::new();
    TRIED.call_once(|| {
        RUNNING.store(true, Relaxed);
        drop(thread::spawn(try_all).join());
        RUNNING.store(false, Relaxed);
        let arrived = ARRIVED.load(Relaxed);
        let missing = |(call, _): &&(Call, _)| arrived & (1 << *call as u32) == 0;
        match ALL.iter().find(missing) {
            None => {
                fairness::renew_table();
                PASSED.store(true, Relaxed);
            }
            Some((_, what)) => eprintln!(
                "sim-std: in this program, {what} does not go through the functions that stand in \
                 for those of the C library; falling back to layer A"
            ),
        }
    });
}

fn try_all() {
    const MOMENT: Duration = Duration::from_nanos(1);
    edges::learn();
    black_box(Instant::now());
    black_box(RandomState::new());
    thread::park_timeout(MOMENT);
    thread::sleep(MOMENT);
    thread::yield_now();
}
