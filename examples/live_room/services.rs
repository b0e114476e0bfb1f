//! The back-end: five services, each a server with a latency of its own.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use phalanx::{Cancelled, Context};
use serde_json::{Value, json};

use crate::args::Options;
use crate::server::{Answer, Server};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Version,
    Live,
    User,
    Equity,
    Statistics,
}

impl Service {
    pub(crate) const ALL: [Service; 5] =
        [Service::Version, Service::Live, Service::User, Service::Equity, Service::Statistics];

    /// When a service that is told to fail does so.
    pub(crate) const FAILS_AFTER: Duration = Duration::from_millis(10);

    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::Version => "version",
            Service::Live => "live",
            Service::User => "user",
            Service::Equity => "equity",
            Service::Statistics => "statistics",
        }
    }

    /// The time it takes to answer, unless told otherwise.
    pub(crate) fn latency(self) -> Duration {
        Duration::from_millis(match self {
            Service::Version => 20,
            Service::Live => 80,
            Service::User => 50,
            Service::Equity => 120,
            Service::Statistics => 100,
        })
    }

    pub(crate) fn answer(self) -> Value {
        match self {
            Service::Version => json!({ "number": "3.2.1" }),
            Service::Live => json!({ "title": "Morning raga", "viewers": 1204 }),
            Service::User => json!({ "name": "Asha", "level": 17 }),
            Service::Equity => json!({ "coins": 5300, "member": true }),
            Service::Statistics => json!({ "likes": 88_000, "shares": 312 }),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Service::ALL.into_iter().find(|service| service.name() == name).ok_or_else(|| {
            let all = Service::ALL.map(Service::name).join(", ");
            format!("there is no service '{name}', only {all}")
        })
    }
}

/// The five servers; dropping it stops them.
pub(crate) struct Backend {
    servers: Vec<Server>,
}

impl Backend {
    pub(crate) fn start(options: &Options) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let start = |service| {
            let (fails, latency) = (options.fail == Some(service), options.latency(service));
            Server::start(service.name(), move |ctx, _path| serve(ctx, service, fails, latency))
        };
        let servers = Service::ALL.into_iter().map(start).collect::<Result<_, _>>()?;
        Ok(Backend { servers })
    }

    pub(crate) fn url(&self, service: Service) -> &str {
        self.servers[service as usize].url()
    }
}

fn serve(
    ctx: &Context,
    service: Service,
    fails: bool,
    latency: Duration,
) -> Result<Answer, Cancelled> {
    if fails {
        ctx.sleep(Service::FAILS_AFTER)?;
        return Ok(Answer { status: 500, body: format!("the {service} database is down") });
    }
    ctx.sleep(latency)?; // the work
    Ok(Answer { status: 200, body: service.answer().to_string() })
}
