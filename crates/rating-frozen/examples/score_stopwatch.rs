//! Times scoring and explaining with a bundle for `bench/compare.py`: one line
//! in, one line out.
//!
//! Each line of standard input names a case, `score PAIRS` or `explain PAIRS` (exact
//! heatmaps); the answer is seconds for pairs of chance that are prepared
//! already. Arguments: bundle, threads. Networks stay mapped from one case to
//! the next, so that hashes are checked once, in a case asked before.

#[path = "../tests/common/mod.rs"]
mod common;

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::time::Instant;

use rating_frozen::explain::{How, Mode};
use rating_frozen::{Bundle, CpuScorer, Inputs, Resources, Uncontrolled};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("score_stopwatch BUNDLE THREADS")?;
    let threads = arguments.next().map_or(Ok(2), |threads| threads.parse())?;
    let bundle = Bundle::open(&PathBuf::from(folder))?;
    let scorer = CpuScorer::new(bundle, Resources { threads, memory: 1 << 30 })?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let (Some(case), Some(count)) = (words.next(), words.next()) else { continue };
        let inputs: Result<Vec<Inputs>, _> =
            common::pairs(count.parse()?).iter().map(|pair| scorer.prepare(pair)).collect();
        let inputs = inputs?;
        let began = Instant::now();
        match case {
            "score" => drop(scorer.score_inputs(&inputs, &|_| true, &Uncontrolled)?),
            "explain" => {
                let how = How { mode: Mode::Exact, ..How::default() };
                for inputs in &inputs {
                    drop(scorer.explain_inputs("a", inputs, &how.recipe(), 1, &Uncontrolled)?);
                }
            }
            _ => return Err(format!("no case {case}").into()),
        }
        writeln!(std::io::stdout(), "{}", began.elapsed().as_secs_f64())?;
        std::io::stdout().flush()?;
    }
    Ok(())
}
