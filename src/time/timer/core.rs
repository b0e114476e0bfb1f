//! What a timer and the timer thread share.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use crate::sys;
use crate::time::waiting::{NotYet, Timed};
use crate::wait::WaitQueue;
use crate::wait::alarms::{self, Alarm, Ring};

pub(super) struct Core {
    state: WaitQueue<State>,
    /// Made on first use, under the lock: for whoever selects.
    channel: OnceLock<(Sender<Instant>, Receiver<Instant>)>,
}

/// Invariants, at each release of the lock:
/// 1. A timer is set, or its value is in the channel, or neither; never both.
/// 2. If there is a channel and the timer is set, there is an alarm for it.
#[derive(Debug)]
pub(in crate::time) struct State {
    /// When it goes off, or should have, if nobody has noticed yet.
    due: Option<Instant>,
    alarm: Option<Alarm>,
    /// What was put into the channel last.
    rung: Option<Instant>,
    /// How often it was set or stopped. Whoever waits looks again after each.
    changes: u64,
}

impl Core {
    pub(super) fn new(due: Option<Instant>) -> Self {
        let state = State { due, alarm: None, rung: None, changes: 0 };
        Core { state: WaitQueue::new(state), channel: OnceLock::new() }
    }

    pub(super) fn channel(&self) -> Option<&Receiver<Instant>> {
        self.channel.get().map(|(_, receiver)| receiver)
    }

    /// When it goes off, or has, if nobody has had the value.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let state = self.state.lock();
        let is_unread = self.channel().is_some_and(|values| !values.is_empty());
        state.due.or_else(|| state.rung.filter(|_| is_unread))
    }

    /// Takes the value out of the channel. The lock is held, so it is of the last setting.
    fn unread(&self) -> Option<Instant> {
        self.channel()?.try_recv().ok()
    }

    /// Sets it to what `due` says under the lock.
    pub(super) fn set(self: &Arc<Self>, due: impl FnOnce() -> Option<Instant>) -> bool {
        let mut state = self.state.lock();
        let had_value = self.unread().is_some() || state.due.is_some();
        state.due = due();
        state.changes += 1;
        state.grant_all();
        self.arm(&mut state);
        had_value
    }

    /// Makes the channel, if there is none. If the timer has gone off and the timer thread has not got to
    /// it yet, puts the value into the channel.
    pub(super) fn open_channel(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if self.channel.get().is_none() {
            let is_new = self.channel.set(crossbeam_channel::bounded(1)).is_ok();
            debug_assert!(is_new, "the lock is held");
            self.arm(&mut state);
        } else if state.due.is_some_and(|due| due <= sys::now()) {
            self.arm(&mut state);
        }
    }

    /// Sees to invariant 2 after a change. What is due already is put into the channel here and now.
    fn arm(self: &Arc<Self>, state: &mut State) {
        if self.channel.get().is_none() {
            return;
        }
        if state.due.is_some_and(|due| due <= sys::now()) {
            alarms::replace(state.alarm.take(), None);
            self.go_off(state);
        } else {
            let next = state.due.map(|due| (due, Arc::downgrade(self) as _));
            state.alarm = alarms::replace(state.alarm.take(), next);
        }
    }

    /// Puts the value into the channel. Threads that wait in a call need not be told: they look at
    /// the clock.
    fn go_off(&self, state: &mut State) {
        if let (Some(due), Some((sender, _))) = (state.due.take(), self.channel.get()) {
            let sent = sender.try_send(due);
            debug_assert!(sent.is_ok(), "the channel is empty while the timer is set");
            state.rung = Some(due);
        }
    }
}

impl Timed for Core {
    type State = State;
    type Value = Instant;

    fn queue(&self) -> &WaitQueue<State> {
        &self.state
    }

    fn changes(state: &State) -> u64 {
        state.changes
    }

    fn take(&self, now: Instant, _: Option<u64>) -> Result<Instant, NotYet> {
        let mut state = self.state.lock();
        if let Some(value) = self.unread() {
            return Ok(value);
        }
        let Some(due) = state.due.filter(|due| *due <= now) else {
            return Err(NotYet { due: state.due, changes: state.changes });
        };
        state.due = None;
        alarms::replace(state.alarm.take(), None);
        Ok(due)
    }
}

impl Ring for Core {
    fn ring(self: Arc<Self>, alarm: Alarm) {
        let mut state = self.state.lock();
        // Otherwise it was stopped, or set anew, in this moment.
        if state.alarm == Some(alarm) {
            state.alarm = None;
            self.go_off(&mut state);
        }
    }
}
