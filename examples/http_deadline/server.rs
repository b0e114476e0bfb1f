//! A small HTTP server on bare sockets, so that it can notice when a client hangs up.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use phalanx::channel::Sender;
use phalanx::{Cancelled, Context, ErrGroup, Interrupt, Stopped, join};

/// How long a request may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// How long `/work` takes.
pub(crate) const WORK: Duration = Duration::from_secs(3);

/// A server that runs until it is dropped, which cancels its tasks and joins them.
pub(crate) struct Server {
    address: SocketAddr,
    tasks: ErrGroup<Stopped>,
}

impl Server {
    /// Starts one that reports why work was cancelled.
    pub(crate) fn start(report: Sender<String>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let tasks = ErrGroup::builder().name("http").start();
        tasks.go(move |ctx| accept(ctx, &listener, &report));
        Ok(Server { address, tasks })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.cancel();
        drop(TcpStream::connect(self.address)); // a last visitor, so that `accept` looks up
    }
}

/// Starts a task for each client.
fn accept(ctx: &Context, listener: &TcpListener, report: &Sender<String>) -> Result<(), Stopped> {
    ErrGroup::builder().context(ctx).scope(|clients| {
        for stream in listener.incoming().take_while(|_| !ctx.has_ended()).flatten() {
            clients.go(move |ctx| {
                // What goes wrong with one client is no concern of the server.
                drop(serve(ctx, &stream, report));
                Ok(())
            });
        }
        Ok(())
    })
}

/// Answers one request within its time, unless the client hangs up.
fn serve(ctx: &Context, mut stream: &TcpStream, report: &Sender<String>) -> io::Result<()> {
    let (client, hang_up) = ctx.with_cancel();
    let request = client.with_timeout(PATIENCE);
    let mut reader = BufReader::new(stream);
    let path = request.interrupting(&Reading(stream), || read_path(&mut reader));
    let path = path.map_err(io::Error::other)??;

    // While one works, the other listens: nothing more is to come, so what comes is the end.
    let (listening, answered) = ctx.with_cancel();
    let (answer, ()) = join!(
        || {
            let answer = handle(&request, &path);
            answered.cancel();
            answer
        },
        || {
            let read = listening.interrupting(&Reading(stream), || reader.read(&mut [0]));
            if matches!(read, Ok(Ok(0))) && !listening.has_ended() {
                hang_up.cancel_because("the client has hung up");
            }
        },
    );
    let (status, body) = answer.unwrap_or_else(|cancelled| {
        drop(report.send(cancelled.cause().to_string()));
        ("408 Request Timeout", cancelled.cause().to_string())
    });
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// Does what the request asks for.
fn handle(ctx: &Context, path: &str) -> Result<(&'static str, String), Cancelled> {
    match path {
        "/quick" => Ok(("200 OK", "done".into())),
        "/work" => ctx.sleep(WORK).map(|()| ("200 OK", "done at last".into())),
        _ => Ok(("404 Not Found", "no such page".into())),
    }
}

/// Reads the head of a request, and returns its path.
fn read_path(reader: &mut impl BufRead) -> io::Result<String> {
    let mut lines = reader.lines();
    let first = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    for line in lines {
        if line?.is_empty() {
            let path = first.split(' ').nth(1).ok_or(io::ErrorKind::InvalidData)?;
            return Ok(path.to_owned());
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// A stream that is read from: interrupted, it can still be written to.
struct Reading<'a>(&'a TcpStream);

impl Interrupt for Reading<'_> {
    fn interrupt(&self) {
        drop(self.0.shutdown(Shutdown::Read));
    }
}
