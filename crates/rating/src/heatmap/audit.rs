//! Whether heatmaps of a cohort can be trusted: figures of many pairs.
//!
//! What was measured of each pair comes in as [`PairAudit`]; out come
//! [`Audit`]'s medians and means with intervals clustered by patient. A map
//! that fails here is a finding, not a number to tune.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use serde::Serialize;

use crate::Grade;
use crate::stats::interval::mean;
use crate::stats::weighted::SumsByPatient;
use crate::stats::{Interval, Resamples};

/// What was measured of one pair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairAudit {
    /// The pair.
    pub pair_id: String,
    /// Whose joint it is.
    #[serde(skip)]
    pub patient: Option<String>,
    /// For each network how far attributions miss the change of the logit, as
    /// a share of that change; `None` where the logit hardly changes.
    pub completeness: Vec<Option<f64>>,
    /// Pearson's r of two raw maps of different noise, by modality.
    pub repeated: BTreeMap<String, Option<f64>>,
    /// Likeness to the map of networks with random weights: by modality, one
    /// value for each stage of [`Audit::stages`].
    pub randomised: BTreeMap<String, Vec<Likeness>>,
    /// Probabilities while the pair is taken apart and put together.
    pub occlusion: Occlusion,
    /// Where maps lie, for each known structure; empty without truth.
    pub places: Vec<Place>,
}

/// How alike two maps are; `None` where that is not defined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Likeness {
    /// Pearson's r of the raw maps.
    pub pearson: Option<f64>,
    /// Structural similarity of the shown maps.
    pub structural: Option<f64>,
}

/// The networks' mean probability of `grade > cut-off` while squares of the
/// pair are replaced, the most influential first; one value for each step from
/// nothing to everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Occlusion {
    /// Squares of the image become baseline, in the map's order.
    pub deletion: Vec<f64>,
    /// The same in random order (mean of several).
    pub deletion_random: Vec<f64>,
    /// Squares of the baseline become image, in the map's order.
    pub insertion: Vec<f64>,
    /// The same in random order.
    pub insertion_random: Vec<f64>,
}

/// Where the maps of one pair lie against one structure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Place {
    /// The structure: `synovium`, `flow`.
    pub structure: String,
    /// The reference grade that goes with it.
    pub grade: Option<Grade>,
    /// By kind of map (`heatmap`, `centred gaussian`, ...): the share of its
    /// positive values inside.
    pub shares: BTreeMap<String, Option<f64>>,
    /// Whether its largest value lies inside: 1 or 0.
    pub points: BTreeMap<String, Option<f64>>,
}

/// The map that is audited, among the kinds of [`Place`].
pub const HEATMAP: &str = "heatmap";

/// A figure with its interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// How many pairs it is of.
    pub pairs: usize,
    /// `None` where it is not defined.
    pub value: Option<f64>,
    /// 95 %, clustered by patient.
    pub interval: Option<Interval>,
    /// Why something is missing.
    pub undefined: Option<String>,
}

/// The figures of a cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// Pairs audited.
    pub pairs: usize,
    /// Patients; `None` where a pair's patient is unknown.
    pub patients: Option<usize>,
    /// Share of the logit's change that attributions miss: median and 90th
    /// percentile over pairs and networks.
    pub completeness: [Option<f64>; 2],
    /// By modality: median and 10th percentile of Pearson's r.
    pub repeated: BTreeMap<String, [Option<f64>; 2]>,
    /// What is made random, one stage after the other; each holds all before.
    pub stages: Vec<String>,
    /// By modality, one for each stage: mean Pearson's r, mean similarity.
    pub randomised: BTreeMap<String, Vec<[Estimate; 2]>>,
    /// Area under the deletion curve in random order minus that in the map's:
    /// above 0 the map finds what matters.
    pub deletion: Estimate,
    /// Area under the insertion curve in the map's order minus that in random.
    pub insertion: Estimate,
    /// The mean curves.
    pub curves: Occlusion,
    /// Where maps lie.
    pub places: Vec<PlaceFigures>,
}

/// Where the maps of some pairs lie against one structure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaceFigures {
    /// The structure.
    pub structure: String,
    /// The pairs: `grade 2`, `grades 2 and above`, `all grades`.
    pub group: String,
    /// Share inside, by kind of map.
    pub share: BTreeMap<String, Estimate>,
    /// Share of the heatmap minus that of the other kind, on the same pairs.
    pub share_gained: BTreeMap<String, Estimate>,
    /// How often the largest value lies inside, by kind of map.
    pub points: BTreeMap<String, Estimate>,
}

/// The figures of a cohort. `stages` names the stages of
/// [`PairAudit::randomised`].
#[must_use]
pub fn summarise(
    rows: &[PairAudit],
    stages: &[&str],
    samples: usize,
    rng: &mut (impl Rng + Clone + Sync),
) -> Audit {
    let patients: Option<Vec<&str>> = rows.iter().map(|row| row.patient.as_deref()).collect();
    let resamples = patients.as_ref().map(|patients| Resamples::by_patient(patients, samples, rng));
    let cohort = Cohort { rows, resamples };
    let missed = rows.iter().flat_map(|row| row.completeness.iter().flatten().copied());
    let missed: Vec<f64> = missed.collect();
    Audit {
        pairs: rows.len(),
        patients: cohort.resamples.as_ref().map(|resamples| resamples.patients().count()),
        completeness: [quantile(&missed, 0.5), quantile(&missed, 0.9)],
        repeated: cohort.repeated(),
        stages: stages.iter().map(|&stage| stage.to_owned()).collect(),
        randomised: cohort.randomised(stages.len()),
        deletion: cohort.mean(|row| {
            Some(area(&row.occlusion.deletion_random)? - area(&row.occlusion.deletion)?)
        }),
        insertion: cohort.mean(|row| {
            Some(area(&row.occlusion.insertion)? - area(&row.occlusion.insertion_random)?)
        }),
        curves: Occlusion {
            deletion: mean_curve(rows, |occlusion| &occlusion.deletion),
            deletion_random: mean_curve(rows, |occlusion| &occlusion.deletion_random),
            insertion: mean_curve(rows, |occlusion| &occlusion.insertion),
            insertion_random: mean_curve(rows, |occlusion| &occlusion.insertion_random),
        },
        places: cohort.places(),
    }
}

/// The pairs and the samples all figures share.
struct Cohort<'r, R> {
    rows: &'r [PairAudit],
    resamples: Option<Resamples<R>>,
}

impl<R: Rng + Clone + Sync> Cohort<'_, R> {
    /// The mean over the pairs for which `value` is defined.
    fn mean(&self, value: impl Fn(&PairAudit) -> Option<f64>) -> Estimate {
        let values: Vec<Option<f64>> = self.rows.iter().map(value).collect();
        let figure = mean(&values.iter().copied().flatten().collect::<Vec<f64>>());
        let defined = self.rows.iter().zip(&values).filter(|(_, value)| value.is_some());
        let patients: BTreeSet<Option<&str>> =
            defined.map(|(row, _)| row.patient.as_deref()).collect();
        let interval = match (&figure, &self.resamples) {
            (Err(reason), _) => Err(reason.to_string()),
            (Ok(_), None) => Err("patients are unknown".to_owned()),
            // Samples of one patient are all alike: an interval without width.
            (Ok(_), Some(_)) if patients.len() < 2 => Err("there is one patient".to_owned()),
            (Ok(_), Some(resamples)) => {
                let sums = SumsByPatient::new(&values, resamples.patients());
                let sums = sums.expect("one patient a row");
                resamples.of(|weights| sums.mean(weights)).map_err(|reason| reason.to_string())
            }
        };
        Estimate {
            pairs: values.iter().flatten().count(),
            value: figure.ok(),
            undefined: interval.as_ref().err().cloned(),
            interval: interval.ok().map(|bootstrap| bootstrap.interval),
        }
    }

    fn modalities(&self) -> Vec<&str> {
        let first = self.rows.first();
        first.map_or(Vec::new(), |row| row.repeated.keys().map(String::as_str).collect())
    }

    fn repeated(&self) -> BTreeMap<String, [Option<f64>; 2]> {
        let of_modality = |modality: &str| {
            let values = self.rows.iter().filter_map(|row| *row.repeated.get(modality)?);
            let values: Vec<f64> = values.collect();
            (modality.to_owned(), [quantile(&values, 0.5), quantile(&values, 0.1)])
        };
        self.modalities().into_iter().map(of_modality).collect()
    }

    fn randomised(&self, stages: usize) -> BTreeMap<String, Vec<[Estimate; 2]>> {
        let of_modality = |modality: &str| {
            let of_stage = |stage: usize| {
                let likeness = |row: &PairAudit| row.randomised.get(modality)?.get(stage).copied();
                [
                    self.mean(|row| likeness(row)?.pearson),
                    self.mean(|row| likeness(row)?.structural),
                ]
            };
            (modality.to_owned(), (0..stages).map(of_stage).collect())
        };
        self.modalities().into_iter().map(of_modality).collect()
    }

    fn places(&self) -> Vec<PlaceFigures> {
        let mut grades: BTreeMap<&str, Vec<Grade>> = BTreeMap::new();
        for place in self.rows.iter().flat_map(|row| &row.places) {
            let known = grades.entry(&place.structure).or_default();
            known.extend(place.grade.filter(|grade| !known.contains(grade)));
        }
        let mut figures = Vec::new();
        for (structure, mut grades) in grades {
            grades.sort_unstable();
            figures.push(self.place(structure, "all grades".to_owned(), |_| true));
            for &grade in &grades {
                let group = format!("grade {grade}");
                figures.push(self.place(structure, group, |found| found == Some(grade)));
            }
            if grades.iter().any(|&grade| grade > 2) {
                let group = "grades 2 and above".to_owned();
                figures.push(self.place(structure, group, |found| found >= Some(2)));
            }
        }
        figures
    }

    fn place(
        &self,
        structure: &str,
        group: String,
        wanted: impl Fn(Option<Grade>) -> bool,
    ) -> PlaceFigures {
        let place = |row: &'_ PairAudit| -> Option<Place> {
            let found = row.places.iter().find(|place| place.structure == structure)?;
            wanted(found.grade).then(|| found.clone())
        };
        let mut kinds: Vec<String> = Vec::new();
        for kind in
            self.rows.iter().flat_map(|row| &row.places).flat_map(|place| place.shares.keys())
        {
            if !kinds.contains(kind) {
                kinds.push(kind.clone());
            }
        }
        let share = |row: &PairAudit, kind: &str| *place(row)?.shares.get(kind)?;
        let points = |row: &PairAudit, kind: &str| *place(row)?.points.get(kind)?;
        let by_kind = |figure: &dyn Fn(&PairAudit, &str) -> Option<f64>| {
            let of_kind = |kind: &String| (kind.clone(), self.mean(|row| figure(row, kind)));
            kinds.iter().map(of_kind).collect::<BTreeMap<String, Estimate>>()
        };
        let mut share_gained = by_kind(&|row, kind| Some(share(row, HEATMAP)? - share(row, kind)?));
        share_gained.remove(HEATMAP);
        PlaceFigures {
            structure: structure.to_owned(),
            group,
            share: by_kind(&share),
            share_gained,
            points: by_kind(&points),
        }
    }
}

/// The order statistic at this share of the values, rounded down.
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut ascending = values.to_vec();
    ascending.sort_by(f64::total_cmp);
    let position = (share * ascending.len() as f64) as usize;
    ascending.get(position.min(ascending.len().checked_sub(1)?)).copied()
}

/// The area under a curve over 0 to 1 (trapezoids).
fn area(curve: &[f64]) -> Option<f64> {
    let steps = curve.len().checked_sub(1).filter(|&steps| steps > 0)?;
    let sum: f64 = curve.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).sum();
    Some(sum / steps as f64)
}

fn mean_curve(rows: &[PairAudit], of: impl Fn(&Occlusion) -> &Vec<f64>) -> Vec<f64> {
    let curves: Vec<&Vec<f64>> = rows.iter().map(|row| of(&row.occlusion)).collect();
    let steps = curves.iter().map(|curve| curve.len()).min().unwrap_or(0);
    let at =
        |step: usize| curves.iter().map(|curve| curve[step]).sum::<f64>() / curves.len() as f64;
    (0..steps).map(at).collect()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn row(pair: &str, patient: &str, grade: Grade, inside: f64) -> PairAudit {
        let kinds = |heatmap: f64, edges: f64| {
            BTreeMap::from([(HEATMAP.to_owned(), Some(heatmap)), ("edges".to_owned(), Some(edges))])
        };
        PairAudit {
            pair_id: pair.to_owned(),
            patient: Some(patient.to_owned()),
            completeness: vec![Some(0.1), Some(0.3), None],
            repeated: BTreeMap::from([("grayscale".to_owned(), Some(0.9))]),
            randomised: BTreeMap::from([(
                "grayscale".to_owned(),
                vec![Likeness { pearson: Some(inside), structural: None }],
            )]),
            occlusion: Occlusion {
                deletion: vec![1.0, 0.0, 0.0],
                deletion_random: vec![1.0, 0.5, 0.0],
                insertion: vec![0.0, 0.5, 1.0],
                insertion_random: vec![0.0, 0.5, 1.0],
            },
            places: vec![Place {
                structure: "synovium".to_owned(),
                grade: Some(grade),
                shares: kinds(inside, 0.2),
                points: kinds(1.0, 0.0),
            }],
        }
    }

    fn audit(rows: &[PairAudit]) -> Audit {
        summarise(rows, &["head"], 200, &mut ChaCha8Rng::seed_from_u64(1))
    }

    #[test]
    fn figures_by_hand() {
        let rows = [row("a", "p1", 2, 0.5), row("b", "p1", 3, 0.7), row("c", "p2", 1, 0.3)];
        let audit = audit(&rows);
        assert_eq!((audit.pairs, audit.patients), (3, Some(2)));
        assert_eq!(audit.completeness, [Some(0.3), Some(0.3)]);
        assert_eq!(audit.repeated["grayscale"], [Some(0.9), Some(0.9)]);
        // 1 to 0.5 to 0: area 0.5. 1 to 0 to 0: area 0.25.
        assert_eq!(audit.deletion.value, Some(0.25));
        assert_eq!(audit.insertion.value, Some(0.0));
        assert_eq!(audit.curves.deletion_random, [1.0, 0.5, 0.0]);
        assert_eq!(audit.randomised["grayscale"][0][0].value, Some(0.5));
        assert_eq!(
            audit.randomised["grayscale"][0][1].undefined.as_deref(),
            Some("there are no cases")
        );

        let groups: Vec<&str> = audit.places.iter().map(|place| place.group.as_str()).collect();
        assert_eq!(groups, ["all grades", "grade 1", "grade 2", "grade 3", "grades 2 and above"]);
        let severe = &audit.places[4];
        assert_eq!(severe.share[HEATMAP].pairs, 2);
        assert!((severe.share_gained["edges"].value.unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(severe.points[HEATMAP].value, Some(1.0));
        // Both severe pairs are of one patient.
        assert_eq!(severe.share_gained["edges"].interval, None);
        assert_eq!(severe.share_gained["edges"].undefined.as_deref(), Some("there is one patient"));
        assert!(audit.places[0].share_gained["edges"].interval.is_some());
    }

    #[test]
    fn without_patients_there_are_no_intervals() {
        let mut rows = [row("a", "p1", 2, 0.5)];
        rows[0].patient = None;
        let audit = audit(&rows);
        assert_eq!(audit.patients, None);
        assert_eq!(audit.deletion.value, Some(0.25));
        assert_eq!(audit.deletion.interval, None);
        assert_eq!(audit.deletion.undefined.as_deref(), Some("patients are unknown"));
    }

    #[test]
    fn no_pairs_are_no_figures() {
        let audit = audit(&[]);
        assert_eq!(audit.deletion.value, None);
        assert!(audit.places.is_empty() && audit.curves.deletion.is_empty());
    }
}
