//! How a learner gets on, and where the weak spots are. Only the first answer to
//! a case counts: a case that comes back is partly remembered.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rating::protocol::Measurement;
use rating::stats::{Graded, Measured, Weights};
use rating::{Grade, Origin, Protocol};
use rusqlite::Connection;

use crate::clock::Moment;
use crate::pairs;
use crate::refusal::Refusal;

/// The first answer of a learner to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// Where the case's images come from.
    pub origin: Origin,
    /// The joint, where it is known.
    pub unit: Option<String>,
    /// The learner's grades.
    pub grades: Vec<Grade>,
    /// The grades that were told.
    pub truth: Vec<Grade>,
    /// Milliseconds of work.
    pub active: i64,
    /// When it was submitted.
    pub locked: Moment,
}

/// How a learner gets on.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// How many cases were answered.
    pub answers: usize,
    /// Where the images of these cases come from, the most doubtful of them; `None`
    /// without a case.
    pub origin: Option<Origin>,
    /// Every first answer, by measurement.
    pub overall: Vec<MeasuredWeek>,
    /// By weeks that have an answer.
    pub weeks: Vec<Week>,
    /// By measurement and true grade, worst first.
    pub grades: Vec<Spot>,
    /// By joint and measurement, worst first.
    pub joints: Vec<Spot>,
}

/// Seven days, counted from the learner's first answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Week {
    /// Which, from 1.
    pub number: i64,
    /// When it began.
    pub begins: Moment,
    /// First answers in it.
    pub answers: usize,
    /// Median time of work on an answer, in seconds.
    pub seconds: f64,
    /// One for each measurement of the protocol.
    pub measurements: Vec<MeasuredWeek>,
}

/// A learner's grades of one measurement against the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredWeek {
    /// The measurement.
    pub measurement: String,
    /// Share of right grades, 0 to 1.
    pub exact: Measured,
    /// Share of grades at most one off, 0 to 1.
    pub close: Measured,
    /// Kappa, linearly weighted.
    pub kappa: Measured,
}

/// Answers that have something in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// What, such as `grade 2 of vascularity`.
    pub what: String,
    /// How many answers.
    pub answers: usize,
    /// Share of right grades, 0 to 1.
    pub exact: f64,
    /// Mean of grade minus true grade.
    pub error: f64,
    /// What follows, as a sentence without a full stop.
    pub sentence: String,
}

/// Fewer answers than this tell nothing.
pub const TOO_FEW: usize = 5;
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Somebody who has answered a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learner {
    /// Number of the account.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Answers to cases that came back.
    pub repeats: i64,
    /// When the last answer was submitted.
    pub last: Moment,
}

/// Everybody who has answered a case, by name.
///
/// # Errors
/// A database that cannot be read.
pub fn learners(db: &Connection) -> Result<Vec<Learner>, Refusal> {
    let sql = "SELECT people.id, name, sum(attempt > 1), max(locked)
        FROM teaching_answers JOIN people ON people.id = person
        WHERE locked IS NOT NULL GROUP BY people.id ORDER BY name";
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_map([], |row| {
        Ok(Learner { id: row.get(0)?, name: row.get(1)?, repeats: row.get(2)?, last: row.get(3)? })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// A person's first answers to cases, in the order they were submitted.
///
/// # Errors
/// A database that cannot be read.
pub fn first_answers(
    db: &Connection,
    protocol: &Protocol,
    person: i64,
) -> Result<Vec<First>, Refusal> {
    let sql = "SELECT row, grades, truth, active, locked
        FROM teaching_answers JOIN pairs ON pairs.id = pair
        WHERE person = ?1 AND attempt = 1 AND locked IS NOT NULL
        ORDER BY locked, teaching_answers.id";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([person])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let case = pairs::row_of(&row.get::<_, String>(0)?, protocol)?;
        found.push(First {
            origin: case.origin,
            unit: case.unit,
            grades: serde_json::from_str(&row.get::<_, String>(1)?)?,
            truth: serde_json::from_str(&row.get::<_, String>(2)?)?,
            active: row.get(3)?,
            locked: row.get(4)?,
        });
    }
    Ok(found)
}

/// How the learner of these answers gets on.
///
/// # Errors
/// Grades that are none of the protocol's.
pub fn progress(protocol: &Protocol, first: &[First]) -> Result<Progress, Refusal> {
    let all: Vec<&First> = first.iter().collect();
    let begun = first.iter().map(|one| one.locked.millis()).min().unwrap_or_default();
    let mut by_week: BTreeMap<i64, Vec<&First>> = BTreeMap::new();
    for one in first {
        by_week.entry((one.locked.millis() - begun) / WEEK_MS).or_default().push(one);
    }
    let week = |(number, answers): (i64, Vec<&First>)| -> Result<Week, Refusal> {
        Ok(Week {
            number: number + 1,
            begins: Moment::at(begun + number * WEEK_MS),
            answers: answers.len(),
            seconds: median_seconds(&answers),
            measurements: measured(protocol, &answers)?,
        })
    };
    Ok(Progress {
        answers: first.len(),
        origin: first.iter().map(|one| one.origin).max(),
        overall: measured(protocol, &all)?,
        weeks: by_week.into_iter().map(week).collect::<Result<_, _>>()?,
        grades: by_grade(protocol, first),
        joints: by_joint(protocol, first),
    })
}

fn measured(protocol: &Protocol, answers: &[&First]) -> Result<Vec<MeasuredWeek>, Refusal> {
    let on = |(at, measurement): (usize, &Measurement)| {
        let of = |grades: fn(&First) -> &Vec<Grade>| -> Vec<Grade> {
            answers.iter().filter_map(|one| grades(one).get(at).copied()).collect()
        };
        let (truth, own) = (of(|one| &one.truth), of(|one| &one.grades));
        let graded = Graded::new(measurement.grades, &truth, &own).map_err(Refusal::broken)?;
        let confusion = graded.confusion();
        Ok(MeasuredWeek {
            measurement: measurement.name.clone(),
            exact: confusion.accuracy(),
            close: confusion.close_agreement(),
            kappa: confusion.kappa(Weights::Linear),
        })
    };
    protocol.measurements().iter().enumerate().map(on).collect()
}

/// Of an even number of answers, the mean of the two in the middle.
fn median_seconds(answers: &[&First]) -> f64 {
    let mut times: Vec<i64> = answers.iter().map(|one| one.active).collect();
    times.sort_unstable();
    let middle = times.len() / 2;
    let upper = times.get(middle).copied().unwrap_or_default();
    let lower = if times.len().is_multiple_of(2) {
        times.get(middle.wrapping_sub(1)).copied().unwrap_or_default()
    } else {
        upper
    };
    (lower + upper) as f64 / 2000.0
}

/// A true grade and the learner's.
type Grading = (Grade, Grade);

fn gradings(answer: &First, measurement: usize) -> Option<Grading> {
    Some((*answer.truth.get(measurement)?, *answer.grades.get(measurement)?))
}

fn by_grade(protocol: &Protocol, first: &[First]) -> Vec<Spot> {
    let mut found: BTreeMap<(usize, Grade), Vec<Grading>> = BTreeMap::new();
    for answer in first {
        for at in 0..protocol.measurements().len() {
            if let Some(grading) = gradings(answer, at) {
                found.entry((at, grading.0)).or_default().push(grading);
            }
        }
    }
    let name = |at: usize| protocol.measurements()[at].name.replace('_', " ");
    worst_first(
        found.into_iter().map(|((at, grade), gradings)| {
            spot(format!("grade {grade} of {}", name(at)), &gradings)
        }),
    )
}

fn by_joint(protocol: &Protocol, first: &[First]) -> Vec<Spot> {
    let mut found: BTreeMap<(String, usize), Vec<Grading>> = BTreeMap::new();
    for answer in first {
        let Some(unit) = &answer.unit else { continue };
        for at in 0..protocol.measurements().len() {
            if let Some(grading) = gradings(answer, at) {
                found.entry((unit.clone(), at)).or_default().push(grading);
            }
        }
    }
    let name = |at: usize| protocol.measurements()[at].name.replace('_', " ");
    worst_first(
        found
            .into_iter()
            .map(|((unit, at), gradings)| spot(format!("{} of {unit}", name(at)), &gradings)),
    )
}

fn spot(what: String, gradings: &[Grading]) -> Spot {
    let count = gradings.len();
    let exact = gradings.iter().filter(|(truth, own)| truth == own).count();
    let off: i64 = gradings.iter().map(|(truth, own)| i64::from(*own) - i64::from(*truth)).sum();
    let error = off as f64 / count as f64;
    let sentence = match off {
        _ if count < TOO_FEW => "too few to tell".to_owned(),
        _ if exact == count => format!("grades {what} right every time"),
        0 => format!("grades {what} as often too high as too low"),
        1.. => format!("grades {what} too high, by {error:.2} on average"),
        _ => format!("grades {what} too low, by {:.2} on average", -error),
    };
    Spot { what, answers: count, exact: exact as f64 / count as f64, error, sentence }
}

/// The smallest share of right grades first, of equal ones that with more
/// answers; those with too few answers last.
fn worst_first(spots: impl Iterator<Item = Spot>) -> Vec<Spot> {
    let mut spots: Vec<Spot> = spots.collect();
    spots.sort_by(|one, other| {
        let key = |spot: &Spot| (spot.answers < TOO_FEW, Reverse(spot.answers));
        let [(few, count), (other_few, other_count)] = [key(one), key(other)];
        few.cmp(&other_few).then(one.exact.total_cmp(&other.exact)).then(count.cmp(&other_count))
    });
    spots
}

#[cfg(test)]
mod tests {
    use super::*;
    use rating::stats::Undefined;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    fn answer(day: i64, unit: &str, truth: [Grade; 2], own: [Grade; 2], seconds: i64) -> First {
        First {
            origin: Origin::Clinical,
            unit: Some(unit.to_owned()),
            grades: own.to_vec(),
            truth: truth.to_vec(),
            active: 1000 * seconds,
            locked: Moment::at(5 + day * DAY_MS),
        }
    }

    /// Four answers in the first week, two in the third.
    fn six() -> Vec<First> {
        vec![
            answer(0, "MCP2", [2, 1], [1, 1], 10),
            answer(1, "MCP2", [2, 0], [1, 0], 20),
            answer(6, "PIP3", [0, 0], [0, 0], 30),
            answer(6, "PIP3", [3, 0], [1, 0], 50),
            answer(14, "MCP2", [2, 1], [2, 1], 8),
            answer(20, "MCP2", [2, 0], [1, 0], 4),
        ]
    }

    #[test]
    fn weeks_worked_by_hand() {
        let progress = progress(&Protocol::eoss(), &six()).unwrap();
        assert_eq!((progress.answers, progress.origin), (6, Some(Origin::Clinical)));
        let weeks: Vec<_> =
            progress.weeks.iter().map(|week| (week.number, week.answers, week.seconds)).collect();
        assert_eq!(weeks, [(1, 4, 25.0), (3, 2, 6.0)]);
        assert_eq!(progress.weeks[1].begins, Moment::at(5 + 14 * DAY_MS));
        let [hypertrophy, vascularity] = &progress.weeks[0].measurements[..] else { panic!() };
        // Truth 2 2 0 3, own 1 1 0 1: one of four right, three within one.
        assert_eq!((hypertrophy.exact, hypertrophy.close), (Ok(0.25), Ok(0.75)));
        // Seen apart 1 + 1 + 0 + 2 = 4 of 4. By chance, counts of truth 0:1 2:2 3:1 and of
        // own 0:1 1:3: 0x1 + 1x3 + 2x(2x1 + 1x3) + (3x1 + 2x3) = 22 of 16.
        assert!((hypertrophy.kappa.unwrap() - (1.0 - 1.0 / (22.0 / 16.0))).abs() < 1e-12);
        assert_eq!(vascularity.kappa, Ok(1.0));
        // The third week has both at grade 2, one called 1; vascularity 1 and 0, both right.
        assert_eq!(progress.weeks[1].measurements[0].kappa, Ok(0.0));
        assert_eq!(progress.overall[0].exact, Ok(2.0 / 6.0));
        let none = super::progress(&Protocol::eoss(), &[]).unwrap();
        assert_eq!((none.overall[0].kappa, none.origin), (Err(Undefined::NoCases), None));
        assert!(none.weeks.is_empty() && none.grades.is_empty());
    }

    #[test]
    fn weak_spots_are_told_worst_first_and_only_where_there_are_enough() {
        let mut answers = six();
        let drawn = First { origin: Origin::Phantom, ..answer(21, "MCP2", [2, 0], [3, 0], 4) };
        answers.push(drawn);
        let found = progress(&Protocol::eoss(), &answers).unwrap();
        assert_eq!(found.origin, Some(Origin::Phantom), "one phantom is enough to say so");
        // Grade 2 of hypertrophy: called 1 1 2 1 3, so one of five right, -2 in all.
        let worst = &found.grades[0];
        assert_eq!(worst.what, "grade 2 of synovial hypertrophy");
        assert_eq!((worst.answers, worst.exact, worst.error), (5, 0.2, -0.4));
        assert_eq!(
            worst.sentence,
            "grades grade 2 of synovial hypertrophy too low, by 0.40 on average"
        );
        assert_eq!(found.grades[1].sentence, "grades grade 0 of vascularity right every time");
        assert!(found.grades[2..].iter().all(|spot| spot.sentence == "too few to tell"));
        let joints: Vec<(&str, usize)> =
            found.joints.iter().map(|spot| (spot.what.as_str(), spot.answers)).collect();
        assert_eq!(joints[0], ("synovial hypertrophy of MCP2", 5));
        assert_eq!(joints[1], ("vascularity of MCP2", 5));
        assert_eq!(joints.len(), 4);
    }
}
