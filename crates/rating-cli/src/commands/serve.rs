//! `rating serve`: the reading room.

use std::net::TcpListener;

use rating::Problem;
use rating_web::server::{self, StopServing, Tls};

use super::room;
use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::stderr::say;
use crate::{commands, files, stop};

pub fn run(args: &ServeArgs) -> Result<(), Failure> {
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(Tls { certificate: certificate.clone(), key: key.clone() })
        }
        _ => None,
    };
    let is_secure = tls.is_some() || args.behind_proxy;
    if !is_secure && !args.address.ip().is_loopback() {
        return Err(Failure::Usage(format!(
            "{} can be reached from other machines: give --tls-certificate and --tls-key, or --behind-proxy \
             where a proxy adds HTTPS",
            args.address
        )));
    }
    let room = room::open(&args.data, files::protocol(&args.protocol)?, is_secure)?;
    let listener = TcpListener::bind(args.address).map_err(|error| {
        Problem::new(format!("cannot listen at {}: {error}", args.address))
            .hint("end the other program, or choose another port with --address")
    })?;
    let address = listener.local_addr().unwrap_or(args.address);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let begin = format!("{scheme}://{address}");
    let link = room.first_link().map_err(|refusal| room::refused(refusal, &args.data))?;
    commands::print(&format!(
        "the reading room is open at {begin}\nResearch use only, not for diagnosis.\n"
    ))?;
    if let Some(word) = link {
        commands::print(&format!("make the first administrator, once: {begin}/join/{word}\n"))?;
    }
    let stop = StopServing::default();
    let asked = stop.clone();
    stop::listen(move || {
        say("closing; answers under way are finished (Ctrl-C again stops at once)");
        asked.now();
    })?;
    server::serve(room, listener, tls.as_ref(), &stop)
        .map_err(|refusal| room::refused(refusal, &args.data))
}
