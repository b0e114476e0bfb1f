//! How large the values are that a program holds.

use phalanx::channel::Merge;
use phalanx::{
    AfterFunc, AtomicValue, Canceller, Cond, Context, Counter, ErrGroup, Gauge, KeyedLimiter,
    Limiter, Mutex, OnCancel, Once, OnceValue, Permit, Reader, Reservation, RwLock, Scope,
    Semaphore, ShardedCounter, SingleFlight, Sometimes, Stopped, Task, Ticker, Timer, Token, Until,
    WaitGroup, WorkerPool,
};

macro_rules! sizes {
    ($($name:literal: $type:ty,)*) => { &[$(($name, size_of::<$type>())),*] };
}

/// Values in them have eight bytes.
pub(crate) const SIZES: &[(&str, usize)] = sizes! {
    "`WaitGroup`": WaitGroup,
    "`Token`": Token<&WaitGroup>,
    "`ErrGroup`": ErrGroup<Stopped>,
    "`Scope`": Scope<'static, 'static, Stopped>,
    "`Task`": Task<'static, u64>,
    "`Context`": Context,
    "`Canceller`": Canceller,
    "`OnCancel`": OnCancel,
    "`Until`": Until<'static>,
    "`Once`": Once,
    "`OnceValue`": OnceValue<u64>,
    "`Mutex`": Mutex<u64>,
    "`RwLock`": RwLock<u64>,
    "`Cond`": Cond,
    "`Counter`": Counter,
    "`ShardedCounter`": ShardedCounter,
    "`Gauge`": Gauge,
    "`Semaphore`": Semaphore,
    "`Permit`": Permit<&Semaphore>,
    "`AtomicValue`": AtomicValue<u64>,
    "`Reader`": Reader<&AtomicValue<u64>>,
    "`SingleFlight`": SingleFlight<u64, u64, u64>,
    "`Limiter`": Limiter,
    "`Reservation`": Reservation<&Limiter>,
    "`Sometimes`": Sometimes,
    "`KeyedLimiter`": KeyedLimiter<u64>,
    "`Timer`": Timer,
    "`Ticker`": Ticker,
    "`AfterFunc`": AfterFunc,
    "`channel::Merge`": Merge<u64>,
    "`WorkerPool`": WorkerPool<u64, u64>,
};
