//! Where the operating system refuses threads: in a process of its own, whose threads would need more
//! stack than there is memory for, or than is left.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_methods, reason = "a test asks for a thread of std's")]

use std::env;
use std::hint::black_box;
use std::iter;
use std::panic::{self, AssertUnwindSafe};
use std::process::Command;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use phalanx::{AfterFunc, Context, Interrupt, Ticker, Timer};

const CHILD: &str = "PHALANX_NO_THREADS";

/// The stack of a thread where there is room for some.
const STACK: usize = 512 << 20;
/// How much memory a process may have in all, in KiB: enough for three threads, and some more.
const ROOM: usize = (3 * STACK + (400 << 20)) >> 10;

/// Runs a test of this file in such a process: one whose threads have stacks of so many bytes.
fn in_a_child(test: &str, mut child: Command, stack: usize) {
    child.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    child.env(CHILD, "1").env("RUST_MIN_STACK", stack.to_string());
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}

/// In a process that has no room for any thread.
fn without_threads(test: &str) {
    in_a_child(test, Command::new(env::current_exe().unwrap()), 1 << 46);
}

/// In a process that has room for some threads: the test's, the timer's, and one more.
fn with_few_threads(test: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -v {ROOM} && exec \"$0\" \"$@\"")]);
    shell.arg(env::current_exe().unwrap());
    in_a_child(test, shell, STACK);
}

/// Takes all the room that there is for a thread, until it is dropped.
fn all_the_room() -> Vec<Vec<u8>> {
    let part = || {
        let mut part = Vec::new();
        part.try_reserve_exact(STACK).ok().map(|()| black_box(part))
    };
    iter::from_fn(part).collect()
}

/// The text of a panic.
fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let payload = panic::catch_unwind(AssertUnwindSafe(f)).err().expect("it panics");
    payload.downcast_ref::<String>().expect("it has a text").clone()
}

fn is_refused(said: &str, method: &str) -> bool {
    said.starts_with(&format!("{method}: the operating system refused the timer thread: "))
}

/// What nobody interrupts.
struct Unheard;

impl Interrupt for Unheard {
    fn interrupt(&self) {
        unreachable!("its context goes on");
    }
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

    let interrupting = || ctx.interrupting(&Unheard, || unreachable!("it is not called"));
    assert!(is_refused(&panic_of(interrupting), "Context::interrupting"));
    assert!(is_refused(&panic_of(|| ctx.on_cancel(|| ())), "Context::on_cancel"));
    assert!(ctx.check().is_ok());
}

/// Says on which thread it is called, and on which it is dropped.
struct SaysWhere(Sender<String>);

impl SaysWhere {
    fn say(&self, what: &str) {
        let thread = thread::current();
        self.0.send(format!("{what} on {}", thread.name().unwrap_or_default())).unwrap();
    }
}

impl Drop for SaysWhere {
    fn drop(&mut self) {
        self.say("dropped");
    }
}

/// What is heard of a function that is called after `delay`, and then does this.
fn heard_of_one_called_after(delay: Duration, then: fn()) -> Vec<String> {
    let (said, heard) = mpsc::channel();
    let says = SaysWhere(said);
    AfterFunc::new(delay, move || {
        says.say("called");
        then();
    })
    .detach();
    heard.iter().collect()
}

#[test]
fn what_is_called_later_is_called_on_the_timer_thread_where_there_is_no_other() {
    if env::var_os(CHILD).is_none() {
        return with_few_threads(
            "what_is_called_later_is_called_on_the_timer_thread_where_there_is_no_other",
        );
    }
    let (now, milli) = (Duration::ZERO, Duration::from_millis(1));
    let starts_the_timer_thread = Timer::new(milli);
    starts_the_timer_thread.channel().recv().unwrap();
    let room = all_the_room();
    assert!(thread::Builder::new().spawn(|| ()).is_err(), "there is no other");

    let there = ["called on phalanx-timer", "dropped on phalanx-timer"];
    assert_eq!(heard_of_one_called_after(now, || ()), there);
    assert_eq!(heard_of_one_called_after(milli, || ()), there);
    assert_eq!(heard_of_one_called_after(milli, || panic!("on purpose")), there);
    starts_the_timer_thread.reset(milli);
    starts_the_timer_thread.channel().recv().unwrap(); // and so it goes on

    drop(room); // and that was not for good
    let elsewhere = ["called on phalanx", "dropped on phalanx"];
    assert_eq!(heard_of_one_called_after(milli, || ()), elsewhere);
}
