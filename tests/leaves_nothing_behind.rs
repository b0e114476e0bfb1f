//! Whoever leaves a context or a group leaves nothing behind, as the allocator counts.

#![expect(unsafe_code, reason = "an allocator that counts")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::{Canceller, Context, ErrGroup, Stopped, Token, Until, WaitGroup, set_max_threads};
use support::alone::alone;
use support::{gate, watchdog};

/// What all threads have allocated and not freed.
static ALL: AtomicIsize = AtomicIsize::new(0);

thread_local! {
    /// What this thread has allocated and not freed.
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

fn count(size: usize, sign: isize) {
    let change = sign * isize::try_from(size).unwrap_or(isize::MAX);
    LIVE.set(LIVE.get() + change);
    ALL.fetch_add(change, SeqCst);
}

struct Counting;

// SAFETY: the system's allocator does the work; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller's promises are those that the system's allocator wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Comes and goes often, and expects to find the memory as it was.
fn come_and_go(visit: impl Fn(&Context) + Send + 'static) {
    watchdog(move || {
        let (parent, _canceller) = Context::background().with_cancel();
        assert!(!parent.has_ended());
        (0..100).for_each(|_| visit(&parent)); // lists find their size
        let before = LIVE.get();
        (0..2000).for_each(|_| visit(&parent));
        // The timer thread's bytes may be freed here, or ours there; a leak is a hundred times this.
        let growth = LIVE.get() - before;
        assert!(growth < 2000, "{growth} bytes in 2000 visits");
        assert!(!parent.has_ended());
    });
}

/// A child that its parent knows.
fn known_child(parent: &Context) -> (Context, Canceller) {
    let (child, canceller) = parent.with_cancel();
    assert!(!child.has_ended());
    (child, canceller)
}

#[test]
fn the_allocator_counts() {
    let before = LIVE.get();
    let memory = vec![0_u8; 1000];
    assert_eq!(LIVE.get(), before + 1000);
    drop(memory);
    assert_eq!(LIVE.get(), before);
}

#[test]
fn a_child_that_was_cancelled() {
    come_and_go(|parent| known_child(parent).1.cancel());
    come_and_go(|parent| known_child(parent).1.cancel_because("enough"));
}

#[test]
fn a_child_that_was_dropped() {
    come_and_go(|parent| known_child(parent).1.disarm());
}

#[test]
fn a_child_of_an_ended_context() {
    come_and_go(|parent| {
        let (child, canceller) = known_child(parent);
        canceller.cancel();
        assert!(child.with_cancel().0.has_ended());
    });
}

#[test]
fn a_merged_context() {
    let (other, canceller) = Context::background().with_cancel();
    come_and_go(move |parent| {
        let _canceller = &canceller;
        assert!(!Context::merge(&[&other, parent]).has_ended());
    });
}

#[test]
fn a_merged_context_that_has_ended() {
    come_and_go(|parent| {
        let (other, canceller) = Context::background().with_cancel();
        let merged = Context::merge(&[parent, &other]);
        canceller.cancel();
        assert!(merged.has_ended());
    });
}

#[test]
fn a_callback() {
    come_and_go(|parent| drop(parent.on_cancel(|| ())));
    come_and_go(|parent| assert!(parent.on_cancel(|| ()).stop()));
}

#[test]
fn a_callback_that_has_been_called() {
    alone("a_callback_that_has_been_called", || {
        let (parent, _canceller) = Context::background().with_cancel();
        let visit = || {
            let (child, canceller) = known_child(&parent);
            let called = Arc::new(WaitGroup::new());
            let token = Token::new(Arc::clone(&called));
            child.on_cancel(move || drop(token)).detach();
            canceller.cancel();
            called.wait();
        };
        (0..100).for_each(|_| visit());
        // A thread may be about to free what it has called last.
        let kept = growth(|| (0..2000).for_each(|_| visit()));
        assert!(kept < 100_000, "{kept} bytes");
    });
}

#[test]
fn a_channel() {
    come_and_go(|parent| assert!(known_child(parent).0.done().try_recv().is_err()));
}

#[test]
fn a_wait_that_was_given_up() {
    let time = Duration::from_nanos(1);
    come_and_go(move |parent| assert!(parent.wait_until(time).is_err()));
    come_and_go(move |parent| assert!(parent.sleep(time).is_ok()));
    let group = WaitGroup::new();
    group.add(1);
    come_and_go(move |parent| assert!(group.wait_until((parent, time)).is_err()));
}

#[test]
fn a_deadline() {
    let hour = Duration::from_secs(3600);
    come_and_go(move |parent| {
        let (child, canceller) = parent.with_cancel_timeout(hour);
        assert!(!child.has_ended());
        canceller.cancel();
    });
    come_and_go(move |parent| {
        let (child, canceller) = parent.with_cancel_timeout(hour);
        assert!(child.done().try_recv().is_err());
        canceller.disarm();
    });
    come_and_go(move |parent| assert!(parent.with_timeout(hour).done().try_recv().is_err()));
    come_and_go(move |parent| drop(parent.with_timeout(hour).on_cancel(|| ())));
}

/// How much memory is in use after `f`, in a process without other tests, that was not before.
fn growth(f: impl FnOnce()) -> isize {
    let before = ALL.load(SeqCst);
    f();
    ALL.load(SeqCst) - before
}

/// A queue keeps some memory for the next tasks, and a thread some for itself.
const KEPT: isize = 200_000;
/// So many tasks take some megabytes of a queue.
const MANY: usize = 100_000;

#[test]
fn the_queue_of_a_group_whose_many_tasks_are_done() {
    alone("the_queue_of_a_group_whose_many_tasks_are_done", || {
        let group = Arc::new(WaitGroup::new());
        let kept = growth(|| {
            (0..MANY).for_each(|_| group.go(|| ()));
            group.wait_until(Until::FOREVER).expect("there is no bound");
        });
        assert!(kept < KEPT, "{kept} bytes");
        let kept = growth(|| {
            group.go_many((0..MANY).map(|_| || ()));
            group.wait();
        });
        assert!(kept < KEPT, "{kept} bytes");
    });
}

#[test]
fn the_queue_of_many_tasks_that_a_group_s_limit_has_held_back() {
    alone("the_queue_of_many_tasks_that_a_group_s_limit_has_held_back", || {
        let group: ErrGroup<Stopped> = ErrGroup::builder().limit(2).start();
        let kept = growth(|| {
            let siblings = group.handle();
            group.go(move |_| {
                (0..MANY).for_each(|_| drop(siblings.go(|_| Ok(()))));
                Ok(())
            });
            group.wait_until(Until::FOREVER).expect("there is no bound");
        });
        assert!(kept < KEPT, "{kept} bytes");
    });
}

#[test]
fn the_queue_of_many_tasks_that_the_thread_limit_has_held_up() {
    alone("the_queue_of_many_tasks_that_the_thread_limit_has_held_up", || {
        set_max_threads(1);
        let (opener, gate) = gate();
        let group = ErrGroup::<Stopped>::new();
        let kept = growth(|| {
            group.go(move |_| {
                gate.pass();
                Ok(())
            });
            let named = group.handle().named("named");
            (0..MANY / 5).for_each(|_| drop(named.go(|_| Ok(()))));
            opener.open();
            group.wait_until(Until::FOREVER).expect("there is no bound");
        });
        assert!(kept < KEPT, "{kept} bytes");
    });
}
