//! How long a server takes and how much memory it needs.

use std::fs;
use std::io;
use std::sync::Mutex;
use std::time::Instant;

use super::http::Answer;

/// The most memory a program had so far.
pub fn memory_mb(program: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{program}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1000.0
}

/// What else the machine does.
pub fn machine_load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// How long everything took, in milliseconds, in the order of first use.
#[derive(Default)]
pub struct Times(Mutex<Vec<(String, Vec<f64>)>>);

impl Times {
    /// The answer, which has to be a good one, and how long it took.
    pub fn of(&self, what: &str, ask: impl FnOnce() -> io::Result<Answer>) -> Answer {
        let begun = Instant::now();
        let answer = ask().unwrap();
        self.add(what, begun);
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        answer
    }

    /// What began then is done.
    pub fn add(&self, what: &str, begun: Instant) {
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        let mut known = self.0.lock().unwrap();
        match known.iter_mut().find(|(name, _)| name == what) {
            Some((_, times)) => times.push(took),
            None => known.push((what.to_owned(), vec![took])),
        }
    }

    /// The median of what was timed under this name.
    pub fn median(&self, what: &str) -> f64 {
        let known = self.0.lock().unwrap();
        let (_, times) = known.iter().find(|(name, _)| name == what).expect("it was timed");
        quantile(times, 0.5)
    }

    /// Everything, a row each.
    pub fn table(&self) -> String {
        let mut text =
            "| ms | times | median | 95th | 99th | most |\n|---|---|---|---|---|---|\n".to_owned();
        for (what, times) in &*self.0.lock().unwrap() {
            let [median, high, higher, most] =
                [0.5, 0.95, 0.99, 1.0].map(|share| quantile(times, share));
            text += &format!(
                "| {what} | {} | {median:.1} | {high:.1} | {higher:.1} | {most:.1} |\n",
                times.len()
            );
        }
        text
    }
}

/// The least value that this share of the values does not exceed.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}
