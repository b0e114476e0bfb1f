mutant "atomic_value: a store wakes nobody" src/atomic_value.rs \
    'self.waiters.lock().grant_all();' '{}' sim_atomic_value
mutant "atomic_value: a store wakes one of many" src/atomic_value.rs \
    'self.waiters.lock().grant_all();' 'self.waiters.lock().grant_one();' sim_atomic_value
mutant "atomic_value: readers are woken under the lock" src/atomic_value.rs \
    'drop(current); // before anybody is woken, or can drop what there was' '' sim_atomic_value
mutant "atomic_value: a store is no change" src/atomic_value.rs \
    '.wrapping_add(WAITING + 1);' '.wrapping_add(0);' atomic_value
mutant "atomic_value: a store that began before the mark does not see it" src/atomic_value.rs \
    'drop(current); // before anybody is woken, or can drop what there was
        if before' \
    'drop(current);
        let before = self.version.load(Relaxed);
        if before' sim_atomic_value
mutant "atomic_value: the old value is dropped under the lock" src/atomic_value.rs \
    'let old = mem::replace(&mut *current, value);' \
    'let old = Arc::clone(&value); drop(mem::replace(&mut *current, value));' atomic_value
mutant "atomic_value: value and number are not of the same moment" src/atomic_value.rs \
    'let current = self.current.lock();
        (Arc::clone(&current), self.version' \
    'let value = self.load();
        (value, self.version' sim_atomic_value
mutant "atomic_value: a change is known before its value is there" src/atomic_value.rs \
    'let mut current = self.current.lock();
        if !is_it' \
    'self.version.fetch_add(2, Relaxed);
        let mut current = self.current.lock();
        if !is_it' sim_atomic_value
mutant "atomic_value: a mark counts as a change" src/atomic_value.rs \
    'version == seen || version & !WAITING == seen' 'version == seen' sim_atomic_value
mutant "atomic_value: a reader that goes to sleep leaves no mark" src/atomic_value.rs \
    'self.version.store(version | WAITING, Relaxed);' '' sim_atomic_value
mutant "atomic_value: the last look is skipped" src/atomic_value.rs \
    'version & !WAITING != seen
    }' 'version == usize::MAX
    }' sim_atomic_value
mutant "atomic_value: look and mark are two steps" src/atomic_value.rs \
    'let current = self.current.lock();
        let version = self.version.load(Relaxed);
        self.version.store' \
    'let version = self.version.load(Relaxed);
        let current = self.current.lock();
        self.version.store' sim_atomic_value
mutant "atomic_value: a store in place is no change" src/atomic_value.rs \
    'let old = mem::replace(place, value);
        self.publish(current);' 'let old = mem::replace(place, value);' atomic_value
mutant "atomic_value: a reader does not look" src/atomic_value/reader.rs \
    'if self.has_changed() {' 'if false {' atomic_value
mutant "atomic_value: a reader forgets that it has looked" src/atomic_value/reader.rs \
    'self.seen = seen;' 'let _ = seen;' atomic_value
mutant "atomic_value: a reader that was woken returns the old value" src/atomic_value/reader.rs \
    'drop(call);
        self.refresh();' 'drop(call);' atomic_value
mutant "atomic_value: a reader is told after its old value was dropped" src/atomic_value/reader.rs \
    'self.seen = seen;
        drop(mem::replace(&mut self.value, value));' \
    'drop(mem::replace(&mut self.value, value));
        self.seen = seen;' atomic_value
mutant "atomic_value: a reader is told again of a store that it has seen" src/atomic_value/reader.rs \
    'if waited.is_err() && !self.has_changed() {
                return waited;
            }' 'if waited.is_ok() { break; }
            if !self.has_changed() {
                return waited;
            }' sim_atomic_value
mutant "atomic_value: a bound wins over a store that came before it" src/atomic_value/reader.rs \
    'if waited.is_err() && !self.has_changed() {' 'if waited.is_err() {' sim_atomic_value
mutant "atomic_value: a context that has ended does not fail at once" src/atomic_value/reader.rs \
    'until.enter()?;' '{}' atomic_value
mutant "atomic_value: an update overwrites what came in between" src/atomic_value/update.rs \
    'Arc::ptr_eq(now, &old)' 'Arc::ptr_eq(now, &old) || true' atomic_value sim_atomic_value
mutant "atomic_value: compare_and_store does not compare" src/atomic_value/update.rs \
    'let same = Arc::ptr_eq(now, current);' 'let same = Arc::ptr_eq(now, current) || true;' \
    atomic_value sim_atomic_value
mutant "atomic_value: compare_and_store keeps a rejected value" src/atomic_value/update.rs \
    'Err(Outdated { rejected, current })' \
    'std::mem::forget(Arc::clone(&current)); Err(Outdated { rejected, current })' atomic_value

# Survivors:
# - a store that keeps the mark: each later one takes the lock of the queue in vain.
# - Relaxed is the weakest there is; the argument why it is enough is at `version`.
