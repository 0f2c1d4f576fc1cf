//! One arm against another.
//!
//! A reader's difference is taken on the cases that the reader graded in both arms.
//! Where no reader read both arms (a parallel study) the means of the two groups of
//! readers are compared, readers as the unit: to keep the readers would take the luck of
//! who is in which group for a difference of the arms.

use std::collections::BTreeMap;

use rand::Rng;
use serde::Serialize;

use super::figures::{Figures, means};
use super::period::{Period, Sessions, period};
use super::table::{Grid, Table, of_cases};
use crate::evaluate::Figure;
use crate::stats::jackknife::Jackknife;
use crate::stats::line::{Line, line};
use crate::stats::paper::{PaperTest, paper_z_test};
use crate::stats::two_groups::{Contrast, welch};
use crate::stats::weighted::{CountsByPatient, SumsByPatient};
use crate::stats::wilcoxon::Wilcoxon;
use crate::stats::{
    Confusion, Discordance, Measured, Merit, MultiReader, Patients, Resamples, SignedRanks,
    Undefined, holm, interval,
};
use crate::{Grade, Problem};

/// One arm minus another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// This arm ...
    pub arm: String,
    /// ... minus this one.
    pub against: String,
    /// Readers who graded cases in both.
    pub readers: Vec<ReaderDifference>,
    /// Mean over those readers, patients resampled and readers kept; in a parallel
    /// study the difference of the means of two groups of readers, with the interval of
    /// `welch`.
    pub mean: Figures,
    /// How many readers there are of each arm, `arm` first, where none read both.
    pub groups: Option<[usize; 2]>,
    /// Where none read both: Welch's t of the readers' figures, each reader one value;
    /// readers at large, these cases.
    pub welch: BTreeMap<Merit, Contrast>,
    /// Why a figure has no such test.
    pub no_welch: BTreeMap<Merit, String>,
    /// Obuchowski and Rockette with Hillis' degrees of freedom, patients left out in
    /// turn: modality 0 is `arm`, 1 `against`. A figure that cannot be analysed is
    /// in `no_multi_reader`.
    pub multi_reader: BTreeMap<Merit, MultiReader>,
    /// Why a figure has no such analysis.
    pub no_multi_reader: BTreeMap<Merit, String>,
    /// Signed ranks of the readers' differences in accuracy: readers at large, these
    /// cases.
    pub wilcoxon: Option<Wilcoxon>,
    /// Does experience change the gain? The plan's figure: the readers' differences
    /// by their years of experience, a year each; readers at large, these cases.
    /// Least squares, readers - 2 degrees of freedom. `None` with fewer than three readers
    /// whose years are known, or all alike.
    pub experience: Option<Line>,
    /// In a crossover of two arms: the plan's figure by session and by order.
    pub period: Option<Period>,
    /// Why there is none.
    pub no_period: Option<String>,
    /// **Unsound, the paper's own**: its z test of the mean accuracies, on bootstrap
    /// values that drew cases one by one. With its warning.
    pub paper_z_test: Option<PaperTest>,
}

/// One reader in both arms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReaderDifference {
    /// The reader's name.
    pub reader: String,
    /// Years of experience, where the protocol tells them.
    pub years: Option<f64>,
    /// Cases graded in both arms, with a reference grade.
    pub cases: usize,
    /// Differences of the figures.
    pub differences: Figures,
    /// Cases by arm in which the reader was right; first is the arm compared.
    pub right: Discordance,
    /// Exact McNemar test of the accuracies; takes cases for independent.
    pub mcnemar: f64,
    /// The same corrected for all readers of this comparison (Holm).
    pub mcnemar_holm: Option<f64>,
}

/// The answers of the readers who graded in both arms.
pub(super) struct Pairs<'a> {
    table: &'a Table<'a>,
    arms: [usize; 2],
    pairs: Vec<Pair>,
    /// Where there is no reader of both: the readers of each arm.
    groups: [Vec<CountsByPatient>; 2],
}

struct Pair {
    reader: usize,
    cases: Vec<usize>,
    truth: Vec<Grade>,
    grades: [Vec<Grade>; 2],
    counts: [CountsByPatient; 2],
    /// Whether these are all cases that the reader graded in either arm.
    is_whole: bool,
}

impl<'a> Pairs<'a> {
    pub fn new(
        table: &'a Table<'a>,
        grid: &Grid,
        arm: usize,
        against: usize,
    ) -> Result<Pairs<'a>, Problem> {
        let mut pairs = Vec::new();
        let mut groups = [Vec::new(), Vec::new()];
        for reader in 0..table.study.readers.len() {
            let given = [&grid.grades[arm][reader], &grid.grades[against][reader]];
            let (cases, truth) = grid.known(&given.map(Vec::as_slice));
            if !cases.is_empty() {
                let grades = given.map(|given| of_cases(given, &cases));
                let count = |at: usize| table.counts(grid.values, &cases, &truth, &grades[at]);
                let counts = [count(0)?, count(1)?];
                let is_whole =
                    given.iter().all(|given| grid.known(&[given]).0.len() == cases.len());
                pairs.push(Pair { reader, cases, truth, grades, counts, is_whole });
            }
            for (group, given) in groups.iter_mut().zip(given) {
                let (cases, truth) = grid.known(&[given]);
                if !cases.is_empty() {
                    let grades = of_cases(given, &cases);
                    group.push(table.counts(grid.values, &cases, &truth, &grades)?);
                }
            }
        }
        if !pairs.is_empty() {
            groups = [Vec::new(), Vec::new()];
        }
        Ok(Pairs { table, arms: [arm, against], pairs, groups })
    }

    pub fn readers(&self) -> usize {
        self.pairs.len()
    }

    /// How many readers there are of each arm, where there are some and none read both.
    pub fn groups(&self) -> Option<[usize; 2]> {
        let sizes = self.groups.each_ref().map(Vec::len);
        (sizes != [0, 0]).then_some(sizes)
    }

    /// The mean difference in one figure.
    pub fn difference(&self, merit: Merit) -> Measured {
        let ones = vec![1; self.table.patients.count()];
        let known = vec![BTreeMap::new(); self.table.study.arms.len()];
        let readers = self.differences(&[merit], &ones, &known);
        let mean = self.mean_difference(&readers, &[merit], &ones);
        mean.into_iter().next().unwrap_or(Err(Undefined::NoCases))
    }

    /// Of two groups of readers the figures, each reader one value.
    pub fn welch(&self, merits: &[Merit]) -> Vec<Result<Contrast, Undefined>> {
        let ones = vec![1; self.table.patients.count()];
        let confusions = self.groups.each_ref().map(|group| {
            group.iter().map(|counts| counts.weighted(&ones)).collect::<Vec<Confusion>>()
        });
        let of = |merit: &Merit| {
            let values = |at: usize| -> Result<Vec<f64>, Undefined> {
                confusions[at].iter().map(|of| merit.of(of)).collect()
            };
            welch(&values(0)?, &values(1)?)
        };
        merits.iter().map(of).collect()
    }

    /// The figure of each reader in both arms, and the session of each.
    fn by_session(&self, merit: Merit) -> Result<Vec<Sessions>, Undefined> {
        let ones = vec![1; self.table.patients.count()];
        let of_reader = |pair: &Pair| {
            let figure = |at: usize| merit.of(&pair.counts[at].weighted(&ones));
            let session = |at: usize| self.table.session(self.arms[at], pair.reader);
            Ok(Sessions { figures: [figure(0)?, figure(1)?], sessions: [session(0), session(1)] })
        };
        self.pairs.iter().map(of_reader).collect()
    }

    /// Of each reader the difference of each figure. `known[arm][reader]` holds the
    /// figures on all cases of an arm: mostly those are the cases graded in both.
    pub fn differences(
        &self,
        merits: &[Merit],
        weights: &[u32],
        known: &[BTreeMap<usize, Vec<Measured>>],
    ) -> Vec<Vec<Measured>> {
        let of_reader = |pair: &Pair| {
            let figures = |at: usize| match known[self.arms[at]].get(&pair.reader) {
                Some(known) if pair.is_whole => known.clone(),
                _ => {
                    let confusion = pair.counts[at].weighted(weights);
                    merits.iter().map(|merit| merit.of(&confusion)).collect()
                }
            };
            let both = figures(0).into_iter().zip(figures(1));
            both.map(|(arm, against)| Ok(arm? - against?)).collect()
        };
        self.pairs.iter().map(of_reader).collect()
    }

    pub fn mean_difference(
        &self,
        readers: &[Vec<Measured>],
        merits: &[Merit],
        weights: &[u32],
    ) -> Vec<Measured> {
        if !self.pairs.is_empty() {
            return means(readers, merits.len());
        }
        let mean = |group: &Vec<CountsByPatient>| {
            let figures = |counts: &CountsByPatient| {
                let confusion = counts.weighted(weights);
                merits.iter().map(|merit| merit.of(&confusion)).collect()
            };
            means(&group.iter().map(figures).collect::<Vec<Vec<Measured>>>(), merits.len())
        };
        let [first, second] = [mean(&self.groups[0]), mean(&self.groups[1])];
        first.into_iter().zip(second).map(|(first, second)| Ok(first? - second?)).collect()
    }

    /// Both arms as modalities, every reader on the cases graded in both.
    pub fn multi_reader(&self, merits: &[Merit]) -> Vec<Result<MultiReader, Undefined>> {
        let readers = self.pairs.len();
        if readers < 2 {
            let why = if self.groups().is_some() {
                Undefined::NoReaderOfBoth
            } else {
                Undefined::FewerThanTwoReaders
            };
            return vec![Err(why); merits.len()];
        }
        let figures = |weights: &[u32]| -> Vec<Vec<Measured>> {
            let of =
                |at: usize| self.pairs.iter().map(move |pair| pair.counts[at].weighted(weights));
            let confusions: Vec<Confusion> = of(0).chain(of(1)).collect();
            let of_merit = |merit: &Merit| confusions.iter().map(|of| merit.of(of)).collect();
            merits.iter().map(of_merit).collect()
        };
        let jackknives = Jackknife::of_all(self.table.patients.count(), merits.len(), figures);
        jackknives.into_iter().map(|found| MultiReader::of_jackknife(2, readers, &found?)).collect()
    }

    pub fn comparison<R: Rng + Clone + Sync>(
        &self,
        readers: Vec<Figures>,
        mut mean: Figures,
        merits: &[Merit],
        merit: Merit,
        by_case: &Resamples<R>,
    ) -> Comparison {
        let study = &self.table.study;
        let (mut multi_reader, mut no_multi_reader) = (BTreeMap::new(), BTreeMap::new());
        for (&merit, found) in merits.iter().zip(self.multi_reader(merits)) {
            match found {
                Ok(found) => drop(multi_reader.insert(merit, found)),
                Err(reason) => drop(no_multi_reader.insert(merit, reason.to_string())),
            }
        }
        let (mut welch, mut no_welch) = (BTreeMap::new(), BTreeMap::new());
        if self.groups().is_some() {
            for (&merit, found) in merits.iter().zip(self.welch(merits)) {
                let value = mean.get(&merit).and_then(|figure| figure.value);
                if let Some(value) = value {
                    let interval = found.as_ref().map(|found| found.interval);
                    mean.insert(merit, Figure::new(Ok(value), interval));
                }
                match found {
                    Ok(found) => drop(welch.insert(merit, found)),
                    Err(reason) => drop(no_welch.insert(merit, reason.to_string())),
                }
            }
        }
        let sessions = self.by_session(merit);
        let period = sessions.and_then(|readers| period(&readers, study.arms.len()));
        let mut readers: Vec<ReaderDifference> = self
            .pairs
            .iter()
            .zip(readers)
            .map(|(pair, differences)| {
                let right = pair.right();
                ReaderDifference {
                    reader: study.readers[pair.reader].name.clone(),
                    years: study.readers[pair.reader].years,
                    cases: pair.cases.len(),
                    differences,
                    mcnemar: right.mcnemar(),
                    right,
                    mcnemar_holm: None,
                }
            })
            .collect();
        let p: Vec<Option<f64>> = readers.iter().map(|reader| Some(reader.mcnemar)).collect();
        for (reader, p) in readers.iter_mut().zip(holm::holm(&p)) {
            reader.mcnemar_holm = p;
        }
        Comparison {
            arm: study.arms[self.arms[0]].clone(),
            against: study.arms[self.arms[1]].clone(),
            wilcoxon: wilcoxon(&readers),
            experience: experience(&readers, merit),
            readers,
            mean,
            groups: self.groups(),
            welch,
            no_welch,
            multi_reader,
            no_multi_reader,
            no_period: period.as_ref().err().map(ToString::to_string),
            period: period.ok(),
            paper_z_test: self.paper_z_test(by_case).ok(),
        }
    }

    fn paper_z_test<R: Rng + Clone + Sync>(
        &self,
        by_case: &Resamples<R>,
    ) -> Result<PaperTest, Undefined> {
        let strangers = Patients::one_per_case(self.table.study.cases.len());
        let right = |pair: &Pair, at: usize| {
            let right: Vec<Option<f64>> =
                pair.right_in(at).map(|right| Some(f64::from(u8::from(right)))).collect();
            SumsByPatient::new(&right, &strangers.keep(&pair.cases)).ok()
        };
        let sums = |at: usize| -> Vec<SumsByPatient> {
            self.pairs.iter().filter_map(|pair| right(pair, at)).collect()
        };
        let sums = [sums(0), sums(1)];
        let [first, second] = by_case.of_each(|weights| {
            sums.each_ref().map(|sums| {
                let means: Result<Vec<f64>, Undefined> =
                    sums.iter().map(|sums| sums.mean(weights)).collect();
                interval::mean(&means?)
            })
        });
        paper_z_test(&first?.values, &second?.values)
    }
}

impl Pair {
    /// Whether each case was graded rightly in one of the arms.
    fn right_in(&self, at: usize) -> impl Iterator<Item = bool> {
        self.truth.iter().zip(&self.grades[at]).map(|(truth, given)| truth == given)
    }

    fn right(&self) -> Discordance {
        Discordance::count(self.right_in(0).zip(self.right_in(1)))
    }
}

fn wilcoxon(readers: &[ReaderDifference]) -> Option<Wilcoxon> {
    let gained = |of: &ReaderDifference| {
        (of.right.first_only as f64 - of.right.second_only as f64) / of.cases as f64
    };
    let gained: Vec<f64> = readers.iter().map(gained).collect();
    SignedRanks::new(&gained, &vec![0.0; gained.len()]).ok()?.test().ok()
}

fn experience(readers: &[ReaderDifference], merit: Merit) -> Option<Line> {
    let point = |of: &ReaderDifference| Some((of.years?, of.differences.get(&merit)?.value?));
    let points: Vec<(f64, f64)> = readers.iter().filter_map(point).collect();
    line(&points).ok()
}
