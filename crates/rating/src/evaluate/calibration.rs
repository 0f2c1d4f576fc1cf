//! Whether the mean probability of a task means what it says, and what acting
//! on it would gain.

use serde::Serialize;

use super::figure::{Figure, NO_PATIENTS};
use crate::stats::calibration::Recalibration;
use crate::stats::decision_curve::NetBenefit;
use crate::stats::reliability::Bin;
use crate::stats::{Estimate, Patients, Scored};

/// Bins of the reliability curve.
const BINS: usize = 10;

/// Steps of the decision curve between 0 and 1.
const STEPS: u32 = 40;

/// Calibration of the mean probability of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Brier score, patients resampled.
    pub brier: Figure,
    /// Calibration slope: 1 is right, below 1 probabilities are too extreme.
    /// The interval is clustered by patient, and so are the next two.
    pub slope: Figure,
    /// The intercept beside that slope, in log odds; 0 is right.
    pub intercept: Figure,
    /// The intercept when the slope is held at 1: below 0 probabilities are too
    /// high on the whole.
    pub in_the_large: Figure,
    /// Probabilities nearer to 0 or 1 than [`EDGE`](crate::stats::calibration::EDGE),
    /// which slope and intercepts moved there; `null` where those are not defined.
    pub moved: Option<usize>,
    /// The reliability curve in ten bins of equal width.
    pub reliability: Vec<Bin>,
}

impl Calibration {
    /// `None` without pairs. `patients` are those of the pairs; where they are
    /// unknown there is no interval. The Brier score has none until it is
    /// resampled.
    pub(super) fn of(scored: &Scored, patients: Option<&Patients>) -> Option<Calibration> {
        let reliability = scored.reliability(BINS).ok()?;
        let clustered = patients
            .map(|patients| scored.recalibration_by_patient(patients).expect("one patient a pair"));
        // One patient alone has figures, but no interval.
        let fit = match &clustered {
            Some(Ok(clustered)) => Ok(*clustered),
            _ => scored.recalibration(),
        };
        let of = |estimate: fn(&Recalibration) -> Estimate| {
            let value = fit.as_ref().map(|fit| estimate(fit).value).map_err(|&reason| reason);
            match &clustered {
                None => Figure::new(value, Err(NO_PATIENTS)),
                Some(Err(reason)) => Figure::new(value, Err(*reason)),
                Some(Ok(clustered)) => Figure::new(value, estimate(clustered).interval()),
            }
        };
        Some(Calibration {
            brier: Figure::new(scored.brier(), Err(NO_PATIENTS)),
            slope: of(|fit| fit.slope),
            intercept: of(|fit| fit.intercept),
            in_the_large: of(|fit| fit.in_the_large),
            moved: fit.as_ref().ok().map(|fit| fit.moved),
            reliability,
        })
    }
}

/// Net benefit at thresholds from 0.025 to 0.975; empty without pairs.
pub(super) fn decision_curve(scored: &Scored) -> Vec<NetBenefit> {
    let thresholds: Vec<f64> = (1..STEPS).map(|step| f64::from(step) / f64::from(STEPS)).collect();
    scored.decision_curve(&thresholds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_pairs_by_hand() {
        let truth = [true, true, false, true, false, false];
        let scored = Scored::new(&truth, &[0.9, 0.8, 0.7, 0.3, 0.2, 0.1]).unwrap();
        let calibration = Calibration::of(&scored, Some(&Patients::one_per_case(6))).unwrap();
        // 0.1, 0.2, 0.7, 0.7, 0.2 and 0.1 off.
        let brier = (0.01 + 0.04 + 0.49 + 0.49 + 0.04 + 0.01) / 6.0;
        assert!((calibration.brier.value.unwrap() - brier).abs() < 1e-12);
        // Three of six are positive and probabilities are symmetric: the large
        // is right. The slope has an interval, for it was fitted.
        assert!(calibration.in_the_large.value.unwrap().abs() < 1e-9);
        assert!(calibration.slope.interval.is_some());
        let unknown = Calibration::of(&scored, None).unwrap();
        assert_eq!(unknown.slope.undefined.as_deref(), Some(NO_PATIENTS));
        assert_eq!((calibration.reliability.len(), calibration.moved), (6, Some(0)));
        let sure = Scored::new(&truth, &[1.0, 0.8, 0.7, 0.3, 0.2, 1e-9]).unwrap();
        assert_eq!(Calibration::of(&sure, None).unwrap().moved, Some(2));
        let curve = decision_curve(&scored);
        assert_eq!((curve.len(), curve[19].threshold), (39, 0.5));
        // At 0.5: two hits and one alarm of six, an alarm as bad as a miss.
        assert!((curve[19].model - 1.0 / 6.0).abs() < 1e-12);
        assert!(Calibration::of(&Scored::new(&[], &[]).unwrap(), None).is_none());
    }
}
