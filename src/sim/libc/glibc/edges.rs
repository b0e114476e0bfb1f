//! What std does at the two ends of a thread, before and after the closure.
//!
//! There it takes a lock that belongs to the whole process, to tell its handler of stack overflows
//! where the stack is. Threads of other bubbles, and of none, take it too. Who gets it first is not
//! for the machine to say, and waiting for it must not show: there, all is for real.

#![expect(unsafe_code, reason = "the stack is looked at")]
#![expect(clippy::disallowed_types, reason = "it is the other side of the door")]

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::sim::machine::foreign::{Real, become_real};

thread_local! {
    /// Ends, and with it what is for real, before the other thread-local values: it is used last.
    static TAIL: Cell<Option<Real>> = const { Cell::new(None) };
    /// Where the start routine was called, if it was unmodified code that started this thread.
    static ENTRY: Cell<Option<Entry>> = const { Cell::new(None) };
}

/// The closure of a thread that the kit has started is over: what comes next is std's.
pub(crate) fn body_is_over() {
    TAIL.set(Some(become_real()));
}

pub(super) type Start = extern "C" fn(*mut c_void) -> *mut c_void;

#[derive(Clone, Copy)]
struct Entry {
    start: usize,
    /// An address in the frame that called it.
    mark: usize,
}

/// std's start routine.
static START: AtomicUsize = AtomicUsize::new(0);
/// Where std's start routine calls the closure: the address to which that returns.
static CALL: AtomicUsize = AtomicUsize::new(0);

/// Calls a start routine such that it can be told where it is.
#[inline(never)]
pub(super) fn enter(start: Start, argument: *mut c_void) -> *mut c_void {
    let mark = 0_u8;
    ENTRY.set(Some(Entry { start: start as usize, mark: (&raw const mark).expose_provenance() }));
    let result = start(argument);
    ENTRY.set(None);
    black_box(&mark);
    result
}

/// The current thread is one of std's, and this is its closure: other threads have theirs called from
/// the same place.
pub(super) fn learn() {
    if let Some(entry) = ENTRY.get() {
        // Relaxed, here and below: it is learnt before there are bubbles.
        CALL.store(entry.call(), Relaxed);
        START.store(entry.start, Relaxed);
    }
}

/// Whether std is about to call the closure of the current thread, or has called it.
pub(super) fn is_at_edge() -> bool {
    /// So deep std does not go there, in bytes. Only for speed.
    const NEAR: usize = 4096;
    let Some(entry) = ENTRY.get() else { return false };
    let here = 0_u8;
    let depth = entry.mark.saturating_sub((&raw const here).addr());
    entry.start == START.load(Relaxed) && depth < NEAR && entry.call() != CALL.load(Relaxed)
}

impl Entry {
    /// To which place in the start routine the function that it has called will return.
    fn call(self) -> usize {
        let mut walk = Walk { mark: self.mark, last: 0, before: 0 };
        // SAFETY: `frame` takes a frame and what is given here.
        unsafe { _Unwind_Backtrace(frame, (&raw mut walk).cast()) };
        walk.before
    }
}

/// From the youngest frame to the oldest.
struct Walk {
    mark: usize,
    /// Where the last frame will go on that has been seen, and the one before it.
    last: usize,
    before: usize,
}

enum Frame {}

unsafe extern "C" {
    fn _Unwind_Backtrace(
        each: unsafe extern "C" fn(*mut Frame, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(frame: *mut Frame) -> usize;
    fn _Unwind_GetCFA(frame: *mut Frame) -> usize;
}

/// Goes on to the next frame, or not.
const GO_ON: c_int = 0;
const END: c_int = 5;

/// # Safety
///
/// As `_Unwind_Backtrace` calls it in `Entry::call`.
unsafe extern "C" fn frame(frame: *mut Frame, walk: *mut c_void) -> c_int {
    // SAFETY: it is the one of `Entry::call`, and nobody else looks at it meanwhile.
    let walk = unsafe { &mut *walk.cast::<Walk>() };
    // Here, where the frame begins. The oldest one that begins before the mark has it in itself.
    // SAFETY: it is a frame.
    let begin = unsafe { _Unwind_GetCFA(frame) };
    if begin > walk.mark {
        return END;
    }
    walk.before = walk.last;
    // SAFETY: it is a frame.
    walk.last = unsafe { _Unwind_GetIP(frame) };
    GO_ON
}
