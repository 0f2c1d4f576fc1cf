//! `rating serve` as a person starts it, on a port that is free.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::rating;

/// Longest wait for the program to say or do something.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs; killed when it is let go.
pub struct Served {
    child: Child,
    lines: Receiver<String>,
    complaints: Option<JoinHandle<String>>,
    pub address: SocketAddr,
}

impl Served {
    /// Starts it and waits until it says where it is.
    pub fn start(arguments: &[&str]) -> Served {
        Served::start_at("127.0.0.1:0", arguments)
    }

    /// The same at another address.
    pub fn start_at(address: &str, arguments: &[&str]) -> Served {
        let mut child = rating()
            .args(["serve", "--address", address])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (told, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = told.send(line);
            }
        });
        let complaints = thread::spawn(move || {
            let mut text = String::new();
            let _ = err.read_to_string(&mut text);
            text
        });
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut served = Served { child, lines, complaints: Some(complaints), address };
        let open = served.line("the reading room is open at ");
        let (_, address) = open.split_once("://").expect("an address");
        served.address = address.parse().expect("an address");
        served
    }

    /// The rest of the next line that begins so.
    pub fn line(&mut self, begin: &str) -> String {
        let end = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(end - Instant::now()) {
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.to_owned();
            }
        }
        let _ = self.child.kill();
        panic!("it never said {begin:?}: {}", self.complaints());
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `INT`.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits for its end: exit code, none of a program that was killed, and complaints.
    pub fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("its end");
        (status.code(), self.complaints())
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("its end");
        let complaints = self.complaints();
        assert!(!complaints.contains("panicked"), "{complaints}");
    }

    fn complaints(&mut self) -> String {
        self.complaints.take().map(|read| read.join().unwrap_or_default()).unwrap_or_default()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
