//! The handler of a live-room page, in three ways.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use phalanx::{Context, ErrGroup, Stopped, WaitGroup};

use crate::client::{self, FetchError};
use crate::room::{Equity, Live, Part, Room, Statistics, User, Version};
use crate::services::{Backend, Service};
use crate::trace::Trace;

pub(crate) struct Handler {
    urls: [String; Service::ALL.len()],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Sequence,
    WaitGroup,
    ErrGroup,
}

impl Way {
    pub(crate) const ALL: [Way; 3] = [Way::Sequence, Way::WaitGroup, Way::ErrGroup];

    pub(crate) fn handle(self, handler: &Arc<Handler>, ctx: &Context) -> Result<Room, Failure> {
        match self {
            Way::Sequence => handler.in_sequence(ctx),
            Way::WaitGroup => handler.with_wait_group(ctx),
            Way::ErrGroup => handler.with_err_group(ctx),
        }
    }
}

impl Handler {
    pub(crate) fn new(backend: &Backend) -> Self {
        Handler { urls: Service::ALL.map(|service| format!("{}/rooms/7", backend.url(service))) }
    }

    /// One after another: the times add up.
    fn in_sequence(&self, ctx: &Context) -> Result<Room, Failure> {
        Ok(Room {
            version: self.fetch(ctx)?,
            live: self.fetch(ctx)?,
            user: self.fetch(ctx)?,
            equity: self.fetch(ctx)?,
            statistics: self.fetch(ctx)?,
        })
    }

    /// All at once, each result in a slot of its own. A failure is seen when all have ended.
    fn with_wait_group(self: &Arc<Self>, ctx: &Context) -> Result<Room, Failure> {
        let group = Arc::new(WaitGroup::new());
        let version = self.start::<Version>(&group, ctx);
        let live = self.start::<Live>(&group, ctx);
        let user = self.start::<User>(&group, ctx);
        let equity = self.start::<Equity>(&group, ctx);
        let statistics = self.start::<Statistics>(&group, ctx);
        group.wait();
        Ok(Room {
            version: version.take()?,
            live: live.take()?,
            user: user.take()?,
            equity: equity.take()?,
            statistics: statistics.take()?,
        })
    }

    fn start<T: Part>(self: &Arc<Self>, group: &Arc<WaitGroup>, ctx: &Context) -> Slot<T> {
        let slot = Slot(Arc::new(Mutex::new(None)));
        let (handler, ctx, result) = (Arc::clone(self), ctx.clone(), Arc::clone(&slot.0));
        group.go(move || {
            let fetched = handler.fetch(&ctx);
            *result.lock() = Some(fetched);
        });
        slot
    }

    /// All at once, borrowing and typed. The first failure cancels the others and is the result.
    fn with_err_group(&self, ctx: &Context) -> Result<Room, Failure> {
        ErrGroup::builder().context(ctx).scope(|g| {
            let version = g.named("version").go(|ctx| self.fetch::<Version>(ctx));
            let live = g.named("live").go(|ctx| self.fetch::<Live>(ctx));
            let user = g.named("user").go(|ctx| self.fetch::<User>(ctx));
            let equity = g.named("equity").go(|ctx| self.fetch::<Equity>(ctx));
            let statistics = g.named("statistics").go(|ctx| self.fetch::<Statistics>(ctx));
            Ok(Room {
                version: version.join()?,
                live: live.join()?,
                user: user.join()?,
                equity: equity.join()?,
                statistics: statistics.join()?,
            })
        })
    }

    fn fetch<T: Part>(&self, ctx: &Context) -> Result<T, Failure> {
        let span = Trace::begin(ctx, T::SERVICE);
        let fetched = client::get(ctx, &self.urls[T::SERVICE as usize])
            .map_err(|error| Failure::Fetch(T::SERVICE, error))
            .and_then(|text| parse(&text));
        span.end(&fetched);
        fetched
    }
}

fn parse<T: Part>(text: &str) -> Result<T, Failure> {
    let json = serde_json::from_str(text).ok();
    json.and_then(|json| T::from_json(&json)).ok_or(Failure::Answer(T::SERVICE))
}

/// Where a task of a `WaitGroup` leaves its result.
struct Slot<T>(Arc<Mutex<Option<Result<T, Failure>>>>);

impl<T> Slot<T> {
    fn take(self) -> Result<T, Failure> {
        self.0.lock().take().expect("the group has waited for the task")
    }
}

/// Why there is no room; it names the service.
#[derive(Debug)]
pub(crate) enum Failure {
    Fetch(Service, FetchError),
    Answer(Service),
    Stopped(Stopped),
}

impl Failure {
    /// Whether the service itself is well, and only the context has ended.
    pub(crate) fn is_echo(&self) -> bool {
        matches!(self, Failure::Fetch(_, FetchError::GivenUp(_)) | Failure::Stopped(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Fetch(service, error) => write!(f, "{service}: {error}"),
            Failure::Answer(service) => write!(f, "{service}: not the JSON that was agreed on"),
            Failure::Stopped(stopped) => f.write_str(&String::from(stopped.clone())),
        }
    }
}

impl Error for Failure {}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        Failure::Stopped(stopped)
    }
}
