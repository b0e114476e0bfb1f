//! The threads of a group: one for each task, names, stacks, and threads of their own.

#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::cell::Cell;
use std::collections::HashSet;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Barrier, mpsc};
use std::thread::{self, ThreadId};

use phalanx::{Context, ErrGroup, Scope, Stopped, Task};
use support::{Count, watchdog};

// --- One for each -----------------------------------------------------------------------------

#[test]
fn a_fifth_of_many_tasks_meet_at_a_time() {
    // A process of 32 bits has no addresses for as many stacks.
    const AT_A_TIME: usize = if usize::BITS > 32 { 2000 } else { 200 };
    watchdog(|| {
        let meeting = Barrier::new(AT_A_TIME);
        let met = Count::default();
        ErrGroup::scope(|g| {
            for _ in 0..5 * AT_A_TIME {
                g.go(|_| {
                    meeting.wait(); // needs a thread of its own for each of them
                    met.add();
                    Ok(())
                });
            }
            Ok::<_, Stopped>(())
        })
        .unwrap();
        assert_eq!(met.get(), 5 * AT_A_TIME);
    });
}

#[test]
fn tasks_may_wait_for_tasks_that_are_started_later() {
    watchdog(|| {
        let sum = ErrGroup::scope(|g| {
            let (send, mut receive) = mpsc::channel();
            // A chain of tasks, each of which waits for the next one.
            for _ in 0..200 {
                let (next_send, next_receive) = mpsc::channel();
                let previous = std::mem::replace(&mut receive, next_receive);
                g.go(move |_| {
                    let n: u32 = previous.recv().unwrap();
                    next_send.send(n + 1).unwrap();
                    Ok(())
                });
            }
            send.send(0).unwrap();
            Ok::<_, Stopped>(receive.recv().unwrap())
        });
        assert_eq!(sum.unwrap(), 200);
    });
}

#[test]
fn a_task_that_asks_for_a_thread_does_not_run_on_that_of_the_group() {
    watchdog(|| {
        let here = thread::current().id();
        for _ in 0..100 {
            let there =
                ErrGroup::scope(|g| g.own_thread().go(|_| Ok(thread::current().id())).join());
            assert_ne!(there.unwrap(), here);
            let there = ErrGroup::scope(|g| g.named("a").go(|_| Ok(thread::current().id())).join());
            assert_ne!(there.unwrap(), here);
        }
    });
}

#[test]
fn a_task_starts_though_the_thread_of_the_group_does_not_wait_for_it() {
    watchdog(|| {
        for _ in 0..1000 {
            let (done, is_done) = crossbeam_channel::bounded::<()>(0);
            ErrGroup::scope(|g| {
                g.go(move |_| {
                    drop(done);
                    Ok(())
                });
                assert!(is_done.recv().is_err()); // and so nobody runs it here
                Ok::<_, Stopped>(())
            })
            .unwrap();
        }
    });
}

#[test]
fn a_hundred_thousand_short_tasks_run_once_each() {
    watchdog(|| {
        let runs = [const { AtomicUsize::new(0) }; 100];
        for _ in 0..100 {
            ErrGroup::builder()
                .limit(8)
                .scope(|g| {
                    for cell in runs.iter().cycle().take(1000) {
                        g.go(|_| {
                            cell.fetch_add(1, Relaxed);
                            Ok(())
                        });
                    }
                    Ok::<_, Stopped>(())
                })
                .unwrap();
        }
        assert!(runs.iter().all(|cell| cell.load(Relaxed) == 1000));
    });
}

#[test]
fn threads_are_used_again() {
    watchdog(|| {
        let ids: HashSet<_> = (0..200)
            .map(|_| {
                let id = ErrGroup::scope(|g| g.go(|_| Ok(thread::current().id())).join());
                id.unwrap()
            })
            .collect();
        assert!(ids.len() < 200, "no thread was used twice");
    });
}

// --- Names ------------------------------------------------------------------------------------

fn name_here() -> Option<String> {
    thread::current().name().map(str::to_owned)
}

fn ask_name<'s>(g: &Scope<'s, '_, Stopped>) -> Task<'s, Option<String>> {
    g.go(|_| Ok(name_here()))
}

#[test]
fn the_group_names_its_threads_and_a_scope_names_some() {
    watchdog(|| {
        ErrGroup::builder()
            .name("group")
            .scope(|g| {
                for _ in 0..10 {
                    assert_eq!(ask_name(g).join()?.as_deref(), Some("group"));
                    assert_eq!(ask_name(&g.named("one")).join()?.as_deref(), Some("one"));
                    assert_eq!(ask_name(&g.named("other")).join()?.as_deref(), Some("other"));
                }
                Ok(())
            })
            .unwrap();
    });
}

#[test]
fn a_name_does_not_stick_to_a_thread_that_is_used_again() {
    watchdog(|| {
        for _ in 0..10 {
            let names = ErrGroup::scope(|g| {
                Ok::<_, Stopped>([ask_name(&g.named("fetch")).join()?, ask_name(g).join()?])
            });
            let [fetch, other] = names.unwrap();
            assert_eq!(fetch.as_deref(), Some("fetch"));
            assert_ne!(other.as_deref(), Some("fetch"));
        }
    });
}

#[test]
fn a_name_stays_with_the_clones_of_its_scope() {
    watchdog(|| {
        let name = ErrGroup::scope(|g| {
            let named = g.named("tree");
            let inner = named.clone();
            let task = named.go(move |_| ask_name(&inner).join());
            task.join()
        });
        assert_eq!(name.unwrap().as_deref(), Some("tree"));
    });
}

// --- Stacks -----------------------------------------------------------------------------------

/// Uses about `kib` KiB of the stack.
fn deep(kib: usize) -> usize {
    let frame = black_box([1_u8; 1024]);
    if kib == 0 { 0 } else { deep(kib - 1) + usize::from(frame[kib % 1024]) }
}

#[test]
fn the_stack_size_holds_though_smaller_threads_are_idle() {
    watchdog(|| {
        for _ in 0..5 {
            ErrGroup::scope(|g| g.go(|_| Ok(deep(100))).join()).unwrap();
            let used = ErrGroup::builder()
                .stack_size(64 << 20)
                .scope(|g| g.go(|_| Ok(deep(10_000))).join());
            assert_eq!(used.unwrap(), 10_000);
        }
    });
}

// --- Threads of their own ---------------------------------------------------------------------

thread_local! {
    static VISITS: Cell<usize> = const { Cell::new(0) };
}

fn visit() -> (usize, ThreadId) {
    VISITS.set(VISITS.get() + 1);
    (VISITS.get(), thread::current().id())
}

#[test]
fn own_thread_gives_each_task_a_fresh_one() {
    watchdog(|| {
        ErrGroup::scope(|g| {
            let mut ids = HashSet::new();
            for _ in 0..20 {
                g.go(|_| Ok(visit())).join()?; // leaves idle threads behind
                let (visits, id) = g.own_thread().go(|_| Ok(visit())).join()?;
                assert_eq!(visits, 1, "no value of an earlier task");
                assert!(ids.insert(id), "a thread of its own");
            }
            Ok::<_, Stopped>(())
        })
        .unwrap();
    });
}

#[test]
fn own_thread_ends_with_its_task_and_runs_the_destructors() {
    struct SaysBye(mpsc::Sender<ThreadId>);
    impl Drop for SaysBye {
        fn drop(&mut self) {
            self.0.send(thread::current().id()).unwrap();
        }
    }
    thread_local! {
        static BYE: Cell<Option<SaysBye>> = const { Cell::new(None) };
    }
    watchdog(|| {
        let (says, said) = mpsc::channel();
        ErrGroup::scope(|g| {
            let task = g.own_thread().go(move |_| {
                BYE.set(Some(SaysBye(says)));
                Ok(thread::current().id())
            });
            let id = task.join()?;
            assert_eq!(said.recv().unwrap(), id); // though the group is still open
            Ok::<_, Stopped>(())
        })
        .unwrap();
    });
}

#[test]
fn own_thread_has_the_name_too() {
    watchdog(|| {
        let name = ErrGroup::scope(|g| ask_name(&g.named("own").own_thread()).join());
        assert_eq!(name.unwrap().as_deref(), Some("own"));
    });
}

#[test]
fn own_thread_works_at_the_limit() {
    watchdog(|| {
        let runs = Count::default();
        ErrGroup::builder()
            .limit(2)
            .scope(|g| {
                let own = g.own_thread();
                let inner = own.clone();
                let add = |_: &Context| {
                    runs.add();
                    Ok(())
                };
                own.go(move |_| {
                    let siblings = [(); 5].map(|()| inner.go(add));
                    siblings.into_iter().try_for_each(Task::join)
                });
                for _ in 0..20 {
                    own.go(add);
                }
                Ok::<_, Stopped>(())
            })
            .unwrap();
        assert_eq!(runs.get(), 25);
    });
}

#[test]
fn a_joined_sibling_with_a_thread_of_its_own_keeps_it() {
    watchdog(|| {
        ErrGroup::builder()
            .limit(1)
            .scope(|g| {
                let inner = g.clone();
                g.go(move |_| {
                    visit();
                    let own = inner.own_thread().go(|_| Ok(visit()));
                    let (visits, _) = own.join()?;
                    assert_eq!(visits, 1, "a fresh thread, even for a queued one");
                    Ok(())
                });
                Ok::<_, Stopped>(())
            })
            .unwrap();
    });
}
