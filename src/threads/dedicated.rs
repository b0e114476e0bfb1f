//! Threads for tasks that ask for one of a special kind: with a name, with a stack size, or a fresh one
//! that ends with the task. Such a thread is started by the thread that starts the task.

use std::cell::Cell;
use std::sync::Arc;

use super::inline::{Inside, on_park};
use super::job::{Job, Occupied, Order, Release};
use super::limit::{NoThread, max_threads};
use super::pool::{self, HeldUp, Orders, Special, Waiting, WakeUps, Worker};
use super::run_queue::{Closed, Entry, RunQueue, Slot};
use super::spec::Spec;
use crate::sys::{self, user_code};

/// The right to have one task run on a thread of a special kind.
#[must_use = "a claimed thread waits for its task"]
pub(crate) struct Claim(Option<Claimed>);

enum Claimed {
    Thread(Arc<Worker>),
    /// It starts when the limit allows. A thread may be reserved for it.
    HeldUp(Spec, bool),
}

/// Claims a thread. At the thread limit, an exact claim fails, and any other waits its turn.
pub(super) fn claim(spec: &Spec, is_exact: bool) -> Result<Claim, NoThread> {
    let mut wake_ups = WakeUps::default();
    let mut pool = pool::lock();
    let special = pool.claim_special(spec, &mut wake_ups);
    if is_exact && matches!(special, Special::HeldUp) {
        drop(pool);
        wake_ups.now();
        return Err(NoThread::Limit(max_threads()));
    }
    let is_reserved = is_exact && matches!(special, Special::Soon);
    if is_reserved {
        pool::reserve_one();
    }
    drop(pool);
    wake_ups.now();
    let claimed = match special {
        Special::Idle(worker) => Claimed::Thread(worker),
        Special::New => Claimed::Thread(start(spec)?),
        Special::Soon | Special::HeldUp => Claimed::HeldUp(spec.clone(), is_reserved),
    };
    Ok(Claim(Some(claimed)))
}

/// Starts a thread that waits for its first task. It has been counted in.
fn start(spec: &Spec) -> Result<Arc<Worker>, NoThread> {
    let worker = Worker::new(spec.clone(), false);
    let its_own = Arc::clone(&worker);
    let stack = Some(spec.stack_size.unwrap_or_else(Spec::worker_stack));
    match sys::spawn(spec.thread_name(), stack, move || serve(&its_own)) {
        Ok(()) => {
            pool::lock().special_started();
            Ok(worker)
        }
        Err(error) => {
            let mut wake_ups = WakeUps::default();
            pool::lock().special_not_started(&mut wake_ups);
            wake_ups.now();
            Err(pool::refused(error))
        }
    }
}

impl Claim {
    /// Hands over a task of `queue`, and returns its index.
    pub(super) fn run(
        mut self,
        queue: &Arc<RunQueue>,
        has_slot: bool,
        job: impl FnOnce(usize) -> Job,
    ) -> Result<usize, Closed> {
        let index = queue.number()?;
        let entry = Entry { index, job: job(index), has_slot, is_reserved: false, special: None };
        self.hand_over(queue, entry);
        Ok(index)
    }

    fn hand_over(&mut self, queue: &Arc<RunQueue>, entry: Entry) {
        let queue = Arc::clone(queue);
        match self.0.take() {
            Some(Claimed::Thread(worker)) => worker.order(Orders::Run(queue, entry)),
            Some(Claimed::HeldUp(spec, is_reserved)) => {
                queue.set_held_up(true);
                let start = held_up(spec, queue, entry);
                let mut wake_ups = WakeUps::default();
                pool::lock().hold_up(Waiting { start, is_reserved }, &mut wake_ups);
                wake_ups.now();
            }
            None => unreachable!("a claim is used once"),
        }
    }
}

/// Starts a task that was accepted before its thread was claimed.
pub(super) fn start_task(queue: &Arc<RunQueue>, entry: Entry, spec: &Spec) {
    match claim(spec, false) {
        Ok(mut claim) => claim.hand_over(queue, entry),
        // The watcher asks again, or refuses the task: nothing of the user's is dropped here.
        Err(refusal) => keep(spec.clone(), Arc::clone(queue), entry, refusal),
    }
}

/// Keeps a task until there is a thread for it.
fn keep(spec: Spec, queue: Arc<RunQueue>, entry: Entry, refusal: NoThread) {
    queue.set_held_up(true);
    let start = held_up(spec, queue, entry);
    let mut wake_ups = WakeUps::default();
    pool::lock().keep(start, refusal, &mut wake_ups);
    wake_ups.now();
}

impl Drop for Claim {
    /// A thread that gets no task after all goes back to the idle ones.
    fn drop(&mut self) {
        match self.0.take() {
            Some(Claimed::Thread(worker)) => worker.order(Orders::Rest),
            Some(Claimed::HeldUp(_, true)) => pool::unreserve(),
            Some(Claimed::HeldUp(_, false)) | None => {}
        }
    }
}

/// What starts the task when there is room for its thread.
fn held_up(spec: Spec, queue: Arc<RunQueue>, entry: Entry) -> HeldUp {
    Box::new(move |refusal| {
        queue.set_held_up(false);
        if let Some(refusal) = refusal {
            return pool::refuse(&queue, entry, refusal);
        }
        match start(&spec) {
            Ok(worker) => worker.order(Orders::Run(queue, entry)),
            Err(refusal) => keep(spec, queue, entry, refusal),
        }
    })
}

/// The life of a thread of a special kind.
fn serve(me: &Arc<Worker>) {
    let mut orders = me.first_orders();
    loop {
        let thread = Thread { worker: me, stays: Cell::new(None) };
        match orders {
            Orders::Run(queue, entry) => run(&thread, &queue, entry),
            Orders::Rest => thread.give_back(),
            Orders::Look | Orders::Exit => return,
        }
        user_code::permit();
        // A task that unwound instead of giving the thread back would be a defect of this crate.
        if thread.stays.get() != Some(true) {
            return;
        }
        let Some(next) = me.sleep() else { return };
        orders = next;
    }
}

fn run(thread: &Thread<'_>, queue: &Arc<RunQueue>, entry: Entry) {
    let slot = Slot::new(queue);
    let inside = Inside::work(queue, None);
    let slot_of_task = if entry.has_slot { Some(&slot as _) } else { None };
    let mut release = Release::worker(slot_of_task, Some(thread));
    sys::before_parking(Some(on_park));
    sys::set_at_work(true);
    pool::lock().count_start();
    entry.job.run(Order::Run, &mut release);
    sys::set_at_work(false);
    sys::before_parking(None);
    drop(inside);
    pool::slot_is_free(queue, slot, false);
    queue.count_out();
}

/// The thread of a task, which counts as idle before the task reports its end.
struct Thread<'a> {
    worker: &'a Arc<Worker>,
    /// Whether it stays, once it has been given back.
    stays: Cell<Option<bool>>,
}

impl Occupied for Thread<'_> {
    fn give_back(&self) {
        let mut wake_ups = WakeUps::default();
        let stays = pool::lock().rest_special(self.worker, &mut wake_ups);
        self.stays.set(Some(stays));
        wake_ups.now();
    }
}
