mutant "sim lock: a mutex that is unlocked calls nobody" src/lock/raw.rs \
    'self.mark.call(true);' '' sim_lock
mutant "sim lock: a lock that is given back calls nobody" src/lock/raw.rs \
    'self.mark.call(!self.lock.is_locked());' '' sim_lock
mutant "sim lock: a lock that is given back is taken for held" src/lock/raw.rs \
    'self.mark.call(!self.lock.is_locked());' 'self.mark.call(false);' sim_lock
mutant "sim lock: a writer that gives up calls nobody" src/lock/raw.rs \
    'if !succeeded {' 'if false {' sim_lock
mutant "sim lock: a downgrade calls nobody" src/lock/raw.rs \
    'unsafe { self.lock.downgrade() };
        self.released();' 'unsafe { self.lock.downgrade() };' sim_lock
mutant "sim lock: an upgradable reader that becomes a reader calls nobody" src/lock/raw.rs \
    'unsafe { self.lock.downgrade_upgradable() };
        self.released();' 'unsafe { self.lock.downgrade_upgradable() };' sim_lock
mutant "sim lock: the mark comes after the attempt" src/lock/queue.rs \
    'self.0.store(true, Relaxed);
                // Pairs with the fence in `is_set`: see the type.
                fence();
                sys::point();
                got = attempt();' 'got = attempt();
                sys::point();
                self.0.store(true, Relaxed);
                fence();' sim_lock
mutant "sim lock: who shares is called one by one" src/lock/queue.rs \
    '            queue.grant(key);
        }' '            queue.grant(key);
            break;
        }' sim_lock
mutant "sim lock: the mark is cleared though threads wait" src/lock/queue.rs \
    'if queue.oldest(|wish| wish.lock == lock).is_none() {' '{ let _ = (queue, lock);' sim_lock
mutant "sim lock: a thread that is called takes it for the lock" src/lock/queue.rs \
    'None => called?,' 'None => { called?; panic!("no lock") }' sim_lock
mutant "lock: a context that has ended does not matter" src/lock/until.rs \
    'until.enter()?;' '' lock
mutant "wait: a park takes a token of the user" src/sys/park.rs \
    'let mut guard = self.lock.lock();' 'std::thread::park_timeout(Duration::ZERO); let mut guard = self.lock.lock();' park_token
