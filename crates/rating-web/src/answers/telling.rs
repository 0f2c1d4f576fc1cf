//! An answer in words and JSON, as people and programs get it.

use rating::heatmap::caption;
use rating::{Grade, Origin, Protocol};
use serde_json::{Value, json};

use super::queue::{Place, Step};
use super::stored::{Answer, Scored, word};

/// Where there is neither a bundle nor a canned scorer.
pub const NO_ANSWERS: &str = "This room was opened without a bundle: the system has no answers.";

/// What stands across answers that say nothing about patients.
#[must_use]
pub fn watermark(origin: Origin) -> Option<&'static str> {
    match origin {
        Origin::Clinical => None,
        Origin::Phantom => Some("PHANTOM: says nothing about patients"),
        Origin::Canned => Some("CANNED: no network computed this; says nothing about patients"),
    }
}

/// The answer about a pair, as far as it is there and `with_heatmap` asked for.
#[must_use]
pub fn tell(
    protocol: &Protocol,
    bundle: &str,
    answer: Option<&Answer>,
    place: Option<&Place>,
    with_heatmap: bool,
) -> Value {
    let scored = answer.map(|answer| &answer.scored);
    let mode = answer.and_then(|answer| answer.heatmap).filter(|_| with_heatmap);
    let mut told = json!({
        "schema": "rating.answer/1",
        "research_use_only": true,
        "bundle": bundle,
        "work": place.map_or(json!({ "state": "done" }), work),
        "heatmap": {
            "state": mode.map_or("none", word),
            "wanted": with_heatmap && protocol.heatmap().is_some(),
            "caption": caption(protocol),
            "modalities": explained(protocol),
        },
    });
    let graded = scored.map(|scored| grades(protocol, scored));
    if let (Value::Object(told), Some(Value::Object(graded))) = (&mut told, graded) {
        told.extend(graded);
    }
    told
}

/// Grades, votes and probabilities.
pub(crate) fn grades(protocol: &Protocol, scored: &Scored) -> Value {
    let shown = |grade: Option<Grade>| grade.filter(|_| !scored.conflict);
    let mut measurements = Vec::new();
    for (position, measurement) in protocol.measurements().iter().enumerate() {
        let grade = shown(scored.grades.get(position).copied());
        let votes = scored.votes.get(position).map_or(&[][..], Vec::as_slice);
        let means = scored.probabilities.get(position).map_or(&[][..], Vec::as_slice);
        let means = means.iter().enumerate();
        let meaning = grade.and_then(|grade| measurement.sentences.get(usize::from(grade)));
        measurements.push(json!({
            "name": measurement.name,
            "short": measurement.short,
            "grade": grade,
            "meaning": meaning,
            "votes": votes,
            "sentence": votes_sentence(votes),
            "probabilities": means.map(|(above, mean)| json!({ "above": above, "mean": mean })).collect::<Vec<_>>(),
        }));
    }
    let protocol_name = protocol.name().to_uppercase();
    json!({
        "origin": scored.origin,
        "watermark": watermark(scored.origin),
        "conflict": scored.conflict,
        "sentence": scored.conflict.then(|| format!("No grade: the models contradict {protocol_name}.")),
        "combined": shown(scored.combined),
        "measurements": measurements,
        "coloured_share_of_roi_box": scored.coloured_share,
        "networks": scored.networks,
    })
}

/// How the models voted, as a sentence.
fn votes_sentence(votes: &[Grade]) -> String {
    let mut counts: Vec<(usize, Grade)> = Vec::new();
    for &vote in votes {
        match counts.iter_mut().find(|(_, grade)| *grade == vote) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, vote)),
        }
    }
    counts.sort_by_key(|&(count, grade)| (std::cmp::Reverse(count), grade));
    let models = votes.len();
    match counts.as_slice() {
        [] => "No model voted.".to_owned(),
        [(_, grade)] => format!("All {models} models say {grade}."),
        [(count, grade), others @ ..] => {
            let says = |count: usize| if count == 1 { "says" } else { "say" };
            let others =
                others.iter().map(|&(count, grade)| format!("{count} {} {grade}", says(count)));
            let others: Vec<String> = others.collect();
            format!("{count} of {models} models {} {grade}, {}.", says(*count), others.join(", "))
        }
    }
}

/// The modalities that heatmaps are made of, by name.
fn explained(protocol: &Protocol) -> Vec<&str> {
    let measurement =
        protocol.heatmap().and_then(|heatmap| protocol.measurement(&heatmap.measurement));
    let positions = measurement.map_or(&[][..], |position| protocol.modalities_of(position));
    positions.iter().map(|&position| protocol.modalities()[position].name.as_str()).collect()
}

fn work(place: &Place) -> Value {
    match place {
        Place::Waiting(ahead) => json!({ "state": "waiting", "ahead": ahead }),
        Place::Running(step, done, total) => {
            let step: &Step = step;
            json!({ "state": "running", "step": step.word(), "done": done, "total": total })
        }
        Place::Failed(sentence) => json!({ "state": "failed", "sentence": sentence }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(votes: [[Grade; 5]; 2]) -> Scored {
        let eoss = Protocol::eoss();
        let votes: Vec<Vec<Grade>> = votes.into_iter().map(Vec::from).collect();
        let decision = rating::scores::decide_votes(&eoss, votes, Default::default()).unwrap();
        Scored::new(decision, 60, Some(0.25), Origin::Canned)
    }

    #[test]
    fn votes_are_told_in_a_sentence() {
        assert_eq!(votes_sentence(&[2; 5]), "All 5 models say 2.");
        assert_eq!(votes_sentence(&[1, 2, 2, 2, 3]), "3 of 5 models say 2, 1 says 1, 1 says 3.");
        assert_eq!(votes_sentence(&[1, 2]), "1 of 2 models says 1, 1 says 2.");
        assert_eq!(votes_sentence(&[]), "No model voted.");
    }

    #[test]
    fn on_a_conflict_nobody_is_told_a_grade() {
        let told = grades(&Protocol::eoss(), &scored([[0; 5], [2; 5]]));
        assert_eq!(told["sentence"], "No grade: the models contradict EOSS.");
        assert_eq!(told["combined"], Value::Null);
        assert_eq!(told["measurements"][0]["grade"], Value::Null);
        assert_eq!(told["measurements"][1]["votes"], json!([2, 2, 2, 2, 2]));
    }

    #[test]
    fn grades_come_with_their_meaning_and_origin() {
        let told = grades(&Protocol::eoss(), &scored([[2, 2, 2, 1, 2], [1; 5]]));
        assert_eq!((&told["combined"], &told["measurements"][0]["grade"]), (&json!(2), &json!(2)));
        assert!(told["measurements"][0]["meaning"].as_str().unwrap().contains("flat or concave"));
        assert!(told["watermark"].as_str().unwrap().starts_with("CANNED"));
        assert_eq!(told["sentence"], Value::Null);
    }
}
