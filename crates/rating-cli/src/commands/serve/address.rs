//! Where a room listens: an address or the name of a machine, with a port.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use rating::Problem;

use crate::failure::Failure;

/// The addresses that `--address` names, the first to be tried first: those that
/// only this machine reaches, if there are any, and no others with them.
///
/// # Errors
/// No host and port; a name that no machine is known by.
pub fn resolve(text: &str) -> Result<Vec<SocketAddr>, Failure> {
    let wrong = |what: &str, hint: &str| {
        Err(Failure::Usage(format!("--address {text}: {what} (hint: {hint})")))
    };
    let example = "write HOST:PORT, such as 127.0.0.1:8080 or localhost:8080";
    let Some((host, port)) = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()) else {
        return wrong("a host and a port are wanted", example);
    };
    if port.parse::<u16>().is_err() {
        return wrong("the port is no number from 0 to 65535", example);
    }
    let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
    if is_bare_ipv6 {
        return wrong("an address of IPv6 stands in brackets", "such as [::1]:8080");
    }
    match text.to_socket_addrs() {
        Ok(found) => {
            let found = nearest(found.collect());
            if found.is_empty() { wrong("this name has no address", example) } else { Ok(found) }
        }
        Err(error) => wrong(
            &format!("the name {host:?} cannot be resolved: {error}"),
            "check the name, or give the address in numbers, such as 127.0.0.1:8080",
        ),
    }
}

/// Addresses of this machine alone before those that others reach, which are left
/// out where there are both; of either, IPv4 first, as it is written everywhere.
fn nearest(mut found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    found.sort_by_key(|address| (!address.ip().is_loopback(), address.is_ipv6()));
    let is_near = found.first().is_some_and(|first| first.ip().is_loopback());
    found.retain(|address| address.ip().is_loopback() == is_near);
    found
}

/// Listens at the first of these addresses that can be had.
///
/// # Errors
/// None of them can be had.
pub fn listen(text: &str, addresses: &[SocketAddr]) -> Result<TcpListener, Failure> {
    TcpListener::bind(addresses).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::AddrNotAvailable => "choose an address of this machine with --address",
            ErrorKind::PermissionDenied => "choose a port from 1024 on with --address",
            _ => "end the other program, or choose another port with --address",
        };
        Problem::new(format!("cannot listen at {text}: {error}")).hint(hint).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> String {
        match resolve(text) {
            Err(Failure::Usage(what)) => what,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn names_and_numbers_are_found() {
        let numbers = |text: &str| resolve(text).unwrap()[0].to_string();
        assert_eq!(numbers("127.0.0.1:8080"), "127.0.0.1:8080");
        assert_eq!(numbers("[::1]:0"), "[::1]:0");
        assert_eq!(numbers("0.0.0.0:8443"), "0.0.0.0:8443");
        let local = resolve("localhost:8080").unwrap();
        assert!(local.iter().all(|one| one.ip().is_loopback() && one.port() == 8080), "{local:?}");
    }

    #[test]
    fn this_machine_comes_first_and_alone() {
        let all = ["203.0.113.9:1", "[::1]:1", "127.0.0.1:1", "[2001:db8::7]:1"];
        let found = nearest(all.map(|one| one.parse().unwrap()).to_vec());
        let found: Vec<String> = found.iter().map(SocketAddr::to_string).collect();
        assert_eq!(found, ["127.0.0.1:1", "[::1]:1"]);
        let far =
            nearest(["[2001:db8::7]:1", "203.0.113.9:1"].map(|one| one.parse().unwrap()).to_vec());
        assert_eq!(far[0].to_string(), "203.0.113.9:1");
        assert!(nearest(Vec::new()).is_empty());
    }

    #[test]
    fn what_is_no_address_is_said_with_what_to_write() {
        // A part of a name has at most 63 letters, so nobody is asked for this one.
        let nowhere = format!("{}.invalid:8080", "a".repeat(70));
        assert!(complaint(&nowhere).contains("cannot be resolved"));
        assert!(complaint(&nowhere).contains("(hint: check the name"));
        for (text, what) in [
            ("localhost", "a host and a port are wanted"),
            (":8080", "a host and a port are wanted"),
            ("127.0.0.1:99999", "the port is no number from 0 to 65535"),
            ("localhost:http", "the port is no number from 0 to 65535"),
            ("::1:8080", "stands in brackets"),
        ] {
            let said = complaint(text);
            assert!(said.starts_with(&format!("--address {text}: ")), "{said}");
            assert!(said.contains(what) && said.contains("(hint: "), "{said}");
        }
    }
}
