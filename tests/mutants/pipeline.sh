mutant "belt: an item that comes in calls nobody" src/belt/putter.rs \
    'state.places.put(number, item);
        call_takers(&mut state);' 'state.places.put(number, item);' sim_pipeline
mutant "belt: an item put by a last look calls nobody" src/belt/putter.rs \
    'call_takers(&mut self.0.state.lock());' '{}' sim_lib
mutant "belt: an item that goes calls nobody" src/belt/taker.rs \
    'if !self.hand.is_empty() {
            call_putters(&mut state);' 'if false {
            call_putters(&mut state);' sim_pipeline
mutant "belt: an item taken by a last look calls nobody" src/belt/taker.rs \
    'call_putters(&mut belt.state.lock());' '{}' sim_lib
mutant "belt: the end calls nobody" src/belt/putter.rs \
    'if state.putters == 0 {
            call_takers(&mut state);' 'if false {
            call_takers(&mut state);' sim_pipeline
mutant "belt: the end calls one" src/belt/calls.rs \
    'if state.putters == 0 { usize::MAX }' 'if state.putters == 0 { 1 }' sim_lib
mutant "belt: those who put do not hear that nobody takes" src/belt/taker.rs \
    'if state.takers == 0 {
            call_putters(&mut state);' 'if false {
            call_putters(&mut state);' sim_pipeline
mutant "belt: a taker that was called counts as called for ever" src/belt/taker.rs \
    'state.called_takers -= usize::from(mem::take(&mut is_called));' 'is_called = false;' sim_lib
mutant "belt: a putter that was called counts as called for ever" src/belt/putter.rs \
    'state.called_putters -= 1;' '{}' sim_lib
mutant "belt: more are called than there are items for" src/belt/calls.rs \
    'while state.called_takers < items {' 'while items > 0 {' sim_lib
mutant "belt: a single putter is called for each item" src/belt/calls.rs \
    'let is_single = state.putters == 1 && !state.by_one;' 'let is_single = false;' sim_lib
mutant "belt: one of several putters is called when half is free" src/belt/calls.rs \
    'let is_single = state.putters == 1 && !state.by_one;' 'let is_single = true;' sim_lib sim_worker_pool
mutant "belt: a newcomer takes the room of one who was called" src/belt.rs \
    'self.places.room() > self.called_putters' 'self.places.room() > 0' sim_lib
mutant "belt: a putter at a place of its own is not called" src/belt/calls.rs \
    'refuses || *number < edge' 'refuses' sim_lib
mutant "belt: the edge is one too far" src/belt/places.rs \
    'self.first.saturating_add(self.capacity as u64)' 'self.first.saturating_add(self.capacity as u64).saturating_add(1)' lib
mutant "belt: the edge wraps" src/belt/places.rs \
    'self.first.saturating_add(self.capacity as u64)' 'self.first.wrapping_add(self.capacity as u64)' lib
mutant "belt: what is behind a gap counts as ready" src/belt/places.rs \
    'if self.has_gaps() {
            self.row' 'if false {
            self.row' lib
mutant "belt: one of several takers takes all" src/belt/taker.rs \
    'if self.by_one || self.takers > 1 {' 'if self.by_one {' sim_lib pipeline
mutant "belt: a drop that panics keeps the others from theirs" src/belt/taker.rs \
    'drop_each(mem::take(&mut self.hand).into_iter().chain(left).flatten());' 'mem::take(&mut self.hand).into_iter().chain(left).flatten().for_each(drop);' sim_lib
mutant "belt: what nobody takes any more stays" src/belt/taker.rs \
    'if state.takers == 0 { state.places.clear() }' 'if false { state.places.clear() }' sim_lib sim_pipeline
mutant "pipeline: a stage that fails comes to its end" src/pipeline/stage.rs \
    'Err(Halt::Failed(error)) => return Err(error),' 'Err(Halt::Failed(error)) => { output.end(); return Err(error) }' sim_pipeline
mutant "pipeline: a stage that is cut short comes to its end" src/pipeline/stage.rs \
    'Err(Halt::Unwanted) => {}' 'Err(Halt::Unwanted) => output.end(),' sim_pipeline
mutant "pipeline: a source that was cancelled has ended" src/pipeline/source.rs \
    'look(ctx)?;
                let Some(item)' 'let Some(item)' sim_pipeline
mutant "pipeline: the others of a stage are cloned when the first runs" src/pipeline.rs \
    'let mut putters: Vec<_> = (1..takers.len()).map(|_| putter.clone()).collect();
        putters.push(putter);' 'let putters: Vec<_> = takers.iter().map(|_| putter.clone()).collect();' pipeline
mutant "pipeline: ordered results in any order" src/pipeline/fan_out.rs \
    'output.put_at(number, f(item, ctx).map_err(Halt::Failed)?, ctx)' '{ let _ = number; output.put(f(item, ctx).map_err(Halt::Failed)?, ctx) }' pipeline
mutant "pipeline: a stage waits for room in the group" src/pipeline.rs \
    'if let Refusal::Limit = refused.kind() {' 'if false {' bad_input_pipeline
mutant "pipeline: flows of two groups come together" src/pipeline/merge.rs \
    'assert!(is_ours,' 'assert!(is_ours || true,' bad_input_pipeline
mutant "pipeline: a batch does not keep its patience" src/pipeline/stages.rs \
    'sys::now().checked_add(patience)' 'sys::now().checked_add(2 * patience)' sim_pipeline
mutant "pipeline: what was handed on since the last count is not counted" src/pipeline/stage.rs \
    'fn drop(&mut self) {
        self.settle();' 'fn drop(&mut self) {' pipeline
mutant "pipeline: a cancelled stage goes on while there are items" src/pipeline/stage.rs \
    'if let Some(cause) = ctx.ended() {' 'if let Some(cause) = ctx.ended().filter(|_| false) {' sim_pipeline
mutant "pipeline: a sink goes on while there are items" src/pipeline/sink.rs \
    'if let Some(cause) = ctx.ended() {' 'if let Some(cause) = ctx.ended().filter(|_| false) {' pipeline
