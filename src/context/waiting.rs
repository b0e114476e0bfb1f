//! Waiting for the end of a context, in all the ways there are.

use std::time::Duration;

use super::{Context, OnCancel};
use crate::sys;
use crate::wait::{Cancelled, Cause, Interrupted, Source, Until, Waiter};

impl Context {
    /// Waits until this context ends, and returns why. All its descendants have ended by then.
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

    /// Runs `f` in a task of its own when this context ends; at once if it has ended already.
    ///
    /// When `f` runs, this context and all its descendants have ended. Their waiting threads have been
    /// woken, or are about to be by another thread that takes part in ending them. `f` may block, and may
    /// take any lock: it never runs on the thread that cancels, polls or waits, nor on the timer thread.
    /// Several callbacks run in any order, and at the same time.
    ///
    /// A callback is never refused. If all threads of the [thread limit](crate::set_max_threads) are
    /// busy, or the operating system refuses a thread, one thread outside the limit runs the callbacks,
    /// one after the other, until there is another thread for them. A callback that waits for another one,
    /// or is blocked in a call that another one is to [interrupt](Self::interrupting), may then wait until a
    /// thread of the limit is free. The thread outside the limit is started when the first callback of the
    /// process is registered.
    ///
    /// If `f` panics, the panic hook is called, and nothing else happens.
    ///
    /// # Panics
    ///
    /// `Context::on_cancel: ...` if the operating system refuses the thread for callbacks or, for a
    /// context with a deadline, the timer thread.
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
    /// `context.AfterFunc`. A panic of a callback does not end the process, and the drop of the
    /// registration waits for the callback, which Go's `stop` function does not.
    #[track_caller]
    pub fn on_cancel(&self, f: impl FnOnce() + Send + 'static) -> OnCancel {
        OnCancel::new(self.node.as_ref(), Box::new(f))
    }
}
