//! What all errors of the crate have in common: whether a call gave up, texts, conversions.

mod support;

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::iter;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use phalanx::channel::{RecvUntil, RecvUntilError, SendUntil, SendUntilError, bounded};
use phalanx::{
    AcquireError, AllErrors, AtomicValue, Cancelled, CauseKind, Context, ErrGroup, Errors, FirstOk,
    FlightError, Interrupted, JoinUntilError, LimitError, Limiter, Lost, NoThread, Outdated,
    Panicked, Quorum, Rate, Refusal, Semaphore, SingleFlight, Stopped, SubmitError, TaskError,
    Tolerate, TryAcquireError, TrySubmitError, WaitGroup, WhyStopped, WorkerPool, catch, cause_of,
    gave_up, is_cancelled, is_timeout, race,
};
use support::{panic_of, watchdog};

type BoxError = Box<dyn Error + Send + Sync>;

const HOUR: Duration = Duration::from_secs(3600);

/// A cause of the user's.
#[derive(Debug)]
struct ShuttingDown;

impl fmt::Display for ShuttingDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shutting down")
    }
}

impl Error for ShuttingDown {}

/// An error of the user's with a source.
#[derive(Debug)]
struct Wrapped<E>(E);

impl<E> fmt::Display for Wrapped<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrapped")
    }
}

impl<E: Error + 'static> Error for Wrapped<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// An error of the user's whose source is boxed.
#[derive(Debug)]
struct Boxed(BoxError);

impl fmt::Display for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("boxed")
    }
}

impl Error for Boxed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// Contexts that have ended in the ways there are.
fn cancelled() -> Context {
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel_because(ShuttingDown);
    ctx
}

fn overdue() -> Context {
    Context::background().with_timeout(Duration::ZERO)
}

/// All that can be said of an error.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Told {
    Cancelled,
    TimedOut,
    Neither,
}

fn told(error: &(dyn Error + 'static)) -> Told {
    let told = match (is_cancelled(error), is_timeout(error)) {
        (true, false) => Told::Cancelled,
        (false, true) => Told::TimedOut,
        (false, false) => Told::Neither,
        (true, true) => panic!("{error:?} is both"),
    };
    assert_eq!(gave_up(error), told != Told::Neither);
    told
}

/// The error and its sources.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn texts(error: &(dyn Error + 'static)) -> Vec<String> {
    chain(error).map(ToString::to_string).collect()
}

/// No text stands in an error and in its source.
#[track_caller]
fn texts_are_printed_once(error: &(dyn Error + 'static)) {
    let texts = texts(error);
    for (n, text) in texts.iter().enumerate() {
        assert!(!texts[..n].iter().any(|before| before.contains(text.as_str())), "{texts:?}");
    }
}

/// The crate's one error for a cancellation or a timeout is in the chain.
fn has_root(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|error| error.is::<Cancelled>() || error.is::<Interrupted>())
}

/// An error of every wait, given up because of `ctx`, with its name, and as an `io::Error`.
fn errors_of_waits(ctx: &Context) -> Vec<(&'static str, BoxError, io::Error)> {
    let mut errors: Vec<(&'static str, BoxError, io::Error)> = Vec::new();
    macro_rules! error {
        ($name:expr, $wait:expr) => {
            let error = $wait.err().expect("the context has ended");
            assert_eq!(error.is_timeout(), is_timeout(&error), $name);
            assert_eq!(error.is_cancelled(), is_cancelled(&error), $name);
            assert!(error.gave_up() && !error.is_closed(), $name);
            let boxed: BoxError = error.into();
            errors.push(($name, boxed, $wait.err().expect("the context has ended").into()));
        };
    }
    let semaphore = Semaphore::new(1);
    let _permit = semaphore.acquire(1);
    error!("Context::check", ctx.check());
    error!("Context::sleep", ctx.sleep(HOUR));
    error!("Semaphore::acquire_until", semaphore.acquire_until(1, ctx));
    error!("Limiter::wait_until", Limiter::new(Rate::per_hour(1), 1).wait_until(ctx));
    let (sender, receiver) = bounded::<u8>(1);
    error!("Receiver::recv_until", receiver.recv_until(ctx));
    error!("Sender::send_until", sender.send_until(1, ctx));
    error!("WaitGroup::wait_until", WaitGroup::new().wait_until(ctx));
    let pool = WorkerPool::new(1, |n: u8| n);
    error!("WorkerPool::submit_until", pool.submit_until(1, ctx));
    let flights = SingleFlight::<u8, u8, BoxError>::new();
    error!("SingleFlight::run_until", flights.run_until(1, ctx, |_| Ok(1)));
    let group = |ctx: &Context| -> Result<(), Stopped> {
        ErrGroup::builder().context(ctx).scope(|g| g.go(|_| Ok(())).join())
    };
    error!("a group whose tasks were skipped", group(ctx));
    let all = |ctx: &Context| -> Result<Vec<()>, Errors<String>> {
        ErrGroup::builder().context(ctx).policy(AllErrors::new()).scope(|g| {
            g.go(|_| Ok(()));
        })
    };
    error!("a group with a policy", all(ctx));
    let owned = ErrGroup::<Stopped>::new();
    let gate = Arc::new(WaitGroup::new());
    gate.add(1);
    let handle = owned.handle();
    let task = |gate: &Arc<WaitGroup>| {
        let gate = Arc::clone(gate);
        handle.go(move |_| {
            gate.wait();
            Ok(())
        })
    };
    // The handle may not be 'static, so it is left out.
    let join = |ctx: &Context| match task(&gate).join_until(ctx) {
        Err(JoinUntilError::Interrupted(_, why)) => Err(JoinUntilError::Interrupted((), why)),
        other => other.map_err(|other| panic!("{other}")),
    };
    error!("Task::join_until", join(ctx));
    let refused = |ctx: &Context| {
        let group = ErrGroup::builder().context(ctx).start::<Stopped>();
        let refused = group.handle().try_go(|_| Ok(())).err().inspect(|refused| {
            assert!(refused.is_timeout() || refused.is_cancelled());
        });
        refused.map_or(Ok(()), Err)
    };
    error!("ErrGroup::try_go", refused(ctx));
    gate.done();
    errors
}

// --- Was it cancelled? Did it time out? -------------------------------------------------------

#[test]
fn every_error_of_a_wait_says_whether_it_was_cancelled_or_timed_out() {
    watchdog(|| {
        let kinds = [
            (cancelled(), Told::Cancelled, ErrorKind::Other),
            (overdue(), Told::TimedOut, ErrorKind::TimedOut),
        ];
        for (ctx, expected, kind) in kinds {
            for (name, error, io) in errors_of_waits(&ctx) {
                assert_eq!(told(&*error), expected, "{name}");
                assert!(has_root(&*error), "{name}");
                texts_are_printed_once(&*error);
                assert_eq!((told(&io), io.kind()), (expected, kind), "{name}");
                let cause = cause_of(&io).expect(name);
                assert_eq!(
                    cause.error().is_some_and(<dyn Error + Send + Sync>::is::<ShuttingDown>),
                    expected == Told::Cancelled,
                    "{name}"
                );
                let shared: Arc<dyn Error + Send + Sync> = error.into();
                assert_eq!(told(&Wrapped(Arc::clone(&shared))), expected, "{name}, shared");
                assert_eq!(told(&Wrapped(Wrapped(shared))), expected, "{name}, wrapped twice");
                assert_eq!(told(&Boxed(io.into())), expected, "{name}, an `io::Error`, boxed");
            }
        }
    });
}

#[test]
fn a_bound_of_a_call_is_a_timeout_without_a_cause() {
    let semaphore = Semaphore::new(1);
    let _permit = semaphore.acquire(1);
    let error = semaphore.acquire_until(1, Duration::ZERO).unwrap_err();
    assert!(error.is_timeout() && !error.is_cancelled() && error.cause().is_none());
    assert_eq!((told(&error), cause_of(&error)), (Told::TimedOut, None));
    let limiter = Limiter::new(Rate::per_hour(1), 1);
    assert!(limiter.allow());
    let late = limiter.wait_until(Duration::ZERO).unwrap_err();
    assert_eq!((&late, told(&late)), (&LimitError::TooLate, Told::TimedOut));
    assert_eq!(told(&Wrapped(late)), Told::TimedOut);
    assert_eq!(io::Error::from(LimitError::TooLate).kind(), ErrorKind::TimedOut);
}

#[test]
fn an_io_error_is_seen_through_wherever_it_stands() {
    let check = || cancelled().check().unwrap_err();
    let inner = || io::Error::other(check());
    assert!(inner().source().is_some_and(<dyn Error>::is::<ShuttingDown>), "it is skipped");
    let forms: [Box<dyn Error>; 7] = [
        Box::new(inner()),
        Box::new(io::Error::new(ErrorKind::TimedOut, check())),
        Box::new(Wrapped(inner())),
        Box::new(Wrapped(Box::new(inner()))),
        Box::new(Wrapped(Arc::new(inner()))),
        Box::new(io::Error::other(Wrapped(io::Error::other(inner())))),
        Box::new(io::Error::other(Box::<dyn Error + Send + Sync>::from(check()))),
    ];
    for form in forms {
        assert_eq!(told(&*form), Told::Cancelled, "{form:?}");
    }
}

#[test]
fn pointers_to_an_error_are_seen_through() {
    let check = || cancelled().check().unwrap_err();
    let dynamic = Arc::new(check()) as Arc<dyn Error + Send + Sync>;
    let forms: [Box<dyn Error>; 6] = [
        Box::new(Box::new(check())),
        Box::new(Wrapped(Box::new(check()))),
        Box::new(Wrapped(Arc::new(Interrupted::from(check())))),
        Box::new(Wrapped(dynamic)),
        Box::new(Wrapped(Arc::new(check()) as Arc<dyn Error>)),
        Box::new(Wrapped(Box::new(AcquireError::from(check())))),
    ];
    for form in forms {
        assert_eq!(told(&*form), Told::Cancelled, "{form:?}");
    }
}

#[test]
fn anyhow_is_seen_through() {
    use anyhow::Context as _;
    let late = || Semaphore::new(1).acquire_until(1, &overdue()).map(drop);
    let error = late().unwrap_err();
    assert_eq!(told(anyhow::Error::from(error).as_ref()), Told::TimedOut);
    let error = late().context("no connection").context("GET /").unwrap_err();
    assert_eq!(told(&*error), Told::TimedOut);
    assert!(error.downcast_ref::<AcquireError>().is_some());
    assert!(error.downcast_ref::<Interrupted>().is_none(), "the docs say so");
    assert!(error.chain().any(<dyn Error>::is::<Interrupted>));
    let text = "GET /: no connection: gave up waiting for permits: context deadline exceeded";
    assert_eq!(format!("{error:#}"), text);
    assert_eq!(told(&io::Error::other(error)), Told::TimedOut);
    let result: anyhow::Result<()> = ErrGroup::scope(|g| {
        g.map_errors(|task, error: anyhow::Error| error.context(task));
        g.named("fetch").go(|_| Ok::<_, anyhow::Error>(cancelled().check()?));
        Ok(())
    });
    let error = result.unwrap_err();
    assert_eq!(told(&*error), Told::Cancelled);
    assert_eq!(error.downcast_ref::<Stopped>().unwrap().name(), Some("fetch"));
}

#[test]
fn the_outermost_error_decides_and_the_user_s_cause_is_not_searched() {
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel_because(overdue().check().unwrap_err());
    let error = ctx.check().unwrap_err();
    assert_eq!(told(&error), Told::Cancelled, "because of a timeout elsewhere");
    assert_eq!(told(&Wrapped(error)), Told::Cancelled);
    let (ctx, canceller) = Context::background().with_cancel();
    canceller.cancel_because(io::Error::from(ErrorKind::TimedOut));
    let error = Semaphore::new(1).acquire_until(1, &ctx).unwrap_err();
    assert_eq!(told(&error), Told::Cancelled);
    assert!(error.cause().unwrap().error().unwrap().is::<io::Error>());
}

#[test]
fn foreign_timeouts_are_timeouts_and_nothing_else_is() {
    let timeouts: [Box<dyn Error>; 6] = [
        Box::new(io::Error::from(ErrorKind::TimedOut)),
        Box::new(Wrapped(io::Error::new(ErrorKind::TimedOut, "slow"))),
        Box::new(Arc::new(io::Error::from(ErrorKind::TimedOut))),
        Box::new(mpsc::RecvTimeoutError::Timeout),
        Box::new(phalanx::channel::RecvTimeoutError::Timeout),
        Box::new(crossbeam_channel::SelectTimeoutError),
    ];
    for error in timeouts {
        assert_eq!(told(&*error), Told::TimedOut, "{error:?}");
    }
    let others: [Box<dyn Error>; 8] = [
        Box::new(io::Error::from(ErrorKind::Interrupted)),
        Box::new(io::Error::from(ErrorKind::WouldBlock)),
        Box::new(io::Error::other("context cancelled")),
        Box::new(mpsc::RecvTimeoutError::Disconnected),
        Box::new(AcquireError::Closed),
        Box::new(TryAcquireError::WouldBlock),
        Box::new(RecvUntilError::Disconnected),
        Box::new(ShuttingDown),
    ];
    for error in others {
        assert_eq!((told(&*error), cause_of(&*error)), (Told::Neither, None), "{error:?}");
    }
}

#[test]
fn a_message_that_borrows_does_not_keep_the_methods_from_answering() {
    let text = String::from("borrowed");
    let refused = bounded::<&str>(0).0.send_until(&text, &cancelled());
    let error = refused.unwrap_err();
    assert!(error.is_cancelled() && !error.is_timeout());
    assert!(error.cause().unwrap().error().unwrap().is::<ShuttingDown>());
    let io: io::Error = error.into(); // the message is dropped
    drop(text);
    assert_eq!(told(&io), Told::Cancelled);
    assert!(io.get_ref().unwrap().is::<SendUntilError<()>>());
}

#[test]
fn closed_is_told_by_every_error_that_knows_it() {
    let semaphore = Semaphore::new(1);
    semaphore.close();
    let acquire = semaphore.acquire(1).unwrap_err();
    let tried = semaphore.try_acquire(1).unwrap_err();
    let (sender, receiver) = bounded::<u8>(1);
    drop(receiver);
    let send = sender.send_until(1, HOUR).unwrap_err();
    let (sender, receiver) = bounded::<u8>(1);
    drop(sender);
    let receive = receiver.recv_until(HOUR).unwrap_err();
    let pool = WorkerPool::new(1, |n: u8| n);
    pool.close();
    let submit = pool.submit(1).unwrap_err();
    let try_submit = pool.try_submit(1).unwrap_err();
    assert!(acquire.is_closed() && tried.is_closed() && send.is_closed() && receive.is_closed());
    assert!(submit.is_closed() && try_submit.is_closed());
    let stopped = Stopped::from(acquire.clone());
    assert!(stopped.is_closed() && !stopped.gave_up());
    let errors: [io::Error; 7] = [
        acquire.into(),
        tried.into(),
        send.into(),
        receive.into(),
        submit.into(),
        try_submit.into(),
        stopped.into(),
    ];
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::BrokenPipe), "{errors:?}");
}

// --- Groups -----------------------------------------------------------------------------------

#[test]
fn an_echo_of_a_failure_is_no_cancellation_of_its_own() {
    watchdog(|| {
        let result: Result<(), BoxError> = ErrGroup::scope(|g| {
            let stopped = g.go(|_| Err::<(), BoxError>("disk".into())).join().unwrap_err();
            assert_eq!((told(&stopped), stopped.kind()), (Told::Neither, &WhyStopped::Failed));
            let skipped = g.go(|_| Ok(())).join().unwrap_err();
            assert_eq!(told(&skipped), Told::Cancelled);
            assert_eq!(
                String::from(skipped),
                "task 1 was skipped: context cancelled: task 0 failed"
            );
            Ok(())
        });
        assert_eq!(told(&*result.unwrap_err()), Told::Neither);
    });
}

#[test]
fn all_errors_counts_echoes_as_skipped() {
    watchdog(|| {
        let (ctx, canceller) = Context::background().with_cancel();
        let run = |fails: bool| {
            let policy = AllErrors::new().skipping(|error: &BoxError| gave_up(&**error));
            ErrGroup::builder().context(&ctx).policy(policy).scope(|g| {
                for _ in 0..8 {
                    g.go(|ctx| {
                        ctx.wait();
                        Ok(ctx.check()?)
                    });
                }
                g.go(|_| {
                    canceller.cancel_because(ShuttingDown);
                    if fails { Err("disk".into()) } else { Ok(()) }
                });
            })
        };
        let errors = run(true).unwrap_err();
        assert_eq!((errors.len(), errors.skipped(), errors.gave_up()), (1, 8, false));
        assert_eq!(errors.to_string(), "1 failed, 8 skipped; task 8: disk");
        let echoes = run(false).unwrap_err();
        assert_eq!((echoes.len(), echoes.skipped()), (0, 9));
        assert!(echoes.is_cancelled() && has_root(&echoes));
        assert!(echoes.cause().unwrap().error().unwrap().is::<ShuttingDown>());
        assert_eq!(texts(&echoes), ["0 failed, 9 skipped", "context cancelled", "shutting down"]);
    });
}

#[test]
fn a_filter_counts_what_it_leaves_out_once() {
    let errors = |ids: [u8; 4]| {
        let lost: Result<(), _> = race(ids.map(|id| move |_: &Context| Err(id)));
        lost.unwrap_err()
    };
    let odd = errors([1, 2, 3, 4]).skipping(|id| id % 2 == 1);
    assert_eq!((odd.len(), odd.skipped(), odd.panicked()), (2, 2, 0));
    assert_eq!(odd.into_iter().collect::<Vec<_>>(), [(1, 2), (3, 4)]);
}

#[test]
fn errors_can_be_iterated_cloned_and_compared() {
    let lost: Result<(), _> = race([1, 2].map(|id| move |_: &Context| Err(id)));
    let errors = lost.unwrap_err();
    let mut seen = Vec::new();
    for (index, id) in &errors {
        seen.push((index, *id));
    }
    assert_eq!((errors.iter().len(), seen), (2, vec![(0, 1), (1, 2)]));
    assert_eq!(errors, errors.clone());
    assert_ne!(errors, errors.clone().skipping(|id| *id == 1));
    for (n, (index, id)) in errors.into_iter().enumerate() {
        assert_eq!((index, id), (n, n + 1));
    }
}

#[test]
fn every_policy_with_errors_knows_that_its_group_was_cancelled() {
    watchdog(|| {
        let ctx = overdue();
        let under = || ErrGroup::builder().context(&ctx);
        let skipped: [Errors<String>; 4] = [
            under()
                .policy(AllErrors::<(), String>::new())
                .scope(|g| _ = g.go(|_| Ok(())))
                .unwrap_err(),
            under()
                .policy(FirstOk::<(), String>::new())
                .scope(|g| _ = g.go(|_| Ok(())))
                .unwrap_err(),
            under()
                .policy(Quorum::<(), String>::new(1))
                .scope(|g| _ = g.go(|_| Ok(())))
                .unwrap_err(),
            under()
                .policy(Tolerate::<(), String>::new(0))
                .scope(|g| _ = g.go(|_| Ok(())))
                .unwrap_err(),
        ];
        for errors in skipped {
            assert_eq!((told(&errors), errors.is_timeout()), (Told::TimedOut, true));
        }
    });
}

#[test]
fn the_group_s_error_names_the_task_if_asked() {
    watchdog(|| {
        let result: Result<(), BoxError> = ErrGroup::scope(|g| {
            g.name_errors();
            let ended = g.named("fetch").go(|_| Err::<(), BoxError>("refused".into())).join();
            assert_eq!(ended.unwrap_err().to_string(), "task 0 (fetch) failed");
            Ok(())
        });
        let error = result.unwrap_err();
        assert_eq!(texts(&*error), ["task 0 (fetch) failed", "refused"]);
        let task = error.downcast_ref::<TaskError>().unwrap();
        assert_eq!((task.index(), task.name(), task), (0, Some("fetch"), &task.clone()));

        let body: Result<(), BoxError> = ErrGroup::scope(|g| {
            g.name_errors();
            Err("the body".into())
        });
        assert_eq!(body.unwrap_err().to_string(), "the body");

        let text: Result<(), String> = ErrGroup::scope(|g| {
            g.name_errors();
            g.go(|ctx| {
                g_cancelled(ctx)?;
                Ok(())
            });
            Ok(())
        });
        assert_eq!(text.unwrap_err(), "task 0 failed: context cancelled: shutting down");

        let io: Result<(), io::Error> = ErrGroup::scope(|g| {
            g.name_errors();
            g.go(|_| Err::<(), _>(io::Error::from(ErrorKind::NotFound)));
            Ok(())
        });
        assert_eq!(io.unwrap_err().kind(), ErrorKind::NotFound);

        let owned = ErrGroup::<Stopped>::new();
        owned.handle().name_errors();
        owned.handle().named("sleeper").go(|_| Ok(cancelled().sleep(HOUR)?));
        let stopped = owned.wait().unwrap_err();
        assert_eq!((stopped.index(), stopped.name()), (Some(0), Some("sleeper")));
        assert!(stopped.is_cancelled());
    });
}

/// The error of a group that names its tasks, whose only task fails with `error`.
fn named(error: impl Into<BoxError>) -> TaskError {
    let error = error.into();
    let result: Result<(), BoxError> = ErrGroup::scope(|g| {
        g.name_errors();
        g.go(|_| Err::<(), BoxError>(error));
        Ok(())
    });
    let error = result.expect_err("its task fails").downcast();
    *error.expect("it is named")
}

#[test]
fn a_named_error_answers_as_the_task_s_own_error_does() {
    watchdog(|| {
        let system = || NoThread::System(Arc::new(io::Error::from(ErrorKind::TimedOut)));
        let stopped = || Stopped::from(AcquireError::Closed);
        let closed: [BoxError; 12] = [
            AcquireError::Closed.into(),
            TryAcquireError::Closed.into(),
            RecvUntilError::Disconnected.into(),
            SendUntilError::Disconnected(()).into(),
            SubmitError::Closed(()).into(),
            TrySubmitError::Closed(()).into(),
            stopped().into(),
            Wrapped(AcquireError::Closed).into(),
            Wrapped(Arc::new(AcquireError::Closed)).into(),
            io::Error::from(AcquireError::Closed).into(),
            JoinUntilError::<()>::Stopped(stopped()).into(),
            named(AcquireError::Closed).into(),
        ];
        for error in closed {
            let error = named(error);
            assert!(error.is_closed() && !error.gave_up(), "{error:?}");
            assert_eq!(told(&error), Told::Neither, "{error:?}");
            assert_eq!(io::Error::from(error).kind(), ErrorKind::BrokenPipe);
        }
        let kinds: [(BoxError, ErrorKind); 10] = [
            (NoThread::Limit(1).into(), ErrorKind::ResourceBusy),
            (system().into(), ErrorKind::ResourceBusy),
            (FlightError::<String>::NoThread(system()).into(), ErrorKind::ResourceBusy),
            (Stopped::from(NoThread::Limit(1)).into(), ErrorKind::ResourceBusy),
            (AcquireError::TooMany.into(), ErrorKind::InvalidInput),
            (TryAcquireError::TooMany.into(), ErrorKind::InvalidInput),
            (LimitError::TooMany.into(), ErrorKind::InvalidInput),
            (LimitError::TooLate.into(), ErrorKind::TimedOut),
            (overdue().check().unwrap_err().into(), ErrorKind::TimedOut),
            (cancelled().check().unwrap_err().into(), ErrorKind::Other),
        ];
        for (error, kind) in kinds {
            let error = named(error);
            assert_eq!(error.is_timeout(), kind == ErrorKind::TimedOut, "{error:?}");
            assert_eq!(io::Error::from(error).kind(), kind);
        }
        assert_eq!(told(&system()), Told::Neither, "not the foreign timeout inside");
    });
}

#[test]
fn a_group_s_io_error_is_of_no_kind_after_which_std_calls_again() {
    watchdog(|| {
        let kinds = [ErrorKind::Interrupted, ErrorKind::WouldBlock, ErrorKind::ConnectionAborted];
        for kind in kinds {
            let result: Result<(), io::Error> = ErrGroup::scope(|g| {
                g.name_errors();
                g.go(|_| Err::<(), _>(io::Error::from(kind)));
                Ok(())
            });
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Other);
            let task = error.get_ref().unwrap().downcast_ref::<TaskError>().unwrap();
            let own = task.error().downcast_ref::<io::Error>().unwrap();
            assert_eq!(own.kind(), kind, "it is inside");
        }
        assert_eq!(io::Error::from(named(TryAcquireError::WouldBlock)).kind(), ErrorKind::Other);
        let stopped = Stopped::from(TryAcquireError::WouldBlock);
        assert_eq!(io::Error::from(named(stopped.clone())).kind(), ErrorKind::Other);
        assert_eq!(io::Error::from(stopped).kind(), ErrorKind::Other);
    });
}

fn g_cancelled(_: &Context) -> Result<(), Cancelled> {
    cancelled().check()
}

#[test]
fn a_panic_in_the_conversion_of_an_error_is_the_group_s() {
    #[derive(Debug)]
    struct Picky(&'static str);
    impl fmt::Display for Picky {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }
    impl Error for Picky {}
    impl From<Stopped> for Picky {
        fn from(_: Stopped) -> Self {
            Picky("stopped")
        }
    }
    impl From<TaskError> for Picky {
        fn from(_: TaskError) -> Self {
            panic!("picky")
        }
    }
    watchdog(|| {
        let panic = panic_of(|| {
            drop(ErrGroup::scope(|g| {
                g.name_errors();
                g.go(|_| Err::<(), _>(Picky("task")));
                Ok(())
            }));
        });
        assert_eq!(panic, "picky");
    });
}

// --- Texts and traits -------------------------------------------------------------------------

#[test]
fn chains_print_each_text_once() {
    let check = cancelled().check().unwrap_err();
    assert_eq!(texts(&check), ["context cancelled", "shutting down"]);
    assert_eq!(check.cause().to_string(), "context cancelled: shutting down");
    assert_eq!(texts(&Interrupted::from(check.clone())), ["context cancelled", "shutting down"]);
    let acquire = AcquireError::from(check.clone());
    let chain = ["gave up waiting for permits", "context cancelled", "shutting down"];
    assert_eq!(texts(&acquire), chain);
    assert_eq!(String::from(acquire.clone()), chain.join(": "));
    let stopped = Stopped::from(acquire);
    assert_eq!(texts(&stopped)[0], "the task could not go on");
    assert_eq!(texts(&stopped)[1..], chain);
    let refused = io::Error::from_raw_os_error(11);
    let system = NoThread::System(Arc::new(refused));
    let flight = FlightError::<String>::NoThread(system.clone());
    let join = JoinUntilError::Interrupted((), Interrupted::HeldUp(3));
    assert_eq!(
        texts(&join),
        ["gave up waiting for the task", "timed out while the thread limit of 3 holds up tasks"]
    );
    let all: [&(dyn Error + 'static); 4] = [&system, &flight, &join, &LimitError::TooLate];
    all.into_iter().for_each(texts_are_printed_once);
}

#[test]
fn errors_are_compared_by_identity_of_what_has_no_equality() {
    let ctx = cancelled();
    assert_eq!(ctx.check(), ctx.check());
    assert_eq!(ctx.cause(), Context::clone(&ctx).cause());
    assert_ne!(ctx.check(), cancelled().check(), "another cancellation with the same text");
    assert_eq!(overdue().check(), overdue().check());
    assert_ne!(overdue().cause(), cancelled().cause());
    let semaphore = Semaphore::new(1);
    let acquire = semaphore.acquire_until(1, &ctx).map(drop);
    assert_eq!(acquire, Err(AcquireError::from(ctx.check().unwrap_err())));
    let stopped = Stopped::from(ctx.check().unwrap_err());
    assert_eq!(stopped, stopped.clone());
    assert_ne!(stopped, Stopped::from(ctx.check().unwrap_err()));
    assert_eq!(Refusal::Thread(NoThread::Limit(1)), Refusal::Thread(NoThread::Limit(1)));
    assert_ne!(NoThread::Limit(1), NoThread::Limit(2));
    let failed = |text| FlightError::Failed(Arc::new(text));
    assert_eq!(failed("x"), failed("x"));
    assert_ne!(failed("x"), failed("y"));
    assert_eq!(SubmitError::Closed(1), SubmitError::Closed(1));
    assert_eq!(TrySubmitError::Full(1).clone(), TrySubmitError::Full(1));
}

// --- `?` --------------------------------------------------------------------------------------

#[test]
fn kinds_of_io_errors_follow_the_table() {
    let system = NoThread::System(Arc::new(io::Error::from(ErrorKind::WouldBlock)));
    let panicked = || {
        let result: Result<(), Panicked> = catch(|_| panic!("on purpose"))(&Context::background());
        result.unwrap_err()
    };
    let full = || {
        let refused = ErrGroup::builder().limit(1).scope(|g| {
            let (ctx, canceller) = Context::background().with_cancel();
            g.go(move |_| {
                ctx.wait();
                Ok(())
            });
            let refused = g.try_go(|_| Ok(())).err().map(io::Error::from);
            canceller.cancel();
            Ok::<_, Stopped>(refused)
        });
        refused.unwrap().expect("the group is at its limit")
    };
    let table: [(io::Error, ErrorKind); 17] = [
        (Interrupted::TimedOut.into(), ErrorKind::TimedOut),
        (overdue().check().unwrap_err().into(), ErrorKind::TimedOut),
        (LimitError::TooLate.into(), ErrorKind::TimedOut),
        (cancelled().check().unwrap_err().into(), ErrorKind::Other),
        (panicked().into(), ErrorKind::Other),
        (Lost::NotDone.into(), ErrorKind::Other),
        (Lost::Panicked("x".into()).into(), ErrorKind::Other),
        (FlightError::Failed(Arc::new("x")).into(), ErrorKind::Other),
        (TryAcquireError::WouldBlock.into(), ErrorKind::WouldBlock),
        (TrySubmitError::Full(1).into(), ErrorKind::WouldBlock),
        (full(), ErrorKind::WouldBlock),
        (AcquireError::TooMany.into(), ErrorKind::InvalidInput),
        (TryAcquireError::TooMany.into(), ErrorKind::InvalidInput),
        (LimitError::TooMany.into(), ErrorKind::InvalidInput),
        (NoThread::Limit(1).into(), ErrorKind::ResourceBusy),
        (system.clone().into(), ErrorKind::ResourceBusy),
        (FlightError::<String>::NoThread(system).into(), ErrorKind::ResourceBusy),
    ];
    for (error, kind) in table {
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.get_ref().is_some(), "the error itself is inside");
    }
}

#[test]
fn a_function_may_return_any_of_the_usual_errors() {
    fn io_error(ctx: &Context, semaphore: &Semaphore) -> io::Result<()> {
        ctx.check()?;
        let _permit = semaphore.try_acquire(1)?;
        Err(io::Error::other("unreachable"))
    }
    fn text(ctx: &Context) -> Result<(), String> {
        ctx.sleep(HOUR)?;
        Ok(())
    }
    fn words(ctx: &Context) -> Result<(), &'static str> {
        WaitGroup::new().wait_until(ctx)?;
        Ok(())
    }
    fn of_a_wait(ctx: &Context) -> Result<(), AcquireError> {
        ctx.check()?;
        WaitGroup::new().wait_until(ctx)?;
        Ok(())
    }
    fn of_another(ctx: &Context) -> Result<(), Interrupted> {
        Ok(ctx.check()?)
    }
    let ctx = cancelled();
    let semaphore = Semaphore::new(1);
    assert_eq!(told(&io_error(&ctx, &semaphore).unwrap_err()), Told::Cancelled);
    let _permit = semaphore.acquire(1);
    let busy = io_error(&Context::background(), &semaphore).unwrap_err();
    assert_eq!((busy.kind(), told(&busy)), (ErrorKind::WouldBlock, Told::Neither));
    assert_eq!(text(&ctx), Err("context cancelled: shutting down".to_owned()));
    assert_eq!(words(&ctx), Err("context cancelled"));
    assert_eq!(words(&overdue()), Err("context deadline exceeded"));
    assert!(of_a_wait(&ctx).unwrap_err().is_cancelled());
    assert!(of_another(&ctx).unwrap_err().is_cancelled());
}

#[test]
fn a_read_that_is_given_up_is_not_retried_by_std() {
    struct Cancels(Context, u32);
    impl io::Read for Cancels {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            assert!(self.1 < 10, "it is called again and again");
            Ok(self.0.check().map(|()| 0)?)
        }
    }
    for (ctx, expected) in [(cancelled(), Told::Cancelled), (overdue(), Told::TimedOut)] {
        let mut reader = Cancels(ctx, 0);
        let error = io::Read::read_exact(&mut reader, &mut [0; 8]).unwrap_err();
        assert_eq!((told(&error), reader.1), (expected, 1));
    }
}

/// A task that meets every error of a wait, whatever the error of its group.
macro_rules! group_with {
    ($error:ty $(, $without_inner:expr)?) => {{
        let ctx = cancelled();
        let semaphore = Arc::new(Semaphore::new(1));
        let flights = SingleFlight::<u8, u8, String>::new();
        let pool = WorkerPool::new(1, |n: u8| n);
        let limiter = Limiter::new(Rate::per_hour(1), 1);
        let (sender, receiver) = bounded::<&str>(1);
        let result: Result<(), $error> = ErrGroup::scope(|g| {
            let calls = g.go(|_| {
                Context::background().check()?;
                Context::background().sleep(Duration::ZERO)?;
                drop(semaphore.acquire(1)?);
                drop(semaphore.try_acquire(1)?);
                limiter.wait()?;
                sender.send_until("x", HOUR)?;
                receiver.recv_until(HOUR)?;
                WaitGroup::new().wait_until(HOUR)?;
                pool.submit(1)?.join()?;
                let _ = pool.try_submit(1)?.join()?;
                let _ = flights.run(1, |_| Ok(1))?;
                Ok(())
            });
            calls.join()?;
            g.go(|_| Ok(1)).join_until(HOUR)$(.map_err($without_inner))??;
            let task = g.go(|_| Ok(()));
            task.wait_until(HOUR)?;
            g.try_go(|_| Ok(()))?.join()?;
            g.go(|_| Ok(ctx.sleep(HOUR)?)).join()?;
            Ok(())
        });
        result.unwrap_err()
    }};
}

#[test]
fn every_error_of_a_wait_works_with_the_question_mark_in_a_group() {
    watchdog(|| {
        let stopped = group_with!(Stopped);
        assert_eq!(
            (stopped.kind(), stopped.index(), stopped.name()),
            (&WhyStopped::Call, None, None)
        );
        assert_eq!((told(&stopped), stopped.is_cancelled()), (Told::Cancelled, true));
        assert!(stopped.cause().unwrap().error().unwrap().is::<ShuttingDown>());
        assert_eq!(stopped.cause().unwrap().kind(), CauseKind::Cancelled);
        assert_eq!(told(&group_with!(io::Error)), Told::Cancelled);
        assert_eq!(told(&*group_with!(BoxError, JoinUntilError::without_inner)), Told::Cancelled);
        assert_eq!(
            told(&*group_with!(anyhow::Error, JoinUntilError::without_inner)),
            Told::Cancelled
        );
        assert_eq!(group_with!(String), "context cancelled: shutting down");
        assert_eq!(group_with!(&'static str), "context cancelled");
    });
}

#[test]
fn a_group_s_error_may_be_a_static_text() {
    watchdog(|| {
        let failed =
            ErrGroup::scope(|g| g.go(|_| Err::<(), _>("disk on fire")).join().map_err(Into::into));
        assert_eq!(failed, Err("disk on fire"));
        let skipped: Result<(), &'static str> =
            ErrGroup::builder().context(&overdue()).scope(|g| Ok(g.go(|_| Ok(())).join()?));
        assert_eq!(skipped, Err("context deadline exceeded"));
    });
}

#[test]
fn a_bounded_join_converts_into_what_an_unbounded_one_reports() {
    fn join<E: From<Stopped> + From<JoinUntilError<()>>>(bounded: bool, panics: bool) -> E {
        let mut error = None;
        let mut run = || {
            ErrGroup::scope(|g| {
                let task = g.named("fetch").go(|_| {
                    assert!(!panics, "on purpose");
                    Err::<(), _>(Stopped::from(cancelled().check().unwrap_err()))
                });
                error = Some(if bounded {
                    E::from(task.join_until(HOUR).unwrap_err().without_inner())
                } else {
                    E::from(task.join().unwrap_err())
                });
                Ok(())
            })
            .unwrap_err();
        };
        if panics {
            assert_eq!(panic_of(run), "on purpose");
        } else {
            run();
        }
        error.unwrap()
    }
    watchdog(|| {
        for panics in [false, true] {
            let stopped: Stopped = join(true, panics);
            assert_eq!((stopped.index(), stopped.name()), (Some(0), Some("fetch")));
            assert_eq!(stopped, join(false, panics));
            assert_eq!(join::<&'static str>(true, panics), join::<&'static str>(false, panics));
        }
        let skipped = || {
            ErrGroup::builder().context(&overdue()).scope(|g| {
                g.named("late").go(|_| Ok(())).join_until(HOUR)?;
                Ok::<_, Stopped>(())
            })
        };
        let skipped = skipped().unwrap_err();
        assert!(matches!(skipped.kind(), WhyStopped::Skipped(_)), "{skipped}");
        assert_eq!(skipped.name(), Some("late"));
        let given_up = Stopped::from(JoinUntilError::Interrupted((), Interrupted::TimedOut));
        assert_eq!((given_up.kind(), given_up.index()), (&WhyStopped::Call, None));
        assert_eq!(texts(&given_up)[1..], ["gave up waiting for the task", "timed out"]);
    });
}

#[test]
fn a_task_that_joins_a_skipped_one_is_not_named_in_its_place() {
    watchdog(|| {
        let owned = ErrGroup::<Stopped>::new();
        let group = owned.handle();
        group.name_errors();
        let handle = group.clone();
        group.named("joining").go(move |_| {
            handle.cancel();
            handle.named("late").go(|_| Ok(())).join_until(HOUR)?;
            Ok(())
        });
        let stopped = owned.wait().unwrap_err();
        assert_eq!((stopped.index(), stopped.name()), (Some(1), Some("late")));
        assert_eq!(texts(&stopped)[0], "task 1 (late) was skipped");
    });
}

#[test]
fn a_store_that_came_too_late_converts_as_the_other_errors_do() {
    fn store<E: From<Outdated<String>>>(value: &AtomicValue<String>) -> Result<(), E> {
        let seen = value.load();
        value.store(String::from("newer"));
        Ok(value.compare_and_store(&seen, String::from("new"))?)
    }
    let value = AtomicValue::new(String::from("old"));
    let io = store::<io::Error>(&value).unwrap_err();
    assert_eq!((io.kind(), told(&io)), (ErrorKind::Other, Told::Neither));
    assert!(io.get_ref().unwrap().is::<Outdated<()>>(), "the values are dropped");
    let text = "the value has been replaced in the meantime";
    assert_eq!(store::<String>(&value), Err(text.to_owned()));
    assert_eq!(store::<&'static str>(&value), Err("replaced in the meantime"));
    let stopped = store::<Stopped>(&value).unwrap_err();
    assert_eq!(texts(&stopped), ["the task could not go on", text]);
    assert_eq!(*value.load(), "newer");
}
