//! What is counted: for each scenario what it needs, and then one operation. None of them has to wait
//! for another thread, so that each count is the same in every run.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock itself")]

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phalanx::channel::{RecvUntil, SendUntil, bounded};
use phalanx::{
    AfterFunc, AtomicValue, Canceller, Cond, Context, Counter, ErrGroup, Gauge, KeyedLimiter,
    Limiter, Mutex, Once, OnceValue, Rate, RwLock, Semaphore, ShardedCounter, SingleFlight,
    Stopped, Timer, WaitGroup,
};

use crate::meter::Meter;

/// A name, and a function that hands one operation to the meter.
pub(crate) type Scenario = (&'static str, fn(Meter));

pub(crate) const SCENARIOS: &[Scenario] = &[
    ("nothing", |meter| meter.count(|| ())),
    ("wait_group/add_done", wait_group),
    ("wait_group/spawn_1", spawn_1),
    ("wait_group/task", wait_group_task),
    ("err_group/spawn_1", |meter| spawn_fallible(1, meter)),
    ("err_group/spawn_5", |meter| spawn_fallible(5, meter)),
    ("err_group/task", |meter| meter.count_each(scope_of)),
    ("err_group/task_joined", |meter| meter.count_each(joining_scope_of)),
    ("once/done", once),
    ("once/value", once_value),
    ("mutex/lock", mutex),
    ("rwlock/read", rwlock_read),
    ("rwlock/write", rwlock_write),
    ("cond/signal_nobody", |meter| meter.count(|| black_box(&Cond::new()).signal())),
    ("counter/add", counter),
    ("counter/sharded_add", sharded_counter),
    ("counter/track", gauge),
    ("semaphore/acquire_release", semaphore),
    ("atomic_value/read", atomic_value_read),
    ("atomic_value/load", atomic_value_load),
    ("atomic_value/store", atomic_value_store),
    ("single_flight/run", single_flight),
    ("limiter/allow", limiter),
    ("limiter/keyed_allow", keyed_limiter),
    ("context/poll", poll),
    ("context/child_cancel", child_cancel),
    ("context/child_poll_cancel", child_poll_cancel),
    ("context/child_below_deadline_1", |meter| child_below_deadline(1, meter)),
    ("context/child_below_deadline_1000", |meter| child_below_deadline(1000, meter)),
    ("context/timeout_cancel", timeout_cancel),
    ("context/timeout_poll_cancel", timeout_poll_cancel),
    ("timer/start_stop", after_func),
    ("timer/channel_start_stop", timer),
    ("timer/reset", timer_reset),
    ("channel/recv_until_ready", recv_until),
    ("channel/send_until_ready", send_until),
];

const PLENTY: u32 = 1_000_000_000;
const HOUR: Duration = Duration::from_secs(3600);

fn wait_group(meter: Meter) {
    let group = WaitGroup::new();
    meter.count(|| {
        group.add(1);
        group.done();
    });
}

/// Nearly always the thread that waits runs the task; the count is of this thread alone.
fn spawn_1(meter: Meter) {
    let group = Arc::new(WaitGroup::new());
    meter.count(|| {
        group.go(|| ());
        group.wait();
    });
}

/// One more task in a group.
fn wait_group_task(meter: Meter) {
    let group = Arc::new(WaitGroup::new());
    meter.count_each(|n| {
        (0..n).for_each(|_| group.go(|| ()));
        group.wait();
    });
}

/// The same for a scope whose tasks may fail.
fn spawn_fallible(n: u32, meter: Meter) {
    meter.count(|| scope_of(n));
}

/// Drops the handle of each task at once.
fn scope_of(tasks: u32) -> Result<(), Stopped> {
    ErrGroup::scope(|g| {
        (0..tasks).for_each(|_| drop(g.go(|_ctx| Ok(()))));
        Ok(())
    })
}

/// Joins each task before it starts the next.
fn joining_scope_of(tasks: u32) -> Result<(), Stopped> {
    ErrGroup::scope(|g| (0..tasks).try_for_each(|_| g.go(|_ctx| Ok(())).join()))
}

fn once(meter: Meter) {
    let once = Once::new();
    once.call(|| ());
    meter.count(|| black_box(&once).call(|| ()));
}

fn once_value(meter: Meter) {
    let value = OnceValue::new();
    meter.count(|| *black_box(&value).get_or_init(|| 7_u64));
}

fn mutex(meter: Meter) {
    let mutex = Mutex::new(0_u64);
    meter.count(|| *mutex.lock() += 1);
}

fn rwlock_read(meter: Meter) {
    let lock = RwLock::new(0_u64);
    meter.count(|| *lock.read());
}

fn rwlock_write(meter: Meter) {
    let lock = RwLock::new(0_u64);
    meter.count(|| *lock.write() += 1);
}

fn counter(meter: Meter) {
    let counter = Counter::new(0);
    meter.count(|| counter.inc());
}

fn sharded_counter(meter: Meter) {
    let counter = ShardedCounter::new();
    meter.count(|| counter.inc());
}

fn gauge(meter: Meter) {
    let gauge = Gauge::new();
    meter.count(|| drop(gauge.track()));
}

fn semaphore(meter: Meter) {
    let semaphore = Semaphore::new(10);
    meter.count(|| drop(semaphore.acquire(1)));
}

fn atomic_value_read(meter: Meter) {
    let value = AtomicValue::new([7_u64; 8]);
    let mut reader = value.reader();
    meter.count(|| reader.get()[0]);
}

fn atomic_value_load(meter: Meter) {
    let value = AtomicValue::new([7_u64; 8]);
    meter.count(|| value.load());
}

/// Nobody has the value before.
fn atomic_value_store(meter: Meter) {
    let value = AtomicValue::new([7_u64; 8]);
    meter.count(|| value.store(black_box([8; 8])));
}

/// A call that nobody shares.
fn single_flight(meter: Meter) {
    let calls = SingleFlight::<u64, u64, Infallible>::new();
    meter.count(|| calls.run(1, |_ctx| Ok(7)));
}

/// A token that is there.
fn limiter(meter: Meter) {
    let limiter = Limiter::new(Rate::per_second(PLENTY.into()), PLENTY.into());
    meter.count(|| limiter.allow());
}

/// A token of the only key: where others are is a matter of chance.
fn keyed_limiter(meter: Meter) {
    let limiters = KeyedLimiter::<u64>::new(Rate::per_second(PLENTY.into()), PLENTY.into());
    meter.count(|| limiters.of(&50).allow());
}

/// A context that can be cancelled but is not.
fn live() -> (Context, Canceller) {
    Context::background().with_cancel()
}

fn poll(meter: Meter) {
    let (ctx, _canceller) = live();
    meter.count(|| black_box(&ctx).has_ended());
}

fn child_cancel(meter: Meter) {
    let (parent, _canceller) = live();
    meter.count(|| parent.with_cancel().1.cancel());
}

fn child_poll_cancel(meter: Meter) {
    let (parent, _canceller) = live();
    meter.count(|| looked_at_and_cancelled(&parent.with_cancel()));
}

/// The same so many levels below a deadline. It costs the same at each level.
fn child_below_deadline(levels: u32, meter: Meter) {
    let mut parent = Context::background().with_timeout(HOUR);
    for _ in 1..levels {
        let (child, canceller) = parent.with_cancel();
        canceller.disarm();
        parent = child;
    }
    meter.count(|| looked_at_and_cancelled(&parent.with_cancel()));
}

fn timeout_cancel(meter: Meter) {
    let (parent, _canceller) = live();
    meter.count(|| parent.with_cancel_timeout(HOUR).1.cancel());
}

fn timeout_poll_cancel(meter: Meter) {
    let (parent, _canceller) = live();
    // The timer thread has an earlier instant to wait for, and sleeps on.
    let earlier = parent.with_timeout(HOUR / 2);
    assert!(!earlier.has_ended());
    meter.count(|| looked_at_and_cancelled(&parent.with_cancel_timeout(HOUR)));
}

/// It joins its parent, and its deadline the timer, when somebody first looks.
fn looked_at_and_cancelled((ctx, canceller): &(Context, Canceller)) -> bool {
    let ended = ctx.has_ended();
    canceller.cancel();
    ended
}

/// Calls that are pending, at instants from an hour to two hours from now, and the one half-way.
fn thousand_others() -> (Vec<AfterFunc>, Instant) {
    let start = Instant::now();
    // A step that has nothing in common with the number makes their order look random.
    let far = |n: u32| start + HOUR + HOUR * (n * 389 % 1000) / 1000;
    ((0..1000).map(|n| AfterFunc::at(far(n), || ())).collect(), start + HOUR * 3 / 2)
}

fn after_func(meter: Meter) {
    let (_others, instant) = thousand_others();
    meter.count(|| AfterFunc::at(instant, || ()).stop());
}

fn timer(meter: Meter) {
    let (_others, instant) = thousand_others();
    meter.count(|| {
        let timer = Timer::at(instant);
        let is_empty = timer.channel().is_empty();
        is_empty && timer.stop()
    });
}

fn timer_reset(meter: Meter) {
    let (_others, instant) = thousand_others();
    let timer = Timer::at(instant);
    timer.channel();
    meter.count(|| timer.reset_at(instant));
}

/// A message is sent, without more ado, and received.
fn recv_until(meter: Meter) {
    let ((sender, receiver), (ctx, _canceller)) = (bounded(2), live());
    meter.count(|| sender.try_send(1_u64).is_ok() && receiver.recv_until(&ctx).is_ok());
}

/// A message is sent, and received, without more ado.
fn send_until(meter: Meter) {
    let ((sender, receiver), (ctx, _canceller)) = (bounded(2), live());
    meter.count(|| sender.send_until(1_u64, &ctx).is_ok() && receiver.try_recv().is_ok());
}
