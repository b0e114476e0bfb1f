//! Values of the user's whose drop panics while another panic is under way. A mistake here aborts
//! the process, so each test runs in one of its own.

mod support;

use std::env;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use phalanx::{End, ErrGroup, Flow, Outcome, Policy, Settle, Stopped};
use support::{Bomb, panic_of, watchdog};

const CHILD: &str = "PHALANX_TEST_CHILD";

/// Runs the body of the calling test in a process of its own, which must succeed.
fn in_a_process(body: fn()) {
    if env::var_os(CHILD).is_some() {
        return watchdog(body);
    }
    let test = thread::current().name().expect("a test has a name").to_owned();
    let this = env::current_exe().expect("a test has a file");
    let mut child = Command::new(this);
    let output = child.args(["--exact", &test]).env(CHILD, "1").output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Drops each outcome, and is not called again once that has panicked.
struct Careless;

impl Policy<(), Bomb> for Careless {
    type Output = ();

    fn on_done(&mut self, _index: usize, _outcome: Outcome<(), Bomb>) -> Flow {
        Flow::Continue // and the drop of the outcome panics
    }

    fn finish(self, _end: End) {}
}

#[test]
#[ignore = "aborts, as any drop that panics during unwinding does"]
fn outcomes_that_a_panicking_policy_was_not_told() {
    in_a_process(|| {
        let all_run = Barrier::new(3);
        let text = panic_of(|| {
            ErrGroup::builder().policy(Careless).scope(|g| {
                for _ in 0..3 {
                    g.go(|_| {
                        all_run.wait();
                        Err(Bomb)
                    });
                }
            });
        });
        assert_eq!(text, "the bomb went off");
    });
}

#[test]
#[ignore = "aborts, as any drop that panics during unwinding does"]
fn outcomes_that_a_policy_holds_when_a_task_panics() {
    in_a_process(|| {
        let text = panic_of(|| {
            ErrGroup::builder().limit(1).policy(Settle::<Bomb, ()>::new()).scope(|g| {
                g.go(|_| Ok(Bomb));
                g.go(|_| panic!("on purpose"));
            })
        });
        assert_eq!(text, "on purpose");
    });
}

struct Failure(#[expect(dead_code, reason = "only its drop counts")] Option<Bomb>);

impl From<Stopped> for Failure {
    fn from(_: Stopped) -> Self {
        Failure(None)
    }
}

#[test]
#[ignore = "aborts, as any drop that panics during unwinding does"]
fn the_error_that_a_panic_outranks() {
    in_a_process(|| {
        let both_run = Barrier::new(2);
        let text = panic_of(|| {
            ErrGroup::scope(|g| {
                g.go(|ctx| -> Result<(), _> {
                    both_run.wait();
                    ctx.wait();
                    panic!("on purpose")
                });
                g.go(|_| {
                    both_run.wait();
                    Err::<(), _>(Failure(Some(Bomb)))
                });
                Ok(())
            })
        });
        assert_eq!(text, "on purpose");
    });
}

#[test]
#[ignore = "aborts, as any drop that panics during unwinding does"]
fn the_value_of_the_body_when_a_task_panics() {
    in_a_process(|| {
        let text = panic_of(|| {
            ErrGroup::scope(|g| {
                g.go(|_| -> Result<(), Stopped> { panic!("on purpose") });
                Ok(Bomb)
            })
        });
        assert_eq!(text, "on purpose");
    });
}

#[test]
fn the_values_of_tasks_when_the_body_panics() {
    in_a_process(|| {
        let text = panic_of(|| {
            ErrGroup::scope(|g| -> Result<(), Stopped> {
                for _ in 0..3 {
                    let task = g.go(|_| Ok(Bomb));
                    support::until(|| task.is_done());
                    // The group keeps the value of a handle that is given up.
                    std::mem::forget(task);
                }
                panic!("on purpose")
            })
        });
        assert_eq!(text, "on purpose");
    });
}

#[test]
#[ignore = "aborts, as any drop that panics during unwinding does"]
fn the_results_of_par_map_when_a_call_panics() {
    in_a_process(|| {
        let text = panic_of(|| {
            ErrGroup::builder().limit(1).par_map(0..3, |n, _| {
                assert!(n != 2, "on purpose");
                Ok::<_, Stopped>(Bomb)
            })
        });
        assert_eq!(text, "on purpose");
    });
}
