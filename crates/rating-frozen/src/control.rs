//! What whoever waits for scores can say and hear meanwhile.

/// Cancels long work and hears how far it is. Called from several threads.
pub trait Control: Sync {
    /// Whether to stop; asked between networks.
    fn cancelled(&self) -> bool;

    /// `done` of `total` answers of networks (when explaining: noisy copies) are
    /// there, or no longer needed. Never goes back.
    fn progress(&self, done: usize, total: usize);
}

/// Nobody waits: runs to the end, tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Uncontrolled;

impl Control for Uncontrolled {
    fn cancelled(&self) -> bool {
        false
    }

    fn progress(&self, _done: usize, _total: usize) {}
}
