mutant "sim once: whoever enters is given the turn" src/once/turn.rs \
    'wants_turn && running.is_none();' 'wants_turn;' sim_once
mutant "sim once: the last look does not look for the value" src/once/turn.rs \
    'if is_done() || for_itself {' 'if for_itself {' sim_once
mutant "sim once: who was granted does not look for the value" src/once/turn.rs \
    'Ok((!is_done()).then_some(' 'Ok(true.then_some(' sim_once
mutant "sim once: the turn is taken without a name" src/once/turn.rs \
    '                *running = Some(me);' '' sim_once
mutant "sim once: a success wakes one" src/once/turn.rs \
    'return running.grant_all();' '{ running.grant_one(); return; }' sim_once
mutant "sim once: a failure wakes all" src/once/turn.rs \
    'if self.succeeded {' 'if true {' sim_once
mutant "sim once: a failure wakes nobody" src/once/turn.rs \
    'if running.grant(key) {' 'if key == key { return; } if running.grant(key) {' sim_once
mutant "sim once: a failure wakes who only waits" src/once/turn.rs \
    'running.oldest(Option::is_some)' 'running.oldest(|_| true)' sim_once
mutant "sim once: the turn that is passed on is nobody's" src/once/turn.rs \
    '*running = next;' '' sim_once
mutant "sim once: a turn for one that gave up is lost" src/once/turn.rs \
    'if running.grant(key) {
                *running = next;
                return;
            }' 'if running.grant(key) { *running = next; } return;' sim_once
mutant "sim once: a failure keeps the turn" src/once/turn.rs \
    '*running = None;' 'if self.succeeded { *running = None; }' sim_once
mutant "once: re-entry is not seen" src/once/turn.rs \
    'for_itself = *running == Some(me);' '' once
mutant "sim once: set overtakes an initialiser" src/once/turn.rs \
    'if running.is_some() || is_done() {' 'if is_done() {' sim_once
mutant "sim once: set wakes nobody" src/once/value.rs \
    'turn.succeed();' 'std::mem::forget(turn);' sim_once
mutant "once: a context that has ended gets the value" src/once/init.rs \
    'until.enter()?;' '' once
mutant "sim once: an error counts as success" src/once/init.rs \
    'Err(error) => return Ok(Err(error)),' 'Err(error) => { turn.succeed(); return Ok(Err(error)) }' sim_once
mutant "sim once: the payload of a panic is lost" src/once/functions.rs \
    'in_flight = Some(payload);' 'drop(payload);' sim_once
mutant "once: a panic is not kept" src/once/functions.rs \
    'panic::resume_unwind(payload);' 'drop(payload);' once
mutant "once: a clone of a place is empty" src/once/value.rs \
    'self.get().cloned().map_or_else(OnceValue::new, OnceValue::from)' 'OnceValue::new()' once
mutant "once: an empty place equals a full one" src/once/value.rs \
    'self.get() == other.get()' 'self.get().is_none() || self.get() == other.get()' once
mutant "sim once: who only waits takes the turn" src/once/turn.rs \
    'let is_free = wants_turn && running.is_none();' 'let is_free = running.is_none();' sim_once
