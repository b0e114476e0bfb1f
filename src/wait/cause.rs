//! Why a context ended.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a [`Context`](crate::Context) ended: its [kind](CauseKind), and the error that was supplied for it,
/// if any.
///
/// The first cause wins and never changes; the descendants of a context end with its cause.
///
/// # Compared with Go
///
/// One value carries what Go splits into `ctx.Err()` (here [`kind`](Cause::kind)) and
/// `context.Cause(ctx)` (here [`error`](Cause::error)). Waiting calls report the whole of it, not
/// a bare sentinel.
#[derive(Clone)]
pub struct Cause {
    kind: CauseKind,
    error: Option<Arc<dyn Error + Send + Sync>>,
}

/// The two ways in which a context ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CauseKind {
    /// Somebody cancelled it or one of its ancestors.
    Cancelled,
    /// Its deadline, or that of an ancestor, has passed.
    DeadlineExceeded,
}

impl Cause {
    pub(crate) const CANCELLED: Cause = Cause { kind: CauseKind::Cancelled, error: None };
    pub(crate) const DEADLINE: Cause = Cause { kind: CauseKind::DeadlineExceeded, error: None };

    pub(crate) fn because(error: Box<dyn Error + Send + Sync>) -> Cause {
        Cause { kind: CauseKind::Cancelled, error: Some(Arc::from(error)) }
    }

    /// This cause with an error, unless it has one.
    pub(crate) fn with_error(self, error: impl Error + Send + Sync + 'static) -> Cause {
        let error = self.error.unwrap_or_else(|| Arc::new(error));
        Cause { kind: self.kind, error: Some(error) }
    }

    pub(crate) fn late(error: Box<dyn Error + Send + Sync>) -> Cause {
        Cause { kind: CauseKind::DeadlineExceeded, error: Some(Arc::from(error)) }
    }

    /// Tells a cancellation from a deadline that has passed.
    pub fn kind(&self) -> CauseKind {
        self.kind
    }

    /// Returns the error given to [`Canceller::cancel_because`](crate::Canceller::cancel_because), or, for
    /// a deadline, to [`Context::with_timeout_cause`](crate::Context::with_timeout_cause) and its kin; `None`
    /// if there is none. If a deadline without an error has ended a wait of a task while the thread limit
    /// held up tasks of its group, this is [`NoThread::Limit`](crate::NoThread::Limit).
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.error.as_deref()
    }

    /// Whether it is a deadline, of which nothing more is known.
    pub(super) fn is_plain_deadline(&self) -> bool {
        self.kind == CauseKind::DeadlineExceeded && self.error.is_none()
    }

    /// The supplied error as the source of an error that wraps this cause.
    pub(crate) fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.as_deref().map(|error| error as &(dyn Error + 'static))
    }
}

/// The very same cause: two cancellations are different, even if their errors have the same text.
impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        let same_error = match (&self.error, &other.error) {
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            (None, None) => true,
            _ => false,
        };
        self.kind == other.kind && same_error
    }
}

impl Eq for Cause {}

impl fmt::Display for CauseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CauseKind::Cancelled => "context cancelled",
            CauseKind::DeadlineExceeded => "context deadline exceeded",
        })
    }
}

/// The kind, and the text of the error that was supplied.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        match &self.error {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cause").field("kind", &self.kind).field("error", &self.error).finish()
    }
}
