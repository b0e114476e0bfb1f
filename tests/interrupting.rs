//! Blocking calls of others that end with a context: real sockets, real processes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::panic;
use std::process::{Child, Command, Stdio};
#[cfg(unix)]
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use phalanx::{Cancelled, Canceller, CauseKind, Context, Interrupt, Mutex};
use support::asleep::Sleeper;
use support::{Count, panic_of, watchdog};

/// Both ends of a connection over loopback.
fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (near, listener.accept().unwrap().0)
}

/// Runs `call` with a context that is cancelled once the call blocks.
fn cancelled_when_asleep<R>(call: impl FnOnce(&Context) -> R) -> R {
    let (ctx, canceller) = Context::background().with_cancel();
    let sleeper = Sleeper::default();
    thread::scope(|s| {
        s.spawn(|| {
            sleeper.until_asleep();
            canceller.cancel_because("client hung up");
        });
        sleeper.here();
        let result = call(&ctx);
        assert_eq!(support::chain(&ctx.check().unwrap_err()), "context cancelled: client hung up");
        result
    })
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_blocked_read_of_a_socket_ends_with_the_context_and_so_does_a_write() {
    watchdog(|| {
        let (near, _far) = connection();
        let read = cancelled_when_asleep(|ctx| ctx.interrupting(&near, || (&near).read(&mut [0])));
        assert_eq!(read.unwrap().unwrap(), 0);

        let (near, _far) = connection();
        let written = cancelled_when_asleep(|ctx| {
            // Nobody reads, so the buffers fill up.
            ctx.interrupting(&near, || {
                loop {
                    (&near).write_all(&[0; 1 << 14])?;
                }
            })
        });
        let written: io::Result<()> = written.unwrap();
        assert!(written.is_err());
    });
}

#[cfg(unix)]
#[test]
fn a_blocked_read_of_a_unix_socket_ends_with_the_context() {
    watchdog(|| {
        let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
        let near = Arc::new(near);
        let read = cancelled_when_asleep(|ctx| ctx.interrupting(&near, || (&*near).read(&mut [0])));
        assert_eq!(read.unwrap().unwrap(), 0);
    });
}

#[test]
fn a_deadline_interrupts_too() {
    watchdog(|| {
        let (near, _far) = connection();
        let ctx = Context::background().with_timeout(Duration::from_millis(1));
        let read = ctx.interrupting(&near, || (&near).read(&mut [0]));
        // If the time was up before the call, it was not made.
        assert_eq!(read.map_or(0, Result::unwrap), 0);
        assert_eq!(ctx.cause().unwrap().kind(), CauseKind::DeadlineExceeded);
    });
}

#[test]
fn a_call_that_returns_by_itself_leaves_the_socket_as_it_was() {
    watchdog(|| {
        let (near, mut far) = connection();
        let (ctx, canceller) = Context::background().with_cancel();
        far.write_all(b"ab").unwrap();
        let mut byte = [0];
        assert_eq!(ctx.interrupting(&near, || (&near).read(&mut byte)).unwrap().unwrap(), 1);
        canceller.cancel();
        assert!(ctx.interrupting(&near, || unreachable!("it is not called")).is_err());
        assert_eq!((&near).read(&mut byte).unwrap(), 1, "nobody has touched it");
        assert_eq!(&byte, b"b");
    });
}

/// Starts a process, which says nothing until its input is at its end, and then exits.
fn process(script: &str) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("there is a shell")
}

#[test]
#[cfg_attr(not(unix), ignore = "needs sh")]
fn a_process_is_waited_for_or_killed() {
    watchdog(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let mut by_itself = process("exit 3");
        assert_eq!(ctx.wait_child(&mut by_itself).unwrap().code(), Some(3));
        assert_eq!(ctx.wait_child(&mut by_itself).unwrap().code(), Some(3), "again");

        // One that waits for the end of its input: as `Child::wait` does, this closes it.
        let mut reads = process("cat; exit 4");
        assert_eq!(ctx.wait_child(&mut reads).unwrap().code(), Some(4));

        let mut sleeps = process("exec sleep 60");
        thread::scope(|s| {
            let waits = s.spawn(|| ctx.wait_child(&mut sleeps));
            canceller.cancel();
            assert_eq!(waits.join().unwrap().unwrap().code(), None, "a signal has ended it");
        });

        // The event beats the end of the context.
        let mut over = process("exit 5");
        over.wait().unwrap();
        assert_eq!(ctx.wait_child(&mut over).unwrap().code(), Some(5));
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_read_of_the_output_of_a_process_ends_when_it_is_killed() {
    watchdog(|| {
        let mut child = process("echo begun; exec sleep 60");
        let mut output = io::BufReader::new(child.stdout.take().unwrap());
        let mut begun = String::new();
        io::BufRead::read_line(&mut output, &mut begun).unwrap();
        let child = Mutex::new(child);
        let rest = cancelled_when_asleep(|ctx| {
            ctx.interrupting(&child, || io::read_to_string(&mut output))
        });
        assert_eq!((begun.as_str(), rest.unwrap().unwrap().as_str()), ("begun\n", ""));
        assert_eq!(child.into_inner().wait().unwrap().code(), None);
    });
}

/// The user's own: what is blocked is a receiver, and to interrupt it is to send.
struct Own {
    interrupts: Count,
    sender: Sender<()>,
    receiver: Receiver<()>,
}

fn own() -> Own {
    let (sender, receiver) = unbounded();
    Own { interrupts: Count::default(), sender, receiver }
}

impl Interrupt for Own {
    fn interrupt(&self) {
        self.interrupts.add();
        self.sender.send(()).unwrap();
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn the_user_s_own_is_interrupted_once_and_by_a_reference_too() {
    watchdog(|| {
        let io = own();
        let borrowed: &dyn Interrupt = &io;
        cancelled_when_asleep(|ctx| ctx.interrupting(borrowed, || io.receiver.recv()))
            .unwrap()
            .unwrap();
        cancelled_when_asleep(|ctx| ctx.interrupting(&&io, || io.receiver.recv()))
            .unwrap()
            .unwrap();
        assert_eq!(io.interrupts.get(), 2);
    });
}

#[test]
fn a_context_that_never_ends_interrupts_nothing_and_returns_what_the_call_returns() {
    watchdog(|| {
        let io = own();
        assert_eq!(Context::background().interrupting(&io, || 7).unwrap(), 7);
        let text = panic_of(|| Context::background().interrupting(&io, || panic!("the call")));
        assert_eq!((&*text, io.interrupts.get()), ("the call", 0));
    });
}

#[test]
fn a_call_that_ends_its_own_context_is_interrupted_by_another_thread() {
    watchdog(|| {
        let io = own();
        let (ctx, canceller) = Context::background().with_cancel();
        let received = ctx.interrupting(&io, || {
            canceller.cancel();
            io.receiver.recv()
        });
        assert_eq!((received.unwrap(), io.interrupts.get()), (Ok(()), 1));
    });
}

#[test]
fn a_socket_is_shut_down_when_cancel_returns() {
    watchdog(|| {
        let (near, _far) = connection();
        let (ctx, canceller) = Context::background().with_cancel();
        let read = ctx.interrupting(&&near, || {
            canceller.cancel();
            (&near).read(&mut [0])
        });
        assert_eq!(read.unwrap().unwrap(), 0);
    });
}

#[test]
fn calls_may_be_nested_on_the_same_io() {
    watchdog(|| {
        let io = own();
        let (ctx, canceller) = Context::background().with_cancel();
        let (inner, _inner_canceller) = ctx.with_cancel();
        let result: Result<Result<(), Cancelled>, Cancelled> = ctx.interrupting(&io, || {
            let result = inner.interrupting(&io, || {
                canceller.cancel();
                io.receiver.recv().unwrap();
                io.receiver.recv().unwrap(); // each has its own
            });
            assert!(inner.interrupting(&io, || unreachable!("it has ended")).is_err());
            result
        });
        assert!(result.unwrap().is_ok());
        assert_eq!(io.interrupts.get(), 2);
    });
}

/// An interrupt that panics.
struct Panics;

impl Interrupt for Panics {
    fn interrupt(&self) {
        panic!("the interrupt");
    }
}

#[test]
fn an_interrupt_that_panics_is_in_nobody_s_way() {
    watchdog(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let call = ctx.interrupting(&Panics, || canceller.cancel());
        assert!(call.is_ok());
    });
}

/// Ends its context when it is dropped in an unwinding, while it is being interrupted elsewhere.
#[test]
fn a_call_that_panics_waits_for_an_interrupt_that_is_under_way() {
    struct Slow {
        begun: Sender<()>,
        ended: Count,
    }
    impl Interrupt for Slow {
        fn interrupt(&self) {
            self.begun.send(()).unwrap();
            (0..1000).for_each(|_| thread::yield_now());
            self.ended.add();
        }
    }
    fn call(ctx: &Context, canceller: Canceller, ended: &Count) {
        let (begun, has_begun) = unbounded();
        let io = Slow { begun, ended: ended.clone() };
        thread::scope(|s| {
            let panicked = panic::catch_unwind(panic::AssertUnwindSafe(|| {
                ctx.interrupting(&io, || {
                    s.spawn(move || canceller.cancel());
                    has_begun.recv().unwrap();
                    panic!("on purpose");
                })
            }));
            assert!(panicked.is_err());
            assert_eq!(ended.get(), 1, "`io` may be freed from here on");
        });
    }
    watchdog(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        call(&ctx, canceller, &Count::default());
    });
}
