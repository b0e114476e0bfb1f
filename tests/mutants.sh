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
# are files of tests/ or `lib` for the unit tests, must fail.
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
    local tests=() test verdict=SURVIVED
    for test in "$@"; do
        if [ "$test" = lib ]; then tests+=(--lib); else tests+=(--test "$test"); fi
    done
    if ! (cd "$copy" && cargo test --quiet --no-run "${tests[@]}") > "$copy/log" 2>&1; then
        verdict="NO BUILD "
    elif ! (cd "$copy" && timeout 60 cargo test --quiet "${tests[@]}") > "$copy/log" 2>&1; then
        verdict=killed
    fi
    printf '%-9s %s' "$verdict" "$name"
    if [ "$verdict" = killed ]; then
        sed -n 's/^test \(.*\) \.\.\. FAILED$/ \1/p; s/^    \([a-z_]*\)$/ \1/p' "$copy/log" | sort -u | head -1 | tr -d '\n'
    else
        survivors=$((survivors + 1))
    fi
    echo
    cp "$file" "$copy/$file"
}

mutant "wait: a granted thread is not woken" src/wait/queue.rs \
    'waiter.wake();' '{}' wait_group
mutant "wait: the last look before the queue is skipped" src/wait/queue.rs \
    'if last(&mut self.state) {' 'if last(&mut self.state) && false {' wait_group context_on_cancel
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
            match' 'self.state.fetch_and(!UNSEEN, Relaxed); std::thread::yield_now();
        for parent in self.parents() {
            match' context_races
mutant "context: a child that left stays in the list" src/context/family.rs \
    'parent.node.detach(Key(place));' '{}' context_races context
mutant "context: a later deadline hides the parent's" src/context/family.rs \
    'own < inherited' 'true' context_deadline
mutant "context: the timer thread is not told of an earlier deadline" src/context/timer.rs \
    'alarms.grant_one();' '{}' context_deadline context_deadline_threads
mutant "context: a poll does not arm the deadline" src/context/node.rs \
    'drop(self.watch_deadline());' '{}' context_deadline
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
    'panic::resume_unwind(*payload);' 'drop(payload);' wait_group
mutant "wait_group: a panic is resumed again and again" src/wait_group/go.rs \
    'self.0 = Some(Box::new(payload));' 'self.0 = Some(Box::new(payload)); std::process::abort();' wait_group

mutant "group: siblings are cancelled before the error is recorded" src/group/first.rs \
    'let mut record = self.0.lock();
        let surplus =' 'core.cancel(why); std::thread::yield_now();
        let mut record = self.0.lock();
        let surplus =' err_group
mutant "group: the last error wins" src/group/first.rs \
    'if record.error.is_none() { record.error.replace(error) }' 'if true { record.error.replace(error) }' err_group
mutant "group: an error does not cancel the siblings" src/group/first.rs \
    'core.cancel(why);' '{}' err_group
mutant "group: a panic does not cancel the siblings" src/group/core.rs \
    'self.cancel("a task of the group panicked");' '{}' err_group_panics err_group
mutant "group: a panic is forgotten" src/group/core.rs \
    'if first.is_none() { first.replace(payload) }' 'if false { first.replace(payload) }' err_group_panics err_group
mutant "group: a stopped group starts tasks" src/group/attempt.rs \
    'Some(cause) => dropped(f, cause),' 'Some(_) if false => unreachable!(), Some(_) =>' err_group
mutant "group: skipped work is not reported" src/group/first.rs \
    '(None, Some(skipped)) => Err(skipped.into()),' '(None, Some(_)) => Ok(()),' err_group
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
    'self.core.help(self.label.index);' '{}' err_group_limit
mutant "group: dropping an owned group does not cancel it" src/group/owned.rs \
    'core.cancel("the group has ended");' '{}' err_group_owned
mutant "group: a task's thread dies with a callback's panic" src/group/core.rs \
    'self.keep_panic(payload);
        }' 'panic::resume_unwind(payload);
        }' err_group_panics
mutant "policy: stop is not heard" src/group/ledger.rs \
    'Ok(Flow::Stop) => self.stop(core),' 'Ok(Flow::Stop) => {}' policies
mutant "policy: outcomes that arrive during a call are lost" src/group/ledger.rs \
    'if entries.waiting.is_empty() {' 'if true {' policies
mutant "policy: errors stay in the order of arrival" src/group/policies/errors.rs \
    'failed.sort_by_key(|(index, _)| *index);' 'failed.sort_by_key(|(index, _)| usize::MAX - *index);' policies
mutant "group: a slot that comes free while a task queues another is left alone" src/group/slots.rs \
    'if state.try_take() {
            return Some(queued);' 'if false {
            return Some(queued);' err_group_slots
mutant "group: the slot comes free after the join" src/group/first.rs \
    'turn.over();' '{}' err_group_limit
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
mutant "threads: own_thread is not heard" src/threads/cache.rs \
    'let idle = if spec.own_thread { None }' 'let idle = if false { None }' err_group_threads
mutant "threads: threads with names are never given up" src/threads/cache.rs \
    'let room = self.count < MOST_IDLE;' 'let room = true;' err_group_slots

if [ "$survivors" -gt 0 ]; then
    echo "$survivors not killed"
    exit 1
fi
