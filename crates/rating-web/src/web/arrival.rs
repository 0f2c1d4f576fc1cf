//! Requests that never end: whoever sends slower than this is not waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream::unfold;
use tokio::time::{Instant, timeout_at};

use crate::refusal::Refusal;

/// How long the body of a request may take, however small it is,
const LEAST: Duration = Duration::from_secs(30);
/// and a second more for so many bytes: a slow line is no attack.
const BYTES_EACH_SECOND: u64 = 4096;

/// Hands a request on; refuses it when its body does not arrive in time.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let is_late = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| watched(body, Arc::clone(&is_late)));
    let response = next.run(request).await;
    if is_late.load(Ordering::Relaxed) {
        return Refusal::too_slow("The request took too long to arrive.").into_response();
    }
    response
}

/// The body, which breaks off when it is late.
fn watched(body: Body, is_late: Arc<AtomicBool>) -> Body {
    let (pieces, begun) = (body.into_data_stream(), Instant::now());
    let stream = unfold((pieces, 0), move |(mut pieces, arrived)| {
        let is_late = Arc::clone(&is_late);
        async move {
            let more = Duration::from_secs(arrived / BYTES_EACH_SECOND);
            match timeout_at(begun + LEAST + more, pieces.next()).await {
                Ok(None) => None,
                Ok(Some(Err(error))) => Some((Err(error), (pieces, arrived))),
                Ok(Some(Ok(piece))) => {
                    let arrived = arrived + piece.len() as u64;
                    Some((Ok::<Bytes, axum::Error>(piece), (pieces, arrived)))
                }
                Err(_) => {
                    is_late.store(true, Ordering::Relaxed);
                    Some((Err(axum::Error::new("late")), (pieces, arrived)))
                }
            }
        }
    });
    Body::from_stream(stream)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use futures_util::stream;
    use tower::ServiceExt;

    use super::*;

    /// The status when a piece of this size comes every so often, so many times.
    async fn sent(pieces: usize, bytes: usize, every: Duration) -> StatusCode {
        let app = Router::new()
            .route("/", post(async |body: Bytes| body.len().to_string()))
            .layer(from_fn(in_time));
        let body = stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(every).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![0; bytes]))
        });
        let request = Request::post("/").body(Body::from_stream(body)).unwrap();
        app.oneshot(request).await.unwrap().status()
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_is_waited_for_and_a_drip_is_not() {
        let second = Duration::from_secs(1);
        assert_eq!(sent(3, 10, 5 * second).await, StatusCode::OK);
        assert_eq!(sent(100, 8192, second).await, StatusCode::OK);
        assert_eq!(sent(100, 10, second).await, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(sent(1, 10, 31 * second).await, StatusCode::REQUEST_TIMEOUT);
    }
}
