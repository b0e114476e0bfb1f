//! Shows an HTTP server that gives each request two seconds: work of three seconds is answered with
//! 408, `context deadline exceeded`, after two; a client that hangs up cancels the work it has asked
//! for. With `-- --serve` it serves until it is stopped, to be tried with curl.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

mod server;

use std::env;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use phalanx::Context;
use phalanx::channel::unbounded;
use server::Server;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let (report, cancelled) = unbounded();
    let server = Server::start(report)?;
    if env::args().any(|argument| argument == "--serve") {
        println!("try: curl -i http://{}/work   (or /quick)", server.address());
        Context::background().wait(); // which nothing ends
    }

    let start = now();
    let answer = get(server.address(), "/work")?;
    let took = now().duration_since(start);
    println!("/work    after {took:.1?}: {answer}");
    assert_eq!(answer, "HTTP/1.1 408 Request Timeout, context deadline exceeded");
    assert!(took >= server::PATIENCE && took < server::WORK);
    assert_eq!(cancelled.recv()?, "context deadline exceeded");

    let answer = get(server.address(), "/quick")?;
    println!("/quick   {answer}");
    assert_eq!(answer, "HTTP/1.1 200 OK, done");
    let answer = get(server.address(), "/nothing")?;
    println!("/nothing {answer}");
    assert_eq!(answer, "HTTP/1.1 404 Not Found, no such page");

    let start = now();
    let mut client = connect(server.address())?;
    client.write_all(b"GET /work HTTP/1.1\r\n\r\n")?;
    drop(client); // hangs up
    let why = cancelled.recv_timeout(server::PATIENCE)?;
    println!("/work, hung up: cancelled after {:.1?}: {why}", now().duration_since(start));
    assert_eq!(why, "context cancelled: the client has hung up");
    Ok(()) // dropping the server cancels and joins its tasks
}

/// The status line and the body of an answer.
fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut client = connect(address)?;
    client.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    client.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("an answer has a head and a body")?;
    Ok(format!("{}, {body}", head.lines().next().unwrap_or_default()))
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(Duration::from_secs(8)))?; // so that this program ends
    Ok(client)
}

#[expect(clippy::disallowed_methods, reason = "an example measures with the clock of std")]
fn now() -> Instant {
    Instant::now()
}
