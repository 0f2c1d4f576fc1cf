//! The room over TLS, as a browser connects to it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rating::Protocol;
use rating_web::server::{StopServing, Tls, serve};
use rating_web::{Opening, Room, SystemClock};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A certificate and its key.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// A certificate for this machine and its key; `None` where nothing makes them.
fn made(folder: &Path) -> Option<Files> {
    let files = Files { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    let status = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=room"])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&files.key)
        .arg("-out")
        .arg(&files.certificate)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success()).then_some(files)
}

fn room(folder: &Path) -> Arc<Room> {
    let clock = Arc::new(SystemClock);
    let opening =
        Opening { folder, protocol: Protocol::eoss(), clock, seed: [3; 32], is_secure: true };
    Arc::new(Room::open(opening).unwrap())
}

const ASKED: &[u8] = b"GET /sign-in HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";

/// A connection that waits ten seconds for an answer.
fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// What the sign-in page is over TLS, to somebody who trusts this certificate.
fn asked(address: SocketAddr, trusted: &Path) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(session, connected(address));
    stream.write_all(ASKED)?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn a_room_is_served_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = made(folder.path()) else {
        eprintln!("skipped: openssl is not installed");
        return;
    };
    let room = room(&folder.path().join("room"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stop = StopServing::default();
    let (stopping, with) = (stop.clone(), Tls::read(&files.certificate, &files.key).unwrap());
    let server = thread::spawn(move || serve(room, listener, Some(with), &stopping));
    let page = asked(address, &files.certificate).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    assert!(page.contains("Research use only"), "{page}");

    // Without TLS nothing of a page is told.
    let mut plain = connected(address);
    plain.write_all(ASKED).unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!String::from_utf8_lossy(&said).contains("Research use only"));
    // Nor to somebody who trusts another certificate.
    let other = tempfile::tempdir().unwrap();
    let other = made(other.path()).map(|other| asked(address, &other.certificate).is_err());
    assert_eq!(other, Some(true));
    stop.now();
    server.join().unwrap().unwrap();

    // Key and certificate mixed up: said, with both names.
    let refusal = Tls::read(&files.key, &files.certificate).unwrap_err();
    assert!(refusal.what.contains("key.pem") && refusal.what.contains("cert.pem"), "{refusal:?}");
}
