mutant "bubbles: an object of another bubble is numbered anew" src/sim/machine/id.rs \
    'if !several.live.contains(&whose) {' 'if true {' sim_bubbles
mutant "bubbles: the first bubble loses its number" src/sim/machine/id.rs \
    'several.numbers.insert((whose, serial), number);' 'let _ = number;' sim_bubbles
mutant "bubbles: both have the same number" src/sim/machine/id.rs \
    '*several.numbers.entry((me, serial))' '*several.numbers.entry((0, serial))' sim_bubbles
mutant "bubbles: a number is of all objects" src/sim/machine/id.rs \
    'several.serials += 1;' 'several.serials = 1;' sim_bubbles
mutant "bubbles: a bubble is not known to run" src/sim/machine/id.rs \
    'real(|| several().live.push(generation));' '{}' sim_bubbles
mutant "bubbles: who waits outside keeps the turn" src/sim/machine/outside.rs \
    'if here::is_atomic() { None } else { here::with(patiently) }' \
    '{ drop(&patiently); None::<R>.filter(|_| here::with(&patiently).is_some()) }' sim_bubbles
mutant "bubbles: no time passes while somebody waits outside" src/sim/machine/outside.rs \
    'if state.vacant && state.help_itself() {' 'if state.vacant && false {' sim_bubbles
mutant "bubbles: nobody is idle while somebody waits outside" src/sim/machine/pick.rs \
    'if self.wake_where(Thread::waits_for_idleness) > 0 {
            return true;
        }
        let helps' 'let helps' sim_bubbles
mutant "bubbles: an upgrade keeps the turn" src/sim/sync/rwlock/upgrade.rs \
    'machine::outlast(attempt);' 'unsafe { self.real.upgrade() };' sim_bubbles
mutant "bubbles: an inner lock keeps the turn" src/sys/lock/simulated.rs \
    'None if id.is_some() => machine::outlast(|time| self.lock.try_lock_for(time)),' '' sim_bubbles
mutant "bubbles: a lock with a deadline has none" src/sim/machine/locks.rs \
    'here.block(state, On::Lock(number), deadline);' 'here.block(state, On::Lock(number), None);' sim_sync
mutant "bubbles: the deadline wins over the lock" src/sim/machine/locks.rs \
    'if state.take_lock(number, here.me, shared) {
                return true;
            }
            if deadline.is_some_and(|deadline| deadline <= state.now) {
                return false;
            }' 'if deadline.is_some_and(|deadline| deadline <= state.now) {
                return false;
            }
            if state.take_lock(number, here.me, shared) {
                return true;
            }' sim_sync

# Survivor: in `Way::take_inside`, `Way::Read` not made `Way::ReadAgain`: a reader then waits for the attempt of a
# writer of another bubble to end, a quarter of a second at most; only time is lost.
mutant "kit: the threads of a test are refused" src/sim/machine/spawning.rs \
    'let Some(newcomer) = newcomer(name.clone()) else' 'if let Err(error) = super::refusals::ask_for_thread() { return Ok(Err(error)) }
    let Some(newcomer) = newcomer(name.clone()) else' sim_kit
mutant "kit: threads are refused for ever" src/sim/machine/refusals.rs \
    'wanted.contains(&refusals.asked)' 'wanted.start <= refusals.asked' sim_kit
