//! An answer in words and JSON, as people and programs get it.

use rating::heatmap::caption;
use rating::{Grade, Origin, Protocol, Roi};
use serde::Serialize;
use utoipa::ToSchema;

use super::queue::Place;
use super::stored::{Answer, Scored, word};
use crate::schema::{self, Rectangle};

/// The schema of answers.
pub(crate) const SCHEMA: &str = "rating.answer/1";

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

/// What is said about a pair, as far as it is there.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Told {
    /// `rating.answer/1`.
    schema: &'static str,
    /// Always: research use only, not for diagnosis.
    research_use_only: bool,
    /// BLAKE3 hash of the bundle that answers.
    bundle: String,
    /// How far the work is; ask again until it is done or has failed.
    work: Work,
    /// The heatmaps, as far as they are there.
    heatmap: Heatmap,
    /// The ROIs that were asked about, one for each modality.
    #[schema(value_type = Vec<Rectangle>)]
    pub rois: Vec<Roi>,
    #[serde(flatten)]
    graded: Graded,
}

/// Heatmaps of a pair of the room.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Heatmap {
    /// `none` yet, `fast` (fewer gradients) or `exact`.
    state: &'static str,
    /// Whether one was asked for and can be had.
    wanted: bool,
    /// What must stand under every heatmap.
    caption: Option<String>,
    /// The modalities that have one.
    modalities: Vec<String>,
}

/// How far the work on an answer is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
enum Work {
    /// All that was asked for is there.
    Done,
    /// It waits.
    Waiting {
        /// Behind so many others.
        ahead: usize,
    },
    /// It is being computed.
    Running {
        /// `score`, `fast` or `exact`.
        step: &'static str,
        /// Networks asked or gradients taken,
        done: usize,
        /// of so many.
        total: usize,
    },
    /// It cannot be answered.
    Failed {
        /// Why.
        sentence: String,
    },
}

/// Grades, votes and probabilities; each is null until it is computed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct Graded {
    /// The most doubtful of the pair's and the networks'.
    #[schema(value_type = Option<schema::Origin>)]
    origin: Option<Origin>,
    /// What must stand across the answer.
    watermark: Option<&'static str>,
    /// Whether the votes contradict the protocol; then no grade is told.
    conflict: Option<bool>,
    /// Said on a conflict.
    sentence: Option<String>,
    /// The combined grade.
    #[schema(value_type = Option<u8>)]
    combined: Option<Grade>,
    /// One for each measurement of the protocol.
    measurements: Option<Vec<OfMeasurement>>,
    /// Share of coloured pixels in the ROI box of the Doppler image, not of the synovium, 0 to 1.
    coloured_share_of_roi_box: Option<f64>,
    /// How many networks were asked.
    networks: Option<usize>,
}

/// What is said of one measurement.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = GradedMeasurement)]
struct OfMeasurement {
    /// Its name in the protocol.
    name: String,
    /// Its short name.
    short: String,
    /// The grade; none on a conflict.
    #[schema(value_type = Option<u8>)]
    grade: Option<Grade>,
    /// What the grade means, in the protocol's words.
    meaning: Option<String>,
    /// The vote of each scoring model.
    #[schema(value_type = Vec<u8>)]
    votes: Vec<Grade>,
    /// How the models voted.
    sentence: String,
    /// Of each cut-off.
    probabilities: Vec<Mean>,
}

/// Mean probability that a grade lies above a cut-off.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = MeanProbability)]
struct Mean {
    /// The cut-off: grade > above.
    above: usize,
    /// Mean of the cut-off's networks, 0 to 1.
    mean: Option<f64>,
}

/// The answer about a pair within these ROIs, as far as it is there and
/// `with_heatmap` asked for.
#[must_use]
pub fn tell(
    protocol: &Protocol,
    bundle: &str,
    rois: &[Roi],
    answer: Option<&Answer>,
    place: Option<&Place>,
    with_heatmap: bool,
) -> Told {
    let mode = answer.and_then(|answer| answer.heatmap).filter(|_| with_heatmap);
    Told {
        schema: SCHEMA,
        research_use_only: true,
        bundle: bundle.to_owned(),
        work: place.map_or(Work::Done, Work::at),
        heatmap: Heatmap {
            state: mode.map_or("none", word),
            wanted: with_heatmap && protocol.heatmap().is_some(),
            caption: caption(protocol),
            modalities: explained(protocol),
        },
        rois: rois.to_vec(),
        graded: answer.map(|answer| grades(protocol, &answer.scored)).unwrap_or_default(),
    }
}

/// Grades, votes and probabilities.
pub(crate) fn grades(protocol: &Protocol, scored: &Scored) -> Graded {
    let shown = |grade: Option<Grade>| grade.filter(|_| !scored.conflict);
    let mut measurements = Vec::new();
    for (position, measurement) in protocol.measurements().iter().enumerate() {
        let grade = shown(scored.grades.get(position).copied());
        let votes = scored.votes.get(position).cloned().unwrap_or_default();
        let means = scored.probabilities.get(position).map_or(&[][..], Vec::as_slice);
        let means = means.iter().enumerate();
        measurements.push(OfMeasurement {
            name: measurement.name.clone(),
            short: measurement.short.clone(),
            grade,
            meaning: grade.and_then(|grade| measurement.sentences.get(usize::from(grade)).cloned()),
            sentence: told_votes(&votes),
            votes,
            probabilities: means.map(|(above, &mean)| Mean { above, mean }).collect(),
        });
    }
    let contradicts =
        || format!("No grade: the models contradict {}.", protocol.name().to_uppercase());
    Graded {
        origin: Some(scored.origin),
        watermark: watermark(scored.origin),
        conflict: Some(scored.conflict),
        sentence: scored.conflict.then(contradicts),
        combined: shown(scored.combined),
        measurements: Some(measurements),
        coloured_share_of_roi_box: scored.coloured_share,
        networks: Some(scored.networks),
    }
}

/// How the models voted, as a sentence.
pub(crate) fn told_votes(votes: &[Grade]) -> String {
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
        [(_, grade)] if models == 1 => format!("The one model says {grade}."),
        [(_, grade)] => format!("All {models} models say {grade}."),
        [(count, grade), others @ ..] => {
            let says = |count: usize| rating::words::word(count, "says", "say");
            let others =
                others.iter().map(|&(count, grade)| format!("{count} {} {grade}", says(count)));
            let others: Vec<String> = others.collect();
            format!("{count} of {models} models {} {grade}, {}.", says(*count), others.join(", "))
        }
    }
}

/// The modalities that heatmaps are made of, by name.
fn explained(protocol: &Protocol) -> Vec<String> {
    let measurement =
        protocol.heatmap().and_then(|heatmap| protocol.measurement(&heatmap.measurement));
    let positions = measurement.map_or(&[][..], |position| protocol.modalities_of(position));
    positions.iter().map(|&position| protocol.modalities()[position].name.clone()).collect()
}

impl Work {
    fn at(place: &Place) -> Work {
        match place {
            Place::Waiting(ahead) => Work::Waiting { ahead: *ahead },
            Place::Running(step, done, total) => {
                Work::Running { step: step.word(), done: *done, total: *total }
            }
            Place::Failed(sentence) => Work::Failed { sentence: sentence.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn written(scored: &Scored) -> Value {
        serde_json::to_value(grades(&Protocol::eoss(), scored)).unwrap()
    }

    fn scored(votes: [[Grade; 5]; 2]) -> Scored {
        let eoss = Protocol::eoss();
        let votes: Vec<Vec<Grade>> = votes.into_iter().map(Vec::from).collect();
        let decision = rating::scores::decide_votes(&eoss, votes, Default::default()).unwrap();
        Scored::new(decision, 60, Some(0.25), Origin::Canned)
    }

    #[test]
    fn votes_are_told_in_a_sentence() {
        assert_eq!(told_votes(&[2; 5]), "All 5 models say 2.");
        assert_eq!(told_votes(&[1, 2, 2, 2, 3]), "3 of 5 models say 2, 1 says 1, 1 says 3.");
        assert_eq!(told_votes(&[1, 2]), "1 of 2 models says 1, 1 says 2.");
        assert_eq!(told_votes(&[]), "No model voted.");
    }

    #[test]
    fn on_a_conflict_nobody_is_told_a_grade() {
        let told = written(&scored([[0; 5], [2; 5]]));
        assert_eq!(told["sentence"], "No grade: the models contradict EOSS.");
        assert_eq!(told["combined"], Value::Null);
        assert_eq!(told["measurements"][0]["grade"], Value::Null);
        assert_eq!(told["measurements"][1]["votes"], json!([2, 2, 2, 2, 2]));
    }

    #[test]
    fn grades_come_with_their_meaning_and_origin() {
        let told = written(&scored([[2, 2, 2, 1, 2], [1; 5]]));
        assert_eq!((&told["combined"], &told["measurements"][0]["grade"]), (&json!(2), &json!(2)));
        assert!(told["measurements"][0]["meaning"].as_str().unwrap().contains("flat or concave"));
        assert!(told["watermark"].as_str().unwrap().starts_with("CANNED"));
        assert_eq!(told["sentence"], Value::Null);
    }
}
