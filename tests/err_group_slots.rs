//! Slots of a limited group under races, and tasks that do unusual things to their own group.

mod support;

use std::sync::Arc;

use phalanx::{ErrGroup, Stopped};
use support::{StartLine, gate, watchdog};

#[test]
fn a_task_queued_while_a_slot_comes_free_gets_that_slot() {
    watchdog(|| {
        // Under all schedules on the test kit: see `sim_err_group`.
        for _ in 0..200 {
            let start = StartLine::new(2);
            ErrGroup::builder()
                .limit(2)
                .scope(|g| {
                    g.go(|_| {
                        start.wait();
                        Ok(())
                    });
                    let inner = g.clone();
                    let start = &start;
                    g.go(move |_| {
                        let (done, is_done) = crossbeam_channel::bounded::<()>(1);
                        start.wait();
                        inner.go(move |_| {
                            drop(done);
                            Ok(())
                        });
                        // Not by `join`, which would run it here: there is a slot for it.
                        assert!(is_done.recv().is_err());
                        Ok(())
                    });
                    Ok::<_, Stopped>(())
                })
                .unwrap();
        }
    });
}

#[test]
fn a_group_whose_last_owner_is_its_own_task_ends() {
    watchdog(|| {
        let group = Arc::new(ErrGroup::<Stopped>::new());
        let (opener, gate) = gate();
        let (ended, has_ended) = std::sync::mpsc::channel();
        let owner = Arc::clone(&group);
        group.go(move |ctx| {
            gate.pass();
            let ctx = ctx.clone();
            drop(owner);
            ended.send(ctx.has_ended()).unwrap();
            Ok(())
        });
        drop(group);
        opener.open();
        assert!(has_ended.recv().unwrap(), "dropping the group cancels it");
    });
}

#[test]
fn many_names_do_not_keep_as_many_threads() {
    watchdog(|| {
        for n in 0..200 {
            let task = ErrGroup::scope(|g| {
                let name = g
                    .named(&format!("task {n}"))
                    .go(|_| Ok::<_, Stopped>(std::thread::current().name().map(str::to_owned)));
                name.join()
            });
            assert_eq!(task.unwrap(), Some(format!("task {n}")));
        }
        let threads = std::fs::read_dir("/proc/self/task").map(Iterator::count);
        assert!(threads.unwrap_or(0) < 150, "idle named threads are bounded");
    });
}
