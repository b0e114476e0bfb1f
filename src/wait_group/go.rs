//! Tasks that a group runs itself.

use std::mem;
use std::panic::{self, AssertUnwindSafe, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::thread;

use super::token::Handle;
use super::{Token, WaitGroup};
use crate::refused::{Refusal, Refused};
use crate::sys::atomic::{AtomicBool, Relaxed};
use crate::sys::{Mutex, user_code};
use crate::threads::{
    self, GroupQueue, Guess, Job, NoThread, Options, Order, Release, RunQueue, Spec, Start,
};
use crate::unwind::{Payload, drop_quietly};
use crate::wait::Chain;

/// What a group with tasks of its own has.
pub(super) struct Tasks {
    pub(super) queue: GroupQueue,
    first_panic: Mutex<Option<Payload>>,
    /// Whether there has been one: for looking without the lock.
    has_panicked: AtomicBool,
}

// No lock of a group is held while user code runs.
impl UnwindSafe for Tasks {}
impl RefUnwindSafe for Tasks {}

impl WaitGroup {
    /// Runs `f` as a task, and counts it in this group.
    ///
    /// The task counts as done also if it panics: the others go on, and the payload of the first
    /// panic is resumed by the next `wait` that returns. For tasks that borrow, return values or
    /// fail, use [`ErrGroup`](crate::ErrGroup); for a group in a `static`, [`Token::go`].
    ///
    /// At the [thread limit](crate::set_max_threads), the task is queued. It may run on the stack of a
    /// thread that [waits](Self::wait) for the group.
    ///
    /// # Panics
    ///
    /// `WaitGroup::go: ...` if the operating system refuses a thread and there is none; `f` is dropped,
    /// and the count is left as it was. [`try_go`](Self::try_go) returns `f` instead. Also panics if
    /// [`add`](Self::add) would.
    ///
    /// # Compared with Go
    ///
    /// `WaitGroup.Go`, where a panic ends the process.
    #[track_caller]
    pub fn go<F: FnOnce() + Send + 'static>(self: &Arc<Self>, f: F) {
        if let Err(refused) = self.start(&Spec::DEFAULT, Start::Any, f) {
            panic!("WaitGroup::go: {}", Chain(&refused));
        }
    }

    /// Runs `f` as [`go`](Self::go) does, if there is a thread for it.
    ///
    /// # Errors
    ///
    /// [`Refused`], with `f` in it, if the thread limit is reached or the operating system refuses a
    /// thread. The count is left as it was.
    ///
    /// # Panics
    ///
    /// As [`add`](Self::add).
    #[track_caller]
    pub fn try_go<F: FnOnce() + Send + 'static>(self: &Arc<Self>, f: F) -> Result<(), Refused<F>> {
        self.start(&Spec::DEFAULT, Start::Exact, f)
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
        if let Err(error) = threads::place(&Spec::DEFAULT, Start::Any) {
            panic!("WaitGroup::go_many: {}", Chain(&Refused::new(Refusal::Thread(error), ())));
        }
        self.add(tasks.len());
        let counted = || Token::counted(Arc::clone(self));
        let jobs = tasks.into_iter().map(|f| Job::once(job(counted(), f))).collect();
        threads::go_many(&self.tasks().queue, guess_of::<F>(), jobs);
    }

    #[track_caller]
    #[inline]
    fn start<F: FnOnce() + Send + 'static>(
        self: &Arc<Self>,
        spec: &Spec,
        how: Start,
        f: F,
    ) -> Result<(), Refused<F>> {
        start(&self.tasks().queue, spec, how, || Token::new(Arc::clone(self)), f)
    }

    #[inline]
    fn tasks(&self) -> &Tasks {
        self.tasks.get_or_init(|| {
            let stack = Spec::promised_stack();
            let options =
                Options { limit: None, stack, inline: true, counts: false, is_scope: false };
            let queue = GroupQueue::new(options);
            let has_panicked = AtomicBool::new(false);
            Box::new(Tasks { queue, first_panic: Mutex::new(None), has_panicked })
        })
    }

    /// Waits for tasks that [`go`](Self::go) has started, and first runs those that have not begun.
    #[cfg_attr(feature = "sim", track_caller)]
    pub(super) fn wait_for(&self, tasks: &Tasks) {
        assert!(
            !threads::is_inside(&tasks.queue),
            "WaitGroup::wait: called by a task of the group itself"
        );
        // Later ones may lie behind the zero for which this thread waits.
        threads::drain(&tasks.queue, true);
        threads::wait_unbounded(&tasks.queue, |until| self.count.wait(until));
    }

    fn keep_panic(&self, payload: Payload) {
        let tasks = self.tasks();
        let mut first = tasks.first_panic.lock();
        // Relaxed: a thread that has waited for the task sees it, since the task is counted out later;
        // the payload is behind the lock.
        tasks.has_panicked.store(true, Relaxed);
        let surplus = if first.is_none() { first.replace(payload) } else { Some(payload) };
        drop(first);
        drop_quietly(surplus);
    }

    /// Resumes the first panic of a task, unless the thread is panicking: then it stays for the next
    /// wait.
    pub(super) fn resume_panic(&self) {
        let Some(tasks) = self.tasks.get() else { return };
        // Relaxed: see `keep_panic`.
        if !tasks.has_panicked.load(Relaxed) || thread::panicking() {
            return;
        }
        let payload = tasks.first_panic.lock().take();
        if let Some(payload) = payload {
            panic::resume_unwind(payload);
        }
    }

    /// Drops the payload of a panic that no thread can wait for, while the thread is still the task's own:
    /// its drop is the user's code.
    fn drop_abandoned_panic<G: Handle>(&self, token: &Token<G>) {
        if token.is_last() && self.tasks().has_panicked.load(Relaxed) {
            let payload = self.tasks().first_panic.lock().take();
            drop_quietly(payload);
        }
    }
}

impl<G: Handle> Token<G> {
    /// Runs `f` as [`WaitGroup::go`] does, and counts out when it has ended.
    ///
    /// The token keeps what it counts for: so a group in a `static` can have tasks, too.
    ///
    /// # Panics
    ///
    /// `Token::go: ...` if the operating system refuses a thread and there is none; `f` is dropped, and
    /// the task is counted out.
    ///
    /// # Examples
    ///
    /// ```
    /// use phalanx::WaitGroup;
    ///
    /// static REQUESTS: WaitGroup = WaitGroup::new();
    ///
    /// REQUESTS.token().go(|| { /* work */ });
    /// REQUESTS.wait();
    /// ```
    #[track_caller]
    pub fn go<F: FnOnce() + Send + 'static>(self, f: F)
    where
        G: Send + 'static,
    {
        if let Err(refused) = self.start(Start::Any, f) {
            panic!("Token::go: {refused}");
        }
    }

    /// Runs `f` as [`go`](Self::go) does, if there is a thread for it.
    ///
    /// # Errors
    ///
    /// [`Refused`], with `f` in it, if the thread limit is reached or the operating system refuses a
    /// thread. The task is counted out.
    #[track_caller]
    pub fn try_go<F: FnOnce() + Send + 'static>(self, f: F) -> Result<(), Refused<F>>
    where
        G: Send + 'static,
    {
        self.start(Start::Exact, f)
    }

    #[track_caller]
    fn start<F: FnOnce() + Send + 'static>(self, how: Start, f: F) -> Result<(), Refused<F>>
    where
        G: Send + 'static,
    {
        // The task may have ended, and the group may be gone, while the queue is still in use here.
        let queue = Arc::clone(&self.group().tasks().queue);
        start(&queue, &Spec::DEFAULT, how, || self, f)
    }
}

/// Starts `f` as a task that a token counts; the token is made when there is a place for the task.
#[track_caller]
#[inline]
fn start<G, F>(
    queue: &Arc<RunQueue>,
    spec: &Spec,
    how: Start,
    token: impl FnOnce() -> Token<G>,
    f: F,
) -> Result<(), Refused<F>>
where
    G: Handle + Send + 'static,
    F: FnOnce() + Send + 'static,
{
    let place = match threads::place(spec, how) {
        Ok(place) => place,
        Err(error) => return Err(Refused::new(Refusal::Thread(error), f)),
    };
    let task = Job::once(job(token(), f));
    let started = threads::go(queue, place, guess_of::<F>(), false, |_| task);
    debug_assert!(started.is_ok(), "the queue of a group is never closed");
    Ok(())
}

/// A task as a thread runs it, counted out at its end.
fn job<G, F>(token: Token<G>, f: F) -> impl FnOnce(Order, &mut Release<'_>) + Send + use<G, F>
where
    G: Handle + Send + 'static,
    F: FnOnce() + Send + 'static,
{
    move |order, release| {
        // AssertUnwindSafe: `f` is used up, and we look at nothing that it saw.
        let result = match order {
            Order::Run => panic::catch_unwind(AssertUnwindSafe(f)),
            Order::Refuse(why) => panic::catch_unwind(AssertUnwindSafe(|| refuse(f, &why))),
        };
        if let Err(payload) = result {
            token.group().keep_panic(payload);
        }
        token.group().drop_abandoned_panic(&token);
        release.now();
        drop(token);
    }
}

/// What is known of closures of this type.
#[inline]
fn guess_of<F: FnOnce() + Send + 'static>() -> Guess {
    Guess::of(refuse::<F> as *const () as usize)
}

/// A task has no other way to say that it was not run.
#[cold]
fn refuse<F>(f: F, why: &NoThread) {
    drop(f);
    panic::resume_unwind(Box::new(format!("WaitGroup::wait: a task was refused: {}", Chain(why))));
}

impl Drop for Tasks {
    /// The thread that drops a group last may be one of the crate's: it must not unwind.
    fn drop(&mut self) {
        let Some(payload) = self.first_panic.get_mut().take() else { return };
        if !user_code::is_forbidden() {
            return drop_quietly(payload);
        }
        // Its drop is the user's code, and this thread may be another task's by now.
        let elsewhere = move |_: Order, release: &mut Release<'_>| {
            drop_quietly(payload);
            release.now();
        };
        if let Err((_, job)) = threads::go_alone(Job::once(elsewhere)) {
            mem::forget(job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_for_which_there_is_no_thread_comes_back() {
        let group = Arc::new(WaitGroup::new());
        let spec = Spec { stack_size: Some(Spec::NO_SUCH_STACK), ..Spec::DEFAULT };
        let (sender, receiver) = std::sync::mpsc::channel();
        let refused = group.start(&spec, Start::Any, move || sender.send(7).unwrap()).unwrap_err();
        assert!(matches!(refused.kind(), Refusal::Thread(NoThread::System(_))));
        assert_eq!(group.running(), 0);
        refused.into_inner()();
        assert_eq!(receiver.recv(), Ok(7));
    }
}
