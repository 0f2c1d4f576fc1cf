//! What a learner is told after an answer: the truth, and why it is that.

use rating::words::counted;
use rating::{Grade, Protocol};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::Draft;
use super::difficulty::Difficulty;
use crate::answers::watermark;
use crate::consensus::{Verdict, Way, letters};
use crate::pairs;
use crate::readings::{self, Reading, Stage};
use crate::refusal::Refusal;

/// What is told after an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TeachingTold)]
pub struct Telling {
    /// Always: research use only, not for diagnosis.
    pub research_use_only: bool,
    /// What stands across a pair that says nothing about patients.
    pub watermark: Option<String>,
    /// The pair's code.
    pub code: String,
    /// Which time the learner had the pair, from 1.
    pub attempt: i64,
    /// Whether every grade was right.
    pub right: bool,
    /// How difficult the case is.
    pub difficulty: Difficulty,
    /// One for each measurement of the protocol.
    pub measurements: Vec<Judged>,
    /// The combined grade, where the protocol has one.
    pub combined: Option<Beside>,
    /// How the pair was settled, as a sentence.
    pub settled: String,
    /// What its readers said, without names.
    pub readers: Vec<Said>,
    /// When the case comes back; none where it does not.
    #[schema(format = DateTime)]
    pub comes_back: Option<String>,
}

/// A grade beside the true one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = GradeBesideTruth)]
pub struct Beside {
    /// The learner's.
    pub own: Grade,
    /// The settled one.
    pub truth: Grade,
}

/// The grade of a measurement, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JudgedGrade)]
pub struct Judged {
    /// The measurement.
    pub name: String,
    /// The learner's grade.
    pub own: Grade,
    /// The settled grade.
    pub truth: Grade,
    /// `right`, `one too high` and so on.
    pub sentence: String,
    /// What the true grade means in the protocol.
    pub meaning: Option<String>,
    /// What the readers said at first, such as `3 readers: 2, 2 and 3`.
    pub readers: String,
}

/// A reading of the pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReaderSaid)]
pub struct Said {
    /// A letter that means nothing on another pair.
    pub who: String,
    /// Which time.
    pub stage: Stage,
    /// The grades; none where the reader could not grade it.
    pub grades: Option<Vec<Grade>>,
    /// The comment as it was written, and before it why the pair could not be graded.
    pub comment: String,
}

/// An answer judged by how its pair was settled; when it comes back is not said yet.
pub(super) fn judge(
    db: &Connection,
    protocol: &Protocol,
    draft: &Draft,
    way: &Way,
    own: &[Grade],
) -> Result<Telling, Refusal> {
    let Verdict::Grades(truth) = &way.verdict else {
        return Err(Refusal::broken("a case without grades"));
    };
    let pair = pairs::one(db, protocol, draft.pair)?;
    let all = protocol.measurements().iter().zip(own.iter().zip(truth)).enumerate();
    let judged = all.map(|(at, (measurement, (&own, &truth)))| Judged {
        name: measurement.name.clone(),
        own,
        truth,
        sentence: sentence(own, truth),
        meaning: measurement.sentences.get(usize::from(truth)).cloned(),
        readers: readers_said(&way.first, at),
    });
    let combined = protocol.combined(own).zip(protocol.combined(truth));
    Ok(Telling {
        research_use_only: true,
        watermark: watermark(pair.row.origin).map(str::to_owned),
        code: pair.code.clone(),
        attempt: draft.attempt,
        right: own == truth,
        difficulty: Difficulty::of(way),
        measurements: judged.collect(),
        combined: combined.map(|(own, truth)| Beside { own, truth }),
        settled: settled_words(way).to_owned(),
        readers: said(&pair.code, &readings::of_pair(db, draft.pair)?),
        comes_back: None,
    })
}

/// How far a grade lies from the true one, in words.
fn sentence(own: Grade, truth: Grade) -> String {
    let apart = match own.abs_diff(truth) {
        0 => return "right".to_owned(),
        1 => "one".to_owned(),
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        more => more.to_string(),
    };
    let way = if own > truth { "high" } else { "low" };
    format!("{apart} too {way}")
}

/// `3 readers: 2, 2 and 3`.
fn readers_said(first: &[Verdict], measurement: usize) -> String {
    let word = |verdict: &Verdict| match verdict {
        Verdict::Grades(grades) => grades.get(measurement).map(Grade::to_string),
        Verdict::CannotGrade => None,
    };
    let mut words: Vec<String> = first.iter().filter_map(word).collect();
    words.sort();
    let without = first.len() - words.len();
    let also = if without > 0 { format!("; {without} could not grade it") } else { String::new() };
    let readers = counted(first.len(), "reader", "readers");
    let listed = match words.split_last() {
        None => return readers + &also,
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    };
    format!("{readers}: {listed}{also}")
}

fn settled_words(way: &Way) -> &'static str {
    match (way.by, way.first.len()) {
        (Stage::First, 1) => "Settled by its one reader.",
        (Stage::First, _) => "The readers agreed at once.",
        (Stage::Consensus, _) => "Settled in consensus.",
        (Stage::Adjudication, _) => "Decided by a senior reader.",
    }
}

/// What was said in readings that count, by stage, then letter.
fn said(code: &str, readings: &[Reading]) -> Vec<Said> {
    let letters = letters(code, readings);
    let counting = readings.iter().filter(|one| one.locked.is_some() && one.is_unaided());
    let mut said: Vec<Said> = counting
        .map(|one| {
            let why = one.body.cannot.map(readings::Reason::words);
            let comment = one.body.comment.trim();
            let parts = why.into_iter().chain([comment]).filter(|part| !part.is_empty());
            Said {
                who: letters.get(&one.reader).cloned().unwrap_or_default(),
                stage: one.stage,
                grades: one.body.all_grades(),
                comment: parts.collect::<Vec<_>>().join(": "),
            }
        })
        .collect();
    let order = |stage| {
        [Stage::First, Stage::Consensus, Stage::Adjudication].iter().position(|one| *one == stage)
    };
    said.sort_by_cached_key(|one| (order(one.stage), one.who.clone()));
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_plain() {
        let sentences = [sentence(2, 2), sentence(3, 2), sentence(0, 2), sentence(0, 3)];
        assert_eq!(sentences, ["right", "one too high", "two too low", "three too low"]);
    }

    #[test]
    fn readers_are_told_without_an_order_of_theirs() {
        let grades = |sh: u8, vascularity: u8| Verdict::Grades(vec![sh, vascularity]);
        let three = [grades(2, 3), grades(2, 0), grades(3, 1)];
        assert_eq!(readers_said(&three, 0), "3 readers: 2, 2 and 3");
        assert_eq!(readers_said(&three, 1), "3 readers: 0, 1 and 3");
        let two = [grades(1, 0), Verdict::CannotGrade];
        assert_eq!(readers_said(&two, 0), "2 readers: 1; 1 could not grade it");
        assert_eq!(readers_said(&two[1..], 0), "1 reader; 1 could not grade it");
        assert_eq!(readers_said(&two[..1], 0), "1 reader: 1");
    }
}
