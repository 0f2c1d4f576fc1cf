//! Progress on stderr: bars on a terminal, lines elsewhere.

#[cfg(feature = "train")]
pub mod training;

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::stderr::say;

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A bar for a known amount of work.
pub struct Bar {
    bar: ProgressBar,
    lines: Option<Mutex<Lines>>,
}

/// What a bar needs where there is no terminal.
struct Lines {
    title: String,
    total: usize,
    done: usize,
    last: Instant,
}

impl Bar {
    /// A bar over `total` items.
    pub fn new(title: &str, total: usize) -> Bar {
        let is_terminal = std::io::stderr().is_terminal();
        let target =
            if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total as u64), target).with_style(style());
        bar.set_message(title.to_owned());
        let lines = Lines { title: title.to_owned(), total, done: 0, last: Instant::now() };
        Bar { bar, lines: (!is_terminal).then(|| Mutex::new(lines)) }
    }

    /// This many more items are done.
    pub fn advance(&self, items: usize) {
        self.bar.inc(items as u64);
        let Some(lines) = &self.lines else { return };
        let mut lines = lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        lines.done += items;
        if lines.last.elapsed() >= LINE_EVERY {
            lines.last = Instant::now();
            say(format_args!("{}: {} of {}", lines.title, lines.done, lines.total));
        }
    }

    /// So many items are done altogether.
    pub fn reach(&self, items: usize) {
        let done = self.bar.position() as usize;
        self.advance(items.saturating_sub(done));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Title, bar, count, time left.
pub fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:24} [{bar:32}] {pos}/{len}, {eta} left")
        .expect("a valid template")
        .progress_chars("=> ")
}
