mutant "context: the end does not reach the children" src/context/cancel.rs \
    'self.flag(&child, cause);' '{}' context
mutant "context: callbacks run oldest first" src/context/cancel.rs \
    'self.callbacks.iter().rev()' 'self.callbacks.iter()' context_on_cancel
mutant "context: the first panicking callback ends the others" src/context/cancel.rs \
    'None => first_panic = Some(payload),' 'None => panic::resume_unwind(payload),' context_on_cancel
mutant "context: a later cause replaces the first" src/context/node.rs \
    'if self.state.fetch_or(LINKED, Relaxed) & ENDED != 0 {' 'if self.state.fetch_or(LINKED, Relaxed) & ENDED == ENDED + 1 {' context context_races
mutant "context: an unseen child forgets what its parent ended with" src/context/cancel.rs \
    'inherited.as_ref().unwrap_or(cause)' 'cause' context
mutant "context: nobody joins the parents" src/context/family.rs \
    'if self.state.load(Acquire) & UNSEEN != 0 {' 'if false {' context
mutant "context: a child counts as seen before it has joined" src/context/family.rs \
    'for parent in self.parents() {
            match' 'self.state.fetch_and(!UNSEEN, Relaxed);
        for parent in self.parents() {
            match' sim_context
mutant "context: a child that left stays in the list" src/context/family.rs \
    'parent.node.detach(Key(place));' '{}' leaves_nothing_behind
mutant "context: a later deadline hides the parent's" src/context/family.rs \
    'own < inherited' 'true' context_deadline
mutant "context: a poll does not arm the deadline" src/context/node.rs \
    'drop(self.watch_deadline());' '{}' sim_wait_layer
mutant "context: a dropped registration does not wait" src/context/callback.rs \
    'callback.wait_until_over();' '{}' context_on_cancel
mutant "context: a callback waits for itself" src/context/callback.rs \
    'Stage::Running(on) if *on != me' 'Stage::Running(_)' context_on_cancel
mutant "context: a shield lets the end through" src/context/derive.rs \
    'Context { node: None, values: self.values.clone() }' 'self.clone()' context_values context
mutant "context: dropping the canceller does nothing" src/context/canceller.rs \
    'if self.armed && !self.node.has_ended() {' 'if false {' context
