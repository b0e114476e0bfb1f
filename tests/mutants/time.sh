mutant "timer: stop leaves the value in the channel" src/time/timer/core.rs \
    'self.unread().is_some() || state.due.is_some()' 'state.due.is_some()' timer
mutant "timer: stop says nothing about what is in the channel" src/time/timer/core.rs \
    'self.unread().is_some() || state.due.is_some()' 'self.unread().is_some() && false || state.due.is_some()' timer
mutant "timer: who waits is not told of a new setting" src/time/timer/core.rs \
    'state.grant_all();' '{}' timer
mutant "timer: a new setting is not counted" src/time/timer/core.rs \
    'state.changes += 1;' '{}' sim_timer
mutant "timer: an old alarm rings for a new setting" src/time/timer/core.rs \
    'if state.alarm == Some(alarm) {' 'if state.alarm.is_some() || alarm.eq(&alarm) {' sim_timer
mutant "timer: a new setting has no alarm" src/time/timer/core.rs \
    'state.due.map(|due| (due, Arc::downgrade(self) as _))' 'None.filter(|_: &(Instant, std::sync::Weak<dyn Ring>)| state.due.is_none())' timer
mutant "timer: what is due is left to the timer thread" src/time/timer/core.rs \
    'state.due.is_some_and(|due| due <= sys::now())' 'state.due.is_some_and(|due| due > due && due <= sys::now())' timer
mutant "timer: a value that a call has had comes on the channel too" src/time/timer/core.rs \
    'state.due = None;
        alarms::replace(state.alarm.take(), None);' '{}' sim_timer
mutant "timer: a call does not look into the channel" src/time/timer/core.rs \
    'if let Some(value) = self.unread() {
            return Ok(value);
        }' '' timer
mutant "timer: the deadline of what is unread is forgotten" src/time/timer/core.rs \
    'state.rung = Some(due);' '{}' timer
mutant "timer: a drop does not stop it" src/time/timer.rs \
    'fn drop(&mut self) {
        self.stop();' 'fn drop(&mut self) {' timer
mutant "timed: the bound wins over the event" src/time/waiting.rs \
    'let NotYet { due, changes } = match' 'if interrupted.is_none() && until.alarm().is_some_and(|bound| bound <= now) {
            return Err(until.why());
        }
        let NotYet { due, changes } = match' sim_timer
mutant "timed: no last look after a cancellation" src/time/waiting.rs \
    'interrupted = waited.err().filter(' 'if until.alarm().is_some_and(|bound| bound <= sys::now()) { return Err(until.why()); }
        interrupted = waited.err().filter(' sim_timer
mutant "timed: a wait that has begun is not interrupted" src/time/waiting.rs \
    'matches!(why, Interrupted::Cancelled(_))' 'matches!(why, Interrupted::Cancelled(_)) && false' timer
mutant "timed: a cancelled context may take the value" src/time/waiting.rs \
    'until.enter()?;' '{}' timer
mutant "timed: no look at the changes before the sleep" src/time/waiting.rs \
    'T::changes(state) != changes' 'T::changes(state) != changes && false' sim_timer
mutant "ticker: the first missed tick instead of the last" src/time/ticker/grid.rs \
    'let tick = now.checked_sub(duration(since))?;' 'let tick = next; let _ = duration(since);' lib
mutant "ticker: the next tick is counted from now" src/time/ticker/grid.rs \
    'tick.checked_add(self.period)' 'now.checked_add(self.period)' lib
mutant "ticker: no alarm for the next tick" src/time/ticker/core.rs \
    'debug_assert!(sent.is_ok(), "only those who hold the lock send");
        }
        self.arm(state);' 'debug_assert!(sent.is_ok(), "only those who hold the lock send");
        }' ticker
mutant "ticker: an unread tick is not replaced" src/time/ticker/core.rs \
    'let _missed = self.unread();
            let sent = sender.try_send(tick);
            debug_assert!(sent.is_ok(), "only those who hold the lock send");' 'let _full = sender.try_send(tick);' sim_ticker
mutant "ticker: the old tick in the channel wins over the new one" src/time/ticker/core.rs \
    'match state.grid.take(now).or(unread) {' 'match unread.or_else(|| state.grid.take(now)) {' sim_ticker
mutant "ticker: a call does not look into the channel" src/time/ticker/core.rs \
    '.or(unread)' '.or(unread.filter(|_| false))' ticker
mutant "ticker: stop keeps the channel open" src/time/ticker/core.rs \
    'if state.is_stopped { state.sender.take() } else { None }' 'None::<Sender<Instant>>' ticker
mutant "ticker: a tick of the old grid is left" src/time/ticker/core.rs \
    'let _of_the_old_grid = self.unread();' '{}' ticker
mutant "ticker: who waits is not told" src/time/ticker/core.rs \
    'state.grant_all();' '{}' ticker
mutant "ticker: the grid begins before the lock" src/time/ticker/core.rs \
    'let mut state = self.state.lock();
        if state.is_stopped {
            return false;
        }
        let _of_the_old_grid = self.unread();
        let grid = grid();' 'let grid = grid();
        let mut state = self.state.lock();
        if state.is_stopped {
            return false;
        }
        let _of_the_old_grid = self.unread();' sim_ticker
# That an old alarm of a ticker is told from the one that is set has no mutant: a tick is taken by the
# clock, so an old alarm would only ring once more, and set another.
mutant "after func: it rings though it was stopped" src/time/after_func.rs \
    'state.alarm.is_some_and(|(set, _)| set == alarm)' 'state.alarm.is_none_or(|(set, _)| set == alarm)' sim_timer
mutant "after func: an old alarm rings for a new setting" src/time/after_func.rs \
    'state.alarm.is_some_and(|(set, _)| set == alarm)' 'state.alarm.is_some_and(|(set, _)| set == alarm || set != alarm)' sim_timer
mutant "after func: what rings stays set" src/time/after_func.rs \
    'if is_due {
            state.alarm = None;' 'if is_due {' after_func
mutant "after func: a drop does not stop it" src/time/after_func.rs \
    'if state.detached.is_none() {' 'if state.detached.is_some() {' after_func
mutant "after func: one that is detached is stopped" src/time/after_func.rs \
    'if state.detached.is_none() {' 'if state.detached.is_none() || true {' after_func
mutant "after func: nobody keeps one that is detached" src/time/after_func.rs \
    'state.detached = Some(Arc::clone(&self.core));' '{}' after_func
mutant "after func: one that is never called is kept for ever" src/time/after_func.rs \
    'if state.alarm.is_some() {
            state.detached' 'if state.alarm.is_some() || true {
            state.detached' after_func
mutant "after func: it runs on the timer thread" src/time/after_func.rs \
    'elsewhere(self, Core::run);' 'self.run();' after_func
mutant "after func: where there is no thread it is not called" src/time/after_func.rs \
    'Err(_) => run(core),' 'Err(_) => drop(core),' timer_refused
mutant "after func: what it captured is dropped on the timer thread" src/time/after_func.rs \
    'elsewhere(Arc::new(core), drop_quietly);' 'drop(core);' sim_timer
mutant "after func: a panic is not caught" src/time/after_func.rs \
    'drop_quietly(panic::catch_unwind(AssertUnwindSafe(&self.f)));' '(self.f)();' after_func
mutant "alarms: a thread that sleeps too long is not woken" src/wait/alarms.rs \
    'alarms.grant_one();' '{}' timer
mutant "alarms: the thread is woken for every alarm" src/wait/alarms.rs \
    'till.is_none_or(|till| at < till)' 'till.is_none_or(|till| at < till || at >= till)' sim_timer
mutant "alarms: a thread that sleeps for ever is not woken" src/wait/alarms.rs \
    'till.is_none_or(' 'till.is_some_and(' timer
mutant "alarms: no last look before the sleep" src/wait/alarms.rs \
    'let has_changed = alarms.pending.first_at() != first;' 'let has_changed = false;' sim_timer
mutant "alarms: it is not known that the thread sleeps" src/wait/alarms.rs \
    'alarms.thread = Thread::Asleep(first);' '{}' timer
mutant "alarms: an alarm is set and the old one left" src/wait/alarms.rs \
    'before.and_then(|before| alarms.pending.remove(before))' 'before.and_then(|_| None::<Weak<dyn Ring>>)' sim_timer
mutant "alarms: those for one instant ring in one order" src/wait/alarms.rs \
    'sys::choose(|| self.pending.count_at(first))' '0' sim_timer
mutant "alarms: a panic ends the timer thread" src/wait/alarms.rs \
    'panic::catch_unwind(AssertUnwindSafe(|| {
        if let Some(whom) = whom.upgrade() {
            whom.ring(alarm);
        }
    }));' 'Ok::<(), Box<dyn std::any::Any + Send>>({
        if let Some(whom) = whom.upgrade() {
            whom.ring(alarm);
        }
    });' context_deadline
mutant "alarms: names are given again in the next bubble" src/wait/alarms/queue/serials.rs \
    'GIVEN.fetch_add(1, Relaxed) + 1' '{ GIVEN.fetch_add(1, Relaxed); 1 }' sim_timer
mutant "alarms: what fills a gap is not moved up" src/wait/alarms/queue.rs \
    'let gap = self.lower(gap, last);
            self.fill(gap, last);' 'let gap = self.lower(gap, last);
            self.put(gap, last);' lib
mutant "alarms: what fills a gap is not moved down" src/wait/alarms/queue.rs \
    'let gap = self.lower(gap, last);' '' lib
mutant "alarms: a name of before takes out what came after" src/wait/alarms/queue.rs \
    '.filter(|slot| slot.serial == serial)?' '.filter(|slot| slot.serial == serial || serial > 0)?' lib
mutant "alarms: the memory of a crowd is kept" src/wait/alarms/queue.rs \
    'self.table.capacity() > KEPT_CAPACITY' 'self.table.capacity() > usize::MAX / 2' lib
