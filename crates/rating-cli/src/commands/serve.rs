//! `rating serve`: the reading room.

mod address;
pub mod answers;
mod demo;
mod lock;

use std::net::SocketAddr;
use std::path::PathBuf;

use rating::{Origin, Problem};
use rating_web::Room;
use rating_web::server::{self, StopServing, Tls};

use super::room;
use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::stderr::say;
use crate::{commands, files, stop};
use lock::Lock;

pub fn run(args: &ServeArgs) -> Result<(), Failure> {
    let stop = StopServing::default();
    let asked = stop.clone();
    stop::listen(move || {
        say("closing; answers under way are finished (Ctrl-C again stops at once)");
        asked.now();
    })?;
    let is_secure = args.tls_certificate.is_some() || args.behind_proxy;
    let addresses = address::resolve(&args.address)?;
    check_address(args, &addresses, is_secure)?;
    let tls = tls(args)?;
    let folder = args.data.clone().unwrap_or_else(|| {
        PathBuf::from(if args.demo { "demo-reading-room" } else { "reading-room" })
    });
    let protocol = files::protocol(&args.protocol)?;
    let _alone = Lock::take(&folder)?;
    if args.demo {
        demo::check(&folder)?;
    }
    let room = answers::open(args, &folder, protocol, is_secure)?;
    let refused = |refusal| room::refused(refusal, &folder);
    let listener = address::listen(&args.address, &addresses)?;
    let address = listener.local_addr().map_or(args.address.clone(), |at| at.to_string());
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
    server::serve(room, listener, tls, &stop).map_err(refused)
}

/// Certificate and key, where they are named.
fn tls(args: &ServeArgs) -> Result<Option<Tls>, Failure> {
    let (Some(certificate), Some(key)) = (&args.tls_certificate, &args.tls_key) else {
        return Ok(None);
    };
    let read = Tls::read(certificate, key);
    read.map(Some).map_err(|refusal| {
        Problem::new(refusal.what.trim_end_matches('.'))
            .hint("name a certificate with --tls-certificate and its key with --tls-key, both PEM")
            .into()
    })
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
fn check_address(
    args: &ServeArgs,
    addresses: &[SocketAddr],
    is_secure: bool,
) -> Result<(), Failure> {
    let is_near = addresses.iter().all(|address| address.ip().is_loopback());
    if is_near || (is_secure && !args.demo) {
        return Ok(());
    }
    let advice = if args.demo {
        "a demonstration is for this machine alone"
    } else {
        "give --tls-certificate and --tls-key, or --behind-proxy where a proxy adds HTTPS"
    };
    Err(Failure::Usage(format!("{} can be reached from other machines: {advice}", args.address)))
}
