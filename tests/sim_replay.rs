//! The same token gives the same run: here, in another process, in another build.

#![cfg(feature = "sim")]

use std::env;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use phalanx::sim::{self, Builder, Failure};
use phalanx::{Context, ErrGroup, WaitGroup};

/// A program of nothing but the kit, so that its schedules change only if the kit does.
fn pinned() {
    let log = Arc::new(Mutex::new(String::new()));
    let threads = ["a", "b", "c"].map(|name| {
        let log = Arc::clone(&log);
        sim::spawn(name, move || {
            for _ in 0..=sim::choose(3) {
                sim::label("step");
                log.lock().push_str(name);
                sim::sleep(Duration::from_millis(1));
            }
        })
    });
    for thread in threads {
        thread.join().expect("it does not panic");
    }
    panic!("{}", log.lock());
}

/// A run of [`pinned`]. If it changes, tokens of before have become useless: a new version of the
/// format is due.
const TOKEN: &str = "1.i.random.0-6e789e6aa1b965f4.3686eca4";
const LOG: &str = "";

#[test]
fn a_token_gives_the_same_run_a_thousand_times_in_every_build() {
    for _ in 0..1000 {
        let failure = replayed(TOKEN, pinned);
        assert_eq!(failure.token(), Some(TOKEN), "{failure}");
        assert!(failure.to_string().contains(LOG), "{failure}");
    }
}

/// A program that uses the crate: its threads, its timer, its waits. Fails under some schedules.
fn program() {
    let group = Arc::new(WaitGroup::new());
    let order = Arc::new(Mutex::new(Vec::new()));
    for task in 0..2 {
        let order = Arc::clone(&order);
        group.go(move || {
            sim::label("before the push");
            order.lock().push(task);
        });
    }
    let ctx = Context::background().with_timeout(Duration::from_secs(1));
    let errors: Result<(), Box<dyn std::error::Error + Send + Sync>> = ErrGroup::scope(|g| {
        g.go(|_| Ok(ctx.wait()));
        g.go(|ctx| Ok(ctx.sleep(Duration::from_secs(1))?));
        Ok(())
    });
    assert!(errors.is_ok());
    group.wait();
    assert_eq!(*order.lock(), [0, 1], "the wrong order");
}

fn replayed(token: &str, test: fn()) -> Failure {
    Builder::new().try_replay(token, test).expect_err("it fails")
}

fn found() -> Failure {
    Builder::new().budget(Duration::MAX).try_check(program).expect_err("one schedule fails")
}

#[test]
fn a_failure_of_a_program_that_uses_the_crate_is_the_same_run_every_time() {
    let failure = found();
    let token = failure.token().expect("nothing comes from outside");
    for _ in 0..200 {
        let again = replayed(token, program);
        assert_eq!(again.token(), Some(token), "{again}");
        assert!(again.to_string().contains("the wrong order"));
    }
}

/// What the test of this file that is called `name` prints in a process of its own.
fn in_another_process(name: &str, replay: Option<&str>) -> (bool, String) {
    let mut command = Command::new(env::current_exe().expect("a test has a file"));
    command.args(["--exact", name, "--nocapture", "--include-ignored"]).env("SIM_CHILD", "1");
    if let Some(token) = replay {
        command.env("SIM_REPLAY", token);
    }
    let output = command.output().expect("it can be started");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn another_process_finds_the_same_failure() {
    let is_parent = env::var_os("SIM_CHILD").is_none();
    assert!(is_parent, "token: {}", found().token().expect("nothing comes from outside"));
    let (passed, text) = in_another_process("another_process_finds_the_same_failure", None);
    assert!(!passed);
    let token = format!("token: {}", found().token().expect("nothing comes from outside"));
    assert!(text.contains(&token), "{token} is not in:\n{text}");
}

#[test]
fn the_replay_line_of_a_report_works_as_printed() {
    const NAME: &str = "the_replay_line_of_a_report_works_as_printed";
    if env::var_os("SIM_CHILD").is_some() {
        Builder::new().budget(Duration::MAX).check(program);
        return;
    }
    let (passed, text) = in_another_process(NAME, None);
    assert!(!passed);
    let line = text.lines().find(|line| line.starts_with("replay: ")).expect("there is a line");
    assert!(line.ends_with(&format!("--test sim_replay -- --exact {NAME} --nocapture")), "{line}");
    let token = line.split_once("SIM_REPLAY=").expect("a token").1.split(' ').next();
    let (passed, text) = in_another_process(NAME, token);
    assert!(!passed);
    assert!(text.contains("(replayed)") && text.contains("the wrong order"), "{text}");
}

#[test]
fn a_pinned_schedule_passes_when_the_test_does() {
    let report = sim::replay("1.i.robin.down.00000000", || ());
    assert_eq!(report.schedules, 1);
}

#[test]
#[should_panic(expected = "sim::replay: ")]
fn a_token_that_is_none_is_refused_with_a_reason() {
    sim::replay("1.i.nonsense.00000000", || ());
}
