//! What `Context::interrupting` and `Context::wait_child` say to contexts, handles and interrupts that
//! are no use, and what is left of them then: a row for each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![expect(clippy::disallowed_methods, reason = "tests read the clock")]

mod support;

use std::fmt::{Debug, Display};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use phalanx::{Canceller, Context, Interrupt, Mutex, Timer};
use support::{Count, panic_of, until, watchdog};

const HOUR: Duration = Duration::from_secs(3600);
const NOW: Duration = Duration::ZERO;

/// What is done wrong, how, and what comes of it: what is said, and what is left.
type Row = (&'static str, fn() -> String, &'static str);

fn check(rows: &'static [Row]) {
    watchdog(move || {
        for (name, call, expected) in rows {
            assert_eq!(call(), *expected, "{name}");
        }
    });
}

#[test]
fn a_context_that_is_no_use_is_told_of_and_nothing_is_touched() {
    check(CONTEXTS);
}

#[test]
fn a_handle_that_is_no_use_fails_by_itself_and_interrupting_it_is_no_harm() {
    check(HANDLES);
}

#[test]
fn an_interrupt_or_a_call_that_fails_is_the_failure_of_who_made_it() {
    check(INTERRUPTS);
}

#[test]
fn calls_in_calls_on_one_connection_are_as_good_as_one() {
    check(NESTED);
}

#[test]
fn a_child_that_is_over_has_its_status_whatever_the_context() {
    check(CHILDREN);
}

fn told(said: impl Debug, left: impl Display) -> String {
    format!("{said:?}; {left}")
}

fn live() -> (Context, Canceller) {
    Context::background().with_cancel()
}

/// A context that has been cancelled.
fn ended() -> Context {
    let (ctx, canceller) = live();
    canceller.cancel_because("no more");
    ctx
}

/// An instant that has passed.
fn past() -> Instant {
    Instant::now().checked_sub(HOUR).unwrap_or_else(Instant::now)
}

/// What can be interrupted by a function.
struct By<F>(F);

impl<F: Fn() + Sync> Interrupt for By<F> {
    fn interrupt(&self) {
        (self.0)();
    }
}

// --- Contexts ---------------------------------------------------------------------------------

/// What a call says, and how often it was made and interrupted.
fn call(ctx: &Context) -> String {
    let (calls, interrupts) = (Count::default(), Count::default());
    let said = ctx.interrupting(&By(|| interrupts.add()), || calls.add());
    let said = said.map_or_else(|error| support::chain(&error), |()| "made".to_owned());
    format!("{said}; {}, {}", calls.get(), interrupts.get())
}

const ENDED: &str = "context cancelled: no more; 0, 0";
const LATE: &str = "context deadline exceeded; 0, 0";
const MADE: &str = "made; 1, 0";

const CONTEXTS: &[Row] = &[
    ("one that has been cancelled", || call(&ended()), ENDED),
    ("a child of one that has been cancelled", || call(&ended().with_cancel().0), ENDED),
    ("one that was cancelled, and has no time", || call(&ended().with_timeout(NOW)), ENDED),
    ("no time", || call(&Context::background().with_timeout(NOW)), LATE),
    ("an instant that has passed", || call(&Context::background().with_deadline(past())), LATE),
    (
        "an hour, of a parent that has no time",
        || {
            let parent = Context::background().with_timeout(NOW);
            call(&parent.with_timeout(HOUR))
        },
        LATE,
    ),
    ("more time than there is", || call(&Context::background().with_timeout(Duration::MAX)), MADE),
    ("one that never ends", || call(&Context::background()), MADE),
    ("a shield from one that has been cancelled", || call(&ended().shielded()), MADE),
    ("a merger of none", || call(&Context::merge(&[])), MADE),
    (
        "a merger with one that has been cancelled",
        || call(&Context::merge(&[&Context::background(), &ended()])),
        ENDED,
    ),
];

// --- Handles ----------------------------------------------------------------------------------

/// Both ends of a connection over loopback.
fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (near, listener.accept().unwrap().0)
}

/// What a call says before whose end the context has ended, on its own thread.
fn cancelled<R: Debug>(io: &impl Interrupt, call: impl FnOnce() -> R) -> R {
    let (ctx, canceller) = live();
    let result = ctx.interrupting(io, || {
        canceller.cancel();
        call()
    });
    assert!(ctx.has_ended());
    result.unwrap()
}

fn read(mut stream: &TcpStream) -> Result<usize, io::ErrorKind> {
    stream.read(&mut [0]).map_err(|error| error.kind())
}

const HANDLES: &[Row] = &[
    (
        "a connection that was shut down before",
        || {
            let (near, far) = connection();
            near.shutdown(Shutdown::Both).unwrap();
            let said = cancelled(&near, || read(&near));
            told(said, format!("{:?}", read(&far)))
        },
        "Ok(0); Ok(0)",
    ),
    (
        "a connection whose peer has gone",
        || {
            let (near, far) = connection();
            drop(far);
            told(cancelled(&near, || read(&near)), read(&near).is_ok())
        },
        "Ok(0); true",
    ),
    (
        "a connection that is written to when it was interrupted",
        || {
            let (near, far) = connection();
            let said = cancelled(&near, || (&near).write(b"a").map_err(|error| error.kind()));
            told(said, format!("{:?}", read(&far)))
        },
        "Err(BrokenPipe); Ok(0)",
    ),
    (
        "a connection that is interrupted twice",
        || {
            let (near, _far) = connection();
            cancelled(&near, || ());
            told(cancelled(&near, || read(&near)), "no panic")
        },
        "Ok(0); no panic",
    ),
    (
        "another handle of a connection",
        || {
            let (near, far) = connection();
            let other = near.try_clone().unwrap();
            let said = cancelled(&near, || read(&other));
            told(said, format!("{:?}", read(&far)))
        },
        "Ok(0); Ok(0)",
    ),
    (
        "a connection that does not block",
        || {
            let (near, mut far) = connection();
            near.set_nonblocking(true).unwrap();
            let (ctx, canceller) = live();
            let said = ctx.interrupting(&near, || read(&near)).unwrap();
            canceller.cancel();
            near.set_nonblocking(false).unwrap();
            far.write_all(b"a").unwrap();
            told(said, format!("{:?}", read(&near)))
        },
        "Err(WouldBlock); Ok(1)",
    ),
    #[cfg(unix)]
    (
        "a Unix connection whose peer has gone",
        || {
            let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
            drop(far);
            let said = cancelled(&near, || (&near).read(&mut [0]).unwrap());
            told(said, "no panic")
        },
        "0; no panic",
    ),
];

// --- Interrupts -------------------------------------------------------------------------------

const INTERRUPTS: &[Row] = &[
    (
        "one that panics",
        || {
            let (ctx, canceller) = live();
            let io = By(|| panic!("the interrupt"));
            let said = ctx.interrupting(&io, || canceller.cancel()).is_ok();
            told(said, call(&ctx))
        },
        "true; context cancelled; 0, 0",
    ),
    (
        "one that panics, beside one that does not",
        || {
            let (ctx, canceller) = live();
            let (bad, good) = (By(|| panic!("the interrupt")), Count::default());
            let said = ctx.interrupting(&By(|| good.add()), || {
                let said = ctx.interrupting(&bad, || canceller.cancel()).is_ok();
                until(|| good.get() == 1);
                said
            });
            told(said.unwrap(), good.get())
        },
        "true; 1",
    ),
    (
        "two that panic",
        || {
            let (ctx, canceller) = live();
            let io = By(|| panic!("one of them"));
            let said = ctx.interrupting(&io, || ctx.interrupting(&io, || canceller.cancel()));
            told(said.unwrap().is_ok(), call(&ctx))
        },
        "true; context cancelled; 0, 0",
    ),
    (
        "one that panics while the call unwinds",
        || {
            let (ctx, canceller) = live();
            let io = By(|| panic!("the interrupt"));
            let said = panic_of(|| {
                ctx.interrupting(&io, move || {
                    let _cancels = canceller;
                    panic!("the call");
                })
            });
            told(said, call(&ctx))
        },
        "\"the call\"; context cancelled; 0, 0",
    ),
    (
        "one that panics at a deadline",
        || {
            let (said, heard) = crossbeam_channel::unbounded();
            let io = By(|| {
                said.send("interrupted").unwrap();
                panic!("the interrupt");
            });
            // If the time is up before the call, there is more of it for the next.
            let received = (1..).find_map(|millis| {
                let ctx = Context::background().with_timeout(Duration::from_millis(millis));
                ctx.interrupting(&io, || heard.recv()).ok()
            });
            let goes_on = Timer::new(Duration::from_millis(1)).channel().recv().is_ok();
            told(received.unwrap().unwrap(), goes_on)
        },
        "\"interrupted\"; true",
    ),
    (
        "one that does nothing",
        || told(cancelled(&By(|| ()), || "by itself"), "no panic"),
        "\"by itself\"; no panic",
    ),
    (
        "one that makes a call on the context that has just ended",
        || {
            let (ctx, canceller) = live();
            let said = support::Log::default();
            let io = By(|| said.add(call(&ctx)));
            let call_it = || {
                canceller.cancel();
                until(|| !said.events().is_empty());
            };
            ctx.interrupting(&io, call_it).unwrap();
            told(said.events(), call(&ctx))
        },
        "[\"context cancelled; 0, 0\"]; context cancelled; 0, 0",
    ),
    (
        "a call that panics",
        || {
            let interrupts = Count::default();
            let (ctx, canceller) = live();
            let io = By(|| interrupts.add());
            let said = panic_of(|| ctx.interrupting(&io, || panic!("the call")));
            let left = call(&ctx);
            canceller.cancel();
            assert_eq!(interrupts.get(), 0, "it is over");
            told(said, left)
        },
        "\"the call\"; made; 1, 0",
    ),
    (
        "a call that interrupts by itself",
        || {
            let interrupts = Count::default();
            let io = By(|| interrupts.add());
            let call = || {
                io.interrupt();
                until(|| interrupts.get() == 2);
            };
            cancelled(&io, call);
            told((), interrupts.get())
        },
        "(); 2",
    ),
];

// --- Calls in calls ---------------------------------------------------------------------------

/// What is read in the inner call and after it, and whether the outer context goes on, if one of the
/// two ends in the inner call.
fn nested(ends: fn(outer: Canceller, inner: Canceller) -> Option<Canceller>) -> String {
    let (near, _far) = connection();
    let (outer, outer_canceller) = live();
    let (inner, inner_canceller) = outer.with_cancel();
    let mut kept = None;
    let reads = outer.interrupting(&near, || {
        let inside = inner.interrupting(&near, || {
            kept = ends(outer_canceller, inner_canceller);
            read(&near)
        });
        [inside.unwrap(), read(&near)]
    });
    told(reads.unwrap(), outer.check().is_ok())
}

const NESTED: &[Row] = &[
    (
        "the inner context ends",
        || {
            nested(|outer, inner| {
                inner.cancel();
                Some(outer)
            })
        },
        "[Ok(0), Ok(0)]; true",
    ),
    (
        "the outer context ends",
        || {
            nested(|outer, inner| {
                outer.cancel();
                Some(inner)
            })
        },
        "[Ok(0), Ok(0)]; false",
    ),
    ("both end", || nested(|_, _| None), "[Ok(0), Ok(0)]; false"),
    (
        "the same context, three times",
        || {
            let (near, _far) = connection();
            let (ctx, canceller) = live();
            let result = ctx.interrupting(&near, || {
                ctx.interrupting(&near, || {
                    ctx.interrupting(&near, || {
                        canceller.cancel();
                        read(&near)
                    })
                })
            });
            told(result.unwrap().unwrap().unwrap(), call(&ctx))
        },
        "Ok(0); context cancelled; 0, 0",
    ),
];

// --- Children ---------------------------------------------------------------------------------

fn process(script: &str) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::piped());
    command.spawn().expect("there is a shell")
}

/// What is said about a child; and again, which is the same.
fn status(ctx: &Context, child: &mut Child) -> String {
    let said = ctx.wait_child(child).unwrap().code();
    assert_eq!(ctx.wait_child(child).unwrap().code(), said);
    assert!(child.stdin.is_none());
    format!("{said:?}")
}

const CHILDREN: &[Row] = &[
    (
        "one that has been waited for, and a context that has ended",
        || {
            let mut child = process("exit 3");
            child.wait().unwrap();
            status(&ended(), &mut child)
        },
        "Some(3)",
    ),
    (
        "one that has been killed",
        || {
            let mut child = process("exec sleep 60");
            child.kill().unwrap();
            status(&Context::background(), &mut child)
        },
        "None",
    ),
    (
        "one that runs, and a context that has ended",
        || status(&ended(), &mut process("exec sleep 60")),
        "None",
    ),
    (
        "one that runs, and no time",
        || status(&Context::background().with_timeout(NOW), &mut process("exec sleep 60")),
        "None",
    ),
    (
        "one whose input has been taken, and is at its end",
        || {
            let mut child = process("cat; exit 4");
            drop(child.stdin.take());
            status(&Context::background(), &mut child)
        },
        "Some(4)",
    ),
    (
        "one under a lock that has been waited for",
        || {
            let child = Mutex::new(process("exit 5"));
            child.lock().wait().unwrap();
            let said = cancelled(&child, || "no panic");
            let mut child = child.into_inner();
            told(said, status(&ended(), &mut child))
        },
        "\"no panic\"; Some(5)",
    ),
    (
        "one under a lock that is interrupted twice",
        || {
            let child = Mutex::new(process("exec sleep 60"));
            cancelled(&child, || until(|| child.lock().try_wait().unwrap().is_some()));
            cancelled(&child, || ());
            let mut child = child.into_inner();
            status(&Context::background(), &mut child)
        },
        "None",
    ),
];
