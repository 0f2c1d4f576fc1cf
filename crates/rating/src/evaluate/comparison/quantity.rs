//! One measurement or binary task, as every file answers it.

use super::gather::Gathered;
use super::paired_tests::{PairedTest, delong, mcnemar, wilcoxon};
use crate::scores::Score;
use crate::stats::ranked::Ranked;
use crate::stats::weighted::CountsByPatient;
use crate::stats::{Confusion, Graded, Measured, Patients, Scored, Undefined, Weights};
use crate::{Grade, Problem, Protocol};

/// What is asked about each pair.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked<'a> {
    /// The grade of a measurement, by its position; the combined grade without one.
    Grade { name: &'a str, measurement: Option<usize>, grades: u8 },
    /// Whether the grade is greater than this.
    Task { name: &'a str, measurement: usize, above: Grade },
}

type OfConfusion = (&'static str, fn(&Confusion) -> Measured);

const OF_GRADES: [OfConfusion; 4] = [
    ("accuracy", Confusion::accuracy),
    ("close_agreement", Confusion::close_agreement),
    ("kappa_linear", |confusion| confusion.kappa(Weights::Linear)),
    ("absolute_error", Confusion::absolute_error),
];

impl<'a> Asked<'a> {
    /// Measurements in the protocol's order, the combined grade, then all tasks.
    pub(super) fn all(protocol: &'a Protocol) -> Vec<Asked<'a>> {
        let measurements = protocol.measurements().iter().enumerate();
        let mut all: Vec<Asked<'a>> = measurements
            .clone()
            .map(|(position, known)| Asked::Grade {
                name: &known.name,
                measurement: Some(position),
                grades: known.grades,
            })
            .collect();
        all.extend(protocol.combined_grades().map(|grades| Asked::Grade {
            name: "combined",
            measurement: None,
            grades,
        }));
        all.extend(measurements.flat_map(|(measurement, known)| {
            (0..known.tasks()).map(move |above| Asked::Task {
                name: &known.name,
                measurement,
                above,
            })
        }));
        all
    }

    /// The reference grade that is asked about, `None` where it is missing.
    fn reference(self, protocol: &Protocol, all: &[Option<Grade>]) -> Option<Grade> {
        match self {
            Asked::Grade { measurement: Some(at), .. } | Asked::Task { measurement: at, .. } => {
                all.get(at).copied().flatten()
            }
            Asked::Grade { measurement: None, .. } => {
                let known: Option<Vec<Grade>> = all.iter().copied().collect();
                protocol.combined(&known?)
            }
        }
    }

    /// The grade that is asked about, of those given.
    fn given(self, protocol: &Protocol, all: &[Grade]) -> Option<Grade> {
        match self {
            Asked::Grade { measurement: Some(at), .. } | Asked::Task { measurement: at, .. } => {
                all.get(at).copied()
            }
            Asked::Grade { measurement: None, .. } => protocol.combined(all),
        }
    }
}

/// The answers of every file, in the form that figures and tests are asked of.
pub(super) struct Judged<'a> {
    pub(super) asked: Asked<'a>,
    /// Pairs without a reference grade.
    pub(super) missing: usize,
    answers: Answers,
}

enum Answers {
    Grades(Vec<(Graded, CountsByPatient)>),
    /// `None` where a file lacks the mean probability of a pair.
    Scores {
        truth: Vec<bool>,
        files: Vec<Option<(Scored, Ranked)>>,
    },
}

impl<'a> Judged<'a> {
    pub(super) fn new(
        asked: Asked<'a>,
        protocol: &Protocol,
        cases: &Gathered<'_>,
        patients: &Patients,
    ) -> Result<Judged<'a>, Problem> {
        let reference =
            |place: &usize| Some((*place, asked.reference(protocol, &cases.rows[*place].grades)?));
        let known: Vec<(usize, Grade)> =
            (0..cases.rows.len()).filter_map(|place| reference(&place)).collect();
        let places: Vec<usize> = known.iter().map(|case| case.0).collect();
        let truth: Vec<Grade> = known.iter().map(|case| case.1).collect();
        let patients = patients.keep(&places);
        let answers = match asked {
            Asked::Grade { grades, .. } => {
                let of_file = |scores: &Vec<Score<'_>>| {
                    let given = |place: &usize| asked.given(protocol, scores[*place].grades());
                    let given: Option<Vec<Grade>> = places.iter().map(given).collect();
                    let given = given.ok_or_else(|| Problem::new("a score lacks a grade"))?;
                    let graded = Graded::new(grades, &truth, &given)?;
                    let counts = CountsByPatient::new(&graded, &patients)?;
                    Ok((graded, counts))
                };
                let files: Result<_, Problem> = cases.scores.iter().map(of_file).collect();
                Answers::Grades(files?)
            }
            Asked::Task { measurement, above, .. } => {
                let truth: Vec<bool> = truth.iter().map(|&grade| grade > above).collect();
                let of_file = |scores: &Vec<Score<'_>>| {
                    let mean = |place: &usize| scores[*place].mean(measurement, above);
                    let means: Option<Vec<f64>> = places.iter().map(mean).collect();
                    let Some(means) = means else { return Ok(None) };
                    let scored = Scored::new(&truth, &means)?;
                    let ranked = Ranked::new(&scored, &patients)?;
                    Ok(Some((scored, ranked)))
                };
                let files: Result<_, Problem> = cases.scores.iter().map(of_file).collect();
                Answers::Scores { files: files?, truth }
            }
        };
        Ok(Judged { asked, missing: cases.rows.len() - places.len(), answers })
    }

    /// Pairs with a reference grade.
    pub(super) fn cases(&self) -> usize {
        match &self.answers {
            Answers::Grades(files) => files.first().map_or(0, |file| file.0.cases()),
            Answers::Scores { truth, .. } => truth.len(),
        }
    }

    /// Pairs of the positive class, for a task.
    pub(super) fn positives(&self) -> Option<usize> {
        match &self.answers {
            Answers::Grades(_) => None,
            Answers::Scores { truth, .. } => Some(truth.iter().filter(|&&class| class).count()),
        }
    }

    /// Names of the figures, in the order of [`Judged::figures`].
    pub(super) fn names(&self) -> Vec<&'static str> {
        match self.answers {
            Answers::Grades(_) => OF_GRADES.map(|(name, _)| name).to_vec(),
            Answers::Scores { .. } => vec!["auc"],
        }
    }

    /// The figures of a file in which each patient counts so many times.
    pub(super) fn figures(&self, file: usize, weights: &[u32]) -> Vec<Measured> {
        match &self.answers {
            Answers::Grades(files) => {
                let confusion = files[file].1.weighted(weights);
                OF_GRADES.map(|(_, figure)| figure(&confusion)).to_vec()
            }
            Answers::Scores { files, .. } => {
                let missing = Err(Undefined::ProbabilitiesMissing);
                vec![files[file].as_ref().map_or(missing, |of_file| of_file.1.auc(weights))]
            }
        }
    }

    /// The test of a figure of a file against the first file, where it has one.
    pub(super) fn test(&self, figure: &str, other: usize) -> Result<Option<PairedTest>, Problem> {
        match (&self.answers, figure) {
            (Answers::Grades(files), "accuracy") => Ok(Some(mcnemar(&files[0].0, &files[other].0))),
            (Answers::Grades(files), "absolute_error") => {
                wilcoxon(&files[0].0, &files[other].0).map(Some)
            }
            (Answers::Scores { files, .. }, _) => {
                let scored = |file: usize| files[file].as_ref().map(|of_file| &of_file.0);
                delong(scored(0), scored(other)).map(Some)
            }
            (Answers::Grades(_), _) => Ok(None),
        }
    }
}
