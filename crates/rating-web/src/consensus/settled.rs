//! The value of a pair that its readers, or a senior reader, settled.

use rating::Roi;
use serde::Serialize;
use utoipa::ToSchema;

use super::Verdict;
use crate::readings::{Reading, Reason, Stage};
use crate::schema::Rectangle;

/// What a pair has come to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Settled {
    /// Which readings settled it.
    pub by: Stage,
    /// What they say.
    pub verdict: Verdict,
    /// One for each modality: each side is the mean of that side over the
    /// readings that settled it, rounded to whole pixels (halves up); of one
    /// reading its own rectangle. None where nobody drew one.
    #[schema(value_type = Vec<Option<Rectangle>>)]
    pub rois: Vec<Option<Roi>>,
    /// How far their rectangles cover one another: the least intersection over
    /// union, 0 to 1, of two readers on any image; none of one reading.
    pub overlap: Option<f64>,
    /// Why it cannot be graded, each reason once; empty where it can.
    pub reasons: Vec<Reason>,
    /// Whose readings settled it, by number.
    #[serde(skip)]
    pub readers: Vec<i64>,
}

impl Settled {
    /// What these readings, all of one stage, settle; `None` when there is none
    /// or they differ.
    #[must_use]
    pub fn by_all(readings: &[&Reading]) -> Option<Settled> {
        let first = readings.first()?;
        let verdict = Verdict::of(&first.body);
        if readings.iter().any(|one| Verdict::of(&one.body) != verdict) {
            return None;
        }
        let drawn = |modality: usize| -> Vec<Roi> {
            readings.iter().filter_map(|one| *one.body.rois.get(modality)?).collect()
        };
        let by_modality: Vec<Vec<Roi>> = (0..first.body.rois.len()).map(drawn).collect();
        let mut reasons = Vec::new();
        for reason in readings.iter().filter_map(|one| one.body.cannot) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        Some(Settled {
            by: first.stage,
            verdict,
            rois: by_modality.iter().map(|rois| mean(rois)).collect(),
            overlap: by_modality
                .iter()
                .filter_map(|rois| least_overlap(rois))
                .min_by(f64::total_cmp),
            reasons,
            readers: readings.iter().map(|one| one.reader).collect(),
        })
    }
}

/// The rectangle whose sides are the means of the sides, halves rounded up;
/// `None` of no rectangles.
#[must_use]
pub fn mean(rois: &[Roi]) -> Option<Roi> {
    let count = rois.len() as u64;
    let side = |side: usize| {
        let sum: u64 = rois.iter().map(|roi| u64::from(roi.sides()[side])).sum();
        // Never empty: right - left is at least 1 in each, so in the mean, and rounding is monotone.
        sum.checked_mul(2)?.checked_add(count)?.checked_div(2 * count)
    };
    let sides = [side(0)?, side(1)?, side(2)?, side(3)?].map(|value| value as i64);
    Roi::new(sides).ok()
}

/// The least intersection over union of any two.
fn least_overlap(rois: &[Roi]) -> Option<f64> {
    let pairs =
        rois.iter().enumerate().flat_map(|(at, a)| rois[at + 1..].iter().map(move |b| (a, b)));
    pairs.map(|(a, b)| overlap(*a, *b)).min_by(f64::total_cmp)
}

fn overlap(a: Roi, b: Roi) -> f64 {
    let area = |roi: Roi| u64::from(roi.width()) * u64::from(roi.height());
    let width = a.right().min(b.right()).saturating_sub(a.left().max(b.left()));
    let height = a.bottom().min(b.bottom()).saturating_sub(a.top().max(b.top()));
    let common = u64::from(width) * u64::from(height);
    common as f64 / (area(a) + area(b) - common) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roi(sides: [i64; 4]) -> Roi {
        Roi::new(sides).unwrap()
    }

    #[test]
    fn the_mean_rectangle_has_mean_sides_halves_up() {
        let rois = [roi([0, 10, 100, 50]), roi([1, 20, 103, 51])];
        assert_eq!(mean(&rois), Some(roi([1, 15, 102, 51])));
        assert_eq!(mean(&rois[..1]), Some(rois[0]));
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[roi([0, 0, 1, 1]), roi([1, 1, 2, 2])]), Some(roi([1, 1, 2, 2])));
    }

    #[test]
    fn overlap_is_intersection_over_union() {
        // By hand: 5 x 10 common of 100 + 100 - 50.
        assert_eq!(least_overlap(&[roi([0, 0, 10, 10]), roi([5, 0, 15, 10])]), Some(1.0 / 3.0));
        assert_eq!(least_overlap(&[roi([0, 0, 10, 10]), roi([20, 0, 30, 10])]), Some(0.0));
        assert_eq!(least_overlap(&[roi([0, 0, 10, 10])]), None);
    }
}
