//! Shows pages being fetched all at once from a real server: where one is missing, the error
//! names it and the slow one is cut off at once; where all are there, their sizes.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

#[path = "live_room/client.rs"]
mod client;
#[path = "live_room/server.rs"]
mod server;

use std::error::Error;
use std::time::{Duration, Instant};

use phalanx::{Cancelled, Context, ErrGroup};
use server::{Answer, Server};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How long the slow page takes.
const SLOW: Duration = Duration::from_secs(30);

fn main() -> Result<()> {
    let site = Server::start("site", page)?;
    let request = Context::background().with_timeout(Duration::from_secs(10));

    let start = now();
    let fetched = fetch_all(&request, site.url(), &["/", "/news", "/missing", "/slow"]);
    let took = now().duration_since(start);
    let error = fetched.err().ok_or("a page that does not exist was fetched")?.to_string();
    println!("failed after {took:.1?}, with a page that takes {SLOW:?} under way:\n  {error}");
    assert_eq!(error, format!("{}/missing: status 404: no such page", site.url()));
    assert!(took < Duration::from_secs(1), "the slow page was waited for");

    println!("all there:");
    let sizes = fetch_all(&request, site.url(), &["/", "/news", "/about"])?;
    for (path, size) in &sizes {
        println!("  {size:3} bytes  {path}");
    }
    assert_eq!(sizes, [("/", 15), ("/news", 19), ("/about", 20)]);
    Ok(()) // dropping the site stops and joins its server
}

/// Fetches all pages at once, and returns their sizes in order; or the first error, after which
/// none of the others is waited for.
fn fetch_all<'p>(ctx: &Context, site: &str, paths: &[&'p str]) -> Result<Vec<(&'p str, usize)>> {
    let fetch = |path: &'p str, ctx: &Context| {
        let url = format!("{site}{path}");
        let text = client::get(ctx, &url).map_err(|error| format!("{url}: {error}"))?;
        Ok((path, text.len()))
    };
    ErrGroup::builder().context(ctx).scope(|g| {
        let tasks: Vec<_> = paths.iter().map(|path| g.go(|ctx| fetch(path, ctx))).collect();
        tasks.into_iter().map(|task| Ok(task.join()?)).collect()
    })
}

fn page(ctx: &Context, path: &str) -> std::result::Result<Answer, Cancelled> {
    let (status, body) = match path {
        "/" | "/news" | "/about" => (200, format!("the page at {path:?}")),
        "/slow" => (200, ctx.sleep(SLOW).map(|()| "at last".to_owned())?),
        _ => {
            ctx.sleep(Duration::from_millis(20))?; // it has been searched for
            (404, "no such page".to_owned())
        }
    };
    Ok(Answer { status, body })
}

#[expect(clippy::disallowed_methods, reason = "an example measures with the clock of std")]
fn now() -> Instant {
    Instant::now()
}
