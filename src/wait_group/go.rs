//! Tasks that a group runs itself.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use super::{Token, WaitGroup};
use crate::refused::{Refusal, Refused};
use crate::threads::{self, Finish, Id, Spec};
use crate::unwind::{Payload, drop_quietly};

impl WaitGroup {
    /// Runs `f` on a thread of the crate's cache, and counts it as a task of this group.
    ///
    /// The task counts as done also if it panics: the others go on, and the payload of the first
    /// panic is resumed by the next `wait` that returns. For tasks that borrow, return values or
    /// fail, use [`ErrGroup`](crate::ErrGroup).
    ///
    /// # Panics
    ///
    /// `WaitGroup::go: ...` if the operating system refuses a thread; `f` is dropped and the count
    /// is left as it was. [`try_go`](Self::try_go) gives `f` back instead. And as
    /// [`add`](Self::add).
    ///
    /// # Compared with Go
    ///
    /// `WaitGroup.Go`, where a panic ends the process.
    #[track_caller]
    pub fn go<F: FnOnce() + Send + 'static>(self: &Arc<Self>, f: F) {
        if let Err(refused) = self.try_go(f) {
            panic!("WaitGroup::go: {refused}");
        }
    }

    /// Runs `f` as [`go`](Self::go) does, or gives it back.
    ///
    /// # Errors
    ///
    /// [`Refused`] with `f` in it, if the operating system refuses a thread. The count is left as
    /// it was.
    ///
    /// # Panics
    ///
    /// As [`add`](Self::add).
    #[track_caller]
    pub fn try_go<F: FnOnce() + Send + 'static>(self: &Arc<Self>, f: F) -> Result<(), Refused<F>> {
        self.try_go_on(&Spec::DEFAULT, f)
    }

    fn try_go_on<F: FnOnce() + Send + 'static>(
        self: &Arc<Self>,
        spec: &Spec,
        f: F,
    ) -> Result<(), Refused<F>> {
        let claimed = match threads::claim(spec) {
            Ok(claimed) => claimed,
            Err(error) => return Err(Refused::new(Refusal::Thread(error), f)),
        };
        claimed.run(self.id(), job(Token::new(Arc::clone(self)), f));
        Ok(())
    }

    /// Runs each of `tasks` as [`go`](Self::go) does, and hands them over in one go: they are
    /// counted in one step, pushed under one lock, and wake one thread at most.
    ///
    /// All are counted before the first of them starts. None of them runs if the iterator panics.
    ///
    /// # Panics
    ///
    /// `WaitGroup::go_many: ...` if the operating system refuses a thread; all tasks are dropped, and
    /// the count is left as it was. And as [`add`](Self::add).
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::{Counter, WaitGroup};
    /// use std::sync::Arc;
    ///
    /// let (group, sum) = (Arc::new(WaitGroup::new()), Arc::new(Counter::new(0)));
    /// group.go_many((1..=100).map(|n| {
    ///     let sum = Arc::clone(&sum);
    ///     move || drop(sum.add(n))
    /// }));
    /// group.wait();
    /// assert_eq!(sum.get(), 5050);
    /// ```
    ///
    /// # Compared with Go
    ///
    /// Not in Go, where one calls `Go` in a loop.
    #[track_caller]
    pub fn go_many<F>(self: &Arc<Self>, tasks: impl IntoIterator<Item = F>)
    where
        F: FnOnce() + Send + 'static,
    {
        // Before anything is counted or claimed: the iterator is the user's code.
        let tasks: Vec<F> = tasks.into_iter().collect();
        if tasks.is_empty() {
            return;
        }
        let claimed = match threads::claim(&Spec::DEFAULT) {
            Ok(claimed) => claimed,
            Err(error) => panic!("WaitGroup::go_many: {}", Refusal::Thread(error)),
        };
        self.add(tasks.len());
        let counted = || Token::counted(Arc::clone(self));
        claimed.run_each(self.id(), tasks.into_iter().map(|f| job(counted(), f)).collect());
    }

    fn id(&self) -> Id {
        Id { group: self.address(), index: 0 }
    }

    /// Drops the payload of a panic that nobody can wait for any more, while the thread is still the
    /// task's own: its drop is the user's code.
    fn drop_abandoned_panic(&self, token: &Token<Arc<WaitGroup>>) {
        if token.is_last() {
            let payload = self.waiters.lock().0.take();
            drop_quietly(payload);
        }
    }

    /// Which tasks of the cache are this group's.
    pub(super) fn address(&self) -> usize {
        (&raw const *self).addr()
    }

    fn keep_panic(&self, payload: Payload) {
        let surplus = self.waiters.lock().keep(payload);
        drop_quietly(surplus);
    }

    pub(super) fn resume_panic(&self) {
        let payload = self.waiters.lock().0.take();
        if let Some(payload) = payload {
            panic::resume_unwind(*payload);
        }
    }
}

/// A task as a thread of the cache runs it, counted out at its end.
fn job<F>(token: Token<Arc<WaitGroup>>, f: F) -> impl FnOnce(Finish<'_>) + Send + use<F>
where
    F: FnOnce() + Send + 'static,
{
    move |finish: Finish<'_>| {
        // AssertUnwindSafe: `f` is used up, and we look at nothing that it saw.
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(f)) {
            token.group().keep_panic(payload);
        }
        token.group().drop_abandoned_panic(&token);
        drop(finish);
        drop(token);
    }
}

/// The first panic of a task, kept for whoever waits.
pub(super) struct FirstPanic(Option<Box<Payload>>);

impl FirstPanic {
    pub(super) const NONE: FirstPanic = FirstPanic(None);

    /// Keeps the payload, or gives it back if there is one already.
    fn keep(&mut self, payload: Payload) -> Option<Payload> {
        if self.0.is_some() {
            return Some(payload);
        }
        self.0 = Some(Box::new(payload));
        None
    }
}

impl Drop for FirstPanic {
    /// The thread that drops a group last may be one of the cache: it must not unwind.
    fn drop(&mut self) {
        drop_quietly(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_for_which_there_is_no_thread_comes_back() {
        let group = Arc::new(WaitGroup::new());
        let spec = Spec { stack_size: Some(1 << 46), ..Spec::DEFAULT };
        let (sender, receiver) = std::sync::mpsc::channel();
        let refused = group.try_go_on(&spec, move || sender.send(7).unwrap()).unwrap_err();
        assert!(matches!(refused.why(), Refusal::Thread(_)));
        assert_eq!(group.running(), 0);
        refused.into_task()();
        assert_eq!(receiver.recv(), Ok(7));
    }
}
