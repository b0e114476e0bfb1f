//! What is refused when there are as many threads as there may be. In a process of its own.

mod support;

use std::sync::Arc;

use phalanx::{ErrGroup, Refusal, Stopped, WaitGroup, max_threads, set_max_threads};
use support::watchdog;

#[test]
fn tasks_beyond_the_most_threads_come_back_and_the_others_go_on() {
    watchdog(|| {
        assert!(max_threads() > 2, "unless it is set, it is generous");
        set_max_threads(2);
        assert_eq!(max_threads(), 2);

        let gate = Arc::new(WaitGroup::new());
        gate.add(1);
        let tasks = Arc::new(WaitGroup::new());
        let begun = Arc::new(WaitGroup::new());
        let mut accepted = 0;
        for _ in 0..2 {
            let (gate, arrival) = (Arc::clone(&gate), begun_by(&begun));
            tasks
                .try_go(move || {
                    drop(arrival);
                    gate.wait();
                })
                .unwrap();
            accepted += 1;
            begun.wait_until(phalanx::Until::FOREVER).unwrap();
        }
        // Both threads are taken: a task that came in now would wait for them.
        let refused = tasks.try_go(|| ()).unwrap_err();
        let Refusal::Thread(error) = refused.kind() else { panic!("{refused}") };
        assert!(matches!(error, phalanx::NoThread::Limit(2)), "{error}");
        assert_eq!(
            support::chain(&refused),
            "there is no thread for the task: the thread limit of 2 is reached"
        );
        let named = ErrGroup::<Stopped>::new();
        assert!(named.handle().named("one more").try_go(|_| Ok(())).is_err());
        named.wait().unwrap();

        set_max_threads(3);
        tasks.try_go(|| ()).unwrap();
        gate.done();
        tasks.wait();
        assert_eq!((accepted, tasks.running()), (2, 0));
    });
}

#[test]
fn no_thread_at_all_is_bad_input() {
    let panic = std::panic::catch_unwind(|| set_max_threads(0)).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"set_max_threads: the limit is zero"));
}

fn begun_by(begun: &Arc<WaitGroup>) -> phalanx::Token<Arc<WaitGroup>> {
    phalanx::Token::new(Arc::clone(begun))
}
