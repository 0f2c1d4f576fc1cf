//! Listening, with or without TLS, until told to stop.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};

use crate::refusal::Refusal;
use crate::room::Room;
use crate::web;

/// How long answers under way may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Certificate and key, PEM files.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate, with those that vouch for it.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
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
/// A certificate or key that cannot be read; a machine that starts no threads.
pub fn serve(
    room: Arc<Room>,
    listener: TcpListener,
    tls: Option<&Tls>,
    stop: &StopServing,
) -> Result<(), Refusal> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Refusal::broken)?;
    listener.set_nonblocking(true).map_err(Refusal::broken)?;
    let service = web::router(room).into_make_service_with_connect_info::<SocketAddr>();
    let handle = stop.0.clone();
    runtime.block_on(async move {
        let served = match tls {
            None => {
                axum_server::from_tcp(listener)
                    .map_err(Refusal::broken)?
                    .handle(handle)
                    .serve(service)
                    .await
            }
            Some(files) => {
                from_tcp_rustls(listener, pem(files).await?)
                    .map_err(Refusal::broken)?
                    .handle(handle)
                    .serve(service)
                    .await
            }
        };
        served.map_err(Refusal::broken)
    })
}

async fn pem(files: &Tls) -> Result<RustlsConfig, Refusal> {
    // Fails only when somebody has chosen one before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    RustlsConfig::from_pem_file(&files.certificate, &files.key).await.map_err(|error| {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        Refusal::unfit(format!("{certificate} and {key}: {error}."))
    })
}
