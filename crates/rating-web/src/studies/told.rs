//! The system's answer about a case, as a reader of the study is shown it.

use rating::study::alter;
use rating::{Grade, Protocol};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

use super::progress::{How, Item};
use crate::answers::{Scored, told_votes, watermark};
use crate::refusal::Refusal;

/// Grades and votes about a case, altered where the study says so: nothing in it
/// tells which. Probabilities are not shown, for they cannot be altered in a way
/// that goes with altered grades.
///
/// # Errors
/// A case without an answer.
pub fn shown_answer(
    db: &Connection,
    protocol: &Protocol,
    study: i64,
    item: &Item,
) -> Result<Value, Refusal> {
    let sql = "SELECT answer FROM study_cases WHERE study = ?1 AND number = ?2";
    let text: Option<Option<String>> = db
        .prepare_cached(sql)?
        .query_row(params![study, item.case], |row| row.get(0))
        .optional()?;
    let text = text.flatten().ok_or_else(|| Refusal::unknown("There is no answer here."))?;
    let scored: Scored = serde_json::from_str(&text)?;
    Ok(answer(protocol, &scored, item.altered))
}

fn answer(protocol: &Protocol, scored: &Scored, how: Option<How>) -> Value {
    let (grades, votes) = altered(protocol, scored, how);
    let measurements = protocol.measurements().iter().enumerate().map(|(position, measurement)| {
        let grade = grades.as_ref().and_then(|grades| grades.get(position).copied());
        let votes = votes.get(position).map_or(&[][..], Vec::as_slice);
        json!({
            "name": measurement.name,
            "grade": grade,
            "meaning": grade.and_then(|grade| measurement.sentences.get(usize::from(grade))),
            "votes": votes,
            "sentence": told_votes(votes),
        })
    });
    json!({
        "research_use_only": true,
        "watermark": watermark(scored.origin),
        "origin": scored.origin,
        "combined": grades.as_ref().and_then(|grades| protocol.combined(grades)),
        "conflict": grades.is_none(),
        "measurements": measurements.collect::<Vec<_>>(),
    })
}

/// The grades and votes to show: the system's own, or moved together. No grades
/// on a conflict.
fn altered(
    protocol: &Protocol,
    scored: &Scored,
    how: Option<How>,
) -> (Option<Vec<Grade>>, Vec<Vec<Grade>>) {
    let own = (!scored.conflict).then(|| scored.grades.clone());
    let moved = match (&own, how) {
        (Some(own), Some(How(how))) => alter(protocol, own, how),
        _ => None,
    };
    let (Some(own), Some(moved)) = (&own, moved) else { return (own, scored.votes.clone()) };
    let votes = scored.votes.iter().zip(own.iter().zip(&moved)).zip(protocol.measurements());
    let votes = votes.map(|((votes, (&was, &is)), measurement)| {
        let shift = i16::from(is) - i16::from(was);
        let most = i16::from(measurement.grades) - 1;
        let shifted = |vote: &Grade| (i16::from(*vote) + shift).clamp(0, most);
        votes.iter().map(|vote| u8::try_from(shifted(vote)).unwrap_or_default()).collect()
    });
    (Some(moved.clone()), votes.collect())
}

/// The grades of a case that a reader was shown; `None` where none were.
pub(super) fn shown_grades(
    protocol: &Protocol,
    scored: &Scored,
    how: Option<How>,
) -> Option<Vec<Grade>> {
    altered(protocol, scored, how).0
}

#[cfg(test)]
mod tests {
    use rating::Origin;
    use rating::scores::decide_votes;
    use rating::study::Alteration;

    use super::*;

    fn scored(votes: [[Grade; 5]; 2]) -> Scored {
        let votes: Vec<Vec<Grade>> = votes.into_iter().map(Vec::from).collect();
        let decision = decide_votes(&Protocol::eoss(), votes, Default::default()).unwrap();
        Scored::new(decision, 60, Some(0.25), Origin::Phantom)
    }

    #[test]
    fn an_altered_answer_looks_like_any_other() {
        let eoss = Protocol::eoss();
        let plain = answer(&eoss, &scored([[2, 2, 2, 1, 2], [1; 5]]), None);
        let how = Some(How(Alteration::Up));
        let altered = answer(&eoss, &scored([[2, 2, 2, 1, 2], [1; 5]]), how);
        assert_eq!((&plain["combined"], &altered["combined"]), (&json!(2), &json!(3)));
        assert_eq!(altered["measurements"][0]["votes"], json!([3, 3, 3, 2, 3]));
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&plain), keys(&altered));
        assert!(!altered.to_string().contains("alter"));
        assert!(!altered.to_string().contains("probab"));
    }

    #[test]
    fn a_conflict_shows_no_grade_and_is_never_altered() {
        let told = answer(&Protocol::eoss(), &scored([[0; 5], [2; 5]]), Some(How(Alteration::Up)));
        assert_eq!((&told["combined"], &told["conflict"]), (&Value::Null, &json!(true)));
    }
}
