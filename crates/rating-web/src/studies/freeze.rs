//! The system's answers about the cases of a study, computed before it is opened.

use rating::Roi;
use rating::study::Shows;
use rating_frozen::Control;

use super::open::FrozenAnswer;
use crate::answers::{self, Step, Subject};
use crate::pairs;
use crate::refusal::Refusal;
use crate::room::Room;

/// What the room's networks say about a pair within the ROIs it came with, as
/// far as an arm shows it. What was computed before is taken as it is, so that
/// work that was broken off goes on. Blocks; `None` when `control` cancels.
///
/// # Errors
/// A room without networks; a pair without ROIs, or that cannot be answered.
pub fn freeze(
    room: &Room,
    pair: i64,
    shows: Shows,
    control: &dyn Control,
) -> Result<Option<FrozenAnswer>, Refusal> {
    let desk = room.desk.as_ref().ok_or_else(|| Refusal::unfit(answers::NO_ANSWERS))?;
    let bundle = desk.identity().bundle.clone();
    let known = room.store.read_now(|db| pairs::one(db, &room.protocol, pair))?;
    let rois: Option<Vec<Roi>> = known.views.iter().map(|view| view.roi).collect();
    let name = &known.row.pair_id;
    let rois = rois.ok_or_else(|| Refusal::unfit(format!("Pair {name} lacks an ROI.")))?;
    let subject = Subject { pair, rois };
    let with_maps = shows == Shows::GradesAndHeatmap && room.protocol.heatmap().is_some();
    let last = if with_maps { Step::Exact } else { Step::Score };
    if !desk.compute(&subject, last, control)? {
        return Ok(None);
    }
    let answer = room.store.read_now(|db| desk.known(db, &subject))?;
    let answer = answer.ok_or_else(|| Refusal::broken("an answer that was kept is gone"))?;
    let now = room.store.now();
    let mut maps = Vec::new();
    if let (true, Some(mode)) = (with_maps, answer.heatmap) {
        for modality in explained(room) {
            maps.push((modality, desk.maps().png(&subject, &bundle, mode, modality, now)?));
        }
    }
    Ok(Some(FrozenAnswer { scored: answer.scored, maps }))
}

/// Positions of the modalities that heatmaps are made of.
fn explained(room: &Room) -> Vec<usize> {
    let heatmap = room.protocol.heatmap();
    let measurement = heatmap.and_then(|heatmap| room.protocol.measurement(&heatmap.measurement));
    measurement
        .map_or_else(Vec::new, |measurement| room.protocol.modalities_of(measurement).to_vec())
}
