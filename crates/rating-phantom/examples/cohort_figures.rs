//! Figures of a drawn cohort: mix of grades, readers' agreement, what the
//! reference gets wrong, sizes of files.
//!
//! `cargo run --release -p rating-phantom --example cohort_figures -- [train|prospective|external] [SEED]`

use std::io::Write;

use rating::Seed;
use rating_phantom::{Cohort, PhantomPair, Stage, files};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seed = Seed::new(arguments.get(1).map_or(Ok(1), |text| text.parse())?);
    let cohort = match arguments.first().map(String::as_str) {
        None | Some("train") => Cohort::train(seed),
        Some("prospective") => Cohort::prospective(seed),
        Some("external") => Cohort::external(seed),
        Some(other) => return Err(format!("{other}: train, prospective or external").into()),
    };
    let mut tally = Tally::default();
    for joint in cohort.plan()? {
        tally.add(&joint.draw())?;
    }
    tally.print(&mut std::io::stdout())?;
    Ok(())
}

/// What is counted over the pairs.
#[derive(Default)]
struct Tally {
    pairs: usize,
    hypertrophy: [usize; 4],
    vascularity: [usize; 4],
    wrong: [usize; 3],
    agreements: usize,
    discussed: usize,
    adjudicated: usize,
    bytes: usize,
}

impl Tally {
    fn add(&mut self, pair: &PhantomPair) -> Result<(), rating::Problem> {
        let (truth, reference) = (pair.true_grades, pair.reference);
        self.pairs += 1;
        self.hypertrophy[usize::from(truth.synovial_hypertrophy)] += 1;
        self.vascularity[usize::from(truth.vascularity)] += 1;
        self.wrong[0] += usize::from(truth.synovial_hypertrophy != reference.synovial_hypertrophy);
        self.wrong[1] += usize::from(truth.vascularity != reference.vascularity);
        self.wrong[2] += usize::from(truth.combined() != reference.combined());
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            let combined = |reader: usize| pair.readings[reader].grades.combined();
            self.agreements += usize::from(combined(one) == combined(other));
        }
        let has = |stage| usize::from(pair.readings.iter().any(|reading| reading.stage == stage));
        self.discussed += has(Stage::Consensus);
        self.adjudicated += has(Stage::Adjudication);
        self.bytes += files(pair)?.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        Ok(())
    }

    fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        let percent = |count: usize| 100.0 * count as f64 / self.pairs as f64;
        let mix =
            |counts: [usize; 4]| counts.map(|count| format!("{:.1}", percent(count))).join(" ");
        writeln!(out, "pairs                                  {}", self.pairs)?;
        writeln!(out, "synovial hypertrophy 0-3, %            {}", mix(self.hypertrophy))?;
        writeln!(out, "vascularity 0-3, %                     {}", mix(self.vascularity))?;
        let [hypertrophy, vascularity, combined] = self.wrong.map(percent);
        writeln!(
            out,
            "reference differs from what was drawn, % {hypertrophy:.1} {vascularity:.1} {combined:.1}"
        )?;
        writeln!(
            out,
            "two readers agree (combined), %        {:.1}",
            percent(self.agreements) / 3.0
        )?;
        writeln!(
            out,
            "discussed, adjudicated, %              {:.1} {:.1}",
            percent(self.discussed),
            percent(self.adjudicated)
        )?;
        writeln!(
            out,
            "kB a pair                              {}",
            self.bytes / self.pairs.max(1) / 1000
        )
    }
}
