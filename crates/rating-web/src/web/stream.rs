//! Answers that are larger than memory: written on a thread that may wait, sent
//! as they are made.

use std::io::{self, BufWriter, Write};

use axum::body::{Body, Bytes};
use futures_util::stream::poll_fn;
use tokio::sync::mpsc;

use crate::refusal::Refusal;

/// Bytes of a piece, and how many wait for a slow browser.
const PIECE: usize = 64 * 1024;
const WAITING: usize = 8;

/// The body that `write` writes. A failure half-way breaks the connection off,
/// so that nobody takes a part for the whole.
pub(super) fn body(
    write: impl FnOnce(&mut dyn Write) -> Result<(), Refusal> + Send + 'static,
) -> Body {
    let (sender, mut pieces) = mpsc::channel::<Result<Bytes, io::Error>>(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut writer = BufWriter::with_capacity(PIECE, Pieces(sender.clone()));
        let written = write(&mut writer).and_then(|()| writer.flush().map_err(Refusal::broken));
        if let Err(refusal) = written {
            crate::say(format_args!("error: a download broke off: {refusal}"));
            // What the writer still holds must not follow.
            let _ = writer.into_parts();
            let _ = sender.blocking_send(Err(io::Error::other(refusal.what)));
        }
    });
    Body::from_stream(poll_fn(move |context| pieces.poll_recv(context)))
}

struct Pieces(mpsc::Sender<Result<Bytes, io::Error>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(piece)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
