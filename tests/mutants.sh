#!/usr/bin/env bash
# Breaks the library on purpose, one line at a time, and expects a test to notice.
#
#   tests/mutants.sh            all mutants
#   tests/mutants.sh wait_group only those whose name contains the word
#
# Works on a copy; the checkout is left alone. Prints a line for each mutant, and fails if one
# survives. A mutant that makes the tests hang is killed by their watchdog, or by the time limit.
set -euo pipefail
cd "$(dirname "$0")/.."

filter=${1:-}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r Cargo.toml Cargo.lock README.md src tests benches examples "$copy"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target/mutants}
export PHALANX_WATCHDOG_SECONDS=${PHALANX_WATCHDOG_SECONDS:-5} RUST_TEST_THREADS=32
survivors=0

# mutant NAME FILE OLD NEW TEST...: replaces the first OLD in FILE by NEW; one of the tests, which
# are files of tests/ or `lib` for the unit tests, must fail. With one of the simulator's among them,
# which are sim_*.rs, or `sim_lib`, all are built with it.
mutant() {
    local name=$1 file=$2 old=$3 new=$4
    shift 4
    case "$name" in *"$filter"*) ;; *) return 0 ;; esac
    OLD=$old NEW=$new perl -0pi -e 's/\Q$ENV{OLD}\E/$ENV{NEW}/' "$copy/$file"
    if cmp -s "$file" "$copy/$file"; then
        echo "STALE     $name: the line to break is not there"
        survivors=$((survivors + 1))
        return 0
    fi
    local tests=() test verdict=SURVIVED status=0
    for test in "$@"; do
        case $test in lib | sim_lib) tests+=(--lib) ;; *) tests+=(--test "$test") ;; esac
    done
    case "$*" in *sim_*) tests+=(--features sim) ;; esac
    if ! (cd "$copy" && cargo test --quiet --no-run "${tests[@]}") > "$copy/log" 2>&1; then
        verdict="NO BUILD "
    else
        (cd "$copy" && timeout 60 cargo test --quiet "${tests[@]}") > "$copy/log" 2>&1 || status=$?
        case $status in 0) ;; 124) verdict="TIME OUT " ;; *) verdict=killed ;; esac
    fi
    printf '%-9s %s' "$verdict" "$name"
    if [ "$verdict" = killed ]; then
        sed -n 's/^test \(.*\) \.\.\. FAILED$/ \1/p; s/^    \([a-z0-9_:]*\)$/ \1/p' "$copy/log" | sort -u | head -1 | tr -d '\n'
    elif [ "$status" = 0 ]; then
        survivors=$((survivors + 1))
    fi
    echo
    cp "$file" "$copy/$file"
}

mutant "wait: a granted thread is not woken" src/wait/queue.rs \
    'waiter.wake();' '{}' wait_group
mutant "wait: an interrupted thread is not woken" src/wait/waiter.rs \
    'self.wake();' '{}' context_wait
mutant "wait: a waiter that gives up stays in the queue" src/wait/queue.rs \
    'self.inner.lock().leave(key);' '{}' lib
mutant "wait: a slot is granted to a waiter that gave up" src/wait/queue.rs \
    'if waiter.grant() {' 'waiter.grant(); {' lib
mutant "wait: a context that has ended does not fail at once" src/wait/until.rs \
    'Some(cause) => Err(Interrupted::Cancelled(cause)),' 'Some(_) => Ok(()),' wait_group_until
mutant "wait: a give-up by the context is reported as a timeout" src/wait/until.rs \
    'Some(cause) => Interrupted::Cancelled(cause),' 'Some(_) => Interrupted::TimedOut,' context_wait wait_group

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
mutant "context: the timer thread is not told of an earlier deadline" src/context/timer.rs \
    'alarms.grant_one();' '{}' context_deadline context_deadline_threads
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

mutant "wait_group: the last task wakes nobody" src/wait_group.rs \
    'waiters.grant_all();' '{}' wait_group
mutant "wait_group: the last task wakes one" src/wait_group.rs \
    'waiters.grant_all();' 'waiters.grant_one();' wait_group
mutant "wait_group: a waiter leaves no mark" src/wait_group.rs \
    'state | WAITING, Relaxed, Acquire' 'state, Relaxed, Acquire' wait_group
mutant "wait_group: a count below zero is taken" src/wait_group.rs \
    'refuse_done();' 'return;' misuse wait_group
mutant "wait_group: a panic is forgotten" src/wait_group/go.rs \
    'panic::resume_unwind(*payload);' 'drop(payload);' wait_group_go
mutant "wait_group: the last panic is kept" src/wait_group/go.rs \
    'if self.0.is_some() {' 'if false {' wait_group_go

mutant "group: siblings are cancelled before the error is recorded" src/group/first.rs \
    'let mut record = self.0.lock();
        let surplus =' 'core.cancel(why); std::thread::yield_now();
        let mut record = self.0.lock();
        let surplus =' err_group
mutant "group: the last error wins" src/group/first.rs \
    'if record.error.is_none() { record.error.replace(error) }' 'if true { record.error.replace(error) }' err_group
mutant "group: an error does not cancel the siblings" src/group/first.rs \
    'core.cancel(&why);' '{}' err_group
mutant "group: a later error is the cause of the end" src/group/first.rs \
    'record.why.get_or_insert_with(|| why.into())' '&Arc::<str>::from(why)' sim_err_group
mutant "group: a panic does not cancel the siblings" src/group/core.rs \
    'self.cancel("a task of the group panicked");' '{}' err_group_panics err_group
mutant "group: a panic is forgotten" src/group/core.rs \
    'if first.is_none() { first.replace(payload) }' 'if false { first.replace(payload) }' err_group_panics err_group
mutant "group: a stopped group starts tasks" src/group/attempt.rs \
    'match core.context().ended() {' 'match core.context().ended().filter(|_| false) {' sim_err_group
mutant "group: skipped work is not reported" src/group/first.rs \
    '(None, Some(skipped)) => Err(skipped.into()),' '(None, Some(_)) => Ok(()),' err_group_stop
mutant "group: the limit is one too high" src/group/slots.rs \
    'free: limit,' 'free: limit + 1,' err_group_limit
mutant "group: a slot that comes free wakes nobody" src/group/slots.rs \
    'next.is_none() && !state.grant_one()' 'next.is_none()' err_group_limit
mutant "group: the wait for a slot cannot be cancelled" src/group/core.rs \
    'slots.take(Until::from(&self.context))' 'slots.take(Until::FOREVER)' err_group_limit
mutant "group: a refused thread keeps the slot" src/group/core.rs \
    'self.give_slot_back();
                Err' 'Err' misuse err_group_limit
mutant "group: a queued sibling is not run by who joins it" src/group/task.rs \
    'self.core.help(self.label.index);' '{}' err_group_siblings
mutant "group: dropping an owned group does not cancel it" src/group/owned.rs \
    'core.cancel("the group has ended");' '{}' err_group_owned
mutant "group: a task's thread dies with a callback's panic" src/group/core.rs \
    'self.keep_panic(payload);
        }' 'panic::resume_unwind(payload);
        }' err_group_panics
mutant "policy: stop is not heard" src/group/ledger.rs \
    'Ok(Flow::Stop) => self.stop(core),' 'Ok(Flow::Stop) => {}' policies
mutant "policy: outcomes that arrive during a call are lost" src/group/ledger.rs \
    'if entries.waiting.is_empty() {' 'if true {' sim_policies
mutant "policy: errors stay in the order of arrival" src/group/policies/errors.rs \
    'failed.sort_by_key(|(index, _)| *index);' 'failed.sort_by_key(|(index, _)| usize::MAX - *index);' policies
mutant "group: a slot that comes free while a task queues another is left alone" src/group/slots.rs \
    'if state.try_take() {
            return Some(queued);' 'if false {
            return Some(queued);' err_group_slots
mutant "group: the slot comes free after the join" src/group/first.rs \
    'turn.over();' '{}' sim_err_group
mutant "threads: a searcher that takes a task appoints nobody" src/threads/pool.rs \
    'successor = Some(appointed);' 'drop(appointed);' err_group_threads err_group
mutant "threads: a searcher goes idle and keeps its office" src/threads/searcher.rs \
    'pool.search = Search::Nobody;
        }
        pool.idle' '}
        pool.idle' err_group wait_group_go
mutant "threads: a nap has no end while tasks are blocked" src/threads/searcher.rs \
    'pool.stalled = pool.taken == taken;
        if pool.running < sys::cores() {
            break;
        }' '{}' err_group_threads
mutant "threads: a waiting thread runs tasks of others" src/threads.rs \
    'id.group == group && serial < now' 'serial < now' wait_group_go
mutant "threads: threads with names are never given up" src/threads/cache.rs \
    'let room = self.count < MOST_IDLE;' 'let room = true;' err_group_slots

# What follows is found in the simulator. It sees no orderings; ThreadSanitizer does. Nor does it see
# what only saves time: whether a new searcher naps at all, whether it goes on as a searcher or as a
# helper when another has taken its place, whether helpers are woken where tasks are blocked.

mutant "sim wait: the last look before the queue is skipped" src/wait/queue.rs \
    'if last(&mut self.state) {' 'if last(&mut self.state) && false {' sim_wait_group
mutant "sim wait: a granted thread is not woken" src/wait/queue.rs \
    'waiter.wake();' '{}' sim_wait_layer
mutant "sim wait: the granted are woken under the lock" src/wait/queue.rs \
    'self.guard = None;' '{}' sim_lib
mutant "sim wait: a waiter that gives up stays in the queue" src/wait/queue.rs \
    'self.inner.lock().leave(key);' '{}' sim_lib
mutant "sim wait: a waiter that gives up leaves after the callbacks" src/wait/queue.rs \
    'self.inner.lock().leave(key);
                Err(until.why())' 'let why = until.why();
                self.inner.lock().leave(key);
                Err(why)' sim_lib
mutant "sim wait: what a waiter that gave up was owed is lost" src/wait/queue.rs \
    'next = list.after(key);' 'return None;' sim_lib
mutant "sim wait: a slot is granted to a waiter that gave up" src/wait/queue.rs \
    'if waiter.grant() {' 'waiter.grant(); {' sim_lib
mutant "sim wait: a granted waiter stays in the queue" src/wait/queue.rs \
    'return self.leave(key);' 'return Some(Arc::clone(waiter));' sim_lib
mutant "sim wait: everybody is one" src/wait/queue.rs \
    'while self.grant_one() {}' 'self.grant_one();' sim_wait_group
mutant "sim wait: who has given up can be granted" src/wait/waiter.rs \
    'self.decide(GRANTED)' 'self.decide(GRANTED) || true' sim_lib
mutant "sim wait: an interruption overrules a grant" src/wait/waiter.rs \
    'if self.decide(GIVEN_UP) {' 'self.state.store(GIVEN_UP, Release); {' sim_wait_layer
mutant "sim wait: an interrupted thread is not woken" src/wait/waiter.rs \
    'if self.decide(GIVEN_UP) {
            self.wake();' 'if self.decide(GIVEN_UP) {' sim_wait_layer
mutant "sim wait: a thread whose time is up overrules a grant" src/wait/waiter.rs \
    '} else if self.decide(GIVEN_UP) {' '} else {' sim_lib
mutant "sim wait: the clock comes before the event" src/wait/waiter.rs \
    'is taken, however late it is.
            if let Some(verdict) = self.verdict() {' 'is not taken.
            if let Some(verdict) = self.verdict().filter(|_| alarm > sys::now()) {' sim_lib
mutant "sim wait: a thread that sleeps for ever looks once" src/wait/waiter.rs \
    'sys::park();
        }' 'sys::park();
            return Verdict::Granted;
        }' sim_wait_layer
mutant "sim wait: a thread looks at the clock and not at its fate" src/wait/waiter.rs \
    'sys::park_deadline(alarm);' 'sys::park_deadline(alarm); return Verdict::Granted;' sim_wait_layer
mutant "sim wait: at the very instant there is still time" src/wait/waiter.rs \
    'alarm > sys::now()' 'alarm >= sys::now()' sim_wait_layer
mutant "sim wait: who has given up is taken for granted" src/wait/waiter.rs \
    '_ => Some(Verdict::GivenUp),' '_ => Some(Verdict::Granted),' sim_wait_layer
mutant "sim wait: the end of the context is not heard" src/wait/waiter.rs \
    'let _watch = until.watch(self);' 'let _watch = ();' sim_wait_layer
mutant "sim wait: the end of the other context is not heard" src/wait/waiter.rs \
    'let _watch = other.watch(&waiter);' 'let _watch = other;' sim_wait_layer
mutant "sim wait: the deadline of the context is not kept" src/wait/until.rs \
    'of_source.into_iter().chain(self.deadline).min()' '{ let _ = of_source; self.deadline }' sim_wait_group
mutant "sim wait: the latest bound counts" src/wait/until.rs \
    'of_source.into_iter().chain(self.deadline).min()' 'of_source.into_iter().chain(self.deadline).max()' sim_wait_group
mutant "sim wait: a waiter that has gone stays with its context" src/wait/until.rs \
    'source.unwatch(key);' '{ let _ = (source, key); }' sim_lib
mutant "sim wait: a give-up by the context is reported as a timeout" src/wait/until.rs \
    'Some(cause) => Interrupted::Cancelled(cause),' 'Some(_) => Interrupted::TimedOut,' sim_wait_layer

mutant "sim wait_group: the last task wakes nobody" src/wait_group.rs \
    'waiters.grant_all();' '{}' sim_wait_group
mutant "sim wait_group: the last task wakes one" src/wait_group.rs \
    'waiters.grant_all();' 'waiters.grant_one();' sim_wait_group
mutant "sim wait_group: the last task does not see who waits" src/wait_group.rs \
    'let step = if state == tasks | WAITING {' 'let step = if false {' sim_wait_group
mutant "sim wait_group: the waiters are granted whatever the count" src/wait_group.rs \
    'if step.is_ok() {' '{' sim_wait_group
mutant "sim wait_group: a waiter leaves no mark" src/wait_group.rs \
    'state | WAITING, Relaxed, Acquire' 'state, Relaxed, Acquire' sim_wait_group
mutant "sim wait_group: a waiter takes the mark for made" src/wait_group.rs \
    'zero may be what we find.
                Err(now) => state = now,' 'zero may be what we find.
                Err(_) => return false,' sim_wait_group
mutant "sim wait_group: a waiter enters the queue at zero" src/wait_group.rs \
    'while state >= ONE_TASK {' 'while state < usize::MAX {' sim_wait_group
mutant "sim wait_group: a step that failed is tried again as it was" src/wait_group.rs \
    'Err(now) => state = now,' 'Err(_) => {}' sim_wait_group
mutant "sim wait_group: an add that went too far is taken back unseen" src/wait_group.rs \
    'self.subtract(n * ONE_TASK);' 'self.state.fetch_sub(n * ONE_TASK, Release);' sim_wait_group
mutant "sim wait_group: an add that went too far is not taken back" src/wait_group.rs \
    'self.subtract(n * ONE_TASK);' '{}' sim_wait_group
mutant "sim wait_group: a count below zero is taken" src/wait_group.rs \
    'refuse_done();' 'return;' sim_wait_group
mutant "sim wait_group: a wait runs no tasks" src/wait_group.rs \
    'threads::run_group_here(self.address());' '{}' sim_threads
mutant "sim wait_group: a token that is dropped counts nothing out" src/wait_group/token.rs \
    'self.group().done();' '{}' sim_wait_group
mutant "sim wait_group: a clone of a token counts nothing in" src/wait_group/token.rs \
    'Token::new(self.0.clone())' 'Token(self.0.clone())' sim_wait_group
mutant "sim wait_group: a panic is forgotten" src/wait_group/go.rs \
    'panic::resume_unwind(*payload);' 'drop(payload);' sim_wait_group
mutant "sim wait_group: a task reports before its thread is free" src/wait_group/go.rs \
    'drop(finish);
            drop(token);' 'drop(token);
            drop(finish);' sim_threads

mutant "sim threads: a searcher that has gone is relied upon" src/threads/pool.rs \
    'Claim::Searched if pool.search != Search::Nobody => None,' 'Claim::Searched if true => None,' sim_threads
mutant "sim threads: a searcher that takes a task appoints nobody" src/threads/pool.rs \
    'successor = Some(appointed);' 'drop(appointed);' sim_threads
mutant "sim threads: a searcher leaves tasks behind" src/threads/pool.rs \
    'if self.queue.len() == 1 {' 'if true {' sim_threads
mutant "sim threads: a searcher keeps its office while it runs a task" src/threads/pool.rs \
    'self.search = Search::Nobody;' '{}' sim_threads
mutant "sim threads: nobody knows that there is a searcher" src/threads/pool.rs \
    'self.search = Search::Awake;' '{}' sim_threads
mutant "sim threads: there is always enough running" src/threads/pool.rs \
    'self.running > 0 && self.running + 1 >= sys::cores() && !self.stalled' 'self.running > 0' sim_threads
mutant "sim threads: a queued task is not to be seen" src/threads/pool.rs \
    'POOL.get().queued.store(true, Relaxed);' '{}' sim_threads
mutant "sim threads: a waiting thread looks at the oldest task only" src/threads/pool.rs \
    '.chain(newest.rev())' '.chain(newest.rev().take(0))' sim_threads
mutant "sim threads: tasks are run inside one another without end" src/threads/pool.rs \
    'if depth == DEEPEST || ' 'if ' sim_threads
mutant "sim threads: a thread that leaves stays among the idle" src/threads/pool.rs \
    'place.map(|place| pool.idle.remove(place)).is_some()' 'place.is_some()' sim_threads
mutant "sim threads: a thread leaves though it has been appointed" src/threads/searcher.rs \
    'None if pool::withdraw(me) => return,' 'None if pool::withdraw(me) || true => return,' sim_threads
mutant "sim threads: a thread that has finished a task is not the searcher" src/threads/searcher.rs \
    'if pool.search != Search::Nobody {
        return Role::Helper;' 'if true {
        return Role::Helper;' sim_threads
mutant "sim threads: a searcher goes idle and keeps its office" src/threads/searcher.rs \
    'pool.search = Search::Nobody;
        }
        pool.idle' '}
        pool.idle' sim_threads
mutant "sim threads: a successor is not woken" src/threads/searcher.rs \
    'successor.wake(Role::Searcher);' 'drop(successor);' sim_threads
mutant "sim threads: a nap has no end while tasks are blocked" src/threads/searcher.rs \
    'pool.stalled = pool.taken == taken;' '{ let _ = taken; }' sim_threads
mutant "sim threads: an office is left to a thread that does not nap" src/threads/pool.rs \
    'self.napping > 0 && self.is_busy()' 'self.is_busy()' sim_threads
mutant "sim threads: a thread that has napped counts as napping" src/threads/searcher.rs \
    'pool.napping -= 1;' '{}' sim_threads
mutant "sim threads: the office of one that naps is taken in name only" src/threads/searcher.rs \
    'role = Role::Searcher;
            continue;' 'continue;' sim_threads
mutant "sim threads: a role is not left for the sleeper" src/threads/sleeper.rs \
    '*place = Some(role);' '{ let _ = role; }' sim_threads
mutant "sim threads: a sleeper does not look for its role before it sleeps" src/threads/sleeper.rs \
    '|role| role.is_some()' '|_| false' sim_threads
mutant "sim threads: a waiting thread runs tasks of others" src/threads.rs \
    'id.group == group && serial < now' 'serial < now' sim_threads
mutant "sim threads: a waiting thread runs tasks without end" src/threads.rs \
    'id.group == group && serial < now' 'id.group == group && serial < now + 1000' sim_threads
mutant "sim threads: a named thread does not end with a task of its own" src/threads/worker.rs \
    'worker.leaving.store(true, Relaxed);' '{}' sim_threads
mutant "sim threads: a named thread leaves though it has been claimed" src/threads/worker.rs \
    'if cache::withdraw(self) {' 'if cache::withdraw(self) || true {' sim_threads
mutant "sim threads: a named thread is not woken for its task" src/threads/worker.rs \
    'inbox.grant_one();' '{}' sim_threads
mutant "sim threads: a named thread finds the task before" src/threads/worker.rs \
    'self.posted.store(false, Relaxed);' '{}' sim_threads
mutant "sim threads: a named thread that leaves stays among the idle" src/threads/cache.rs \
    'place.map(|place| stack.remove(place)).is_some()' 'place.is_some()' sim_threads
mutant "sim threads: no named thread is used again" src/threads/cache.rs \
    'IDLE.get().lock().pop(spec)' '{ let _ = Idle::pop; None }' sim_threads
mutant "sim threads: a thread of its own is kept" src/threads/cache.rs \
    '!worker.spec.own_thread && IDLE' 'IDLE' sim_threads
mutant "sim threads: threads with names are never given up" src/threads/cache.rs \
    'let room = self.count < MOST_IDLE;' 'let room = true;' sim_threads

if [ "$survivors" -gt 0 ]; then
    echo "$survivors not killed"
    exit 1
fi
