//! The figures of one cohort: grades against reference grades.

use std::collections::BTreeMap;

use rand::Rng;

use super::{Case, Cohort, GradeFigures, MajorityFigures, interval, keep, resamples_of, tasks};
use crate::scores::{Method, decide_votes};
use crate::stats::weighted::CountsByPatient;
use crate::stats::{Confusion, Graded, Measured, Resamples, Weights};
use crate::{Grade, Protocol};

/// A figure of a confusion matrix, by the name it has in files.
type Figure = (&'static str, fn(&Confusion) -> Measured);

const FIGURES: [Figure; 5] = [
    ("accuracy", Confusion::accuracy),
    ("close_agreement", Confusion::close_agreement),
    ("kappa", |confusion| confusion.kappa(Weights::None)),
    ("kappa_linear", |confusion| confusion.kappa(Weights::Linear)),
    ("kappa_quadratic", |confusion| confusion.kappa(Weights::Quadratic)),
];

/// One pair's grades of one measurement.
struct Graduation<'a> {
    patient: Option<&'a str>,
    reference: Grade,
    predicted: Grade,
    majority: Option<Grade>,
    is_conflict: bool,
}

pub(super) fn figures(
    protocol: &Protocol,
    pairs: usize,
    cases: &[Case<'_>],
    samples: usize,
    rng: &mut (impl Rng + Clone),
) -> Cohort {
    let (invalid, valid): (Vec<Case<'_>>, Vec<Case<'_>>) =
        cases.iter().partition(|case| case.row.is_invalid(protocol));
    let majority: Vec<Option<Vec<Grade>>> =
        valid.iter().map(|case| majority_grades(protocol, case)).collect();

    let mut names: Vec<(&str, Option<usize>, u8)> = protocol
        .measurements()
        .iter()
        .enumerate()
        .map(|(position, measurement)| {
            (measurement.name.as_str(), Some(position), measurement.grades)
        })
        .collect();
    names.extend(protocol.combined_grades().map(|grades| ("combined", None, grades)));

    let mut measurements = BTreeMap::new();
    for (name, measurement, grades) in names {
        let grade = |all: &[Grade]| match measurement {
            Some(position) => all.get(position).copied(),
            None => protocol.combined(all),
        };
        let mut rows = Vec::new();
        for (case, majority) in valid.iter().zip(&majority) {
            let reference = match measurement {
                Some(position) => case.row.grades[position],
                None => case.row.all_grades().and_then(|all| protocol.combined(&all)),
            };
            let (Some(reference), Some(predicted)) =
                (reference, grade(&case.score.decision.grades))
            else {
                continue;
            };
            rows.push(Graduation {
                patient: case.row.patient_id.as_deref(),
                reference,
                predicted,
                majority: majority.as_deref().and_then(grade),
                is_conflict: case.score.decision.conflict,
            });
        }
        let figures = grade_figures(grades, &rows, valid.len() - rows.len(), samples, rng);
        measurements.insert(name.to_owned(), figures);
    }

    let resamples = resamples_of(&valid, samples, rng);
    let patients: Option<Vec<&str>> =
        cases.iter().map(|case| case.row.patient_id.as_deref()).collect();
    Cohort {
        pairs,
        patients: patients.map(|mut patients| {
            patients.sort_unstable();
            patients.dedup();
            patients.len()
        }),
        without_score: pairs - cases.len(),
        invalid_reference: invalid.len(),
        conflicts: cases.iter().filter(|case| case.score.decision.conflict).count(),
        measurements,
        tasks: tasks::figures(protocol, &valid, resamples.as_ref()),
    }
}

/// The grades that each measurement's own votes give.
fn majority_grades(protocol: &Protocol, case: &Case<'_>) -> Option<Vec<Grade>> {
    let votes = case.score.decision.all_votes()?;
    if votes.iter().any(Vec::is_empty) {
        return None;
    }
    decide_votes(protocol, votes, Method::Majority).ok().map(|decision| decision.grades)
}

fn grade_figures(
    grades: u8,
    rows: &[Graduation<'_>],
    missing: usize,
    samples: usize,
    rng: &mut (impl Rng + Clone),
) -> GradeFigures {
    let graded = graded(grades, rows, |row| Some(row.predicted));
    let patients: Option<Vec<&str>> = rows.iter().map(|row| row.patient).collect();
    let resamples = patients.map(|patients| Resamples::by_patient(&patients, samples, rng));

    let confusion = graded.confusion();
    let mut undefined = BTreeMap::new();
    let mut intervals = BTreeMap::new();
    if let Some(resamples) = &resamples {
        let counts = counts(&graded, resamples);
        let of_figures = resamples.of_each(|weights| {
            let confusion = counts.weighted(weights);
            FIGURES.map(|(_, figure)| figure(&confusion))
        });
        for ((name, _), bootstrap) in FIGURES.iter().zip(of_figures) {
            intervals.insert(*name, interval(bootstrap));
        }
    }
    let [accuracy, close_agreement, kappa, kappa_linear, kappa_quadratic] =
        FIGURES.map(|(name, figure)| keep(&mut undefined, name, figure(&confusion)));
    if resamples.is_none() {
        undefined.insert("intervals", "patients are unknown".to_owned());
    }
    let accuracy_without_conflicts = rows.iter().any(|row| row.is_conflict).then(|| {
        let clear: Vec<usize> = (0..rows.len()).filter(|&row| !rows[row].is_conflict).collect();
        keep(&mut undefined, "accuracy_without_conflicts", graded.confusion_of(&clear).accuracy())
    });
    GradeFigures {
        n: rows.len(),
        missing,
        accuracy,
        close_agreement,
        kappa,
        kappa_linear,
        kappa_quadratic,
        majority: majority_figures(grades, rows, &graded, resamples.as_ref()),
        confusion,
        intervals,
        accuracy_without_conflicts: accuracy_without_conflicts.flatten(),
        undefined,
    }
}

fn majority_figures(
    grades: u8,
    rows: &[Graduation<'_>],
    multitude: &Graded,
    resamples: Option<&Resamples<impl Rng + Clone>>,
) -> Option<MajorityFigures> {
    if rows.iter().any(|row| row.majority.is_none()) {
        return None;
    }
    let majority = graded(grades, rows, |row| row.majority);
    let (ours, theirs) = (multitude.confusion(), majority.confusion());
    let difference = resamples.map(|resamples| {
        let (ours, theirs) = (counts(multitude, resamples), counts(&majority, resamples));
        resamples.of_difference(
            |weights| ours.weighted(weights).accuracy(),
            |weights| theirs.weighted(weights).accuracy(),
        )
    });
    Some(MajorityFigures {
        accuracy: theirs.accuracy().ok(),
        kappa_linear: theirs.kappa(Weights::Linear).ok(),
        accuracy_gained: ours.accuracy().and_then(|ours| Ok(ours - theirs.accuracy()?)).ok(),
        accuracy_gained_interval: difference.and_then(interval),
    })
}

fn graded(
    grades: u8,
    rows: &[Graduation<'_>],
    predicted: impl Fn(&Graduation<'_>) -> Option<Grade>,
) -> Graded {
    let reference: Vec<Grade> = rows.iter().map(|row| row.reference).collect();
    let predicted: Vec<Grade> = rows.iter().filter_map(predicted).collect();
    Graded::new(grades, &reference, &predicted).expect("manifest and scores were checked when read")
}

fn counts<R: Rng + Clone>(graded: &Graded, resamples: &Resamples<R>) -> CountsByPatient {
    CountsByPatient::new(graded, resamples.patients()).expect("one patient a row")
}
