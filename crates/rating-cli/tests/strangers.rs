//! Connections that keep a server busy for nothing: it lets them go and answers
//! everybody else.

mod support;

use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::http::{Client, read};
use support::served::Served;
use support::text;

/// Connections of the large proof, where the machine allows so many files.
const MANY: usize = 10_000;

fn is_alive(served: &Served) -> Duration {
    let begun = Instant::now();
    let answer = Client::new(served.address).get("/sign-in").unwrap();
    assert_eq!(answer.status, 200);
    begun.elapsed()
}

fn begun(served: &Served, words: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.write_all(words).unwrap();
    stream
}

#[test]
fn heads_that_never_end_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&["--data", text(folder.path())]);
    let heads = [
        format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(1 << 20)),
        format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-more: a\r\n".repeat(5000)),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(1 << 20)),
    ];
    for head in heads {
        let mut stream = TcpStream::connect(served.address).unwrap();
        // It may be shut before all of it is sent.
        let _ = stream.write_all(head.as_bytes());
        if let Ok(answer) = read(&mut BufReader::new(stream), false) {
            assert!(matches!(answer.status, 414 | 431), "{}", answer.status);
        }
        is_alive(&served);
    }
    for noise in [&b"\0\0\0\0\r\n\r\n"[..], b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"] {
        drop(begun(&served, noise));
        is_alive(&served);
    }
}

#[test]
fn whoever_sends_nothing_keeps_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&["--data", text(folder.path())]);
    let halves: [&[u8]; 3] = [
        b"",
        b"GET /sign-in HTTP/1.1\r\nhost: x\r\nx-slow: ",
        b"POST /sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\
          content-type: application/x-www-form-urlencoded\r\n\r\nname=",
    ];
    let _silent: Vec<TcpStream> =
        (0..300).map(|number| begun(&served, halves[number % halves.len()])).collect();
    assert!(is_alive(&served) < Duration::from_secs(5));
}

#[test]
#[ignore = "a minute: scripts/long hostile-room"]
fn ten_thousand_silent_connections_are_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&["--data", text(folder.path())]);
    let before = memory_mb(served.id(), "VmRSS:");
    let many = MANY.min(open_files().saturating_sub(200));
    let mut silent: Vec<TcpStream> =
        (0..many).map(|_| begun(&served, b"GET / HTTP/1.1\r\n")).collect();
    let took = is_alive(&served);
    let memory = memory_mb(served.id(), "VmHWM:");
    eprintln!(
        "{many} silent connections: answered in {took:?}, {memory:.0} MB (before: {before:.0} MB)"
    );
    assert!(took < Duration::from_secs(5) && memory < 500.0);
    // Each is let go after half a minute, without our doing anything.
    let begun = Instant::now();
    let mut last = silent.pop().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut rest = Vec::new();
    let _ = last.read_to_end(&mut rest);
    eprintln!("let go after {:.0} s", begun.elapsed().as_secs_f64());
    assert!(begun.elapsed() < Duration::from_secs(45));
    assert!(is_alive(&served) < Duration::from_secs(1));
}

/// How many files this program may have open.
fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok()).unwrap_or(1024)
}

fn memory_mb(program: u32, line: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{program}/status")).unwrap();
    let found = status.lines().find_map(|text| text.strip_prefix(line)).unwrap();
    found.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1000.0
}
