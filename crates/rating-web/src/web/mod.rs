//! The room in a browser: routes, pages, and the same functions for programs.

mod access;
mod api;
mod arrival;
mod assets;
mod client;
mod form;
mod limits;
mod openapi;
mod pages;
mod respond;
mod routes;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::sync::Semaphore;

use crate::refusal::Refusal;
use crate::room::Room;
pub use access::Access;
pub use routes::{Route, routes};

/// Requests with image files at a time.
const UPLOADS: usize = 2;

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) room: Arc<Room>,
    pub(crate) limits: Arc<limits::Limits>,
    /// How many may send image files at a time: each holds one in memory.
    pub(crate) uploads: Arc<Semaphore>,
    passwords: Arc<Semaphore>,
}

/// How many passwords are hashed at a time: each takes 19 MiB and tens of milliseconds.
const PASSWORDS: usize = 2;

impl App {
    /// Hashes or compares a password when it is its turn. Whoever goes away while
    /// it is computed makes no room for another.
    pub(crate) async fn on_password<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = Arc::clone(&self.passwords).acquire_owned().await.map_err(Refusal::broken)?;
        let computed = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        computed.await.map_err(Refusal::broken)
    }
}

/// Everything the room answers.
pub fn router(room: Arc<Room>) -> Router {
    let uploads = Arc::new(Semaphore::new(UPLOADS));
    let passwords = Arc::new(Semaphore::new(PASSWORDS));
    let app = App { room, limits: Arc::new(limits::Limits::default()), uploads, passwords };
    let mut router = Router::new();
    for Route { path, access, handler, .. } in routes() {
        let guard = from_fn_with_state((app.clone(), access), access::guard);
        router = router.route(path, handler.layer(guard));
    }
    let router = router.fallback(respond::nothing_here).with_state(app);
    router.layer(from_fn(arrival::in_time)).layer(from_fn(respond::finish))
}
