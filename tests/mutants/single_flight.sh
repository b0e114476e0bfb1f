mutant "sim single_flight: a call is found after it has landed" src/single_flight/call.rs \
    'if !matches!(state.phase, Phase::Flying) {' 'if matches!(state.phase, Phase::Abandoned) {' sim_single_flight
mutant "sim single_flight: a follower is caught by an abandoned call" src/single_flight/call.rs \
    'if !matches!(state.phase, Phase::Flying) {' 'if matches!(state.phase, Phase::Landed { .. }) {' sim_single_flight
mutant "sim single_flight: re-entry is not seen" src/single_flight/call.rs \
    'state.runner == Some(here)' 'state.runner == Some(here) && false' sim_single_flight
mutant "sim single_flight: a follower is not counted" src/single_flight/call.rs \
    'state.callers += 1;' '' sim_single_flight
mutant "sim single_flight: a landing is taken for announced at once" src/single_flight/call.rs \
    'Phase::Landed { is_announced: true, .. }' 'Phase::Landed { .. }' sim_single_flight
mutant "sim single_flight: a landing wakes nobody" src/single_flight/call.rs \
    'state.grant_all();' '' sim_single_flight
mutant "sim single_flight: a landing wakes one" src/single_flight/call.rs \
    'state.grant_all();' 'state.grant_one();' sim_single_flight
mutant "sim single_flight: a landing is not announced to who comes into the queue" src/single_flight/call.rs \
    '*is_announced = true;' '' sim_single_flight
mutant "sim single_flight: the last to leave leaves the function alone" src/single_flight/call.rs \
    'Left::Last(state.canceller.take())' 'Left::Others' sim_single_flight
mutant "sim single_flight: the first to leave ends the function" src/single_flight/call.rs \
    'if state.callers > 0 {' 'if false {' sim_single_flight
mutant "sim single_flight: what has landed is left behind" src/single_flight/caller.rs \
    'Err(interrupted) if !self.leave() =>' 'Err(interrupted) if !self.leave() || true =>' sim_single_flight
mutant "single_flight: a call that all have left stays in the table" src/single_flight/caller.rs \
    'self.table.remove(&self.entry);' '' single_flight
mutant "sim single_flight: a call that has returned stays in the table" src/single_flight/execution.rs \
    'table.remove(&entry);
    // What nobody' '// What nobody' sim_single_flight
mutant "sim single_flight: a function of a leader that waits stays in the table" src/single_flight/execution.rs \
    'table.remove(&entry);
    // From' '// From' sim_single_flight
mutant "sim single_flight: a key is dropped by a thread that counts as free" src/single_flight/execution.rs \
    'drop_quietly((entry, table));
    release.now();' 'release.now();
    drop_quietly((entry, table));' sim_single_flight
mutant "sim single_flight: keys are compared with a thread in hand" src/single_flight/table.rs \
    'let others = self.with_hash(entry.hash);' 'let others = self.with_hash(entry.hash); let claimed = claim()?;' sim_single_flight
mutant "sim single_flight: two calls for a key are entered" src/single_flight/table.rs \
    'if all_known {' 'if true {' sim_single_flight
mutant "sim single_flight: a call takes another for its key with it" src/single_flight/table.rs \
    'Arc::ptr_eq(other, entry)' '{ let other: &Arc<Entry<K, V, E>> = other; other.hash == entry.hash }' sim_single_flight
mutant "single_flight: keys with one hash are one" src/single_flight/table.rs \
    'find(|entry| entry.key.borrow() == key)' 'find(|_| { let _ = key; true })' single_flight
mutant "sim single_flight: a follower keeps its function" src/single_flight/run.rs \
    'drop(f);
                let _call' 'let _call' sim_single_flight
mutant "sim single_flight: a follower that comes second keeps its thread" src/single_flight/table.rs \
    'if self.enter_beside(&known, entry) {
                return Ok(Entered::New(claimed));
            }' 'if self.enter_beside(&known, entry) { return Ok(Entered::New(claimed)); } std::mem::forget(claimed);' sim_single_flight
mutant "sim single_flight: the last one clones the value" src/single_flight/call.rs \
    'if *waiting == 0 { outcome.take() }' 'if false { outcome.take() }' sim_single_flight
mutant "sim single_flight: the payload goes to a follower" src/single_flight/call.rs \
    'if is_leader { payload.take() }' 'if true { payload.take() }' sim_single_flight
mutant "sim single_flight: a bound that has passed starts a function" src/single_flight/run.rs \
    'if until.has_passed() {' 'if false {' sim_single_flight
mutant "sim single_flight: a context that has ended starts a function" src/single_flight/run.rs \
    'until.enter().map_err(FlightError::Interrupted)?;' '' sim_single_flight
mutant "single_flight: a function outlives its context" src/single_flight/execution.rs \
    'drop_quietly(call.returned());' 'std::mem::forget(call.returned());' single_flight
mutant "single_flight: the calls with one hash are lost with the first" src/single_flight/table.rs \
    'Some(next) => drop(mem::replace(&mut alike.first, next)),' 'Some(_) => drop(there.remove()),' single_flight
