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
use super::callback::{self, Function, Place, Registration};
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
    /// Called at most once for each [`Context::interrupting`], in a task of its own, which at the thread limit
    /// may have to wait for [callbacks](Context::on_cancel). If it panics, the panic hook is called, and
    /// nothing else happens.
    fn interrupt(&self);

    /// Only the implementations of this crate for sockets interrupt on the thread that ends the context.
    #[doc(hidden)]
    fn is_inline(&self, _: Private) -> bool {
        false
    }
}

mod private {
    /// Keeps other crates from calling or implementing what asks for it.
    #[derive(Clone, Copy, Debug)]
    #[expect(unnameable_types, reason = "that is its purpose")]
    pub struct Private;
}
use private::Private;

impl Context {
    /// Runs `f`, which blocks on `io`, and [interrupts](Interrupt::interrupt) it if this context ends
    /// in the meantime.
    ///
    /// When this has returned, no interrupt comes any more: one that is under way is waited for. So
    /// whoever uses `io`, or this thread, next is not hit by one that comes late. The interrupt of a
    /// socket comes from the thread that ends the context, any other from a task of its own, which runs
    /// as a callback of [`on_cancel`](Self::on_cancel) does.
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
    /// `Context::interrupting: ...` if the operating system refuses the thread for callbacks (not needed
    /// for a socket) or, for a context with a deadline, the timer thread.
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
        // - The end of `registration` takes the function out, or waits while another thread runs it.
        // - It comes before this returns or unwinds, since `Registered` is never moved.
        // - This thread runs the function only inside of `f`, which has returned or unwound by then.
        // - If it is not registered, nothing else has it.
        // - A panic instead of that waiting ends the process.
        let interrupt: Function = unsafe { mem::transmute(interrupt) };
        let place = if io.is_inline(Private) { Place::Inline } else { Place::Task };
        let registered = callback::register("interrupting", self.node.as_ref(), place, interrupt);
        let _registered = match registered {
            Ok(registration) => Registered(Some(registration)),
            Err(_ended) => return Err(self.cancelled()),
        };
        Ok(f())
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

/// The registration of an interrupt, which ends when this is dropped.
struct Registered(Option<Registration>);

impl Drop for Registered {
    fn drop(&mut self) {
        let abort = AbortOnDrop;
        if let Some(registration) = self.0.take() {
            registration.end("Context::interrupting");
        }
        mem::forget(abort);
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

    fn is_inline(&self, _: Private) -> bool {
        true
    }
}

/// Shuts the connection down, both ways, for all handles of it.
#[cfg(unix)]
impl Interrupt for UnixStream {
    fn interrupt(&self) {
        drop(self.shutdown(Shutdown::Both));
    }

    fn is_inline(&self, _: Private) -> bool {
        true
    }
}

/// Kills the process, so that reads of its output end, unless its own children hold it open.
///
/// To wait for the process itself, use [`Context::wait_child`]: a thread that waits for it under the lock
/// would keep it from being killed.
impl Interrupt for crate::lock::Mutex<Child> {
    fn interrupt(&self) {
        drop(self.lock().kill());
    }
}

impl<I: Interrupt + ?Sized> Interrupt for &I {
    fn interrupt(&self) {
        (**self).interrupt();
    }

    fn is_inline(&self, private: Private) -> bool {
        (**self).is_inline(private)
    }
}

impl<I: Interrupt + Send + ?Sized> Interrupt for Arc<I> {
    fn interrupt(&self) {
        (**self).interrupt();
    }

    fn is_inline(&self, private: Private) -> bool {
        (**self).is_inline(private)
    }
}
