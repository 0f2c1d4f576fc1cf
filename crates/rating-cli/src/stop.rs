//! Ctrl-C: the first asks to stop in good order, the second stops at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Listens for Ctrl-C (and termination) from now on. `on_first` runs once, in
/// another thread.
pub fn listen(on_first: impl Fn() + Send + 'static) -> Result<(), Failure> {
    ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
        on_first();
    })
    .map_err(|error| match error {
        ctrlc::Error::System(error) => Failure::no_threads(&error.to_string()),
        _ => Failure::Bug(format!("Ctrl-C cannot be handled: {error}")),
    })
}

/// Whether someone asked to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Leaves the work in hand when someone asked to stop.
pub fn check() -> Result<(), Failure> {
    if asked() { Err(Failure::Interrupted) } else { Ok(()) }
}
