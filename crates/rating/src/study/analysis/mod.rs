//! What a reader study found, from its answers and its plan.
//!
//! | module | holds |
//! |---|---|
//! | [`figures`] | figures of each reader, their mean and the system, by arm |
//! | [`comparison`] | one arm against another: differences, tests, multi-reader analysis; of two groups of readers Welch's t |
//! | [`period`] | crossovers: does the second session differ from the first, and the order from the other? |
//! | [`agreement`], [`repeats`] | do readers agree with each other, and with themselves? |
//! | [`changes`] | what an answer changed, and for the better or the worse |
//! | [`automation`] | how far readers follow wrong answers |
//! | [`sessions`] | time, learning and fatigue |
//!
//! Everything is asked of each measurement and of the combined grade. Intervals are
//! 95 %: patients are resampled with all of their cases, the readers kept; the
//! multi-reader analysis also takes readers as a sample. Where no reader read both arms
//! (a parallel study) the readers are the unit instead: [`comparison`]. Repeats count only for the
//! agreement of readers with themselves. **Readings with an answer altered on purpose
//! count only for [`automation`] and time**, case by case and reader by reader; what could
//! not be graded counts nowhere, and how often is told.

pub mod agreement;
pub mod automation;
pub mod changes;
pub mod comparison;
pub mod figures;
pub mod period;
mod question;
pub mod repeats;
pub mod sessions;
pub mod system;
mod table;

use rand::Rng;
use serde::Serialize;

use super::{Reader, StudyAnswer, StudyCase, StudyProtocol};
use crate::stats::two_groups::Contrast;
use crate::stats::{Measured, Merit, MultiReader, Resamples, Undefined};
use crate::{Problem, Protocol};

pub use question::Question;
use table::Table;

/// The answers of a study.
#[derive(Debug, Clone, Copy)]
pub struct Study<'a> {
    /// What is graded.
    pub protocol: &'a Protocol,
    /// Names of the arms, in the order to be shown.
    pub arms: &'a [String],
    /// The readers, in the order to be shown.
    pub readers: &'a [Reader],
    /// All cases, those nobody read yet too.
    pub cases: &'a [StudyCase],
    /// All answers, in any order.
    pub answers: &'a [StudyAnswer],
}

/// What is computed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// What is judged first: a measurement's name, or `combined`.
    pub measurement: String,
    /// By which figure.
    pub merit: Merit,
    /// The arm that is hoped to be better.
    pub arm: String,
    /// The arm that this and all other arms are compared with.
    pub against: String,
    /// The arm that shows nothing, where there is one: what readers do alone.
    pub unaided: Option<String>,
    /// Bootstrap samples of patients.
    pub samples: usize,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StudyAnalysis {
    /// What was asked.
    pub plan: Plan,
    /// Cases of the study.
    pub cases: usize,
    /// Their patients.
    pub patients: usize,
    /// By arm, in order: first readings, and what became of them.
    pub readings: Vec<ReadingCounts>,
    /// Each measurement in the protocol's order, then the combined grade.
    pub questions: Vec<QuestionAnalysis>,
    /// Time of each arm, and against the plan's.
    pub time: sessions::Time,
    /// Learning and fatigue, by arm: seconds.
    pub pace: Vec<sessions::Drift>,
}

/// Readings of one arm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReadingCounts {
    /// The arm.
    pub arm: String,
    /// First readings.
    pub read: usize,
    /// Of those, cases the reader could not grade.
    pub not_graded: usize,
    /// Of those, readings with an answer altered on purpose.
    pub altered: usize,
    /// Second readings in the same session.
    pub repeats: usize,
}

/// What was found about one measurement, or the combined grade.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuestionAnalysis {
    /// The measurement's name, or `combined`.
    pub name: String,
    /// How many grades it has.
    pub grades: u8,
    /// Figures by arm, in the order of arms.
    pub arms: Vec<figures::ArmFigures>,
    /// The system on all cases with a reference grade, where it gave grades.
    pub system: Option<figures::RaterFigures>,
    /// Every other arm against the plan's.
    pub comparisons: Vec<comparison::Comparison>,
    /// The system against each reader, by arm.
    pub system_tests: Vec<system::SystemTests>,
    /// Agreement of readers with each other.
    pub between_readers: agreement::BetweenReaders,
    /// Agreement of readers with themselves, by arm.
    pub within_readers: Vec<repeats::WithinReaders>,
    /// What an answer changed, by arm that asks for the own grades first.
    pub changes: Vec<changes::ArmChanges>,
    /// Wrong answers followed, by arm that shows answers.
    pub automation: Vec<automation::Automation>,
    /// Learning and fatigue, by arm: share of right grades.
    pub drift: Vec<sessions::Drift>,
}

impl Plan {
    /// The plan of a study's protocol; `None` in a study of one arm.
    #[must_use]
    pub fn of(study: &StudyProtocol) -> Option<Plan> {
        let (arm, against) = study.compared()?;
        Some(Plan {
            measurement: study.analysis.measurement.clone(),
            merit: study.analysis.figure,
            arm: study.arms[arm].name.clone(),
            against: study.arms[against].name.clone(),
            unaided: study.unaided(against).map(|arm| study.arms[arm].name.clone()),
            samples: study.analysis.samples,
        })
    }
}

/// The test that the plan's comparison rests on.
#[derive(Debug, Clone, PartialEq)]
pub enum Primary {
    /// Readers read both arms: the multi-reader analysis, `arm` as modality 0 and
    /// `against` as modality 1.
    SameReaders(MultiReader),
    /// No reader read both: Welch's t of the readers' figures.
    OtherReaders(Contrast),
}

/// The one comparison that the plan asks for first, by the plan's figure. Fast: nothing
/// is resampled.
///
/// # Errors
/// Names that are not in the study, answers that contradict one another, grades
/// out of range; inside, why there is no such analysis.
pub fn primary(study: Study<'_>, plan: &Plan) -> Result<Result<Primary, Undefined>, Problem> {
    planned(study, plan, |pairs| {
        if pairs.groups().is_some() {
            let found = pairs.welch(&[plan.merit]).pop().unwrap_or(Err(Undefined::NoCases));
            return found.map(Primary::OtherReaders);
        }
        let found = pairs.multi_reader(&[plan.merit]).pop().unwrap_or(Err(Undefined::NoCases));
        found.map(Primary::SameReaders)
    })
}

/// The plan's difference alone: mean over the readers of both arms; in a parallel study
/// the difference of the means of two groups of readers.
///
/// # Errors
/// As [`primary`].
pub fn difference(study: Study<'_>, plan: &Plan) -> Result<Measured, Problem> {
    planned(study, plan, |pairs| pairs.difference(plan.merit))
}

fn planned<T>(
    study: Study<'_>,
    plan: &Plan,
    ask: impl FnOnce(&comparison::Pairs<'_>) -> T,
) -> Result<T, Problem> {
    let table = Table::new(study)?;
    let question = Question::named(study.protocol, &plan.measurement)?;
    let [arm, against] = plan.positions(&study)?;
    Ok(ask(&comparison::Pairs::new(&table, &table.grid(&question), arm, against)?))
}

/// Everything.
///
/// # Errors
/// As [`primary`].
pub fn analyse<R: Rng + Clone + Sync>(
    study: Study<'_>,
    plan: &Plan,
    rng: &mut R,
) -> Result<StudyAnalysis, Problem> {
    let table = Table::new(study)?;
    Question::named(study.protocol, &plan.measurement)?;
    let [_, against] = plan.positions(&study)?;
    let named = |name: &String| study.arms.iter().position(|arm| arm == name);
    let unaided = plan.unaided.as_ref().and_then(named);
    let resamples = Resamples::of_patients(table.patients.clone(), plan.samples, rng);
    let by_case = Resamples::by_case(study.cases.len(), plan.samples, rng);
    let questions = Question::all(study.protocol);
    let questions: Result<Vec<QuestionAnalysis>, Problem> = questions
        .iter()
        .map(|question| {
            let grid = table.grid(question);
            let everything = figures::Everything::new(&table, &grid, plan, against)?;
            let (arms, system, comparisons) = everything.figures(&resamples, &by_case);
            Ok(QuestionAnalysis {
                name: question.name.clone(),
                grades: question.grades,
                arms,
                system,
                comparisons,
                system_tests: system::against_readers(&table, &grid),
                between_readers: agreement::between(&table, &grid, against, &resamples)?,
                within_readers: repeats::within(&table, question, &resamples)?,
                changes: changes::within_readings(&table, question, &resamples)?,
                automation: automation::automation(&table, question, unaided, &resamples)?,
                drift: sessions::correctness(&table, question),
            })
        })
        .collect();
    Ok(StudyAnalysis {
        plan: plan.clone(),
        cases: study.cases.len(),
        patients: table.patients.count(),
        readings: table.reading_counts(),
        questions: questions?,
        time: sessions::time(&table, against, &resamples)?,
        pace: sessions::pace(&table),
    })
}

impl Plan {
    /// The positions of both arms.
    fn positions(&self, study: &Study<'_>) -> Result<[usize; 2], Problem> {
        let place = |name: &str| {
            study.arms.iter().position(|arm| arm == name).ok_or_else(|| {
                Problem::new(format!("the study has no arm {name:?}"))
                    .hint(format!("its arms: {}", study.arms.join(", ")))
            })
        };
        let both = [place(&self.arm)?, place(&self.against)?];
        if both[0] == both[1] {
            return Err(Problem::new(format!("{:?} is compared with itself", self.arm)));
        }
        Ok(both)
    }
}
