//! The threads of the pool: what each does from being woken to going idle again.

use std::io;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::cap;
use super::lookout::Lookout;
use super::office::Search;
use super::pool::{self, Take, Taken};
use super::rescue::{self, RETRY};
use super::sleeper::{KEEP_ALIVE, Role, Sleeper};
use super::worker::{Finish, Job, run};
use crate::sys;
use crate::wait::Until;

/// How long a searcher leaves the queue to the threads that are running. A sleep is longer than it is
/// told to be: on Linux by some 50 microseconds, which is about as long as this is to be.
const NAP: Duration = Duration::from_micros(10);

/// Starts a thread that sleeps until it is woken for a role.
pub(super) fn start() -> io::Result<Arc<Sleeper>> {
    let sleeper = Arc::new(Sleeper::new());
    let its_own = Arc::clone(&sleeper);
    let living = cap::admit()?;
    let serve = move || {
        let _living = living;
        serve(&its_own);
    };
    sys::spawn("phalanx".into(), None, serve)?;
    Ok(sleeper)
}

/// What a thread is at, from being woken to going idle again.
pub(super) struct Shift {
    role: Role,
    /// Whether it has run a task, of which the pool has not been told that it is over.
    has_run: bool,
    lookout: Lookout,
}

/// The life of a thread: woken for a role, it works until there is nothing to do.
fn serve(me: &Arc<Sleeper>) {
    let mut shift = Shift { role: Role::Helper, has_run: false, lookout: Lookout::new() };
    loop {
        shift.role = match sys::idling(|| me.sleep(KEEP_ALIVE.into())) {
            Some(role) => role,
            None if pool::withdraw(me) => return,
            None => match me.sleep(Until::FOREVER) {
                Some(role) => role,
                None => unreachable!("a wait without a bound ends with a role"),
            },
        };
        if shift.role == Role::Searcher {
            shift.role = nap();
        }
        while let Some(job) = shift.next(me) {
            shift.lookout.begins();
            sys::working(|| run(job, Finish::of_pool(&mut shift)));
            shift.has_run = true;
        }
        shift.lookout.sleeps();
    }
}

impl Shift {
    /// Called when a task's user code is over: its role from now on.
    pub(super) fn finished(&mut self) {
        self.lookout.ends();
        self.role = if pool::office().try_take() { Role::Searcher } else { Role::Helper };
    }

    /// Takes the next task, or goes idle.
    fn next(&mut self, me: &Arc<Sleeper>) -> Option<Job> {
        loop {
            self.lookout.wait(self.role);
            let mut pool = pool::lock();
            if mem::take(&mut self.has_run) {
                pool.running -= 1;
            }
            match pool.take(self.role) {
                Take::Nothing => {}
                Take::Task(taken) => {
                    drop(pool);
                    return Some(taken.wake_others());
                }
                Take::Refused => {
                    drop(pool);
                    sys::nap(RETRY);
                    continue;
                }
            }
            if self.role == Role::Helper && pool::office().get() == Search::Napping {
                // Better awake than napping: the next task may come at any moment.
                pool::office().set(Search::Awake);
                self.role = Role::Searcher;
                continue;
            }
            if self.role == Role::Searcher {
                pool::office().set(Search::Nobody);
            }
            pool.idle.push_back(Arc::clone(me));
            return None;
        }
    }
}

impl Taken {
    fn wake_others(self) -> Job {
        if let Some(successor) = self.successor {
            successor.wake(Role::Searcher);
        }
        if let Some(helper) = self.helper {
            helper.wake(Role::Helper);
        }
        if self.is_starved {
            rescue::ask_later();
        }
        self.job
    }
}

/// A new searcher's pause: the tasks that are left may be gone sooner than it could help.
fn nap() -> Role {
    let mut pool = pool::lock();
    while !pool.is_empty() && pool.is_busy() {
        pool::office().set(Search::Napping);
        pool.napping += 1;
        let taken = pool.taken;
        drop(pool);
        sys::nap(NAP);
        pool = pool::lock();
        pool.napping -= 1;
        if pool::office().get() != Search::Napping {
            return Role::Helper;
        }
        pool::office().set(Search::Awake);
        pool.stalled = pool.taken == taken;
        if pool.running < sys::cores() {
            break;
        }
    }
    Role::Searcher
}
