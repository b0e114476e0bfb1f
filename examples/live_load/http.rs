//! As much of HTTP as the page needs: `GET`, on connections that are kept alive.

use std::fmt::Display;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Answers the requests of a connection until the client hangs up.
pub(crate) fn serve<E: Display>(
    stream: &TcpStream,
    page: impl Fn() -> Result<String, E>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while head(&mut reader)?.is_some() {
        let (status, body) = match page() {
            Ok(page) => ("200 OK", page),
            Err(error) => ("503 Service Unavailable", error.to_string()),
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
        (&*stream).write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// The client's end of a connection.
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Client { reader: BufReader::new(stream) })
    }

    /// Fetches the page.
    pub(crate) fn get(&mut self) -> io::Result<String> {
        let request = b"GET /rooms/7 HTTP/1.1\r\nhost: localhost\r\n\r\n";
        self.reader.get_mut().write_all(request)?;
        let head = head(&mut self.reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut body = vec![0; head.length];
        self.reader.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if head.first.contains(" 200 ") { Ok(body) } else { Err(io::Error::other(body)) }
    }
}

struct Head {
    /// The line with the path, or with the status.
    first: String,
    /// How many bytes follow the head.
    length: usize,
}

/// Reads to the empty line that ends a head; `None` if the other side has hung up.
fn head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut head = Head { first: String::new(), length: 0 };
    if reader.read_line(&mut head.first)? == 0 {
        return Ok(None);
    }
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(": ") {
            if name.eq_ignore_ascii_case("content-length") {
                head.length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        line.clear();
    }
    Ok(Some(head))
}
