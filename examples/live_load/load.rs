//! Clients that ask for the page again and again.

use std::error::Error;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::http::Client;
use crate::room::{self, SERVICES};

/// How long the clients had to wait, in order.
pub(crate) struct Load {
    waits: Vec<Duration>,
    took: Duration,
}

/// Has so many clients ask for that long, each with a connection and a thread of its own.
pub(crate) fn run(
    address: &str,
    clients: u32,
    time: Duration,
) -> Result<Load, Box<dyn Error + Send + Sync>> {
    let clients = (0..clients).map(|_| Client::connect(address)).collect::<Result<Vec<_>, _>>()?;
    let start_line = Barrier::new(clients.len() + 1);
    let ask = |client| {
        start_line.wait();
        ask(client, now() + time)
    };
    thread::scope(|s| {
        let asking: Vec<_> = clients.into_iter().map(|client| s.spawn(|| ask(client))).collect();
        start_line.wait();
        let start = now();
        let mut waits = Vec::new();
        for client in asking {
            waits.append(&mut client.join().map_err(|_| "a client panicked")??);
        }
        let took = now().duration_since(start);
        waits.sort_unstable();
        Ok(Load { waits, took })
    })
}

fn ask(mut client: Client, end: Instant) -> Result<Vec<Duration>, Box<dyn Error + Send + Sync>> {
    let expected = room::page(&SERVICES.map(|service| service.answer));
    let mut waits = Vec::new();
    let mut asked = now();
    while asked < end {
        let page = client.get()?;
        let answered = now();
        if page != expected {
            return Err(format!("not the page that was agreed on: {page}").into());
        }
        waits.push(answered.duration_since(asked));
        asked = answered;
    }
    Ok(waits)
}

impl Load {
    /// Pages per second.
    pub(crate) fn rate(&self) -> f64 {
        let pages = u32::try_from(self.waits.len()).unwrap_or(u32::MAX);
        f64::from(pages) / self.took.as_secs_f64()
    }

    /// What this part of the waits did not exceed.
    pub(crate) fn percentile(&self, part: f64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^52")]
        #[expect(clippy::cast_possible_truncation, reason = "it is less than the length")]
        #[expect(clippy::cast_sign_loss, reason = "a part is not negative")]
        let index = (self.waits.len() as f64 * part) as usize;
        self.waits.get(index).or(self.waits.last()).copied().unwrap_or_default()
    }
}

#[expect(clippy::disallowed_methods, reason = "an example measures with the clock of std")]
fn now() -> Instant {
    Instant::now()
}
