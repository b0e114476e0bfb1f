//! Where the operating system refuses threads: in a process of its own, whose threads would need more
//! stack than there is memory for.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use phalanx::{AfterFunc, Context, Ticker, Timer};

const CHILD: &str = "PHALANX_NO_THREADS";

/// Runs a test of this file in such a process.
fn without_threads(test: &str) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    child.env(CHILD, "1").env("RUST_MIN_STACK", (1_u64 << 46).to_string());
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}

/// The text of a panic.
fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let payload = panic::catch_unwind(AssertUnwindSafe(f)).err().expect("it panics");
    payload.downcast_ref::<String>().expect("it has a text").clone()
}

fn is_refused(said: &str, method: &str) -> bool {
    said.starts_with(&format!("{method}: the operating system refused the timer thread: "))
}

#[test]
fn each_call_that_needs_the_timer_thread_says_so_and_changes_nothing() {
    if env::var_os(CHILD).is_none() {
        return without_threads(
            "each_call_that_needs_the_timer_thread_says_so_and_changes_nothing",
        );
    }
    let hour = Duration::from_secs(3600);
    let timer = Timer::new(Duration::from_millis(1));
    for _ in 0..2 {
        assert!(is_refused(&panic_of(|| timer.channel().len()), "Timer::channel"));
    }
    timer.wait(); // which needs no thread
    timer.reset(hour);
    assert!(timer.stop());

    let ticker = Ticker::new(Duration::from_millis(1));
    assert!(is_refused(&panic_of(|| ticker.channel().len()), "Ticker::channel"));
    assert!(ticker.next().is_some());
    assert!(ticker.reset(hour));

    let (said, heard) = mpsc::channel::<()>();
    let other = said.clone();
    assert!(is_refused(
        &panic_of(|| AfterFunc::new(hour, move || said.send(()).unwrap())),
        "AfterFunc::new"
    ));
    let (ctx, _canceller) = Context::background().with_timeout(hour);
    let at = ctx.deadline().unwrap();
    assert!(is_refused(
        &panic_of(|| AfterFunc::at(at, move || other.send(()).unwrap())),
        "AfterFunc::at"
    ));
    assert!(heard.recv().is_err(), "the functions were dropped, and not called");

    assert!(is_refused(&panic_of(|| ctx.done().len()), "Context::done"));
}
