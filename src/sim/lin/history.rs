//! Recording who called what, when, and what it returned.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::thread::{self, Thread};

use parking_lot::Mutex;

use super::search::{self, MOST};
use super::{Model, Violation};

/// The calls that were made on an object, in the order in which they began and ended.
///
/// Shared by reference or in an `Arc`, it can be [checked](Self::check) at any time, and again after
/// more calls. A call that has begun and not ended is *pending*: blocked for good, or ended by a
/// panic. It may have had its effect or not; the checker tries both.
///
/// # Examples
///
/// See the [module](super).
pub struct History<Op, Ret> {
    log: Mutex<Log<Op, Ret>>,
}

struct Log<Op, Ret> {
    /// How many calls have begun, and how many have ended, together.
    stamps: usize,
    /// In the order in which they began.
    calls: Vec<Call<Op, Ret>>,
}

/// What the user gave is shared, so that a copy under the lock runs no code of the user.
pub(super) struct Call<Op, Ret> {
    pub(super) op: Arc<Op>,
    pub(super) thread: Thread,
    pub(super) by: Option<Arc<str>>,
    pub(super) began: usize,
    pub(super) ended: Option<(usize, Arc<Ret>)>,
}

impl<Op, Ret> Call<Op, Ret> {
    pub(super) fn ret(&self) -> Option<&Ret> {
        self.ended.as_ref().map(|(_, ret)| &**ret)
    }
}

// The lock is never held while user code runs.
impl<Op, Ret> UnwindSafe for History<Op, Ret> {}
impl<Op, Ret> RefUnwindSafe for History<Op, Ret> {}

impl<Op, Ret> History<Op, Ret> {
    /// Creates a history without calls.
    pub const fn new() -> Self {
        History { log: Mutex::new(Log { stamps: 0, calls: Vec::new() }) }
    }

    /// Records `f` as one call of `op`, and returns what it returns.
    ///
    /// A call that panics stays pending.
    pub fn call(&self, op: Op, f: impl FnOnce() -> Ret) -> Ret
    where
        Ret: Clone,
    {
        let pending = self.begin(op);
        let ret = f();
        pending.end(ret.clone());
        ret
    }

    /// Records that a call of `op` begins; [`Pending::end`] records that it has ended.
    ///
    /// This is for calls whose result is not what the model judges, a guard for example.
    pub fn begin(&self, op: Op) -> Pending<'_, Op, Ret> {
        let (op, thread) = (Arc::new(op), thread::current());
        let mut log = self.log.lock();
        log.stamps += 1;
        let (began, index) = (log.stamps, log.calls.len());
        log.calls.push(Call { op, thread, by: None, began, ended: None });
        Pending { history: self, index }
    }

    /// Looks for an order of the calls that `model`, the state before the first of them, allows.
    ///
    /// Calls keep their order if one had ended before the other began; those that overlap may come
    /// in any order. Each pending call has happened at some time after its beginning, or not at all.
    ///
    /// The time this takes grows with the states times the sets of calls that may have come first:
    /// with `n` threads of `m` calls at most `(m + 1)` to the power `n` such sets.
    ///
    /// # Panics
    ///
    /// `History::check: N calls are recorded, and at most 64 can be checked`.
    ///
    /// # Errors
    ///
    /// There is no such order. The history is unchanged.
    #[track_caller]
    pub fn check<M: Model<Op = Op, Ret = Ret>>(&self, model: M) -> Result<(), Violation> {
        self.judge("History::check", model)
    }

    /// Panics with the [`Violation`] if [`check`](Self::check) finds one.
    ///
    /// # Panics
    ///
    /// - `History::assert_linearizable: the history is not linearizable`, and its table;
    /// - `History::assert_linearizable: N calls are recorded, and at most 64 can be checked`.
    #[track_caller]
    pub fn assert_linearizable<M: Model<Op = Op, Ret = Ret>>(&self, model: M) {
        if let Err(violation) = self.judge("History::assert_linearizable", model) {
            panic!("History::assert_linearizable: {violation}");
        }
    }

    #[track_caller]
    fn judge<M>(&self, method: &str, model: M) -> Result<(), Violation>
    where
        M: Model<Op = Op, Ret = Ret>,
    {
        let calls = self.log.lock().calls.clone();
        let n = calls.len();
        assert!(n <= MOST, "{method}: {n} calls are recorded, and at most {MOST} can be checked");
        search::explain(&calls, model).map_err(|stuck| Violation::new(&calls, &stuck))
    }
}

/// A call that has begun and not ended.
///
/// One that is dropped stays pending in the history.
#[must_use = "a call that is not ended counts as one that never returned"]
pub struct Pending<'a, Op, Ret> {
    history: &'a History<Op, Ret>,
    index: usize,
}

impl<Op, Ret> Pending<'_, Op, Ret> {
    /// Names the caller for the table. Without it, the caller is the thread: its number in the order
    /// of appearance, and its name.
    pub fn by(self, name: &str) -> Self {
        let by = Some(Arc::from(name));
        self.history.log.lock().calls[self.index].by = by;
        self
    }

    /// Records that the call has ended and has returned `ret`.
    pub fn end(self, ret: Ret) {
        let ret = Arc::new(ret);
        let mut log = self.history.log.lock();
        log.stamps += 1;
        log.calls[self.index].ended = Some((log.stamps, ret));
    }
}

impl<Op, Ret> Clone for Call<Op, Ret> {
    fn clone(&self) -> Self {
        let Call { op, thread, by, began, ended } = self;
        let ended = ended.as_ref().map(|(at, ret)| (*at, Arc::clone(ret)));
        Call { op: Arc::clone(op), thread: thread.clone(), by: by.clone(), began: *began, ended }
    }
}

impl<Op, Ret> Default for History<Op, Ret> {
    fn default() -> Self {
        History::new()
    }
}

impl<Op, Ret> fmt::Debug for History<Op, Ret> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("History");
        if let Some(log) = self.log.try_lock() {
            f.field("calls", &log.calls.len());
            f.field("pending", &log.calls.iter().filter(|call| call.ended.is_none()).count());
        }
        f.finish_non_exhaustive()
    }
}

impl<Op, Ret> fmt::Debug for Pending<'_, Op, Ret> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("call", &(self.index + 1)).finish_non_exhaustive()
    }
}
