//! Shows an HTTP client that is built by the first request that needs it, with the token the service
//! hands out: the first try fails, as the service is not ready, and the place stays empty; then one
//! of the workers builds it while the others wait, and from there on all share it, for one load each.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

#[path = "live_room/client.rs"]
mod client;
#[path = "live_room/server.rs"]
mod server;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phalanx::{Cancelled, Context, Counter, ErrGroup, OnceValue};
use server::{Answer, Server};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const WORKERS: usize = 8;
const REQUESTS: usize = 20;

/// What is costly to build: it has asked the service for a token.
struct Client {
    site: String,
    token: String,
}

static CLIENT: OnceValue<Client> = OnceValue::new();

fn main() -> Result<()> {
    let asked = Arc::new(Counter::new(0));
    let site = Server::start("service", service(Arc::clone(&asked)))?;
    let request = Context::background().with_timeout(Duration::from_secs(30));

    let error = shared_client(&request, site.url()).err().ok_or("an unready service was used")?;
    println!("first try:    {error}");
    assert!(CLIENT.get().is_none(), "the place is still empty");

    ErrGroup::builder().context(&request).scope(|g| {
        for _ in 0..WORKERS {
            g.go(|ctx| work(ctx, site.url()));
        }
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    })?;
    println!(
        "{WORKERS} workers:    {REQUESTS} requests each, with a token that was asked for once"
    );
    assert_eq!(asked.get(), 2, "once in vain, once for all");

    let start = now();
    let bytes: usize = (0..1_000_000).filter_map(|_| CLIENT.get()).map(|c| c.token.len()).sum();
    println!("a look at it: {:.1?} for a million", now().duration_since(start));
    assert_eq!(bytes, 1_000_000 * "secret".len());
    Ok(())
}

/// The client that all share, built now if it has not been built.
fn shared_client(ctx: &Context, site: &str) -> Result<&'static Client> {
    let build = || {
        let token = client::get(ctx, &format!("{site}/token"))?;
        Ok::<_, client::FetchError>(Client { site: site.to_owned(), token })
    };
    // Outside: the wait for another worker was given up. Inside: building has failed.
    Ok(CLIENT.get_or_try_init_until(ctx, build)??)
}

fn work(ctx: &Context, site: &str) -> Result<()> {
    for _ in 0..REQUESTS {
        let client = shared_client(ctx, site)?;
        let answer = client::get(ctx, &format!("{}/hello?{}", client.site, client.token))?;
        assert_eq!(answer, "hello");
    }
    Ok(())
}

/// A service that is not ready when it is asked for the first time.
fn service(
    asked: Arc<Counter>,
) -> impl Fn(&Context, &str) -> std::result::Result<Answer, Cancelled> {
    move |ctx, path| {
        let (status, body) = match path {
            "/token" if asked.inc() == 1 => (503, "not ready"),
            "/token" => {
                ctx.sleep(Duration::from_millis(50))?; // time for all workers to want it
                (200, "secret")
            }
            "/hello?secret" => (200, "hello"),
            _ => (404, "no such page"),
        };
        Ok(Answer { status, body: body.to_owned() })
    }
}

#[expect(clippy::disallowed_methods, reason = "an example measures with the clock of std")]
fn now() -> Instant {
    Instant::now()
}
