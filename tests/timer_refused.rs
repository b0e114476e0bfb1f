//! Timers where the operating system refuses threads.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_methods, reason = "a test asks for a thread of std's")]

mod support;

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use phalanx::{AfterFunc, Context, Interrupt, Ticker, Timer};
use support::refused::{all_the_room, is_child, with_few_threads, without_threads};

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
    if !is_child() {
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
    let ctx = Context::background().with_timeout(hour);
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
fn what_is_called_later_is_called_on_the_reserve_thread_where_there_is_no_other() {
    if !is_child() {
        return with_few_threads(
            "what_is_called_later_is_called_on_the_reserve_thread_where_there_is_no_other",
        );
    }
    let (now, milli) = (Duration::ZERO, Duration::from_millis(1));
    let starts_the_timer_thread = Timer::new(milli);
    starts_the_timer_thread.channel().recv().unwrap();
    drop(AfterFunc::new(Duration::from_secs(3600), || ())); // and this the reserve thread
    let room = all_the_room();
    assert!(thread::Builder::new().spawn(|| ()).is_err(), "there is no other");

    let there = ["called on phalanx-reserve", "dropped on phalanx-reserve"];
    assert_eq!(heard_of_one_called_after(now, || ()), there);
    assert_eq!(heard_of_one_called_after(milli, || ()), there);
    assert_eq!(heard_of_one_called_after(milli, || panic!("on purpose")), there);
    let (ctx, canceller) = Context::background().with_cancel();
    let (said, heard) = mpsc::channel();
    let says = SaysWhere(said);
    ctx.on_cancel(move || says.say("called")).detach();
    canceller.cancel();
    assert_eq!(heard.iter().collect::<Vec<_>>(), there);
    starts_the_timer_thread.reset(milli);
    starts_the_timer_thread.channel().recv().unwrap(); // and so it goes on
    drop(room);
}

#[test]
fn a_callback_is_refused_when_it_is_registered_if_there_is_no_reserve_thread() {
    if !is_child() {
        return with_few_threads(
            "a_callback_is_refused_when_it_is_registered_if_there_is_no_reserve_thread",
        );
    }
    let _room = all_the_room();
    let (ctx, canceller) = Context::background().with_cancel();
    let text = panic_of(|| ctx.on_cancel(|| unreachable!("it is not called")));
    assert!(text.starts_with("Context::on_cancel: no thread for callbacks: "), "{text}");
    canceller.cancel();
}
