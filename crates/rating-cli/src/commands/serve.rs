//! `rating serve`: the reading room.

pub mod answers;
mod demo;

use std::net::TcpListener;
use std::path::PathBuf;

use rating::{Origin, Problem};
use rating_web::Room;
use rating_web::server::{self, StopServing, Tls};

use super::room;
use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::stderr::say;
use crate::{commands, files, stop};

pub fn run(args: &ServeArgs) -> Result<(), Failure> {
    let stop = StopServing::default();
    let asked = stop.clone();
    stop::listen(move || {
        say("closing; answers under way are finished (Ctrl-C again stops at once)");
        asked.now();
    })?;
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(Tls { certificate: certificate.clone(), key: key.clone() })
        }
        _ => None,
    };
    let is_secure = tls.is_some() || args.behind_proxy;
    check_address(args, is_secure)?;
    let folder = args.data.clone().unwrap_or_else(|| {
        PathBuf::from(if args.demo { "demo-reading-room" } else { "reading-room" })
    });
    if args.demo {
        demo::check(&folder)?;
    }
    let protocol = files::protocol(&args.protocol)?;
    let room = answers::open(args, &folder, protocol, is_secure)?;
    let refused = |refusal| room::refused(refusal, &folder);
    let listener = TcpListener::bind(args.address).map_err(|error| {
        Problem::new(format!("cannot listen at {}: {error}", args.address))
            .hint("end the other program, or choose another port with --address")
    })?;
    let address = listener.local_addr().unwrap_or(args.address);
    let begin = format!("{}://{address}", if tls.is_some() { "https" } else { "http" });
    let mut words =
        format!("the reading room is open at {begin}\nresearch use only, not for diagnosis\n");
    words += &answers(&room);
    if args.demo {
        for (name, word) in demo::prepare(&room)? {
            words += &format!("sign in as {name}, once: {begin}/enter/{word}\n");
        }
    }
    if let Some(word) = room.first_link().map_err(refused)? {
        words += &format!("make the first administrator, once: {begin}/join/{word}\n");
    }
    #[cfg(unix)]
    open_many_files();
    commands::print(&words)?;
    server::serve(room, listener, tls.as_ref(), &stop).map_err(refused)
}

/// As many open files as the machine allows: each connection is one, and what a
/// shell allows at first (often 1,024) a few browsers that hang use up.
#[cfg(unix)]
fn open_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let known = getrlimit(Resource::Nofile);
    // Where it is refused, fewer can be connected at a time.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: known.maximum, ..known });
}

/// Where the system's answers come from, as a line.
fn answers(room: &Room) -> String {
    let Some(desk) = &room.desk else {
        return "without --bundle: the system gives no answers\n".to_owned();
    };
    let identity = desk.identity();
    match identity.origin {
        Origin::Canned => "answers are canned: no network computes them\n".to_owned(),
        origin => format!("answers come from bundle {:.12} ({origin})\n", identity.bundle),
    }
}

/// Nobody reads along: other machines reach the room by HTTPS or not at all.
fn check_address(args: &ServeArgs, is_secure: bool) -> Result<(), Failure> {
    if args.address.ip().is_loopback() || (is_secure && !args.demo) {
        return Ok(());
    }
    let advice = if args.demo {
        "a demonstration is for this machine alone"
    } else {
        "give --tls-certificate and --tls-key, or --behind-proxy where a proxy adds HTTPS"
    };
    Err(Failure::Usage(format!("{} can be reached from other machines: {advice}", args.address)))
}
