//! What the threads of a bubble ask of the machine instead of the operating system.
//!
//! Each door does nothing, or says so, when the calling thread is in no bubble: then the caller asks
//! the operating system.

use std::panic::Location;

use super::here::{self, Here};
use super::id::Id;
use super::op::{Kind, Op};
use super::state::{Invariant, State};
use super::thread::{Doing, Idle};

/// The cores that a bubble seems to have.
pub(crate) const CORES: usize = 2;

/// The thread is about to do something with an object: others may run first.
#[inline]
#[track_caller]
pub(crate) fn point(kind: Kind, object: &Id) {
    if here::inside() {
        let at = Location::caller();
        here::with(|here| here.step(Op { kind, object: object.number(here), at }));
    }
}

/// A step that concerns no object.
#[track_caller]
pub(crate) fn step(kind: Kind) {
    let op = Op::new(kind, 0);
    here::with(|here| here.step(op));
}

/// Lets others run first. `false` outside of a bubble.
#[track_caller]
pub(crate) fn yield_now() -> bool {
    let op = Op::new(Kind::Yield, 0);
    let yielding = |here: &Here| {
        here.state().threads[here.me].yielded = true;
        here.step(op);
    };
    here::with(yielding).is_some()
}

/// A choice among `n`, which is part of the schedule.
pub(crate) fn choose(n: usize) -> Option<usize> {
    here::with(|here| here.state().data(n))
}

/// A guess, which is part of the schedule.
pub(crate) fn guess() -> Option<bool> {
    here::with(|here| here.state().guess())
}

impl State {
    fn guess(&mut self) -> bool {
        let answer = self.setup.chooser.guess();
        self.trace.decide(usize::from(answer), 0, 2);
        answer
    }

    /// A choice of data.
    pub(super) fn data(&mut self, n: usize) -> usize {
        if n < 2 {
            return 0;
        }
        let chosen = self.setup.chooser.data(n).min(n - 1);
        self.trace.decide(chosen, 0, n);
        chosen
    }
}

/// Promises something that is to hold between any two steps from now on.
pub(crate) fn invariant(name: &'static str, check: Box<dyn Fn() + Send>) -> bool {
    here::with(|here| here.state().invariants.push(Invariant { name, check })).is_some()
}

/// Runs a call that the machine does not see into. Gives it back outside of a bubble.
#[track_caller]
pub(crate) fn external<R, F: FnOnce() -> R>(f: F) -> Result<R, F> {
    let op = Op::new(Kind::External, 0);
    let mut f = Some(f);
    let result = here::with(|here| here.external(op, f.take().expect("called once")));
    result.ok_or_else(|| f.expect("not called"))
}

/// The current thread is in a call that may block, for as long as the guard lives. Calls inside of it
/// do not count.
#[must_use = "the call is over when the guard is dropped"]
#[derive(Debug)]
pub(crate) struct InCall(bool);

#[track_caller]
pub(crate) fn in_call(name: &'static str) -> InCall {
    let at = Location::caller();
    let outermost = here::with(|here| {
        let doing = &mut here.state().threads[here.me].doing;
        let outermost = doing.is_none();
        doing.get_or_insert(Doing { name, at });
        outermost
    });
    InCall(outermost == Some(true))
}

impl Drop for InCall {
    fn drop(&mut self) {
        if self.0 {
            here::with(|here| here.state().threads[here.me].doing = None);
        }
    }
}

/// Waits inside `f` do not keep the bubble from ending.
pub(crate) fn idling<R>(idle: Idle, f: impl FnOnce() -> R) -> R {
    let set = |idle| here::with(|here| here.state().threads[here.me].idle = idle);
    set(idle);
    let result = f();
    set(Idle::No);
    result
}
