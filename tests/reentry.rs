//! The user's closures, drops and errors may use the very object that runs or drops them: none of
//! them is called under a lock of the crate.

mod support;

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Barrier};

use phalanx::{
    Canceller, Context, End, ErrGroup, Flow, Outcome, Policy, Scope, Stopped, WaitGroup,
};
use support::{Count, PLAIN, because, told, until, watchdog};

/// Calls its closure when it is dropped.
struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Does with a context whatever takes one of its locks.
fn use_in_every_way(ctx: &Context) {
    let (child, canceller) = ctx.with_cancel();
    child.on_cancel(|| ()).stop();
    child.has_ended();
    canceller.cancel_because("no reason");
    drop(ctx.on_cancel(|| ()));
    ctx.done();
    let interrupted = child.wait_until(std::time::Duration::ZERO).is_err();
    assert!(!interrupted && !format!("{ctx:?} {:?}", ctx.cause()).is_empty());
}

/// A value that uses a context when it is dropped, and counts that.
fn uses(ctx: &Context, drops: &Count) -> impl Send + Sync + 'static {
    let (ctx, drops) = (ctx.shielded().with_value(ctx.clone()), drops.clone());
    Finally(move || {
        use_in_every_way(ctx.value().expect("it was put there"));
        drops.add();
    })
}

/// Takes what it captures along, and drops it when it is called or dropped.
fn callback(captured: impl Send + 'static) -> impl FnOnce() + Send + 'static {
    move || drop(captured)
}

fn root() -> (Context, Canceller) {
    Context::background().with_cancel()
}

// --- Context ----------------------------------------------------------------------------------

#[test]
fn the_drop_of_a_callback_may_use_its_context() {
    watchdog(|| {
        let drops = Count::default();
        let (ctx, canceller) = root();
        assert!(ctx.on_cancel(callback(uses(&ctx, &drops))).stop());
        drop(ctx.on_cancel(callback(uses(&ctx, &drops))));
        assert_eq!(drops.get(), 2);
        let _registration = ctx.on_cancel(callback(uses(&ctx, &drops)));
        canceller.cancel();
        ctx.on_cancel(callback(uses(&ctx, &drops))).detach();
        until(|| drops.get() == 4);
    });
}

/// An error that uses a context when it is dropped.
struct Reason<T>(T);

impl<T> fmt::Debug for Reason<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reason")
    }
}

impl<T> fmt::Display for Reason<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reason")
    }
}

impl<T> Error for Reason<T> {}

#[test]
fn the_drop_of_an_error_that_came_too_late_may_use_the_context() {
    watchdog(|| {
        let drops = Count::default();
        let (ctx, canceller) = root();
        canceller.cancel_because("the first");
        canceller.cancel_because(Reason(uses(&ctx, &drops)));
        assert_eq!(drops.get(), 1);
        assert_eq!(told(&ctx), because("the first"));
    });
}

#[test]
fn the_drop_of_a_value_may_use_and_cancel_a_parent() {
    watchdog(|| {
        let (parent, canceller) = root();
        let inner = parent.clone();
        let value = Finally(move || {
            use_in_every_way(&inner);
            canceller.cancel();
        });
        let (child, _child_canceller) = parent.with_value(Some(value)).with_cancel();
        assert_eq!(told(&parent), None);
        drop(child);
        assert_eq!(told(&parent), PLAIN);
    });
}

#[test]
fn the_last_owners_of_a_child_may_be_dropped_by_a_callback_of_the_parent() {
    watchdog(|| {
        let (parent, canceller) = root();
        let child = parent.with_cancel();
        assert!(!child.0.has_ended());
        let _registration = parent.on_cancel(move || drop(child));
        canceller.cancel();
        assert!(parent.has_ended());
    });
}

// --- WaitGroup --------------------------------------------------------------------------------

fn use_group(group: &WaitGroup) {
    drop(group.token());
    group.add(2);
    group.done();
    group.done();
    assert!(!format!("{group:?}").is_empty());
}

#[test]
fn what_a_task_drops_may_use_the_wait_group() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        for panics in [false, true] {
            let inner = Arc::clone(&group);
            let captured = Finally(move || use_group(&inner));
            group.go(move || {
                let _captured = &captured;
                assert!(!panics, "on purpose");
            });
        }
        assert!(std::panic::catch_unwind(|| group.wait()).is_err());
        assert_eq!(group.running(), 0);
    });
}

#[test]
fn the_payload_of_a_second_panic_may_use_the_wait_group() {
    watchdog(|| {
        let group = Arc::new(WaitGroup::new());
        group.go(|| panic!("the first"));
        support::until(|| group.running() == 0);
        let drops = Count::default();
        let (inner, counted) = (Arc::clone(&group), drops.clone());
        let payload = Finally(move || {
            use_group(&inner);
            counted.add();
        });
        group.go(move || std::panic::panic_any(payload));
        assert_eq!(support::panic_of(|| group.wait()), "the first");
        assert_eq!(drops.get(), 1);
    });
}

// --- ErrGroup ---------------------------------------------------------------------------------

fn use_scope<E: Send>(g: &Scope<'_, '_, E>) {
    g.running();
    drop(g.try_go(|_| Ok(())));
    use_in_every_way(g.context());
    assert!(!format!("{g:?}").is_empty());
}

/// A value that uses a group when it is dropped, and counts that.
fn uses_scope<'s, 'env, E: Send>(
    g: Scope<'s, 'env, E>,
    drops: &Count,
) -> impl Send + use<'s, 'env, E> {
    let drops = drops.clone();
    Finally(move || {
        use_scope(&g);
        drops.add();
    })
}

#[test]
fn the_drops_of_skipped_tasks_may_use_the_group() {
    watchdog(|| {
        let drops = Count::default();
        let (parent, canceller) = root();
        let result: Result<(), Stopped> =
            ErrGroup::builder().context(&parent).limit(1).scope(|g| {
                let inner = g.clone();
                let both_run = Arc::new(Barrier::new(2));
                let (other, drops) = (Arc::clone(&both_run), &drops);
                g.go(move |ctx| {
                    let queued = uses_scope(inner.clone(), drops);
                    inner.go(move |_| {
                        drop(queued);
                        Ok(())
                    });
                    other.wait();
                    ctx.wait();
                    Ok(())
                });
                both_run.wait();
                canceller.cancel();
                let skipped = uses_scope(g.clone(), drops);
                g.go(move |_| {
                    drop(skipped);
                    Ok(())
                });
                Ok(())
            });
        assert!(result.is_err());
        assert_eq!(drops.get(), 2);
    });
}

#[test]
fn the_drops_of_values_and_payloads_may_use_the_group() {
    watchdog(|| {
        let drops = Count::default();
        let group = ErrGroup::<Stopped>::new();
        let handle = group.handle();
        let bad = || uses_scope(handle.clone(), &drops);
        let value = bad();
        drop(group.go(move |_| Ok(value)));
        let (first, second) = (bad(), bad());
        let line = Arc::new(Barrier::new(2));
        for payload in [first, second] {
            let line = Arc::clone(&line);
            group.go(move |_| -> Result<(), _> {
                line.wait();
                std::panic::panic_any(payload)
            });
        }
        drop(support::payload_of(|| group.wait()));
        assert_eq!(drops.get(), 3);
    });
}

/// An error that uses the group when it is dropped.
struct Failure(#[expect(dead_code, reason = "only its drop counts")] Option<Box<dyn Send>>);

impl From<Stopped> for Failure {
    fn from(_: Stopped) -> Self {
        Failure(None)
    }
}

#[test]
fn the_drop_of_a_second_error_may_use_the_group() {
    watchdog(|| {
        let drops = Count::default();
        let group = ErrGroup::<Failure>::new();
        let all_run = Arc::new(Barrier::new(3));
        for _ in 0..2 {
            let (error, all_run) = (uses_scope(group.handle(), &drops), Arc::clone(&all_run));
            group.go(move |ctx| {
                all_run.wait();
                ctx.wait();
                Err::<(), _>(Failure(Some(Box::new(error))))
            });
        }
        group.go(move |_| {
            all_run.wait();
            Err::<(), _>(Failure(None))
        });
        assert!(group.wait().is_err());
        assert_eq!(drops.get(), 2);
    });
}

// --- Policies ---------------------------------------------------------------------------------

/// Cancels the parent of its group from within.
struct Canceling {
    parent: Context,
    canceller: Canceller,
}

impl Policy<(), ()> for Canceling {
    type Output = End;

    fn on_done(&mut self, _index: usize, _outcome: Outcome<(), ()>) -> Flow {
        self.canceller.cancel();
        use_in_every_way(&self.parent);
        Flow::Continue
    }

    fn finish(self, end: End) -> End {
        end
    }
}

#[test]
fn a_policy_may_cancel_the_parent_of_its_group() {
    watchdog(|| {
        let (parent, canceller) = root();
        let policy = Canceling { parent: parent.clone(), canceller };
        let end = ErrGroup::builder().context(&parent).policy(policy).scope(|g| {
            g.go(|_| Ok(()));
            g.go(|ctx| {
                ctx.wait();
                Ok(())
            });
        });
        assert!(matches!(end, End::Cancelled(_)));
    });
}
