//! What happened when, in one run of the handler. The trace travels as a value of the context.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use phalanx::{Canceller, Context};

use crate::args::Options;
use crate::check;
use crate::handler::{Failure, Handler, Way};
use crate::room::Room;
use crate::services::Service;

/// A busy machine may spoil a run, but hardly so many.
const TRIES: u32 = 10;

pub(crate) struct Run {
    pub(crate) way: Way,
    pub(crate) total: Duration,
    pub(crate) spans: Vec<Span>,
    pub(crate) result: Result<Room, Failure>,
}

/// When a service was asked, and until when.
pub(crate) struct Span {
    pub(crate) service: Service,
    pub(crate) from: Duration,
    pub(crate) to: Duration,
    pub(crate) end: End,
}

pub(crate) enum End {
    Answered,
    Failed,
    CutOff,
}

pub(crate) struct Trace {
    start: Instant,
    spans: Mutex<Vec<Span>>,
}

/// A service is being asked.
pub(crate) struct Asking<'a> {
    trace: Option<&'a Trace>,
    service: Service,
    from: Duration,
}

impl Trace {
    /// Notes that a service is being asked, if the context has a trace.
    pub(crate) fn begin(ctx: &Context, service: Service) -> Asking<'_> {
        let trace = ctx.value::<Arc<Trace>>().map(Arc::as_ref);
        let from = trace.map_or(Duration::ZERO, |trace| since(trace.start));
        Asking { trace, service, from }
    }
}

impl Asking<'_> {
    pub(crate) fn end<T>(self, result: &Result<T, Failure>) {
        let Some(trace) = self.trace else { return };
        let end = match result {
            Ok(_) => End::Answered,
            Err(failure) if failure.is_echo() => End::CutOff,
            Err(_) => End::Failed,
        };
        let (service, from, to) = (self.service, self.from, since(trace.start));
        trace.spans.lock().push(Span { service, from, to, end });
    }
}

/// Runs one way; once more if the machine was too busy for a fair picture.
pub(crate) fn measure(way: Way, handler: &Arc<Handler>, options: &Options) -> Run {
    let mut measured = run(way, handler, options);
    for _ in 1..TRIES {
        if check::is_prompt(&measured, options) {
            break;
        }
        measured = run(way, handler, options);
    }
    measured
}

fn run(way: Way, handler: &Arc<Handler>, options: &Options) -> Run {
    let trace = Arc::new(Trace { start: now(), spans: Mutex::new(Vec::new()) });
    let (ctx, _canceller) = request_context(&Context::background(), options);
    let result = way.handle(handler, &ctx.with_value(Arc::clone(&trace)));
    let total = since(trace.start);
    let mut spans = std::mem::take(&mut *trace.spans.lock());
    spans.sort_by_key(|span| span.service as usize);
    Run { way, total, spans, result }
}

/// The context of one request, with the deadline that was asked for.
pub(crate) fn request_context(parent: &Context, options: &Options) -> (Context, Canceller) {
    match options.deadline {
        Some(deadline) => parent.with_cancel_timeout(deadline),
        None => parent.with_cancel(),
    }
}

#[expect(clippy::disallowed_methods, reason = "an example measures with the clock of std")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) fn since(start: Instant) -> Duration {
    now().duration_since(start)
}
