//! A small real HTTP server on a loopback port of its own, run by a group of tasks.

use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;

use phalanx::{Cancelled, Context, ErrGroup, Stopped};
use tiny_http::{Request, Response};

/// How many requests a server works on at the same time, those included whose clients have hung
/// up; it turns others away.
const MOST: usize = 100;

/// What a server says to one request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A server that runs until it is dropped, which cancels its tasks and joins them.
pub(crate) struct Server {
    url: String,
    _tasks: ErrGroup<Stopped>,
}

impl Server {
    /// Starts a server that has `answer` called for each request, with the context of the server
    /// and the path; for several requests at the same time.
    pub(crate) fn start<F>(name: &str, answer: F) -> Result<Self, Box<dyn Error + Send + Sync>>
    where
        F: Fn(&Context, &str) -> Result<Answer, Cancelled> + Send + Sync + 'static,
    {
        let http = Arc::new(tiny_http::Server::http("127.0.0.1:0")?);
        let url = format!("http://{}", http.server_addr());
        let tasks = ErrGroup::builder().name(name).start();
        tasks.go(move |ctx| accept(ctx, &http, &answer));
        Ok(Server { url, _tasks: tasks })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// Starts a task for each request, until the server is stopped.
fn accept<F>(ctx: &Context, http: &Arc<tiny_http::Server>, answer: &F) -> Result<(), Stopped>
where
    F: Fn(&Context, &str) -> Result<Answer, Cancelled> + Sync,
{
    let door = Arc::clone(http);
    let _closer = ctx.on_cancel(move || door.unblock()); // ends the iteration below
    ErrGroup::builder().context(ctx).scope(|requests| {
        for request in http.incoming_requests() {
            if requests.running() < MOST {
                requests.go(|ctx| {
                    let answer = answer(ctx, request.url());
                    respond(request, answer.unwrap_or_else(unavailable));
                    Ok(())
                });
            } else {
                respond(request, unavailable("too many requests"));
            }
        }
        Ok(())
    })
}

fn unavailable(why: impl Display) -> Answer {
    Answer { status: 503, body: why.to_string() }
}

fn respond(request: Request, Answer { status, body }: Answer) {
    // A client that has hung up is no concern of the server.
    drop(request.respond(Response::from_string(body).with_status_code(status)));
}
