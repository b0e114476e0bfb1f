//! Waiting for the end of a context, in all the ways there are.

use std::time::Duration;

use super::{Context, OnCancel, callback};
use crate::sys;
use crate::wait::{Cancelled, Cause, Interrupted, Source, Until, Waiter};

impl Context {
    /// Waits until this context ends, and returns why.
    ///
    /// # Blocking
    ///
    /// Parks until the context ends. A context that nothing can end blocks for ever.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait(&self) -> Cause {
        let _call = sys::blocking_call("Context::wait");
        let until = Until::from(self);
        loop {
            Waiter::sleep_out(&until, &Until::FOREVER);
            if let Interrupted::Cancelled(cause) = until.why() {
                return cause;
            }
        }
    }

    /// Waits until this context ends, and no longer than `until`.
    ///
    /// # Blocking
    ///
    /// Parks until the context ends or the bound is reached. If both happen while it waits, the
    /// end of this context wins.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the bound was reached first, or is a context that had ended before.
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn wait_until<'a>(&self, until: impl Into<Until<'a>>) -> Result<Cause, Interrupted> {
        let _call = sys::blocking_call("Context::wait");
        let until = until.into();
        until.enter()?;
        let sooner = self.deadline().map_or(until, |deadline| until.and_deadline(deadline));
        Waiter::sleep_out(&sooner, &Until::from(self));
        self.ended_by_now().ok_or_else(|| until.why())
    }

    /// Sleeps for `duration`, or until this context ends.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] if the context has ended, or ends before the time is up.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Context;
    /// use std::time::Duration;
    ///
    /// let (ctx, canceller) = Context::background().with_cancel();
    /// canceller.cancel();
    /// assert!(ctx.sleep(Duration::from_secs(3600)).is_err()); // returns at once
    /// ```
    #[cfg_attr(feature = "sim", track_caller)]
    pub fn sleep(&self, duration: Duration) -> Result<(), Cancelled> {
        let _call = sys::blocking_call("Context::sleep");
        let until = Until::from((self, duration));
        Waiter::sleep_out(&until, &Until::FOREVER);
        match until.why() {
            Interrupted::Cancelled(cause) => Err(Cancelled::new(cause)),
            Interrupted::TimedOut | Interrupted::HeldUp(_) => Ok(()),
        }
    }

    /// Runs `f` when this context ends, on the thread that ends it; at once, on this thread, if it
    /// has ended already.
    ///
    /// When `f` runs, this context and all its descendants are cancelled and their waiting threads
    /// have been woken, and no lock of the crate is held. Of several callbacks the newest runs
    /// first. `f` should be short, must not block, and must not take a lock that a thread may hold
    /// while it cancels, polls, or waits with this context: it delays the canceller, and, for a
    /// deadline, the timer thread or whoever first finds that the deadline has passed. If it
    /// panics, the other callbacks still run, and that thread resumes the panic (the timer thread
    /// goes on).
    ///
    /// # Panics
    ///
    /// `Context::on_cancel: ...` if the context has a deadline and the operating system refuses
    /// the timer thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::Context;
    /// use std::io::Read;
    /// use std::net::{Shutdown, TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let mut stream = TcpStream::connect(listener.local_addr()?)?;
    /// let (ctx, canceller) = Context::background().with_cancel();
    ///
    /// let closer = stream.try_clone()?;
    /// let guard = ctx.on_cancel(move || drop(closer.shutdown(Shutdown::Both)));
    /// canceller.cancel(); // from another thread, as a rule
    /// assert_eq!(stream.read(&mut [0])?, 0); // a blocked read returns
    /// # drop(guard);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Compared with Go
    ///
    /// `context.AfterFunc`, which starts a goroutine for each callback.
    #[track_caller]
    pub fn on_cancel(&self, f: impl FnOnce() + Send + 'static) -> OnCancel {
        callback::register("on_cancel", self.node.as_ref(), Box::new(f))
    }
}
