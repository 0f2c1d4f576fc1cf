//! Times scoring and explaining with a bundle for `bench/compare.py`: one line
//! in, one line out.
//!
//! Each line of standard input names a case and how often it is timed: `score
//! PAIRS TIMES`, `explain PAIRS TIMES` (exact heatmaps), or `first PAIRS TIMES`:
//! scoring by a scorer that has just opened the bundle. The answer is seconds, of
//! pairs of chance that are prepared already. Arguments: bundle, threads.

#[path = "../tests/common/mod.rs"]
mod common;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rating_frozen::explain::{How, Mode};
use rating_frozen::{Bundle, CpuScorer, Inputs, Resources, Uncontrolled};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("score_stopwatch BUNDLE THREADS")?);
    let threads = arguments.next().map_or(Ok(2), |threads| threads.parse())?;
    let scorer = open(&folder, threads)?;
    // Hashes are checked once, when a network is first read.
    score(&scorer, &inputs(&scorer, 1)?)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [case, pairs, times] = words.as_slice() else {
            return Err(format!("not a case: {line}").into());
        };
        let inputs = inputs(&scorer, pairs.parse()?)?;
        let began = Instant::now();
        for _ in 0..times.parse()? {
            match *case {
                "score" => score(&scorer, &inputs)?,
                "first" => score(&open(&folder, threads)?, &inputs)?,
                "explain" => explain(&scorer, &inputs)?,
                _ => return Err(format!("no case {case}").into()),
            }
        }
        writeln!(std::io::stdout(), "{}", began.elapsed().as_secs_f64())?;
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn open(folder: &Path, threads: usize) -> Result<CpuScorer, Failure> {
    let bundle = Bundle::open(folder)?;
    Ok(CpuScorer::new(bundle, Resources { threads, memory: 1 << 30 })?)
}

fn inputs(scorer: &CpuScorer, count: usize) -> Result<Vec<Inputs>, Failure> {
    common::pairs(count).iter().map(|pair| Ok(scorer.prepare(pair)?)).collect()
}

fn score(scorer: &CpuScorer, inputs: &[Inputs]) -> Result<(), Failure> {
    scorer.score_inputs(inputs, &|_| true, &Uncontrolled)?;
    Ok(())
}

fn explain(scorer: &CpuScorer, inputs: &[Inputs]) -> Result<(), Failure> {
    let recipe = How { mode: Mode::Exact, ..How::default() }.recipe();
    for inputs in inputs {
        scorer.explain_inputs("a", inputs, &recipe, 1, &Uncontrolled)?;
    }
    Ok(())
}
