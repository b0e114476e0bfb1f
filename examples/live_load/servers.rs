//! The two servers in Rust: a task for each connection, and in it one for each service.

use std::error::Error;
use std::io;
use std::net::TcpListener;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use phalanx::{Context, ErrGroup, Task};

use crate::http;
use crate::room::{self, SERVICES};

pub(crate) enum Server {
    Phalanx,
    Std,
}

impl FromStr for Server {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "phalanx" => Ok(Server::Phalanx),
            "std" => Ok(Server::Std),
            _ => Err(format!("there is no server '{name}', only phalanx and std")),
        }
    }
}

impl Server {
    /// Serves until the process is killed.
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        println!("{}", listener.local_addr()?);
        match self {
            Server::Phalanx => with_groups(&listener),
            Server::Std => Ok(with_threads(&listener)?),
        }
    }
}

fn with_groups(listener: &TcpListener) -> Result<(), Box<dyn Error + Send + Sync>> {
    ErrGroup::scope(|connections| {
        for stream in listener.incoming() {
            let stream = stream?;
            connections.go(move |ctx| {
                let served = http::serve(&stream, || group_page(ctx));
                drop(served); // a client that breaks off is no concern of the server
                Ok(())
            });
        }
        Ok(())
    })
}

fn group_page(ctx: &Context) -> Result<String, Box<dyn Error + Send + Sync>> {
    ErrGroup::builder().context(ctx).timeout(Duration::from_secs(10)).scope(|g| {
        let parts = SERVICES.map(|service| {
            g.go(move |ctx| {
                ctx.sleep(service.latency)?; // the work
                Ok(service.answer)
            })
        });
        let parts: Vec<_> = parts.into_iter().map(Task::join).collect::<Result<_, _>>()?;
        Ok(room::page(&parts))
    })
}

/// The same with a new thread for each, and without a deadline.
fn with_threads(listener: &TcpListener) -> io::Result<()> {
    thread::scope(|connections| {
        for stream in listener.incoming() {
            let stream = stream?;
            connections.spawn(move || drop(http::serve(&stream, thread_page)));
        }
        Ok(())
    })
}

#[expect(clippy::disallowed_methods, reason = "it shows what std does")]
fn thread_page() -> Result<String, &'static str> {
    thread::scope(|s| {
        let parts = SERVICES.map(|service| {
            s.spawn(move || {
                thread::sleep(service.latency); // the work
                service.answer
            })
        });
        let parts = parts.into_iter().map(|part| part.join().map_err(|_| "a service panicked"));
        Ok(room::page(&parts.collect::<Result<Vec<_>, _>>()?))
    })
}
