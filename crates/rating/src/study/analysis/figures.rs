//! Figures of each reader, of their mean and of the system, by arm.

use std::collections::BTreeMap;

use rand::Rng;
use serde::Serialize;

use super::Plan;
use super::comparison::{Comparison, Pairs};
use super::table::{Grid, Table, of_cases};
use crate::Problem;
use crate::evaluate::Figure;
use crate::stats::weighted::CountsByPatient;
use crate::stats::{Bootstrap, Confusion, Measured, Merit, Resamples, Undefined, Weights};

/// Figures by name.
pub type Figures = BTreeMap<Merit, Figure>;

/// Everybody in one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmFigures {
    /// The arm's name.
    pub arm: String,
    /// Readers with at least one case in this arm.
    pub readers: Vec<RaterFigures>,
    /// Mean over those readers; undefined where it is for one of them. The average
    /// reader of the paper.
    pub mean: Figures,
    /// Mean over those readers of the system minus the reader, each on the cases that
    /// both graded: a reader's altered and not graded cases count for neither.
    pub system_minus_mean: Figures,
}

/// One reader in one arm, or the system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RaterFigures {
    /// The reader's name, or `system`.
    pub name: String,
    /// Graded cases with a reference grade.
    pub cases: usize,
    /// The figures.
    pub figures: Figures,
    /// `confusion[truth][given]`.
    pub confusion: Confusion,
}

/// What is computed of a measurement of so many grades: accuracy, close agreement,
/// linear and quadratic kappa, Youden index and AUC at each cut-off.
#[must_use]
pub fn merits(grades: u8) -> Vec<Merit> {
    let left_out = |merit: &Merit| {
        matches!(merit, Merit::Kappa(Weights::None) | Merit::Sensitivity(_) | Merit::Specificity(_))
    };
    Merit::all(grades).into_iter().filter(|merit| !left_out(merit)).collect()
}

/// All figures of one question in the form in which resampling asks for them.
pub(super) struct Everything<'a> {
    table: &'a Table<'a>,
    merits: Vec<Merit>,
    /// The plan's.
    planned: Merit,
    /// By arm its readers.
    arms: Vec<Vec<Rater>>,
    system: Option<CountsByPatient>,
    comparisons: Vec<Pairs<'a>>,
}

/// A reader in one arm.
struct Rater {
    /// Position among the readers.
    reader: usize,
    counts: CountsByPatient,
    /// The system and the reader on the cases that both graded.
    beside_system: Option<[CountsByPatient; 2]>,
}

impl<'a> Everything<'a> {
    pub fn new(
        table: &'a Table<'a>,
        grid: &Grid,
        plan: &Plan,
        against: usize,
    ) -> Result<Everything<'a>, Problem> {
        let mut merits = merits(grid.values);
        if !merits.contains(&plan.merit) {
            merits.push(plan.merit);
        }
        let counts = |given: &[Option<crate::Grade>]| {
            let (cases, truth) = grid.known(&[given]);
            let counts = table.counts(grid.values, &cases, &truth, &of_cases(given, &cases))?;
            Ok::<_, Problem>((!cases.is_empty()).then_some(counts))
        };
        let beside_system = |given: &[Option<crate::Grade>]| {
            let (cases, truth) = grid.known(&[&grid.system, given]);
            if cases.is_empty() {
                return Ok::<_, Problem>(None);
            }
            let of = |who: &[Option<crate::Grade>]| {
                table.counts(grid.values, &cases, &truth, &of_cases(who, &cases))
            };
            Ok(Some([of(&grid.system)?, of(given)?]))
        };
        let of_arm = |readers: &Vec<Vec<Option<crate::Grade>>>| {
            let raters = readers.iter().enumerate().filter_map(|(reader, given)| {
                let counts = counts(given).transpose()?;
                Some(counts.and_then(|counts| {
                    Ok(Rater { reader, counts, beside_system: beside_system(given)? })
                }))
            });
            raters.collect::<Result<Vec<_>, Problem>>()
        };
        let others = (0..table.study.arms.len()).filter(|arm| *arm != against);
        Ok(Everything {
            table,
            merits,
            planned: plan.merit,
            arms: grid.grades.iter().map(of_arm).collect::<Result<_, _>>()?,
            system: counts(&grid.system)?,
            comparisons: others
                .map(|arm| Pairs::new(table, grid, arm, against))
                .collect::<Result<_, _>>()?,
        })
    }

    /// All figures with intervals. Patients are resampled; `by_case` draws cases one
    /// by one for the paper's own test.
    pub fn figures<R: Rng + Clone + Sync>(
        &self,
        resamples: &Resamples<R>,
        by_case: &Resamples<R>,
    ) -> (Vec<ArmFigures>, Option<RaterFigures>, Vec<Comparison>) {
        let ones = vec![1; self.table.patients.count()];
        let values = self.values(&ones);
        let bootstraps = resamples.of_all(values.len(), |weights| self.values(weights));
        let mut all = Taken { values: values.into_iter().zip(bootstraps) };
        let names = &self.table.study;
        let rater = |name: &str, counts: &CountsByPatient, figures: Figures| {
            let confusion = counts.weighted(&ones);
            let cases = confusion.cases() as usize;
            RaterFigures { name: name.to_owned(), cases, figures, confusion }
        };
        let system = self.system.as_ref();
        let system = system.map(|counts| rater("system", counts, all.figures(&self.merits)));
        let arms = self.arms.iter().zip(names.arms).map(|(readers, arm)| ArmFigures {
            arm: arm.clone(),
            readers: readers
                .iter()
                .map(|one| {
                    let name = &names.readers[one.reader].name;
                    rater(name, &one.counts, all.figures(&self.merits))
                })
                .collect(),
            mean: all.figures(&self.merits),
            system_minus_mean: all.figures(&self.merits),
        });
        let arms = arms.collect();
        let comparisons = self.comparisons.iter();
        let comparisons = comparisons
            .map(|pairs| {
                let readers = (0..pairs.readers()).map(|_| all.figures(&self.merits)).collect();
                let mean = all.figures(&self.merits);
                pairs.comparison(readers, mean, &self.merits, self.planned, by_case)
            })
            .collect();
        (arms, system, comparisons)
    }

    /// The figures of weighted patients, in the order in which they are taken.
    fn values(&self, weights: &[u32]) -> Vec<Measured> {
        let of = |counts: &CountsByPatient| -> Vec<Measured> {
            let confusion = counts.weighted(weights);
            self.merits.iter().map(|merit| merit.of(&confusion)).collect()
        };
        let mut values: Vec<Measured> = self.system.as_ref().map(of).unwrap_or_default();
        let mut known: Vec<BTreeMap<usize, Vec<Measured>>> = Vec::new();
        for readers in &self.arms {
            let figures: Vec<Vec<Measured>> = readers.iter().map(|one| of(&one.counts)).collect();
            values.extend(figures.iter().flatten());
            values.extend(means(&figures, self.merits.len()));
            let minus: Vec<Vec<Measured>> = readers
                .iter()
                .map(|one| match &one.beside_system {
                    Some([system, reader]) => {
                        of(system).into_iter().zip(of(reader)).map(|(a, b)| Ok(a? - b?)).collect()
                    }
                    None => vec![Err(Undefined::NoCases); self.merits.len()],
                })
                .collect();
            values.extend(means(&minus, self.merits.len()));
            known.push(readers.iter().map(|one| one.reader).zip(figures).collect());
        }
        for pairs in &self.comparisons {
            let readers = pairs.differences(&self.merits, weights, &known);
            let mean = pairs.mean_difference(&readers, &self.merits, weights);
            values.extend(readers.into_iter().flatten());
            values.extend(mean);
        }
        values
    }
}

/// Values with their bootstraps, taken in the order in which they were asked.
struct Taken<I> {
    values: I,
}

impl<I: Iterator<Item = (Measured, Result<Bootstrap, Undefined>)>> Taken<I> {
    fn figures(&mut self, merits: &[Merit]) -> Figures {
        let next = |merit: &Merit| {
            let (value, bootstrap) = self.values.next()?;
            Some((*merit, Figure::resampled(value, Some(bootstrap))))
        };
        merits.iter().filter_map(next).collect()
    }
}

/// The mean of each figure over `of[reader][figure]`.
pub(super) fn means(of: &[Vec<Measured>], figures: usize) -> Vec<Measured> {
    let mean = |figure: usize| {
        let values: Result<Vec<f64>, Undefined> = of.iter().map(|values| values[figure]).collect();
        crate::stats::interval::mean(&values?)
    };
    (0..figures).map(mean).collect()
}
