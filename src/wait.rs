//! The only place where a thread of this crate blocks.
//!
//! One engine serves every primitive: *look; spin while that can pay; enlist in the queue, under
//! its lock, with a last look; register with the context; park; on the way out, deregister.* From
//! it follow timeouts, cancellation and fairness for all of them alike.
//!
//! - [`WaitQueue`] is a FIFO of blocked threads with a little state under the same lock;
//! - [`TaskCount`] counts running tasks, and lets threads wait for zero;
//! - [`Tickets`] is a FIFO of threads most of which are signalled before they need to block;
//! - [`Waiter`] is one blocked thread, whose single compare-and-swap decides who ends its wait;
//! - [`Until`] is how long a caller is willing to wait, [`Interrupted`] why a wait was given up;
//! - every error of the crate has a [`Reason`];
//! - [`alarms`] is the timer thread, for those who do not wait themselves.
//!
//! This room knows only `sys`. What can be cancelled is known to it as a [`Source`].

pub(crate) mod alarms;
mod cancelled;
mod cause;
mod chain;
mod interrupted;
mod list;
mod queue;
mod reason;
mod spin;
mod task_count;
mod tickets;
mod until;
mod waiter;

pub use cancelled::Cancelled;
pub use cause::{Cause, CauseKind};
pub(crate) use chain::Chain;
pub use interrupted::Interrupted;
pub(crate) use list::{Key, List};
pub(crate) use queue::{Locked, Patience, WaitQueue};
pub(crate) use reason::{AnyError, HasReason, Reason, error_methods};
pub(crate) use spin::{ROUND_TRIP, spin};
pub(crate) use task_count::TaskCount;
pub(crate) use tickets::Tickets;
pub use until::Until;
pub(crate) use until::{Source, explain_deadlines};
pub(crate) use waiter::{Verdict, Waiter};
