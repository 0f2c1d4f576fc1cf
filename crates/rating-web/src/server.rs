//! Listening, with or without TLS, until told to stop.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};
use axum_server::{Handle, Server};
use tokio::runtime::Builder;

use crate::refusal::Refusal;
use crate::room::Room;
use crate::web;

/// How long answers under way may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// How long the head of a request may take, a connection may stay silent before
/// its first one and between two.
const SILENCE: Duration = Duration::from_secs(30);

/// Threads for what waits for the disk or computes: each may hold a connection
/// to the database and its cache.
const BLOCKING: usize = 64;

/// What a server proves with who it is.
#[derive(Debug, Clone)]
pub struct Tls(RustlsConfig);

impl Tls {
    /// A certificate, with those that vouch for it, and its key, PEM files.
    ///
    /// # Errors
    /// A file that cannot be read, is of another kind, or does not go with the other.
    pub fn read(certificate: &Path, key: &Path) -> Result<Tls, Refusal> {
        // Fails only when somebody has chosen one before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = Builder::new_current_thread().build().map_err(Refusal::broken)?;
        let read = runtime.block_on(RustlsConfig::from_pem_file(certificate, key));
        read.map(Tls).map_err(|error| {
            let (certificate, key) = (certificate.display(), key.display());
            Refusal::unfit(format!("{certificate} and {key}: {error}."))
        })
    }
}

/// Stops a server from another thread.
#[derive(Clone, Default)]
pub struct StopServing(Handle<SocketAddr>);

impl StopServing {
    /// Lets answers under way finish, takes no new requests.
    pub fn now(&self) {
        self.0.graceful_shutdown(Some(GRACE));
    }
}

/// Serves a room on this socket until told to stop.
///
/// # Errors
/// A machine that starts no threads.
pub fn serve(
    room: Arc<Room>,
    listener: TcpListener,
    tls: Option<Tls>,
    stop: &StopServing,
) -> Result<(), Refusal> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING)
        .build()
        .map_err(Refusal::broken)?;
    listener.set_nonblocking(true).map_err(Refusal::broken)?;
    let service = web::router(room).into_make_service_with_connect_info::<SocketAddr>();
    let handle = stop.0.clone();
    runtime.block_on(async move {
        let served = match tls {
            None => {
                let server = axum_server::from_tcp(listener).map_err(Refusal::broken)?;
                patient(server).handle(handle).serve(service).await
            }
            Some(Tls(config)) => {
                let server = from_tcp_rustls(listener, config).map_err(Refusal::broken)?;
                patient(server).handle(handle).serve(service).await
            }
        };
        served.map_err(Refusal::broken)
    })
}

/// A server that waits for nobody for ever.
fn patient<A>(mut server: Server<SocketAddr, A>) -> Server<SocketAddr, A> {
    server.http_builder().http1().header_read_timeout(SILENCE);
    server.first_request_timeout(SILENCE)
}
