//! Who the current thread is, and whether the machine looks at what it does.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::bubble::Bubble;

/// How many bubbles there are: nothing else is looked at while there are none.
static BUBBLES: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether this thread belongs to a bubble. Has no destructor, so it can be read at any time.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// How many calls for real this thread is in: the kit's own doings.
    pub(super) static REAL: Cell<u32> = const { Cell::new(0) };
    /// How many atomic sections this thread is in.
    static ATOMIC: Cell<u32> = const { Cell::new(0) };
    /// Dropped last of all, since it is first used before any code of the user runs: destructors of
    /// thread-local values are steps of the thread, too.
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// A thread of a bubble, seen from itself. Its drop is the thread's end.
pub(super) struct Here {
    pub(super) bubble: Arc<Bubble>,
    pub(super) me: usize,
}

/// Keeps count of the bubbles.
#[derive(Debug)]
pub(super) struct Counted(());

impl Counted {
    pub(super) fn new() -> Self {
        // Relaxed: a thread of the bubble is started after this, and others need not know.
        BUBBLES.fetch_add(1, Relaxed);
        Counted(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        BUBBLES.fetch_sub(1, Relaxed);
    }
}

/// Makes the current thread one of a bubble, until it ends.
pub(super) fn enter(here: Here) {
    HERE.with(|place| *place.borrow_mut() = Some(here));
    INSIDE.set(true);
}

/// The thread is about to leave its bubble.
pub(super) fn leave() {
    INSIDE.set(false);
}

/// Whether there is any bubble, on whatever thread.
#[inline]
pub(crate) fn any() -> bool {
    BUBBLES.load(Relaxed) != 0
}

/// Whether what this thread does is the machine's business.
#[inline]
pub(crate) fn inside() -> bool {
    any() && INSIDE.get() && REAL.get() == 0
}

/// Whether this thread is in an atomic section.
pub(super) fn is_atomic() -> bool {
    ATOMIC.get() != 0
}

/// Calls `f` with the thread's place in its bubble; `None` if it has none.
#[inline]
pub(super) fn with<R>(f: impl FnOnce(&Here) -> R) -> Option<R> {
    if !inside() {
        return None;
    }
    HERE.try_with(|here| here.borrow().as_ref().map(f)).ok().flatten()
}

/// Does something for real, which the machine is not to see.
pub(crate) fn real<R>(f: impl FnOnce() -> R) -> R {
    let _back = Deeper::into_real();
    f()
}

/// Does something without a step in between.
pub(crate) fn atomically<R>(f: impl FnOnce() -> R) -> R {
    let _back = Deeper::into(&ATOMIC);
    f()
}

#[derive(Debug)]
pub(crate) struct Deeper(&'static std::thread::LocalKey<Cell<u32>>);

impl Deeper {
    pub(super) fn into_real() -> Self {
        Deeper::into(&REAL)
    }

    fn into(depth: &'static std::thread::LocalKey<Cell<u32>>) -> Self {
        depth.set(depth.get() + 1);
        Deeper(depth)
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
