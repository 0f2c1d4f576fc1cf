//! The figures of whole patients: their sums of combined grades (GLOESS).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use serde::Serialize;

use super::Case;
use super::figure::NO_PATIENTS;
use super::spread::Spread;
use crate::manifest::Side;
use crate::stats::gloess::{Examination, Gloess, Joint, gloess};
use crate::stats::icc::{Form, Icc, icc};
use crate::stats::wilcoxon::Wilcoxon;
use crate::stats::{BlandAltman, SignedRanks};
use crate::{Problem, Protocol};

/// Predicted against reference sums, one of each for every patient and visit.
/// Joints without a reference grade, and conflicts, for which people are shown
/// no grade, are in neither sum.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PatientLevel {
    /// Patients with a sum.
    pub patients: usize,
    /// Examinations with a sum: a patient counts once for each visit.
    pub n: usize,
    /// Joints that are in no sum.
    pub joints_left_out: usize,
    /// Joints added up, over examinations.
    pub joints: Option<Spread>,
    /// Sums of reference grades.
    pub reference: Option<Spread>,
    /// Sums of predicted grades.
    pub predicted: Option<Spread>,
    /// Predicted minus reference: mean and limits of agreement.
    pub bland_altman: Option<BlandAltman>,
    /// ICC(2,1): absolute agreement, one rating.
    pub icc_2_1: Option<Icc>,
    /// ICC(3,1): consistency, one rating.
    pub icc_3_1: Option<Icc>,
    /// Whether predicted sums are shifted: Wilcoxon's signed rank test.
    pub wilcoxon: Option<Wilcoxon>,
    /// How many examinations have each two sums.
    pub sums: Vec<SumCount>,
    /// Why a figure above is `null`, or only its interval; `gloess` where there are no sums at all.
    pub undefined: BTreeMap<&'static str, String>,
    /// Each examination; not in the JSON.
    #[serde(skip)]
    pub examinations: Vec<ExaminationSums>,
}

/// Examinations with the same two sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SumCount {
    /// Sum of reference grades.
    pub reference: u32,
    /// Sum of predicted grades.
    pub predicted: u32,
    /// How many examinations.
    pub n: usize,
}

/// The sums of one patient at one visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExaminationSums {
    /// The patient.
    pub patient: String,
    /// The visit, where the manifest names it.
    pub visit: Option<String>,
    /// Reference and predicted sum; `None` where no joint has both grades.
    pub sums: Option<[u32; 2]>,
    /// Joints added up.
    pub joints: Vec<String>,
    /// Joints that are in neither sum.
    pub left_out: Vec<String>,
}

const NO_ICC_INTERVAL: &str =
    "the two differ nowhere, or by the same everywhere, or too few patients for the approximation";

/// `None` where the protocol has no combined grade.
pub(super) fn figures(protocol: &Protocol, cases: &[Case<'_>]) -> Option<PatientLevel> {
    protocol.combined_grades()?;
    let names = joint_names(cases);
    let joints: Result<Vec<Joint<'_>>, Problem> =
        cases.iter().map(|case| joint(protocol, case, &names)).collect();
    let sums = joints.and_then(gloess);
    Some(match &sums {
        Ok(sums) => of_sums(sums),
        Err(problem) => {
            let undefined = BTreeMap::from([("gloess", problem.what.clone())]);
            PatientLevel { undefined, ..PatientLevel::default() }
        }
    })
}

type JointNames<'a> = BTreeMap<(&'a str, Option<Side>), String>;

/// The few names that all joints have.
fn joint_names<'a>(cases: &[Case<'a>]) -> JointNames<'a> {
    let of_case = |case: &Case<'a>| Some((case.row.unit.as_deref()?, case.row.side));
    let distinct: BTreeSet<(&str, Option<Side>)> = cases.iter().filter_map(of_case).collect();
    let name = |(unit, side): (&'a str, Option<Side>)| match side {
        Some(side) => ((unit, Some(side)), format!("{unit} {}", side.word())),
        None => ((unit, None), unit.to_owned()),
    };
    distinct.into_iter().map(name).collect()
}

fn joint<'a>(
    protocol: &Protocol,
    case: &Case<'a>,
    names: &'a JointNames<'_>,
) -> Result<Joint<'a>, Problem> {
    let row = case.row;
    let unit = row.unit.as_deref().ok_or_else(|| Problem::new("joints are not named"))?;
    Ok(Joint {
        patient: row.patient_id.as_deref().ok_or_else(|| Problem::new(NO_PATIENTS))?,
        visit: row.visit.as_deref(),
        joint: names.get(&(unit, row.side)).map_or(unit, String::as_str),
        reference: row.all_grades().and_then(|grades| protocol.combined(&grades)),
        predicted: protocol.combined(case.score.grades()).filter(|_| !case.score.is_conflict()),
    })
}

fn of_sums(sums: &BTreeMap<Examination<'_>, Gloess<'_>>) -> PatientLevel {
    let added: Vec<(&str, [f64; 2], usize)> = sums
        .iter()
        .filter_map(|((patient, _), of)| {
            let sums = of.sums?;
            Some((
                *patient,
                [f64::from(sums.reference), f64::from(sums.predicted)],
                of.joints.len(),
            ))
        })
        .collect();
    let side = |side: usize| -> Vec<f64> { added.iter().map(|one| one.1[side]).collect() };
    let (reference, predicted) = (side(0), side(1));
    let differences: Vec<f64> = added.iter().map(|(_, [a, b], _)| b - a).collect();
    let ratings: Vec<Vec<f64>> = added.iter().map(|one| one.1.to_vec()).collect();
    let mut undefined = BTreeMap::new();
    let wilcoxon = SignedRanks::new(&predicted, &reference);
    let bland_altman = keep(&mut undefined, "bland_altman", BlandAltman::of(&differences));
    if bland_altman.is_some_and(|limits| limits.mean_interval.is_none()) {
        undefined.insert("bland_altman", "all differences are alike".to_owned());
    }
    let mut icc = |name, form| {
        let found = keep(&mut undefined, name, icc(&ratings, form));
        if found.is_some_and(|found| found.interval.is_none()) {
            undefined.insert(name, NO_ICC_INTERVAL.to_owned());
        }
        found
    };
    let (icc_2_1, icc_3_1) = (icc("icc_2_1", Form::Agreement), icc("icc_3_1", Form::Consistency));
    PatientLevel {
        patients: added.iter().map(|one| one.0).collect::<BTreeSet<_>>().len(),
        n: added.len(),
        joints_left_out: sums.values().map(|of| of.left_out.len()).sum(),
        joints: Spread::of(added.iter().map(|one| one.2 as f64).collect()),
        bland_altman,
        icc_2_1,
        icc_3_1,
        wilcoxon: wilcoxon.ok().and_then(|ranks| keep(&mut undefined, "wilcoxon", ranks.test())),
        reference: Spread::of(reference),
        predicted: Spread::of(predicted),
        sums: counted(sums),
        undefined,
        examinations: sums.iter().map(examination).collect(),
    }
}

fn keep<T>(
    undefined: &mut BTreeMap<&'static str, String>,
    name: &'static str,
    figure: Result<T, impl Display>,
) -> Option<T> {
    figure.map_err(|reason| undefined.insert(name, reason.to_string())).ok()
}

fn counted(sums: &BTreeMap<Examination<'_>, Gloess<'_>>) -> Vec<SumCount> {
    let mut counts: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    for sums in sums.values().filter_map(|of| of.sums) {
        *counts.entry((sums.reference, sums.predicted)).or_default() += 1;
    }
    let count = |((reference, predicted), n)| SumCount { reference, predicted, n };
    counts.into_iter().map(count).collect()
}

fn examination(((patient, visit), of): (&Examination<'_>, &Gloess<'_>)) -> ExaminationSums {
    let owned = |names: &BTreeSet<&str>| names.iter().map(|&name| name.to_owned()).collect();
    ExaminationSums {
        patient: (*patient).to_owned(),
        visit: visit.map(str::to_owned),
        sums: of.sums.map(|sums| [sums.reference, sums.predicted]),
        joints: owned(&of.joints),
        left_out: owned(&of.left_out),
    }
}
