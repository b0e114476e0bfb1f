//! What a ticker and the timer thread share.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use super::grid::Grid;
use crate::sys;
use crate::time::waiting::{NotYet, Timed};
use crate::wait::WaitQueue;
use crate::wait::alarms::{self, Alarm, Ring};

pub(super) struct Core {
    state: WaitQueue<State>,
    /// Made on first use, under the lock: for whoever selects.
    channel: OnceLock<Receiver<Instant>>,
}

/// Invariants, at each release of the lock:
/// 1. The tick in the channel, if there is one, is of this grid, and before the next.
/// 2. If there is a sender, and a next tick, there is an alarm, for that tick or an earlier one.
#[derive(Debug)]
pub(in crate::time) struct State {
    grid: Grid,
    is_stopped: bool,
    alarm: Option<Alarm>,
    sender: Option<Sender<Instant>>,
    /// How often it was set or stopped. Whoever waits looks again after each.
    changes: u64,
    /// What `changes` was after the last stop.
    last_stop: u64,
}

impl Core {
    pub(super) fn new(grid: Grid) -> Self {
        let state =
            State { grid, is_stopped: false, alarm: None, sender: None, changes: 0, last_stop: 0 };
        Core { state: WaitQueue::new(state), channel: OnceLock::new() }
    }

    pub(super) fn channel(&self) -> Option<&Receiver<Instant>> {
        self.channel.get()
    }

    /// What is to come.
    pub(super) fn grid(&self) -> Grid {
        self.state.lock().grid
    }

    /// Takes the tick out of the channel.
    fn unread(&self) -> Option<Instant> {
        self.channel.get()?.try_recv().ok()
    }

    /// Makes the channel, if there is none. If a tick has come and the timer thread has not got to it yet,
    /// puts the tick into the channel.
    pub(super) fn open_channel(self: &Arc<Self>) {
        let mut state = self.state.lock();
        if self.channel.get().is_none() {
            let (sender, receiver) = crossbeam_channel::bounded(1);
            let is_new = self.channel.set(receiver).is_ok();
            debug_assert!(is_new, "the lock is held");
            state.sender = Some(sender);
            self.tick(&mut state);
        } else if state.grid.next().is_some_and(|next| next <= sys::now()) {
            self.tick(&mut state);
        }
    }

    /// Changes what is to come, or stops it. Returns whether it was ticking.
    ///
    /// `grid` is called under the lock: a grid that begins now is to begin behind all ticks that
    /// somebody has had.
    pub(super) fn change(self: &Arc<Self>, grid: impl FnOnce() -> Option<Grid>) -> bool {
        let mut state = self.state.lock();
        let was_stopped = state.is_stopped;
        let _of_the_old_grid = self.unread();
        let grid = grid();
        state.is_stopped = grid.is_none();
        state.grid = grid.unwrap_or(Grid::EMPTY);
        state.changes += 1;
        if state.is_stopped {
            state.last_stop = state.changes;
        }
        state.grant_all();
        self.arm(&mut state);
        !was_stopped
    }

    /// Stops it for good, and disconnects the channel.
    pub(super) fn close(self: &Arc<Self>) {
        self.change(|| None);
        let sender = self.state.lock().sender.take();
        drop(sender); // after the lock: it wakes those who receive
    }

    /// Puts the latest tick into the channel, if one has come, and sets the alarm for the next.
    fn tick(self: &Arc<Self>, state: &mut State) {
        let tick = state.grid.take(sys::now());
        if let (Some(tick), Some(sender)) = (tick, &state.sender) {
            let _missed = self.unread();
            let sent = sender.try_send(tick);
            debug_assert!(sent.is_ok(), "only those who hold the lock send");
        }
        self.arm(state);
    }

    /// Sees to invariant 2.
    fn arm(self: &Arc<Self>, state: &mut State) {
        let next = state.grid.next().filter(|_| state.sender.is_some());
        let next = next.map(|next| (next, Arc::downgrade(self) as _));
        state.alarm = alarms::replace(state.alarm.take(), next);
    }
}

impl Timed for Core {
    type State = State;
    type Value = Option<Instant>;

    fn queue(&self) -> &WaitQueue<State> {
        &self.state
    }

    fn changes(state: &State) -> u64 {
        state.changes
    }

    /// Takes the latest tick that has come until now, wherever it is; `None` if it is stopped, or was since
    /// the wait began.
    fn take(&self, now: Instant, since: Option<u64>) -> Result<Option<Instant>, NotYet> {
        let mut state = self.state.lock();
        if state.is_stopped || since.is_some_and(|since| since < state.last_stop) {
            return Ok(None);
        }
        let unread = self.unread();
        match state.grid.take(now).or(unread) {
            Some(tick) => Ok(Some(tick)),
            None => Err(NotYet { due: state.grid.next(), changes: state.changes }),
        }
    }
}

impl Ring for Core {
    fn ring(self: Arc<Self>, alarm: Alarm) {
        let mut state = self.state.lock();
        // Otherwise it was stopped, or set anew, in this moment.
        if state.alarm == Some(alarm) {
            state.alarm = None;
            self.tick(&mut state);
        }
    }
}
