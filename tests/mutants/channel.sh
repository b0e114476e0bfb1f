mutant "channel: a wait has no end with its context" src/channel/select.rs \
    'until.done().map(|done| (select.recv(done), done))' 'until.done().map(|done| (usize::MAX, done))' channel
mutant "channel: a wait has no end with its deadline" src/channel/select.rs \
    'Some(alarm) => select.select_deadline(alarm).ok()?,' 'Some(_) => select.select(),' channel
mutant "channel: a cancelled context may receive" src/channel/recv.rs \
    'until.enter()?;' '{}' channel
mutant "channel: a cancelled context may send" src/channel/send.rs \
    'if let Err(interrupted) = until.enter() {' 'if let Some(interrupted) = until.enter().err().filter(|_| false) {' channel
mutant "channel: the sender only looks, and never meets" src/channel/send.rs \
    'match select_until(until, |select| _ = select.send(sender)) {' 'match select_until(until, |select| { select.send(sender); while !until.is_over() && select.try_ready().is_err() { std::thread::yield_now(); } }) {' channel
mutant "channel: the context wins over what can go ahead" src/channel/select.rs \
    'enter(&mut select);
    let done = until.done().map(|done| (select.recv(done), done));' 'let done = until.done().map(|done| (select.recv(done), done));
    enter(&mut select);' sim_std_channel
mutant "channel: the end of a channel is an interruption" src/channel/recv.rs \
    'selected.recv(receiver).map_err(|_| RecvUntilError::Disconnected)' 'selected.recv(receiver).map_err(|_| until.why().into())' channel
mutant "channel: an iteration hides that it was interrupted" src/channel/recv.rs \
    'RecvUntilError::Interrupted(why) => Some(Err(why)),' 'RecvUntilError::Interrupted(why) => Some(Err(why)).filter(|_| false),' channel
mutant "channel: an iteration goes on after its end" src/channel/recv.rs \
    'self.rest = None;' '{}' channel
mutant "channel: a merge begins with the first each time" src/channel/merge.rs \
    'Ok(message) => {
                    self.next += 1;' 'Ok(message) => {
                    self.next = 0;' channel
mutant "channel: a merge stays with who has spoken" src/channel/merge.rs \
    'Ok(message) => {
                    self.next += 1;' 'Ok(message) => {' channel
mutant "channel: a merge begins with the first after a wait" src/channel/merge.rs \
    'if received.is_ok() { place + 1 } else { place }' '0' channel
mutant "channel: a merge receives from another channel than was selected" src/channel/merge.rs \
    'behind.iter().chain(before)' 'before.iter().chain(behind)' channel
mutant "channel: a merge keeps those that have ended" src/channel/merge.rs \
    'Err(TryRecvError::Disconnected) => drop(self.receivers.remove(self.next)),' 'Err(TryRecvError::Disconnected) => self.next += 1,' channel
mutant "channel: a merge of a cancelled context may receive" src/channel/merge.rs \
    'until.enter()?;' '{}' channel
mutant "channel: a context has no channel for its end" src/context/source.rs \
    'Some(node.done())' 'Some(node.done()).filter(|_| false)' channel
# `Source::done` joins the parents as its twin `watch` does. No test can tell: whoever asks for the
# channel has entered the wait, which joins them, so there is no mutant.
