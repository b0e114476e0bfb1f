//! The futexes of unmodified code: words in memory for whose change threads wait.
//!
//! This is the model: who waits for which word, and whom a wake-up reaches. Whoever stands in for
//! the C library asks it instead of the kernel.

use std::sync::Arc;

use super::bubble::Bubble;
use super::op::{Kind, Op};
use super::state::State;
use super::thread::{On, Woken};
use super::{here, place};

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Woken,
    /// It did not begin: the word was not what it was to be.
    Changed,
    TimedOut,
}

/// Until when a thread waits, in nanoseconds of virtual time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Since the bubble began.
    At(u64),
    /// From now on.
    In(u64),
}

/// Of whom a wake-up speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) address: usize,
    /// Those who wait with one of these bits are meant.
    pub(crate) bits: u32,
}

/// The words that threads wait for, or are about to.
#[derive(Debug, Default)]
pub(super) struct Futexes {
    waits: u64,
    known: Vec<Known>,
}

/// A word has a number for as long as anybody has to do with it. The address of the next one may be
/// the same, or not: nothing must depend on that.
#[derive(Debug)]
struct Known {
    address: usize,
    number: u32,
    users: u32,
}

/// Waits until somebody wakes the word; if it is `unchanged`. `None` outside of a bubble.
#[track_caller]
pub(crate) fn wait(
    word: Word,
    bound: Option<Bound>,
    unchanged: impl FnOnce() -> bool,
) -> Option<Waited> {
    let mut op = Op::new(Kind::FutexWait, 0);
    place::note();
    here::with(|here| {
        let mut state = here.state();
        let deadline = bound.map(|bound| bound.deadline(state.now));
        op.object = state.meet(word.address);
        drop(state);
        here.step(op);
        // Looked at with the state locked: a wake-up from outside of the bubble comes after the
        // change, and so either before this look, or when the thread is known to be blocked.
        let mut state = here.state();
        let over = deadline.is_some_and(|at| at <= state.now);
        let waited = if !unchanged() {
            Waited::Changed
        } else if over {
            // Whoever waits again and again until it is later than its deadline is to see that.
            let later = state.now.saturating_add(1);
            state.move_to(later);
            Waited::TimedOut
        } else if state.rouses(here.me) {
            Waited::Woken
        } else {
            if here::is_atomic() {
                drop(state);
                here.refuse(super::foreign::ATOMIC);
            }
            let Word { address, bits } = word;
            state.futexes.waits += 1;
            let serial = state.futexes.waits;
            here.block(state, On::Futex { address, bits, serial }, deadline);
            state = here.state();
            match state.threads[here.me].woken {
                Woken::Event => Waited::Woken,
                Woken::Deadline => Waited::TimedOut,
            }
        };
        state.part(word.address);
        waited
    })
}

/// Wakes at most so many threads that wait for the word. `None` outside of a bubble.
#[track_caller]
pub(crate) fn wake(word: Word, most: usize) -> Option<usize> {
    let mut op = Op::new(Kind::FutexWake, 0);
    place::note();
    here::with(|here| {
        op.object = here.state().meet(word.address);
        here.step(op);
        let mut state = here.state();
        state.part(word.address);
        state.wake_futex(word, most, State::data)
    })
}

impl Bubble {
    /// Wakes threads of this bubble for somebody who is not in it: those first that came first.
    pub(crate) fn wake_from_outside(&self, word: Word, most: usize) -> usize {
        if self.lock().waiting_for(word).is_empty() {
            return 0;
        }
        let mut woken = 0;
        self.intrude(|state| woken = state.wake_futex(word, most, |_, _| 0));
        woken
    }

    /// Something from outside has had a part in this.
    pub(crate) fn taint(&self) {
        self.lock().tainted = true;
    }
}

/// The bubble of the current thread.
pub(crate) fn bubble() -> Option<Arc<Bubble>> {
    here::with(|here| Arc::clone(&here.bubble))
}

impl Bound {
    fn deadline(self, now: u64) -> u64 {
        match self {
            Bound::At(at) => at,
            Bound::In(nanos) => now.saturating_add(nanos),
        }
    }
}

impl State {
    /// The number of a word, which a thread is about to wait for or to wake.
    fn meet(&mut self, address: usize) -> u32 {
        if let Some(known) = self.futexes.known.iter_mut().find(|known| known.address == address) {
            known.users += 1;
            return known.number;
        }
        self.objects += 1;
        let number = self.objects;
        self.futexes.known.push(Known { address, number, users: 1 });
        number
    }

    /// The thread has done with the word.
    fn part(&mut self, address: usize) {
        let known = &mut self.futexes.known;
        if let Some(place) = known.iter().position(|known| known.address == address) {
            known[place].users -= 1;
            if known[place].users == 0 {
                known.swap_remove(place);
            }
        }
    }

    /// Who waits for the word, in the order in which they came.
    fn waiting_for(&self, word: Word) -> Vec<usize> {
        let mut waiting: Vec<(u64, usize)> = Vec::new();
        for &thread in &self.order {
            match self.threads[thread].blocked().map(|blocked| blocked.on) {
                Some(On::Futex { address, bits, serial })
                    if address == word.address && bits & word.bits != 0 =>
                {
                    waiting.push((serial, thread));
                }
                _ => {}
            }
        }
        waiting.sort_unstable();
        waiting.into_iter().map(|(_, thread)| thread).collect()
    }

    /// Wakes threads; `pick` says which, if not all of them.
    fn wake_futex(
        &mut self,
        word: Word,
        most: usize,
        mut pick: impl FnMut(&mut State, usize) -> usize,
    ) -> usize {
        let mut waiting = self.waiting_for(word);
        let mut woken = 0;
        while woken < most && !waiting.is_empty() {
            let all = waiting.len() <= most - woken;
            let next = if all { 0 } else { pick(self, waiting.len()) };
            self.threads[waiting.remove(next)].wake(Woken::Event);
            woken += 1;
        }
        woken
    }
}
