//! What every policy is promised: who is told what, when, how often, and by whom.

#![expect(clippy::disallowed_types, reason = "tests use std's atomics")]

mod support;

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, ThreadId};
use std::time::Duration;

use phalanx::{Context, End, ErrGroup, Flow, Outcome, Policy, PolicyScope, Refusal};
use support::{Count, Log, Opener, gate, panic_of, payload_of, text_of, watchdog};

/// Writes down what it is told, and stops as it is asked to.
#[derive(Default)]
struct Recorder {
    told: Vec<(usize, String)>,
    stop_after: Option<usize>,
    inside: AtomicBool,
}

/// What the recorder has heard, how the group ended, and on which thread `finish` was called.
struct Record {
    told: Vec<(usize, String)>,
    end: End,
    finished_by: ThreadId,
}

impl Policy<&'static str, &'static str> for Recorder {
    type Output = Record;

    fn on_done(&mut self, index: usize, outcome: Outcome<&'static str, &'static str>) -> Flow {
        assert!(!self.inside.swap(true, SeqCst), "two threads at once");
        thread::yield_now();
        let text = match outcome {
            Outcome::Ok(text) => format!("ok {text}"),
            Outcome::Err(text) => format!("err {text}"),
            Outcome::Panicked(panicked) => format!("panicked {}", panicked.message()),
            Outcome::Skipped => "skipped".to_owned(),
        };
        self.told.push((index, text));
        self.inside.store(false, SeqCst);
        if self.stop_after == Some(self.told.len()) { Flow::Stop } else { Flow::Continue }
    }

    fn finish(self, end: End) -> Record {
        Record { told: self.told, end, finished_by: thread::current().id() }
    }
}

type RecorderScope<'s, 'env> = PolicyScope<'s, 'env, Recorder, &'static str, &'static str>;

fn record<'env>(body: impl for<'s> FnOnce(&RecorderScope<'s, 'env>)) -> Record {
    ErrGroup::builder().policy(Recorder::default()).scope(body)
}

fn record_until<'env>(
    stop_after: usize,
    body: impl for<'s> FnOnce(&RecorderScope<'s, 'env>),
) -> Record {
    let policy = Recorder { stop_after: Some(stop_after), ..Recorder::default() };
    ErrGroup::builder().policy(policy).scope(body)
}

impl Record {
    /// What was told about each task; each must have been told once.
    fn by_index(&self) -> BTreeMap<usize, &str> {
        let map: BTreeMap<_, _> = self.told.iter().map(|(n, text)| (*n, text.as_str())).collect();
        assert_eq!(map.len(), self.told.len(), "nothing is told twice");
        map
    }
}

#[test]
fn a_policy_is_told_once_about_every_task_and_never_by_two_threads_at_once() {
    watchdog(|| {
        for _ in 0..20 {
            let record = record(|g| {
                for n in 0..100 {
                    g.go(move |_| if n % 2 == 0 { Ok("even") } else { Err("odd") });
                }
            });
            assert!(
                record
                    .by_index()
                    .into_iter()
                    .eq((0..100).map(|n| { (n, if n % 2 == 0 { "ok even" } else { "err odd" }) }))
            );
            assert!(matches!(record.end, End::AllDone));
        }
    });
}

/// Lets the task before the one that has ended go on.
struct Countdown {
    openers: Vec<Opener>,
    told: Vec<usize>,
}

impl Policy<(), ()> for Countdown {
    type Output = Vec<usize>;

    fn on_done(&mut self, index: usize, _outcome: Outcome<(), ()>) -> Flow {
        self.told.push(index);
        self.openers.pop();
        Flow::Continue
    }

    fn finish(self, _end: End) -> Vec<usize> {
        self.told
    }
}

#[test]
fn a_policy_is_told_in_the_order_in_which_the_tasks_end() {
    watchdog(|| {
        let (openers, gates): (Vec<_>, Vec<_>) = (0..9).map(|_| gate()).unzip();
        let policy = Countdown { openers, told: Vec::new() };
        let told = ErrGroup::builder().policy(policy).scope(|g| {
            for gate in gates {
                g.go(move |_| {
                    gate.pass();
                    Ok(())
                });
            }
            g.go(|_| Ok(())); // number 9 ends first, which opens the gate of 8, and so on
        });
        assert_eq!(told, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    });
}

#[test]
fn the_indices_are_those_that_go_returned() {
    watchdog(|| {
        let mut indices = Vec::new();
        record(|g| indices = (0..5).map(|_| g.go(|_| Ok(""))).collect());
        assert_eq!(indices, [0, 1, 2, 3, 4]);
    });
}

#[test]
fn finish_is_called_by_the_thread_that_opened_the_group() {
    watchdog(|| {
        let ended = Count::default();
        let record = record(|g| {
            for _ in 0..10 {
                g.go(|_| {
                    thread::yield_now();
                    ended.add();
                    Ok("")
                });
            }
        });
        assert_eq!(record.finished_by, thread::current().id());
        assert_eq!(ended.get(), 10);
        assert_eq!(record.told.len(), 10);
    });
}

#[test]
fn a_policy_without_tasks_is_finished_all_the_same() {
    let record = record(|_| ());
    assert!(record.told.is_empty());
    assert!(matches!(record.end, End::AllDone));
}

// --- Stop -------------------------------------------------------------------------------------

#[test]
fn stop_cancels_the_group_and_skips_the_rest() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let record = record_until(1, |g| {
            g.go(|ctx| {
                both_run.wait();
                ctx.wait();
                Err("told to stop")
            });
            g.go(|_| {
                both_run.wait();
                Ok("enough")
            });
            g.context().wait();
            assert_eq!(g.go(|_| Ok("too late")), 2);
        });
        assert!(record.by_index().into_iter().eq([
            (0, "err told to stop"),
            (1, "ok enough"),
            (2, "skipped")
        ]));
        assert!(matches!(record.end, End::Stopped));
    });
}

#[test]
fn after_the_first_stop_the_answer_no_longer_matters() {
    watchdog(|| {
        let record = record_until(1, |g| {
            g.go(|_| Ok("stops"));
            g.context().wait();
            for _ in 0..10 {
                g.go(|_| Ok("the policy would let it go on"));
            }
        });
        assert_eq!(record.told.len(), 11);
        assert!(record.told[1..].iter().all(|(_, text)| text == "skipped"));
        assert!(matches!(record.end, End::Stopped));
    });
}

#[test]
fn queued_tasks_are_told_as_skipped_once_each() {
    watchdog(|| {
        let policy = Recorder { stop_after: Some(1), ..Recorder::default() };
        let record = ErrGroup::builder().limit(1).policy(policy).scope(|g| {
            let inner = g.clone();
            g.go(move |_| {
                for _ in 0..50 {
                    inner.go(|_| Ok("never"));
                }
                Ok("stops")
            });
        });
        let told = record.by_index();
        assert_eq!(told.len(), 51);
        assert_eq!(told[&0], "ok stops");
        assert!(told.into_iter().skip(1).all(|(_, text)| text == "skipped"));
    });
}

#[test]
fn a_cancelled_parent_is_told_as_the_end_of_the_group() {
    watchdog(|| {
        let (parent, canceller) = Context::background().with_cancel();
        let both_run = Barrier::new(2);
        let builder = ErrGroup::builder().context(&parent).policy(Recorder::default());
        let record = builder.scope(|g| {
            g.go(|ctx| {
                both_run.wait();
                ctx.wait();
                Err("told to stop")
            });
            both_run.wait();
            canceller.cancel_because("shutdown");
            g.go(|_| Ok("too late"));
        });
        assert!(record.by_index().into_iter().eq([(0, "err told to stop"), (1, "skipped")]));
        assert!(matches!(&record.end, End::Cancelled(cause)
            if cause.error().unwrap().to_string() == "shutdown"));
    });
}

#[test]
fn a_passed_deadline_is_told_as_the_end_of_the_group() {
    watchdog(|| {
        let builder = ErrGroup::builder().timeout(Duration::ZERO).policy(Recorder::default());
        let record = builder.scope(|g| {
            g.go(|_| Ok("too late"));
        });
        assert!(record.by_index().into_iter().eq([(0, "skipped")]));
        assert!(matches!(&record.end, End::Cancelled(cause)
            if cause.kind() == phalanx::CauseKind::DeadlineExceeded));
    });
}

// --- Panics -----------------------------------------------------------------------------------

#[test]
fn a_panic_cancels_the_group_and_is_resumed() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let ended = Count::default();
        let payload = payload_of(|| {
            record(|g| {
                g.go(|ctx| {
                    both_run.wait();
                    ctx.wait();
                    ended.add();
                    Err("told to stop")
                });
                g.go(|_| {
                    both_run.wait();
                    std::panic::panic_any(42_u64)
                });
            })
        });
        assert_eq!(payload.downcast_ref(), Some(&42_u64));
        assert_eq!(ended.get(), 1);
    });
}

#[test]
fn a_caught_panic_goes_to_the_policy_and_cancels_nothing() {
    watchdog(|| {
        let builder = ErrGroup::builder().limit(1).policy(Recorder::default()).catch_panics();
        let record = builder.scope(|g| {
            g.go(|_| panic!("on purpose"));
            g.go(|_| Ok("the group goes on")); // the limit lets it start after the panic
        });
        assert!(
            record
                .by_index()
                .into_iter()
                .eq([(0, "panicked on purpose"), (1, "ok the group goes on")])
        );
        assert!(matches!(record.end, End::AllDone));
    });
}

/// Keeps the payloads of panics.
#[derive(Default)]
struct Payloads(Vec<Option<Box<dyn std::any::Any + Send>>>);

impl Policy<(), ()> for Payloads {
    type Output = Vec<Option<Box<dyn std::any::Any + Send>>>;

    fn on_done(&mut self, _index: usize, outcome: Outcome<(), ()>) -> Flow {
        if let Outcome::Panicked(panicked) = outcome {
            self.0.push(panicked.into_payload());
        }
        Flow::Continue
    }

    fn finish(self, _end: End) -> Self::Output {
        self.0
    }
}

#[test]
fn a_caught_panic_has_its_payload() {
    watchdog(|| {
        let payloads = ErrGroup::builder().policy(Payloads::default()).catch_panics().scope(|g| {
            g.go(|_| panic!("on purpose"));
        });
        assert_eq!(payloads.len(), 1);
        assert_eq!(text_of(payloads[0].as_deref().unwrap()), "on purpose");
    });
}

#[test]
fn the_panic_of_the_body_is_resumed_when_the_tasks_have_ended() {
    watchdog(|| {
        let both_run = Barrier::new(2);
        let ended = Count::default();
        let text = panic_of(|| {
            record(|g| {
                g.go(|ctx| {
                    both_run.wait();
                    ctx.wait();
                    ended.add();
                    Ok("")
                });
                both_run.wait();
                panic!("the body");
            })
        });
        assert_eq!(text, "the body");
        assert_eq!(ended.get(), 1);
    });
}

/// Panics where it is told to.
struct Faulty {
    in_on_done: bool,
    calls: Log,
}

impl Policy<&'static str, ()> for Faulty {
    type Output = ();

    fn on_done(&mut self, _index: usize, _outcome: Outcome<&'static str, ()>) -> Flow {
        self.calls.add("on_done");
        assert!(!self.in_on_done, "the policy in on_done");
        Flow::Continue
    }

    fn finish(self, _end: End) {
        self.calls.add("finish");
        panic!("the policy in finish");
    }
}

#[test]
fn a_panic_of_the_policy_is_resumed_when_the_tasks_have_ended() {
    watchdog(|| {
        for in_on_done in [true, false] {
            let calls = Log::default();
            let ended = Count::default();
            let all_run = Barrier::new(2);
            let policy = Faulty { in_on_done, calls: calls.clone() };
            let text = panic_of(|| {
                ErrGroup::builder().policy(policy).scope(|g| {
                    g.go(|ctx| {
                        all_run.wait();
                        if in_on_done {
                            ctx.wait(); // a panicking policy stops the group
                        }
                        ended.add();
                        Ok("")
                    });
                    g.go(|_| {
                        all_run.wait();
                        Ok("")
                    });
                });
            });
            assert_eq!(ended.get(), 1);
            let place = if in_on_done { "on_done" } else { "finish" };
            assert!(text.contains(&format!("the policy in {place}")), "{text}");
        }
    });
}

// --- Not told ---------------------------------------------------------------------------------

#[test]
fn a_refused_task_comes_back_and_the_policy_is_not_told() {
    watchdog(|| {
        let record = ErrGroup::builder().limit(1).policy(Recorder::default()).scope(|g| {
            let (opener, gate) = gate();
            g.go(move |_| {
                gate.pass();
                Ok("runs")
            });
            let refused = g.try_go(|_| Ok("refused, then run")).unwrap_err();
            assert!(matches!(refused.kind(), Refusal::Limit));
            opener.open();
            assert_eq!(g.go(refused.into_inner()), 1);
        });
        let told = record.by_index();
        assert_eq!(
            told.into_iter().collect::<Vec<_>>(),
            [(0, "ok runs"), (1, "ok refused, then run")]
        );
    });
}
