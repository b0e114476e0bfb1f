//! Whose turn it is: the heart of the machine.

use super::end::{End, Failure};
use super::op::Kind;
use super::state::{Next, State};
use super::thread::{Idle, On, Thread, Woken};
use super::trace::Step;
use crate::sim::TimeMode;
use crate::sim::strategy::{Candidate, Menu, Who};

/// When all threads have yielded so often, and done nothing of note in between, time passes.
const PATIENCE: u32 = 16;

impl State {
    /// The thread that can be told to go on, or why there is none.
    pub(super) fn pick(&mut self) -> Next {
        loop {
            if self.end.is_some() {
                return Next::Over;
            }
            if self.closing {
                return self.dismiss();
            }
            if let Some(failure) = self.overrun() {
                return self.fail(failure);
            }
            self.look_at_awaited();
            if self.is_spinning() {
                self.each_living(|thread| thread.yields = 0);
                if self.wake_where(Thread::waits_for_idleness) == 0 {
                    if self.time_stands_still() {
                        return self.stuck();
                    }
                    self.pass_time();
                }
            }
            if self.order.iter().any(|thread| self.threads[*thread].is_runnable()) {
                match self.choose() {
                    Some(thread) => return Next::Thread(thread),
                    None => self.pass_time(),
                }
            } else if let Some(next) = self.nobody_runs() {
                return next;
            }
        }
    }

    fn overrun(&self) -> Option<Failure> {
        let steps = self.trace.steps.len();
        let limits = self.setup.limits;
        if steps >= limits.steps {
            Some(Failure::TooManySteps(limits.steps))
        } else if steps - self.moved >= limits.steps_per_instant {
            Some(Failure::Livelock(limits.steps_per_instant))
        } else {
            None
        }
    }

    /// Whether the runnable threads do nothing but look and yield: as good as blocked.
    fn is_spinning(&self) -> bool {
        let spins = |thread: &Thread| thread.yields >= PATIENCE;
        self.living().any(spins) && self.living().filter(|thread| thread.is_runnable()).all(spins)
    }

    /// Has a runnable thread chosen, and counts its step; `None` if time is to pass instead.
    fn choose(&mut self) -> Option<usize> {
        let racing = matches!(self.setup.time, TimeMode::Racing { .. });
        let clock = racing && !self.time_stands_still() && self.next_deadline().is_some();
        let runnable: Vec<usize> =
            self.order.iter().copied().filter(|t| self.threads[*t].is_runnable()).collect();
        let calm = self.threads[self.current].op;
        let threads = &self.threads;
        let mut candidates: Vec<Candidate<'_>> =
            runnable.iter().map(|t| threads[*t].candidate()).collect();
        if clock {
            candidates.push(Candidate { who: Who::Clock, op: &calm, yielded: false });
        }
        let current = runnable.iter().position(|thread| *thread == self.current);
        let path = &threads[self.current].path;
        let after = runnable.partition_point(|thread| threads[*thread].path <= *path);
        let menu = Menu { candidates: &candidates, current, after };
        let (usual, options) = (menu.usual(), candidates.len());
        let chosen = self.setup.chooser.choose(&menu).min(options - 1);
        self.trace.decide(chosen, usual, options);
        let thread = *runnable.get(chosen)?;
        self.take_step(thread);
        Some(thread)
    }

    fn take_step(&mut self, thread: usize) {
        self.current = thread;
        let taking = &mut self.threads[thread];
        taking.yielded = false;
        taking.readings = 0;
        taking.steps += 1;
        let step = Step { thread, op: taking.op, call: taking.doing, now: self.now };
        // It is kept: the thread may take the step again, when it has been woken.
        let place = taking.place.clone().filter(|_| taking.op.is_of_unmodified_code());
        self.trace.step(step);
        if let Some(place) = place {
            self.trace.at(place);
        }
        match step.op.kind {
            Kind::Yield => self.threads[thread].yields += 1,
            Kind::Load | Kind::Store | Kind::Update | Kind::Lock | Kind::Share => {}
            _ => self.each_living(|thread| thread.yields = 0),
        }
        if self.setup.loud {
            self.say(step);
        }
    }

    fn say(&self, Step { thread, op, now, .. }: Step) {
        let Thread { path, name, .. } = &self.threads[thread];
        eprintln!("sim: {:>6} {now:>12} ns  {path} {name:?}: {op}", self.trace.steps.len());
    }

    /// No thread can run: lets time pass, or finds the end. `None`: look again.
    fn nobody_runs(&mut self) -> Option<Next> {
        if self.externals > 0 {
            return Some(Next::Outside);
        }
        if self.wake_where(Thread::waits_for_idleness) > 0 {
            return None;
        }
        if self.time_stands_still() {
            if self.living().all(|thread| thread.idle != Idle::No) {
                self.closing = true;
                return None;
            }
        } else if self.helping_deadline() {
            self.pass_time();
            return None;
        }
        if self.living().any(Thread::may_be_woken_from_outside) {
            return Some(Next::Outside);
        }
        Some(self.stuck())
    }

    /// Goes on as if those who wait for somebody outside were blocked; `false` if nobody can.
    pub(super) fn help_itself(&mut self) -> bool {
        if self.wake_where(Thread::waits_for_idleness) > 0 {
            return true;
        }
        let helps = !self.time_stands_still() && self.helping_deadline();
        if helps {
            self.pass_time();
        }
        helps
    }

    /// Nothing will ever happen any more.
    pub(super) fn stuck(&mut self) -> Next {
        let leaked = self.threads[0].is_finished();
        self.fail(if leaked { Failure::Leak } else { Failure::Deadlock })
    }

    pub(super) fn fail(&mut self, failure: Failure) -> Next {
        self.end.get_or_insert(End::Failed(failure));
        Next::Over
    }

    /// The bubble is over but for idle threads: one after the other is sent home.
    fn dismiss(&mut self) -> Next {
        let first = |wanted: &dyn Fn(&Thread) -> bool| {
            self.order.iter().copied().filter(|thread| wanted(&self.threads[*thread])).min()
        };
        if let Some(leaving) = first(&Thread::is_runnable) {
            self.current = leaving;
            return Next::Thread(leaving);
        }
        let waits_idly = |t: &Thread| t.blocked().is_some() && t.idle != Idle::No;
        let Some(idle) = first(&waits_idly) else {
            self.end.get_or_insert(End::Clean);
            return Next::Over;
        };
        self.current = idle;
        self.threads[idle].idle = Idle::No;
        self.threads[idle].wake(Woken::Event);
        Next::Dismiss(idle)
    }
}

impl Thread {
    fn candidate(&self) -> Candidate<'_> {
        let who = Who::Thread { path: &self.path, name: &self.name };
        Candidate { who, op: &self.op, yielded: self.yielded }
    }

    fn waits_for_idleness(&self) -> bool {
        self.blocked().is_some_and(|blocked| blocked.on == On::Idle)
    }

    /// Whether it is blocked on a word that code outside of the bubble may know.
    fn may_be_woken_from_outside(&self) -> bool {
        self.blocked().is_some_and(|blocked| matches!(blocked.on, On::Futex { .. }))
    }
}
