mutant "context: the end does not reach the children" src/context/cancel.rs \
    'self.visit(child, &parent);' 'drop(child);' context
mutant "context: a thread that finds a mark does not complete the subtree" src/context/cancel.rs \
    'self.complete_subtree();' '{}' sim_context_order
mutant "context: of two cancels the second does not take part" src/context/cancel.rs \
    'self.join_in(node);
                return false;' 'return false;' sim_context_order
mutant "context: a node leaves its parents before its subtree is complete" src/context/cancel.rs \
    'sweep.finish();
    if is_marked_here {' 'root.leave_parents();
    sweep.finish();
    if is_marked_here {' sim_context_order
mutant "context: a node is complete before its channel is disconnected" src/context/node.rs \
    'self.state.fetch_or(end, Release);
            disconnect(done);' 'self.state.fetch_or(end | COMPLETE, Release);
            disconnect(done);' sim_context_order
mutant "context: the channel is disconnected before the children are marked" src/context/node.rs \
    'links.entries = Some(entries.clone());' 'links.entries = Some(entries.clone());
            drop(links.done.take());' sim_context_order
mutant "context: a later cancel of an ancestor beats a deadline" src/context/cancel.rs \
    '&& now.is_some_and(|now| owner.is_over_at(now))' '&& now.is_some_and(|_| false)' context_deadline
mutant "context: a later cancel of an ancestor beats a deadline that nobody has looked at" \
    src/context/family.rs 'parent.keep_time();' '{}' context_deadline
mutant "context: a forked child relies on the timer thread" src/context/node.rs \
    ' || (state & TIMED != 0 && sys::is_forked())' '' fork
mutant "context: a later cause replaces the first" src/context/node.rs \
    'if state & ENDED != 0 {
            return Closed::Before;' 'if state & ENDED == ENDED + 1 {
            return Closed::Before;' context context_races
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
    '*own < inherited' 'true' context_deadline
mutant "context: a poll does not arm the deadline" src/context/node.rs \
    'drop(self.watch_deadline());' '{}' sim_wait_layer
mutant "context: a dropped registration does not wait" src/context/callback.rs \
    'registration.callback.wait_until_over("OnCancel::drop");' '{}' context_on_cancel
mutant "context: a drop inside a callback waits" src/context/callback.rs \
    ' && !reserve::is_in_callback()' '' context_on_cancel
mutant "context: a callback runs on the thread that cancels" src/context/callback.rs \
    'Place::Task => reserve::call(' 'Place::Task if self.take(Stage::Over).map(|f| f()).is_some() => {}
            Place::Task => reserve::call(' context_on_cancel
mutant "context: a shield lets the end through" src/context/derive.rs \
    'Context { node: None, values: self.values.clone() }' 'self.clone()' context_values context
mutant "context: dropping the canceller does nothing" src/context/canceller.rs \
    'if self.armed && self.is_last() && !self.node.has_ended() {' 'if false {' context
