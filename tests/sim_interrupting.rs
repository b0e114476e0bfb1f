//! The races of `Context::interrupting`, in the simulator: an interrupt at every point of the call.

#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_types, reason = "what a test counts with std's atomics is no step")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use phalanx::sim::{self, Builder, Script, Strategy};
use phalanx::{Context, Interrupt, OnceValue};

const SECOND: Duration = Duration::from_secs(1);

/// What can be interrupted: it knows whether it may be just now, and how often it was.
#[derive(Default)]
struct Fake {
    may_be: AtomicBool,
    /// What a blocked call waits for.
    unblocked: OnceValue<()>,
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// Whether there was an interrupt that must not come. (Its panic would be in nobody's way.)
    was_wrong: AtomicBool,
}

impl Interrupt for Fake {
    fn interrupt(&self) {
        self.was_wrong.fetch_or(!self.may_be.load(SeqCst), SeqCst);
        self.begun.fetch_add(1, SeqCst);
        sim::yield_now();
        sim::label("in the interrupt");
        self.was_wrong.fetch_or(!self.may_be.load(SeqCst), SeqCst);
        self.ended.fetch_add(1, SeqCst);
        self.unblocked.set(()).ok();
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let was_wrong = self.was_wrong.load(SeqCst);
        assert!(!was_wrong || std::thread::panicking(), "an interrupt outside of the call");
    }
}

impl Fake {
    /// Blocks until it is interrupted.
    fn block(&self) {
        self.unblocked.wait();
    }

    /// Makes a call of some steps; returns whether it was made, and how often it was interrupted.
    fn call(&self, ctx: &Context, f: impl FnOnce()) -> (bool, usize) {
        self.may_be.store(true, SeqCst);
        let made = ctx.interrupting(self, || {
            sim::label("in the call");
            f();
            sim::yield_now();
        });
        self.may_be.store(false, SeqCst);
        let (begun, ended) = (self.begun.load(SeqCst), self.ended.load(SeqCst));
        assert_eq!(begun, ended, "an interrupt that is under way is waited for");
        (made.is_ok(), ended)
    }
}

/// A call that blocks for ever or not at all, and is cancelled.
fn cancelled_at_any_point(blocks: bool) -> (bool, usize) {
    let io = Arc::new(Fake::default());
    let (ctx, canceller) = Context::background().with_cancel();
    let calling = sim::spawn("caller", {
        let (io, ctx) = (Arc::clone(&io), ctx.clone());
        move || {
            let block = || {
                if blocks {
                    io.block();
                }
            };
            io.call(&ctx, block)
        }
    });
    canceller.cancel();
    calling.join().unwrap()
}

#[test]
fn an_interrupt_comes_once_while_the_call_is_made_or_never() {
    // The context has ended before; in the call; after.
    Builder::new()
        .exhaustive(2)
        .outcomes(|| cancelled_at_any_point(false))
        .exactly([(false, 0), (true, 1), (true, 0)])
        .exhausted();
}

#[test]
fn a_call_that_blocks_is_interrupted_or_not_made() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| cancelled_at_any_point(true))
        .exactly([(false, 0), (true, 1)])
        .exhausted();
}

#[test]
fn a_call_that_is_over_waits_for_the_interrupt_that_is_under_way() {
    let script = Script::new().run("caller").until("in the call").run("root").until("join");
    let script = script.run("phalanx-watcher").to_block();
    let script = script.run("phalanx").until("in the interrupt").run("caller").to_block();
    Builder::new().strategy(Strategy::Script(script)).check(|| {
        assert_eq!(cancelled_at_any_point(false), (true, 1));
    });
}

#[test]
fn a_deadline_interrupts_in_its_instant_at_every_point_of_the_call() {
    Builder::new()
        .exhaustive(1)
        .outcomes(|| {
            let io = Fake::default();
            let ctx = Context::background().with_timeout(SECOND);
            let made = io.call(&ctx, || Context::background().sleep(SECOND).unwrap());
            assert_eq!(sim::elapsed(), SECOND);
            made
        })
        .exactly([(true, 0), (true, 1)])
        .exhausted();
}

#[test]
fn the_end_of_a_parent_interrupts_and_two_calls_at_a_time_have_an_interrupt_each() {
    let report = Builder::new().exhaustive(1).check(|| {
        let (parent, canceller) = Context::background().with_cancel();
        let (child, _child_canceller) = parent.with_cancel();
        let calls = [parent, child].map(|ctx| {
            let io = Fake::default();
            sim::spawn("caller", move || io.call(&ctx, || io.block()))
        });
        sim::wait_idle();
        canceller.cancel();
        for call in calls {
            assert_eq!(call.join().unwrap(), (true, 1));
        }
    });
    assert!(report.exhausted);
}

#[test]
fn a_call_that_panics_or_cancels_is_no_exception() {
    for panics in [false, true] {
        let report = Builder::new().exhaustive(1).check(move || {
            let io = Arc::new(Fake::default());
            let (ctx, canceller) = Context::background().with_cancel();
            let (inner, inner_canceller) = ctx.with_cancel();
            let calling = sim::spawn("caller", {
                let io = Arc::clone(&io);
                move || {
                    let caught = catch_unwind(AssertUnwindSafe(|| {
                        io.call(&inner, || {
                            inner_canceller.cancel();
                            if panics {
                                resume_unwind(Box::new("on purpose"));
                            }
                        })
                    }));
                    // Whether it has returned or unwound, there is no interrupt from here on.
                    io.may_be.store(false, SeqCst);
                    assert_eq!(io.begun.load(SeqCst), io.ended.load(SeqCst));
                    caught.is_err()
                }
            });
            canceller.cancel();
            let panicked = calling.join().unwrap();
            assert!(panics || !panicked);
            assert!(io.ended.load(SeqCst) <= 1);
        });
        assert!(report.exhausted);
    }
}

#[test]
fn nested_calls_on_one_io_are_each_waited_for() {
    let report = Builder::new().exhaustive(1).check(|| {
        let io = Arc::new(Fake::default());
        let (ctx, canceller) = Context::background().with_cancel();
        let calling = sim::spawn("caller", {
            let (io, ctx) = (Arc::clone(&io), ctx.clone());
            move || {
                io.may_be.store(true, SeqCst);
                let made = ctx.interrupting(&*io, || {
                    sim::yield_now();
                    ctx.interrupting(&*io, sim::yield_now).is_ok()
                });
                io.may_be.store(false, SeqCst);
                assert_eq!(io.begun.load(SeqCst), io.ended.load(SeqCst));
                made.unwrap_or(false)
            }
        });
        canceller.cancel();
        let inner_was_made = calling.join().unwrap();
        assert!(io.ended.load(SeqCst) <= 1 + usize::from(inner_was_made));
    });
    assert!(report.exhausted);
}

#[test]
fn a_cancel_from_an_interrupt_reaches_the_others() {
    struct Cancels(phalanx::Canceller, Fake);
    impl Interrupt for Cancels {
        fn interrupt(&self) {
            self.0.cancel();
            self.1.interrupt();
        }
    }
    Builder::new().exhaustive(1).check(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let (other, other_canceller) = Context::background().with_cancel();
        let waiting = sim::spawn("other", move || other.wait().kind());
        let io = Cancels(other_canceller, Fake::default());
        io.1.may_be.store(true, SeqCst);
        let calling = sim::spawn("caller", move || {
            ctx.interrupting(&io, || io.1.block()).unwrap();
            io.1.may_be.store(false, SeqCst);
            io // it must not end the other by its drop before it is looked at
        });
        sim::wait_idle();
        canceller.cancel();
        waiting.join().unwrap();
        let io = calling.join().unwrap();
        assert_eq!(io.1.ended.load(SeqCst), 1);
    });
}
