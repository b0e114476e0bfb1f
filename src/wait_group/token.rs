//! A task's place in a group's count, for as long as it lives.

use std::fmt;
use std::sync::Arc;

use super::WaitGroup;

/// One task of a [`WaitGroup`], which is counted out when the token is dropped.
///
/// Make it before the task starts and move it in: then no `wait` can come too early, and no path
/// out of the task can forget it.
///
/// # Examples
///
/// ```
/// use phalanx::{Token, WaitGroup};
/// use std::sync::Arc;
///
/// let group = Arc::new(WaitGroup::new());
/// let token = Token::new(Arc::clone(&group)); // `group.token()` would borrow
/// std::thread::spawn(move || drop(token));
/// group.wait();
/// ```
#[must_use = "a token that is dropped at once counts nothing"]
pub struct Token<G: sealed::Handle>(G);

#[expect(unnameable_types, reason = "sealed: a token holds one of two types")]
mod sealed {
    use super::{Arc, WaitGroup};

    /// What a token can hold: `&WaitGroup` or `Arc<WaitGroup>`.
    pub trait Handle {
        fn group(&self) -> &WaitGroup;

        /// Whether this is the last owner of the group.
        fn is_last_owner(&self) -> bool;
    }

    impl Handle for &WaitGroup {
        fn group(&self) -> &WaitGroup {
            self
        }

        fn is_last_owner(&self) -> bool {
            false
        }
    }

    impl Handle for Arc<WaitGroup> {
        fn group(&self) -> &WaitGroup {
            self
        }

        fn is_last_owner(&self) -> bool {
            Arc::strong_count(self) == 1
        }
    }
}

pub(super) use sealed::Handle;

impl<G: sealed::Handle> Token<G> {
    /// Counts one task in. `group` is a `&WaitGroup` or an `Arc<WaitGroup>`.
    ///
    /// # Panics
    ///
    /// As [`WaitGroup::add`].
    #[track_caller]
    #[inline]
    pub fn new(group: G) -> Self {
        group.group().add(1);
        Token(group)
    }

    pub(super) fn group(&self) -> &WaitGroup {
        self.0.group()
    }

    /// Whether this is the last owner of the group.
    pub(super) fn is_last(&self) -> bool {
        self.0.is_last_owner()
    }
}

impl Token<Arc<WaitGroup>> {
    /// For a task that has been counted in.
    pub(super) fn counted(group: Arc<WaitGroup>) -> Self {
        Token(group)
    }
}

impl<G: sealed::Handle + Clone> Clone for Token<G> {
    /// Counts another task in.
    fn clone(&self) -> Self {
        Token::new(self.0.clone())
    }
}

impl<G: sealed::Handle> Drop for Token<G> {
    #[inline]
    fn drop(&mut self) {
        self.group().done();
    }
}

impl<G: sealed::Handle> fmt::Debug for Token<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("group", self.group()).finish()
    }
}
