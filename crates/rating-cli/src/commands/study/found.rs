//! The answers of a study that is over, joined with what was kept from the readers.

use rating::manifest::Manifest;
use rating::study::{StudyAnswer, StudyCase, StudyProtocol};
use rating::{Origin, Problem};
use rating_web::studies::{CaseOf, Submitted};

/// A study as its analysis needs it.
pub struct Found {
    /// Cases that were not withdrawn.
    pub cases: Vec<StudyCase>,
    /// Answers about them.
    pub answers: Vec<StudyAnswer>,
    /// The most doubtful origin of cases and answers.
    pub origin: Origin,
    /// What a reader of the report must know.
    pub warnings: Vec<String>,
}

/// Joins answers with the reference grades of a manifest.
///
/// # Errors
/// Cases that the manifest does not have.
pub fn join(
    study: &StudyProtocol,
    cases: &[CaseOf],
    submitted: &[Submitted],
    truth: &Manifest,
) -> Result<Found, Vec<Problem>> {
    let mut known = Vec::new();
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
    let nobody = truth.rows.iter().filter(|row| row.patient_id.is_none()).count();
    if nobody > 0 {
        warnings.push(
            "Where no patient is known, each pair counts as one: intervals are too narrow."
                .to_owned(),
        );
    }
    let answers =
        submitted.iter().filter(|one| !one.is_withdrawn).map(|one| answer(study, cases, one));
    let answers = answers.collect();
    let stays = cases.iter().zip(known).filter(|(case, _)| case.withdrawn.is_none());
    Ok(Found { cases: stays.map(|(_, known)| known).collect(), answers, origin, warnings })
}

fn answer(study: &StudyProtocol, cases: &[CaseOf], one: &Submitted) -> StudyAnswer {
    StudyAnswer {
        reader: study.readers[one.reader].name.clone(),
        case: cases[one.case].name.clone(),
        arm: study.arms[one.arm].name.clone(),
        before: one.own.clone(),
        grades: Some(one.grades.clone()),
        shown: one.shown_grades.clone(),
        altered: one.is_altered,
        repeat: one.is_repeat,
        position: u32::try_from(one.position + 1).unwrap_or(u32::MAX),
        seconds: Some(one.active as f64 / 1000.0),
    }
}
