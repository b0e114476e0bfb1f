//! Keeps `parking_lot` from being fair, at random, now and then.
//!
//! The table in which its threads wait has for each bucket an instant after which an unlocking
//! thread hands the lock over. It outlives bubbles, and is shared with all other threads: what
//! happens next would depend on what happened before. So whoever makes a table sees a clock that
//! shows the far future.

#![expect(clippy::disallowed_methods, reason = "it is the other side of the door")]

use std::cell::Cell;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::{Timespec, selftest};

thread_local! {
    /// How often this thread has read the clock of the far future, if that is what it sees.
    static FAR: Cell<Option<u32>> = const { Cell::new(None) };
}

/// What all clocks show while `parking_lot` may make a table.
pub(super) fn far_future() -> Option<Timespec> {
    let readings = FAR.get()?;
    FAR.set(Some(readings + 1));
    Some(Timespec { seconds: 1 << 40, nanos: 0 })
}

/// Makes the current thread known to `parking_lot`, which happens once for each thread and may make
/// the table grow.
pub(crate) fn prepare_thread() {
    if selftest::is_passed() {
        make_known();
    }
}

/// Whether there is a new table.
fn make_known() -> bool {
    FAR.set(Some(0));
    // A wait that is over before it begins.
    let now = Instant::now();
    Condvar::new().wait_until(&mut Mutex::new(()).lock(), now);
    // The third reading is that of a new table: one was here, and one in the wait.
    FAR.take().is_some_and(|readings| readings > 2)
}

/// Makes threads known to `parking_lot` until it needs a new table.
pub(super) fn renew_table() {
    const MOST: usize = 1000;
    let (report, reports) = mpsc::channel();
    let held = Mutex::new(());
    thread::scope(|scope| {
        let all_at_once = held.lock();
        for _ in 0..MOST {
            let (report, held) = (report.clone(), &held);
            scope.spawn(move || {
                report.send(make_known()).unwrap_or_default();
                drop(held.lock());
            });
            if reports.recv() == Ok(true) {
                break;
            }
        }
        drop(all_at_once);
    });
}
