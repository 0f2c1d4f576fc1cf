//! What seeing an answer changed, and whether for the better.

use rand::Rng;
use serde::Serialize;

use super::Question;
use super::table::{Reading, Table};
use crate::evaluate::Figure;
use crate::stats::weighted::SumsByPatient;
use crate::stats::{Discordance, Resamples};
use crate::{Grade, Problem};

/// Changes in an arm that asks for the own grades before it shows the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmChanges {
    /// The arm.
    pub arm: String,
    /// Each reader with such a case.
    pub readers: Vec<ReaderChanges>,
    /// All readers.
    pub together: Changes,
    /// Cases turned right less cases turned wrong, as a share of all; patients
    /// resampled.
    pub net_gain: Figure,
    /// Exact McNemar test of before against after, all readings as independent,
    /// which they are not: a lower bound of p.
    pub mcnemar: f64,
}

/// One reader's changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReaderChanges {
    /// The reader.
    pub reader: String,
    /// What changed.
    pub changes: Changes,
}

/// Readings by what became of them after the answer was shown. Each has a
/// reference grade, a grade before and one after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// All of them.
    pub cases: u64,
    /// Right before and after.
    pub right_right: u64,
    /// Turned wrong.
    pub right_wrong: u64,
    /// Turned right.
    pub wrong_right: u64,
    /// Wrong before and after.
    pub wrong_wrong: u64,
    /// Of those, the grade changed.
    pub wrong_to_other_wrong: u64,
    /// The grade was raised ...
    pub raised: u64,
    /// ... or lowered.
    pub lowered: u64,
    /// The answer shown differed from the grade before, ...
    pub differed: u64,
    /// ... and was taken over,
    pub taken_over: u64,
    /// or moved towards but not reached,
    pub moved_towards: u64,
    /// or left from further away,
    pub moved_away: u64,
    /// or not followed: the grade stayed.
    pub kept: u64,
    /// The answer shown was the grade before, and yet it changed.
    pub left_agreement: u64,
}

/// One reading's grades.
#[derive(Clone, Copy)]
struct Change {
    truth: Grade,
    before: Grade,
    after: Grade,
    shown: Grade,
}

impl Changes {
    fn add(&mut self, change: Change) {
        let Change { truth, before, after, shown } = change;
        self.cases += 1;
        match (before == truth, after == truth) {
            (true, true) => self.right_right += 1,
            (true, false) => self.right_wrong += 1,
            (false, true) => self.wrong_right += 1,
            (false, false) => {
                self.wrong_wrong += 1;
                self.wrong_to_other_wrong += u64::from(before != after);
            }
        }
        self.raised += u64::from(after > before);
        self.lowered += u64::from(after < before);
        if shown == before {
            self.left_agreement += u64::from(after != before);
            return;
        }
        self.differed += 1;
        let (far, now) = (shown.abs_diff(before), shown.abs_diff(after));
        match (after == before, now) {
            (true, _) => self.kept += 1,
            (false, 0) => self.taken_over += 1,
            (false, now) if now < far => self.moved_towards += 1,
            // As far on the other side counts as away, too.
            (false, _) => self.moved_away += 1,
        }
    }
}

pub(super) fn within_readings<R: Rng + Clone + Sync>(
    table: &Table<'_>,
    question: &Question,
    resamples: &Resamples<R>,
) -> Result<Vec<ArmChanges>, Problem> {
    let mut arms = Vec::new();
    for (arm, name) in table.study.arms.iter().enumerate() {
        let own = table.readings.iter().filter(|of| of.arm == arm);
        let own = own.filter(|of| !of.answer.repeat && !of.answer.altered);
        let found: Vec<(&Reading<'_>, Change)> =
            own.filter_map(|of| Some((of, change(table, question, of)?))).collect();
        if found.is_empty() {
            continue;
        }
        let mut together = Changes::default();
        let mut readers = vec![Changes::default(); table.study.readers.len()];
        for (of, change) in &found {
            together.add(*change);
            readers[of.reader].add(*change);
        }
        let gain = |change: &Change| {
            let right = |grade: Grade| f64::from(u8::from(grade == change.truth));
            Some(right(change.after) - right(change.before))
        };
        let gains: Vec<Option<f64>> = found.iter().map(|(_, change)| gain(change)).collect();
        let cases: Vec<usize> = found.iter().map(|(of, _)| of.case).collect();
        let sums = SumsByPatient::new(&gains, &table.patients.keep(&cases))?;
        let value = sums.mean(&vec![1; table.patients.count()]);
        let bootstrap = resamples.of(|weights| sums.mean(weights));
        let turned = Discordance {
            both: together.right_right,
            first_only: together.right_wrong,
            second_only: together.wrong_right,
            neither: together.wrong_wrong,
        };
        let named = table.study.readers.iter().zip(readers);
        arms.push(ArmChanges {
            arm: name.clone(),
            readers: named
                .filter(|(_, changes)| changes.cases > 0)
                .map(|(reader, changes)| ReaderChanges { reader: reader.name.clone(), changes })
                .collect(),
            together,
            net_gain: Figure::resampled(value, Some(bootstrap)),
            mcnemar: turned.mcnemar(),
        });
    }
    Ok(arms)
}

fn change(table: &Table<'_>, question: &Question, of: &Reading<'_>) -> Option<Change> {
    let protocol = table.study.protocol;
    let given = |grades: &Option<Vec<Grade>>| question.given(protocol, grades.as_deref()?);
    Some(Change {
        truth: question.truth(protocol, &table.study.cases[of.case])?,
        before: given(&of.answer.before)?,
        after: given(&of.answer.grades)?,
        shown: given(&of.answer.shown)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_sorted_by_what_became_of_them() {
        let mut changes = Changes::default();
        // truth, before, after, shown
        let all = [
            (2, 1, 2, 2), // turned right, raised, taken over
            (2, 2, 3, 3), // turned wrong, raised, taken over
            (0, 3, 2, 0), // wrong still, lowered, towards
            (1, 1, 1, 3), // kept against the answer
            (0, 1, 2, 0), // wrong still, raised, away
            (1, 1, 2, 1), // turned wrong although the answer agreed
            (3, 3, 3, 3),
        ];
        for (truth, before, after, shown) in all {
            changes.add(Change { truth, before, after, shown });
        }
        let expected = Changes {
            cases: 7,
            right_right: 2,
            right_wrong: 2,
            wrong_right: 1,
            wrong_wrong: 2,
            wrong_to_other_wrong: 2,
            raised: 4,
            lowered: 1,
            differed: 5,
            taken_over: 2,
            moved_towards: 1,
            moved_away: 1,
            kept: 1,
            left_agreement: 1,
        };
        assert_eq!(changes, expected);
    }
}
