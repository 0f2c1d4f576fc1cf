//! A client of few words: one connection, one request after the other.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Asks a server; every request brings the same headers along.
pub struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
    open: Option<BufReader<TcpStream>>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Client {
        Client { address, headers: Vec::new(), open: None }
    }

    /// The client with a header more.
    pub fn with(mut self, name: &str, value: &str) -> Client {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A program that acts as whoever made this token.
    pub fn with_token(address: SocketAddr, token: &str) -> Client {
        Client::new(address).with("authorization", &format!("Bearer {token}"))
    }

    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send("GET", path, None)
    }

    pub fn json(&mut self, method: &str, path: &str, body: &Value) -> io::Result<Answer> {
        self.send(method, path, Some(("application/json", body.to_string().as_bytes())))
    }

    /// Asks, and once more where the server is asked too often; `None` when no
    /// answer comes.
    pub fn patiently(&mut self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        loop {
            let asked = match body {
                None => self.get(path),
                Some(body) => self.json(method, path, body),
            };
            let answer = asked.ok()?;
            if answer.status != 429 {
                return Some(answer);
            }
            thread::sleep(Duration::from_millis(25));
        }
    }

    pub fn form(&mut self, path: &str, text: &str) -> io::Result<Answer> {
        self.send("POST", path, Some(("application/x-www-form-urlencoded", text.as_bytes())))
    }

    /// One request; a connection that failed is given up, nothing is asked twice.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        body: Option<(&str, &[u8])>,
    ) -> io::Result<Answer> {
        let mut stream = match self.open.take() {
            Some(open) => open,
            None => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                BufReader::new(stream)
            }
        };
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in &self.headers {
            request += &format!("{name}: {value}\r\n");
        }
        let (kind, bytes) = body.unwrap_or(("", &[]));
        if !kind.is_empty() {
            request += &format!("content-type: {kind}\r\n");
        }
        request += &format!("content-length: {}\r\n\r\n", bytes.len());
        stream.get_mut().write_all(&[request.as_bytes(), bytes].concat())?;
        let answer = read(&mut stream, method == "HEAD")?;
        if answer.header("connection") != Some("close") {
            self.open = Some(stream);
        }
        Ok(answer)
    }
}

/// Reads one answer.
pub fn read(stream: &mut impl BufRead, is_head: bool) -> io::Result<Answer> {
    let first = line(stream)?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| broken(&first))?;
    let mut headers = Vec::new();
    loop {
        let text = line(stream)?;
        if text.is_empty() {
            break;
        }
        let (name, value) = text.split_once(':').ok_or_else(|| broken(&text))?;
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    if is_head || matches!(status, 204 | 304) {
        return Ok(answer);
    }
    if answer.header("transfer-encoding") == Some("chunked") {
        loop {
            let size = line(stream)?;
            let size = usize::from_str_radix(&size, 16).map_err(|_| broken(&size))?;
            let mut piece = vec![0; size + 2];
            stream.read_exact(&mut piece)?;
            answer.body.extend_from_slice(&piece[..size]);
            if size == 0 {
                return Ok(answer);
            }
        }
    }
    let length = answer.header("content-length").and_then(|text| text.parse().ok());
    answer.body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut answer.body)?;
    Ok(answer)
}

fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    if stream.read_line(&mut text)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text.trim_end().to_owned())
}

fn broken(text: &str) -> io::Error {
    io::Error::other(format!("no HTTP: {text:?}"))
}
