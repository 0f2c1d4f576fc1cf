//! Answers that are there: they outlive the server's process.

use rating::scores::Decision;
use rating::{Grade, Origin, Roi};
use rating_frozen::explain::Mode;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::refusal::Refusal;
use crate::store::Change;

/// What is asked about: a pair within these ROIs, one for each modality.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The pair's number.
    pub pair: i64,
    /// The rectangles, in the protocol's order of modalities.
    pub rois: Vec<Roi>,
}

/// Grades of a pair and what led to them. Lists run over the protocol's
/// measurements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The grades; on a conflict nobody is shown them.
    pub grades: Vec<Grade>,
    /// The combined grade, where the protocol has one.
    pub combined: Option<Grade>,
    /// Whether the votes contradict the protocol.
    pub conflict: bool,
    /// The vote of each scoring model.
    pub votes: Vec<Vec<Grade>>,
    /// Mean probability of each task.
    pub probabilities: Vec<Vec<Option<f64>>>,
    /// Share of coloured pixels in the ROI box of the Doppler image.
    pub coloured_share: Option<f64>,
    /// How many networks were asked.
    pub networks: usize,
    /// The more doubtful of the pair's and the networks'.
    pub origin: Origin,
}

impl Scored {
    /// What was decided about a pair by so many networks.
    #[must_use]
    pub fn new(
        decision: Decision,
        networks: usize,
        coloured_share: Option<f64>,
        origin: Origin,
    ) -> Scored {
        Scored {
            votes: decision.all_votes().unwrap_or_default(),
            grades: decision.grades,
            combined: decision.combined,
            conflict: decision.conflict,
            probabilities: decision.mean_probabilities,
            coloured_share,
            networks,
            origin,
        }
    }
}

/// What a bundle says about a pair, as far as it was computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Grades, votes, probabilities.
    pub scored: Scored,
    /// Which heatmap there is, files and all.
    pub heatmap: Option<Mode>,
}

/// The stored answer of a bundle as the database has it, which knows nothing of
/// files: whoever wants to know asks the maker's `known`.
pub(super) fn find(
    db: &Connection,
    subject: &Subject,
    bundle: &str,
) -> Result<Option<Answer>, Refusal> {
    let sql = "SELECT body, heatmap FROM answers WHERE pair = ?1 AND bundle = ?2 AND rois = ?3";
    let key = params![subject.pair, bundle, rois_text(subject)?];
    let found: Option<(String, Option<String>)> =
        db.prepare_cached(sql)?.query_row(key, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((body, heatmap)) = found else { return Ok(None) };
    let heatmap = heatmap.map(|word| if word == "exact" { Mode::Exact } else { Mode::Fast });
    Ok(Some(Answer { scored: serde_json::from_str(&body)?, heatmap }))
}

/// Keeps grades; a second time changes nothing.
pub(super) fn keep(
    change: &mut Change<'_>,
    subject: &Subject,
    bundle: &str,
    scored: &Scored,
) -> Result<(), Refusal> {
    let sql = "INSERT OR IGNORE INTO answers (pair, bundle, rois, body, made)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let rois = rois_text(subject)?;
    let body = serde_json::to_string(scored)?;
    if change.execute(sql, params![subject.pair, bundle, rois, body, change.now])? > 0 {
        let after = json!({ "bundle": bundle, "rois": subject.rois, "body": scored });
        change.tell("answer.made", &format!("pair {}", subject.pair), (), after)?;
    }
    Ok(())
}

/// Notes that the files of a heatmap are there.
pub(super) fn keep_heatmap(
    change: &mut Change<'_>,
    subject: &Subject,
    bundle: &str,
    mode: Mode,
) -> Result<(), Refusal> {
    let sql = "UPDATE answers SET heatmap = ?4 WHERE pair = ?1 AND bundle = ?2 AND rois = ?3";
    let rois = rois_text(subject)?;
    change.execute(sql, params![subject.pair, bundle, rois, word(mode)])?;
    let after = json!({ "bundle": bundle, "rois": subject.rois, "heatmap": mode });
    change.tell("answer.explained", &format!("pair {}", subject.pair), (), after)
}

/// The word of a mode in the database, files and answers.
pub(super) fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Fast => "fast",
        Mode::Exact => "exact",
    }
}

pub(super) fn rois_text(subject: &Subject) -> Result<String, Refusal> {
    Ok(serde_json::to_string(&subject.rois)?)
}
