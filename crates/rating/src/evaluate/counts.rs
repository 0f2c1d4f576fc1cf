//! One quantity counted once for all of its figures, so that a sample of
//! patients costs one pass over the counts.

use rand::Rng;

use super::cut_off::{CutOff, FIGURES_A_CUT_OFF};
use super::figure::Figure;
use super::quantity::Columns;
use super::subgroups::{GroupFigures, Grouping};
use crate::stats::weighted::CountsByPatient;
use crate::stats::{
    Bootstrap, Confusion, Graded, Measured, Patients, Resamples, Undefined, Weights,
};

/// A figure of a confusion matrix, by the name it has in files.
type Named = (&'static str, fn(&Confusion) -> Measured);

pub(super) const FIGURES: [Named; 8] = [
    ("accuracy", Confusion::accuracy),
    ("close_agreement", Confusion::close_agreement),
    ("kappa", |confusion| confusion.kappa(Weights::None)),
    ("kappa_linear", |confusion| confusion.kappa(Weights::Linear)),
    ("kappa_quadratic", |confusion| confusion.kappa(Weights::Quadratic)),
    ("pabak", Confusion::pabak),
    ("ac1", |confusion| Ok(confusion.gwet(Weights::None)?.value)),
    ("ac2_linear", |confusion| Ok(confusion.gwet(Weights::Linear)?.value)),
];

/// What is counted once, and weighted for each sample.
pub(super) struct Counts {
    grades: u8,
    all: CountsByPatient,
    majority: Option<CountsByPatient>,
    /// By grouping, by group.
    pub(super) groups: Vec<Vec<CountsByPatient>>,
}

impl Counts {
    pub(super) fn new(columns: &Columns, groupings: &[Grouping], patients: &Patients) -> Counts {
        let count = |graded: &Graded, patients: &Patients| {
            CountsByPatient::new(graded, patients).expect("one patient a pair")
        };
        let of_group =
            |places: Vec<usize>| count(&columns.graded_at(&places), &patients.keep(&places));
        let of_grouping = |grouping: &Grouping| {
            grouping.places(&columns.cases).into_iter().map(of_group).collect()
        };
        Counts {
            grades: columns.grades,
            all: count(&columns.graded(), patients),
            majority: columns.graded_by_majority().map(|majority| count(&majority, patients)),
            groups: groupings.iter().map(of_grouping).collect(),
        }
    }

    /// All figures in the order in which they are read again: the named ones,
    /// those of each cut-off, what MULTITUDE gained, those of each group.
    fn figures(&self, weights: &[u32]) -> Vec<Measured> {
        let confusion = self.all.weighted(weights);
        let mut all: Vec<Measured> = FIGURES.iter().map(|(_, figure)| figure(&confusion)).collect();
        for above in 0..self.grades.saturating_sub(1) {
            let figures: [Measured; FIGURES_A_CUT_OFF] = CutOff::figures(confusion.outcomes(above));
            all.extend(figures);
        }
        all.push(match &self.majority {
            Some(majority) => confusion
                .accuracy()
                .and_then(|ours| Ok(ours - majority.weighted(weights).accuracy()?)),
            None => Err(Undefined::NoCases),
        });
        for group in self.groups.iter().flatten() {
            all.extend(GroupFigures::figures(&group.weighted(weights)));
        }
        all
    }
}

/// Values and bootstraps, read in the order of [`Counts::figures`].
pub(super) struct Measurements {
    values: std::vec::IntoIter<Measured>,
    bootstraps: Option<std::vec::IntoIter<Result<Bootstrap, Undefined>>>,
}

/// A value, and its bootstrap where patients are known.
pub(super) type Next = (Measured, Option<Result<Bootstrap, Undefined>>);

impl Measurements {
    /// Every figure once with all patients, and once in each sample.
    pub(super) fn new(
        counts: &Counts,
        patients: &Patients,
        resamples: Option<&Resamples<impl Rng + Clone + Sync>>,
    ) -> Measurements {
        let values = counts.figures(&vec![1; patients.count()]);
        let bootstraps = resamples
            .map(|resamples| resamples.of_all(values.len(), |weights| counts.figures(weights)));
        Measurements { values: values.into_iter(), bootstraps: bootstraps.map(Vec::into_iter) }
    }

    pub(super) fn next(&mut self) -> Next {
        let value = self.values.next().unwrap_or(Err(Undefined::NoCases));
        (value, self.bootstraps.as_mut().and_then(Iterator::next))
    }

    pub(super) fn figure(&mut self) -> Figure {
        let (value, bootstrap) = self.next();
        Figure::resampled(value, bootstrap)
    }
}
