//! HTTP requests that end with their context: a blocked read is interrupted.

use std::error::Error;
use std::fmt;

use phalanx::{Cause, Context};
use ureq::Agent;

/// Fetches the text at `url`, unless the context ends before it is there.
pub(crate) fn get(ctx: &Context, url: &str) -> Result<String, FetchError> {
    // An agent is what can be shut down, so each request has one of its own.
    let agent: Agent =
        Agent::config_builder().proxy(None).http_status_as_error(false).build().into();
    let under_way = agent.clone();
    let _interrupter = ctx.on_cancel(move || under_way.shutdown()); // closes the socket
    match fetch(&agent, ctx, url) {
        Ok((200, text)) => Ok(text),
        Ok((status, text)) => Err(FetchError::Status(status, text)),
        // Whatever the socket says: if the context has ended, that is why.
        Err(error) => Err(ctx.cause().map_or(FetchError::Http(error), FetchError::GivenUp)),
    }
}

fn fetch(agent: &Agent, ctx: &Context, url: &str) -> Result<(u16, String), ureq::Error> {
    // Connecting is what a shutdown does not interrupt, so the deadline bounds it. A connection
    // that is kept alive would keep one of the server's few threads.
    let request = agent.get(url).header("connection", "close");
    let mut response = request.config().timeout_connect(ctx.remaining()).build().call()?;
    Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
}

/// Why there is no text.
#[derive(Debug)]
pub(crate) enum FetchError {
    GivenUp(Cause),
    Status(u16, String),
    Http(ureq::Error),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetchError::GivenUp(cause) => cause.fmt(f),
            FetchError::Status(status, text) => write!(f, "status {status}: {text}"),
            FetchError::Http(error) => error.fmt(f),
        }
    }
}

impl Error for FetchError {}
