//! Blocking calls of others that end when a context does.

#![expect(unsafe_code, reason = "the lifetime of what is interrupted is erased here")]

use std::io;
use std::mem;
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::{self, Child, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use super::Context;
use super::callback::{self, Function};
use crate::sys;
use crate::wait::Cancelled;

/// The first pause between two looks at a child, and the longest.
const SHORT: Duration = Duration::from_micros(500);
const LONG: Duration = Duration::from_millis(20);

/// What a blocked call can be torn out of, from another thread.
///
/// For sockets that is to shut them down, for a child process to kill it. Implement it for what else
/// you block on: a queue that can be closed, a handle of a driver that can cancel.
pub trait Interrupt: Sync {
    /// Has calls that are blocked on this return soon, and those that come later, too.
    ///
    /// Called at most once for each [`Context::interrupting`], on the thread that ends the context.
    /// To be short, and not to panic.
    fn interrupt(&self);
}

impl Context {
    /// Runs `f`, which blocks on `io`, and [interrupts](Interrupt::interrupt) it if this context ends
    /// in the meantime.
    ///
    /// When this has returned, no interrupt comes any more: one that is under way is waited for. So
    /// whoever uses `io`, or this thread, next is not hit by one that comes late.
    ///
    /// `f` returns what it returns: an interrupted read of a socket is at its end, or fails. To tell
    /// that from the peer's doing, [`check`](Self::check) the context.
    ///
    /// It costs two allocations, and some 820 instructions on x86-64, while nobody interrupts.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] if the context has ended before: then `f` is not called, and `io` not touched.
    ///
    /// # Panics
    ///
    /// `Context::interrupting: ...` if the context has a deadline and the operating system refuses the
    /// timer thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Context;
    /// use std::io::Read;
    /// use std::net::{TcpListener, TcpStream};
    /// use std::time::Duration;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let stream = TcpStream::connect(listener.local_addr()?)?; // to somebody who says nothing
    /// let ctx = Context::background().with_timeout(Duration::from_millis(5));
    /// let read = ctx.interrupting(&stream, || (&stream).read(&mut [0; 100]));
    /// assert_eq!(read?.unwrap_or(0), 0);
    /// assert_eq!(ctx.check().unwrap_err().to_string(), "context deadline exceeded");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `context.AfterFunc` with `conn.SetReadDeadline`, as its documentation shows.
    #[track_caller]
    pub fn interrupting<I: Interrupt + ?Sized, R>(
        &self,
        io: &I,
        f: impl FnOnce() -> R,
    ) -> Result<R, Cancelled> {
        self.check()?;
        let interrupt: Box<dyn FnOnce() + Send + '_> = Box::new(|| io.interrupt());
        // SAFETY: the two types differ in a lifetime alone, and the function is not called after
        // `io` ends.
        // - Dropping `registration` takes the function out, or waits while another thread runs it.
        // - It is dropped before this returns or unwinds, since it is never moved.
        // - This thread runs the function only inside of `register` or of `f`, both of which have
        //   returned or unwound by then.
        // - A panic instead of that waiting ends the process.
        let interrupt: Function = unsafe { mem::transmute(interrupt) };
        let registration = callback::register("interrupting", self.node.as_ref(), interrupt);
        let result = f();
        let abort = AbortOnDrop;
        drop(registration);
        mem::forget(abort);
        Ok(result)
    }

    /// Waits until `child` has exited, and kills it if this context ends first; before, closes its
    /// standard input, as [`Child::wait`] does.
    ///
    /// # Blocking
    ///
    /// Looks at the child again and again, after pauses of at most 20 ms: there is no portable way
    /// to wait for a process and to be interrupted.
    ///
    /// # Errors
    ///
    /// Those of [`Child::try_wait`] and [`Child::kill`]. That it was killed is in the [`ExitStatus`];
    /// [`check`](Self::check) says whether this context has ended.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_child(&self, child: &mut Child) -> io::Result<ExitStatus> {
        let _call = sys::blocking_call("Context::wait_child");
        drop(child.stdin.take()); // it may wait for the end of it
        let mut pause = SHORT;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if self.sleep(pause).is_err() {
                child.kill()?;
                return child.wait();
            }
            pause = LONG.min(2 * pause);
        }
    }
}

/// Ends the process where there is no going on.
struct AbortOnDrop;

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        process::abort();
    }
}

/// Shuts the connection down, both ways, for all handles of it.
impl Interrupt for TcpStream {
    fn interrupt(&self) {
        // It fails if the peer has gone, and then nothing blocks.
        drop(self.shutdown(Shutdown::Both));
    }
}

/// Shuts the connection down, both ways, for all handles of it.
#[cfg(unix)]
impl Interrupt for UnixStream {
    fn interrupt(&self) {
        drop(self.shutdown(Shutdown::Both));
    }
}

/// Kills the process, so that reads of its output end, unless its own children hold it open.
///
/// To wait for the process itself, use [`Context::wait_child`]: a thread that waits for it under the lock
/// would keep it from being killed, and would hold up whoever ends the context.
impl Interrupt for crate::lock::Mutex<Child> {
    fn interrupt(&self) {
        drop(self.lock().kill());
    }
}

impl<I: Interrupt + ?Sized> Interrupt for &I {
    fn interrupt(&self) {
        (**self).interrupt();
    }
}

impl<I: Interrupt + Send + ?Sized> Interrupt for Arc<I> {
    fn interrupt(&self) {
        (**self).interrupt();
    }
}
