//! The answers of a study that is over, joined with what was kept from the readers.

use std::collections::BTreeSet;

use rating::manifest::Manifest;
use rating::study::extent::ReadAt;
use rating::study::{StudyAnswer, StudyCase, StudyProtocol};
use rating::{Origin, Problem, Protocol};
use rating_web::studies::{CaseOf, Submitted};

/// A study as its analysis needs it.
pub struct Found {
    /// Cases that were not withdrawn.
    pub cases: Vec<StudyCase>,
    /// Answers about them.
    pub answers: Vec<StudyAnswer>,
    /// How many cases were planned.
    pub planned_cases: usize,
    /// Positions of those that were withdrawn.
    pub withdrawn_cases: BTreeSet<usize>,
    /// When each reading was made, also of cases that were withdrawn.
    pub read_at: Vec<ReadAt>,
    /// The most doubtful origin of cases and answers.
    pub origin: Origin,
    /// What a reader of the report must know.
    pub warnings: Vec<String>,
}

/// Joins answers with the reference grades of a manifest.
///
/// # Errors
/// Cases that the manifest does not have; reference grades that exclude one another,
/// of a case that was not withdrawn; not one case with a reference grade.
pub fn join(
    protocol: &Protocol,
    study: &StudyProtocol,
    cases: &[CaseOf],
    submitted: &[Submitted],
    truth: &Manifest,
) -> Result<Found, Vec<Problem>> {
    let mut known = Vec::new();
    let mut without_patient = 0;
    let mut origin = Origin::Clinical;
    let mut problems = Vec::new();
    for case in cases {
        let row = truth.rows.iter().find(|row| row.pair_id == case.name);
        let Some(row) = row else {
            let what = format!("pair {:?} of the study is not in the manifest", case.name);
            problems
                .push(Problem::new(what).hint("give the manifest that the study was opened with"));
            continue;
        };
        // A case may have been withdrawn for its reference grades.
        if case.withdrawn.is_none() && row.is_invalid(protocol) {
            let measurement = &protocol.measurements()[0].name;
            let what = format!("the reference grades of pair {:?} exclude one another", case.name);
            problems.push(row.problem(measurement, what).hint("mend the manifest"));
        }
        without_patient += usize::from(row.patient_id.is_none() && case.withdrawn.is_none());
        origin = origin.with(row.origin).with(case.origin.unwrap_or(Origin::Clinical));
        known.push(StudyCase {
            case: case.name.clone(),
            patient: row.patient_id.clone().unwrap_or_else(|| row.pair_id.clone()),
            truth: row.grades.clone(),
            system: case.system.clone(),
        });
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut warnings = Vec::new();
    if without_patient > 0 {
        warnings.push(
            "Where no patient is known, each pair counts as one: intervals are too narrow."
                .to_owned(),
        );
    }
    let stays = cases.iter().zip(known).filter(|(case, _)| case.withdrawn.is_none());
    let known: Vec<StudyCase> = stays.map(|(_, known)| known).collect();
    warnings.extend(without_truth(protocol, &known)?);
    warnings.extend(not_graded(submitted));
    let answers =
        submitted.iter().filter(|one| !one.is_withdrawn).map(|one| answer(study, cases, one));
    let withdrawn = cases.iter().enumerate().filter(|(_, case)| case.withdrawn.is_some());
    Ok(Found {
        answers: answers.collect(),
        cases: known,
        planned_cases: cases.len(),
        withdrawn_cases: withdrawn.map(|(position, _)| position).collect(),
        read_at: submitted.iter().map(read_at).collect(),
        origin,
        warnings,
    })
}

fn read_at(one: &Submitted) -> ReadAt {
    ReadAt {
        reader: one.reader,
        session: one.session,
        position: one.position,
        begun: one.opened.millis(),
        submitted: one.submitted.millis(),
    }
}

/// How many cases cannot be judged, for each measurement.
fn without_truth(protocol: &Protocol, cases: &[StudyCase]) -> Result<Vec<String>, Vec<Problem>> {
    let all = cases.len();
    let blank = |at: usize| cases.iter().filter(|case| case.truth[at].is_none()).count();
    let measurements = protocol.measurements().iter().enumerate();
    let blanks: Vec<(&str, usize)> =
        measurements.map(|(at, measurement)| (measurement.name.as_str(), blank(at))).collect();
    if all > 0 && blanks.iter().all(|&(_, count)| count == all) {
        let problem = Problem::new("no case of the study has a reference grade");
        return Err(vec![problem.hint("give a manifest whose grades are filled in")]);
    }
    let told = blanks.iter().filter(|(_, count)| *count > 0);
    let sentence = |(name, count): &(&str, usize)| {
        let name = name.replace('_', " ");
        format!(
            "{count} of {all} cases have no reference grade of {name}: they are left out where it is judged."
        )
    };
    Ok(told.map(sentence).collect())
}

/// What it means that readers could not grade.
fn not_graded(submitted: &[Submitted]) -> Option<String> {
    let counted = || submitted.iter().filter(|one| !one.is_withdrawn);
    let count = counted().filter(|one| one.grades.is_none()).count();
    (count > 0).then(|| {
        let all = counted().count();
        format!(
            "In {count} of {all} readings the case could not be graded: such a case is left out of this reader's figures in every arm, \
             which flatters a reader who leaves out the hard ones. The reasons stand in answers.csv."
        )
    })
}

fn answer(study: &StudyProtocol, cases: &[CaseOf], one: &Submitted) -> StudyAnswer {
    StudyAnswer {
        reader: study.readers[one.reader].name.clone(),
        case: cases[one.case].name.clone(),
        arm: study.arms[one.arm].name.clone(),
        session: u32::try_from(one.session + 1).ok(),
        before: one.own.clone(),
        grades: one.grades.clone(),
        cannot: one.cannot.map(|reason| reason.word().to_owned()),
        shown: one.shown_grades.clone(),
        altered: one.is_altered,
        repeat: one.is_repeat,
        position: u32::try_from(one.position + 1).unwrap_or(u32::MAX),
        seconds: Some(one.active as f64 / 1000.0),
        submitted: Some(one.submitted.millis()),
    }
}
