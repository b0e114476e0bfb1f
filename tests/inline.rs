//! Tasks on the stack of a thread that waits for them: what they see there, and when none runs there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::unit_arg, reason = "what a closure returns is of no interest")]
#![expect(clippy::disallowed_methods, reason = "a program of the user's starts std's threads")]
#![expect(clippy::items_after_statements, reason = "they stand beside what they are for")]

mod support;

use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use phalanx::{Counter, ErrGroup, Settle, Stopped, WaitGroup, WorkerPool, set_max_threads};
use support::alone::alone;
use support::{Count, gate, panic_of, text_of, until, watchdog};

/// Keeps the only worker that there may be busy, so that what a waiting thread can run, it runs.
fn with_a_busy_worker<R>(f: impl FnOnce() -> R) -> R {
    set_max_threads(1);
    let ((opener, gate), (begun, has_begun)) = (gate(), gate());
    let blocker = Arc::new(WaitGroup::new());
    blocker.go(move || {
        begun.open();
        gate.pass();
    });
    has_begun.pass();
    let result = f();
    opener.open();
    blocker.wait();
    result
}

// --- What is seen -----------------------------------------------------------------------------

thread_local! {
    static MARK: Cell<u32> = const { Cell::new(0) };
    static BORROWED: RefCell<u32> = const { RefCell::new(0) };
}

#[test]
fn a_task_sees_the_thread_local_values_of_the_thread_that_waits_for_it() {
    let test = "a_task_sees_the_thread_local_values_of_the_thread_that_waits_for_it";
    alone(test, || {
        with_a_busy_worker(|| {
            MARK.set(7);
            let borrow = BORROWED.with(std::cell::RefCell::as_ptr);
            let seen = ErrGroup::scope(|g| g.go(|_| Ok::<_, Stopped>(MARK.get())).join());
            assert_eq!(seen.unwrap(), 7);
            let is_free = BORROWED.with_borrow_mut(|_| {
                ErrGroup::scope(|g| {
                    g.go(|_| Ok::<_, Stopped>(BORROWED.with(|b| b.try_borrow().is_ok()))).join()
                })
            });
            assert!(!is_free.unwrap(), "borrowed by the thread that waits");
            assert!(!borrow.is_null());
        });
    });
}

#[test]
fn a_group_that_is_not_run_inline_never_runs_on_the_thread_that_waits() {
    watchdog(|| {
        for _ in 0..200 {
            let waiter = thread::current().id();
            let elsewhere = move |_: &phalanx::Context| {
                assert_ne!(thread::current().id(), waiter);
                Ok(1)
            };
            // At a join, at the end of the scope, at a group's `wait`.
            let sum = ErrGroup::builder().run_inline(false).scope(|g| {
                let (a, b) = (g.go(elsewhere), g.go(elsewhere));
                g.go(elsewhere);
                Ok::<_, Stopped>(a.join()? + b.join()?)
            });
            assert_eq!(sum.unwrap(), 2);
            let group = ErrGroup::builder().run_inline(false).start::<Stopped>();
            group.go(elsewhere);
            group.wait().unwrap();
            ErrGroup::builder()
                .run_inline(false)
                .limit(1)
                .caller_runs()
                .scope(|g| {
                    g.go(elsewhere);
                    g.go(elsewhere);
                    Ok::<_, Stopped>(())
                })
                .unwrap();
            let policy =
                ErrGroup::builder().run_inline(false).policy(Settle::<u32, Stopped>::new());
            policy.scope(|g| {
                g.go(elsewhere);
            });
        }
    });
}

#[test]
fn caller_runs_runs_queued_tasks_on_the_thread_that_starts_more_than_the_limit() {
    let test = "caller_runs_runs_queued_tasks_on_the_thread_that_starts_more_than_the_limit";
    alone(test, || {
        with_a_busy_worker(|| {
            let caller = thread::current().id();
            let ran = Count::default();
            let result = ErrGroup::builder().limit(2).caller_runs().scope(|g| {
                for _ in 0..10 {
                    let ran = ran.clone();
                    g.go(move |_| {
                        assert_eq!(thread::current().id(), caller);
                        ran.add();
                        Ok(())
                    });
                }
                assert_eq!(ran.get(), 8);
                Ok::<_, Stopped>(())
            });
            result.unwrap();
            assert_eq!(ran.get(), 10);
        });
    });
}

/// A lock that the starter holds and the tasks need.
#[test]
fn go_at_a_group_s_limit_runs_no_task_on_its_caller() {
    watchdog(|| {
        let caller = thread::current().id();
        let result = ErrGroup::builder().limit(1).scope(|g| {
            for _ in 0..500 {
                g.go(move |_| {
                    // The end of the scope, which is a wait, comes later.
                    Ok(MARK.get())
                });
            }
            Ok::<_, Stopped>(())
        });
        result.unwrap();
        let (opener, gate) = gate();
        let ran_here = ErrGroup::builder().limit(1).scope(|g| {
            let first = g.go(move |_| {
                gate.pass();
                Ok(thread::current().id())
            });
            // The first holds the only slot until it is opened: `go` must not run it here.
            let other = g.clone();
            let starter = thread::scope(|s| {
                let starter = s.spawn(move || {
                    drop(other.go(|_| Ok(thread::current().id())));
                });
                opener.open();
                starter.join()
            });
            starter.unwrap();
            Ok::<_, Stopped>(first.join()? == caller)
        });
        drop(ran_here);
    });
}

// --- Threads that unwind ----------------------------------------------------------------------

/// Waits when it is dropped.
struct WaitsOnDrop(Arc<WaitGroup>);

impl Drop for WaitsOnDrop {
    fn drop(&mut self) {
        self.0.wait();
    }
}

#[test]
fn a_wait_in_a_destructor_while_unwinding_does_not_abort_and_keeps_the_panic_of_a_task() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        let waits = WaitsOnDrop(Arc::clone(&group));
        let text = panic_of(move || {
            let _waits = &waits;
            let waits = waits;
            waits.0.go(|| panic!("of a task"));
            panic!("of the thread that waits");
        });
        assert_eq!(text, "of the thread that waits");
        assert_eq!(panic_of(|| group.wait()), "of a task");
        group.wait();
    });
}

#[test]
fn no_task_ever_runs_on_a_thread_that_unwinds() {
    watchdog(|| {
        let (ran, unwinding) = (Count::default(), Count::default());
        for _ in 0..100 {
            let group = Arc::new(WaitGroup::new());
            let waits = WaitsOnDrop(Arc::clone(&group));
            drop(catch_unwind(AssertUnwindSafe(|| {
                let waits = waits;
                for _ in 0..8 {
                    let (ran, unwinding) = (ran.clone(), unwinding.clone());
                    waits.0.go(move || {
                        ran.add();
                        if thread::panicking() {
                            unwinding.add();
                        }
                    });
                }
                panic!("on purpose");
            })));
            // The same at the end of a scope whose body panics: what is queued is skipped or runs
            // elsewhere. And of groups inside destructors.
            struct Opens(Count);
            impl Drop for Opens {
                fn drop(&mut self) {
                    let (one, two) = (self.0.clone(), self.0.clone());
                    let note = |count: Count| {
                        if thread::panicking() {
                            count.add();
                        }
                    };
                    let inside = ErrGroup::scope(|g| {
                        g.go(move |_| Ok::<_, Stopped>(note(one)));
                        g.go(move |_| Ok(note(two))).join()
                    });
                    inside.unwrap();
                    phalanx::join!(|| note(self.0.clone()), || note(self.0.clone()));
                    phalanx::par_map(0..4, |_, _| Ok::<_, Stopped>(note(self.0.clone()))).unwrap();
                }
            }
            let opens = Opens(unwinding.clone());
            assert_eq!(
                panic_of(move || {
                    let _opens = opens;
                    panic!("the outer one")
                }),
                "the outer one"
            );
        }
        assert_eq!((ran.get(), unwinding.get()), (800, 0));
    });
}

#[test]
fn a_task_that_panics_in_a_group_inside_a_destructor_is_not_swallowed() {
    watchdog(|| {
        struct Opens(Count);
        impl Drop for Opens {
            fn drop(&mut self) {
                let caught = catch_unwind(|| {
                    ErrGroup::scope(|g| -> Result<(), Stopped> {
                        g.go(|_| -> Result<(), _> { panic!("inside") });
                        Ok(())
                    })
                });
                if caught.is_err_and(|payload| text_of(&*payload) == "inside") {
                    self.0.add();
                }
            }
        }
        let seen = Count::default();
        for _ in 0..100 {
            let opens = Opens(seen.clone());
            let outer = panic_of(move || {
                let _opens = opens;
                panic!("outside")
            });
            assert_eq!(outer, "outside");
        }
        assert_eq!(seen.get(), 100);
    });
}

// --- Stacks -----------------------------------------------------------------------------------

/// Uses so many KiB of stack, and then, at each of so many levels, starts one task and waits for it.
#[inline(never)]
fn level(kib: usize, left: usize, levels: usize) -> usize {
    let mut block = [1u8; 1024];
    black_box(&mut block);
    if left > 0 {
        return level(kib, left - 1, levels) + usize::from(block[left % 1024]);
    }
    let next = move || level(kib, kib, levels - 1);
    match levels {
        0 => 0,
        _ => ErrGroup::scope(|g| g.go(move |_| Ok::<_, Stopped>(next())).join()).unwrap(),
    }
}

/// Calls `f` on a thread with so many KiB of stack.
fn on_a_stack_of(kib: usize, f: impl FnOnce() + Send + 'static) {
    let small = thread::Builder::new().stack_size(kib << 10);
    small.spawn(f).unwrap().join().unwrap();
}

/// A debug build uses several times 1 KiB for each KiB of a block: the tasks are smaller here.
const TASK: usize = 400;

#[test]
fn tasks_of_half_a_mebibyte_nested_on_threads_of_std_s_size_do_not_overflow() {
    let test = "tasks_of_half_a_mebibyte_nested_on_threads_of_std_s_size_do_not_overflow";
    alone(test, || {
        on_a_stack_of(2 << 10, || {
            for _ in 0..50 {
                assert_eq!(level(TASK, TASK, 4), 5 * TASK);
            }
        });
    });
}

#[test]
fn a_thread_with_a_small_stack_runs_no_task_that_it_waits_for() {
    alone("a_thread_with_a_small_stack_runs_no_task_that_it_waits_for", || {
        on_a_stack_of(128, || {
            let waiter = thread::current().id();
            let work = move || {
                assert_ne!(thread::current().id(), waiter);
                level(TASK, TASK, 0)
            };
            for _ in 0..100 {
                let scoped = ErrGroup::scope(|g| {
                    g.go(move |_| Ok(work()));
                    g.go(move |_| Ok::<_, Stopped>(work())).join()
                });
                assert_eq!(scoped.unwrap(), TASK);
                let group = Arc::new(WaitGroup::new());
                group.go(move || _ = work());
                group.wait();
                assert_eq!(phalanx::join!(work, work), (TASK, TASK));
                let pool = WorkerPool::new(1, move |(): ()| work());
                assert_eq!(pool.submit(()).unwrap().join().unwrap(), TASK);
                pool.shutdown();
            }
        });
    });
}

#[test]
fn par_map_on_a_small_stack_runs_nothing_there() {
    alone("par_map_on_a_small_stack_runs_nothing_there", || {
        on_a_stack_of(128, || {
            for _ in 0..50 {
                let sizes = phalanx::par_map(0..8, |_, _| Ok::<_, Stopped>(level(TASK, TASK, 0)));
                assert_eq!(sizes.unwrap(), [TASK; 8]);
            }
        });
    });
}

#[test]
fn a_default_group_inside_a_group_with_small_stacks_does_not_overflow() {
    alone("a_default_group_inside_a_group_with_small_stacks_does_not_overflow", || {
        for _ in 0..20 {
            let sum = ErrGroup::builder().stack_size(128 << 10).scope(|g| {
                g.go(|_| {
                    ErrGroup::scope(|inner| {
                        inner.go(|_| Ok::<_, Stopped>(level(TASK, TASK, 0))).join()
                    })
                })
                .join()
            });
            assert_eq!(sum.unwrap_or_else(|error: Stopped| panic!("{error}")), TASK);
        }
    });
}

#[test]
fn a_group_with_a_stack_size_never_runs_on_a_thread_that_has_less() {
    alone("a_group_with_a_stack_size_never_runs_on_a_thread_that_has_less", || {
        let waiter = thread::current().id();
        let ran = ErrGroup::builder().stack_size(64 << 20).scope(|g| {
            g.go(move |_| {
                assert_ne!(thread::current().id(), waiter);
                Ok::<_, Stopped>(level(4 * TASK, 4 * TASK, 0))
            })
            .join()
        });
        assert_eq!(ran.unwrap(), 4 * TASK);
    });
}

// --- Waits that run nothing -------------------------------------------------------------------

#[test]
fn a_bounded_wait_runs_nothing_on_its_thread_and_the_tasks_start_all_the_same() {
    watchdog(|| {
        for _ in 0..200 {
            let waiter = thread::current().id();
            let running = Arc::new(Counter::new(0));
            let group = Arc::new(WaitGroup::new());
            for _ in 0..3 {
                let running = Arc::clone(&running);
                group.go(move || {
                    assert_ne!(thread::current().id(), waiter);
                    running.inc();
                    running.wait_for(|n| n == 3);
                });
            }
            group.wait_until(phalanx::Until::FOREVER).unwrap();
            let owned = ErrGroup::<Stopped>::new();
            let task = owned.go(move |_| Ok(thread::current().id() != waiter));
            task.wait_until(phalanx::Until::FOREVER).unwrap();
            assert!(task.join_until(phalanx::Until::FOREVER).unwrap());
            owned.wait().unwrap();
        }
    });
}

#[test]
fn tasks_for_which_no_thread_waits_all_start() {
    watchdog(|| {
        let ran = Count::default();
        let group = Arc::new(WaitGroup::new());
        for round in 1..=100 {
            for _ in 0..100 {
                let ran = ran.clone();
                group.go(move || ran.add());
            }
            until(|| ran.get() == round * 100);
        }
    });
}
