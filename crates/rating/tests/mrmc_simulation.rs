//! Multi-reader multi-case analysis where the variance components are known.
//!
//! Scores after Roe and Metz (Academic Radiology 1997): readers, cases, and all of
//! their interactions with each other and with the modality add independent normal
//! terms. Over all of them the AUC is known, so it can be counted how often 95 %
//! intervals hold the difference of two modalities, and how often p < 0.05 where
//! there is none.
//!
//! `scripts/long mrmc` runs all of it; the usual tests a light version.

#![allow(clippy::print_stdout)]

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::Seed;
use rating::stats::mrmc::{Inference, MultiReader};
use rating::stats::ranked::Ranked;
use rating::stats::{Measured, Patients, Scored};

/// Variances of a structure of Roe and Metz.
#[derive(Clone, Copy)]
struct Structure {
    name: &'static str,
    reader: f64,
    modality_reader: f64,
    case: f64,
    modality_case: f64,
    reader_case: f64,
    rest: f64,
}

/// "Low" and "high" correlation of cases, "low" and "high" variance of readers,
/// at the middle of the three AUCs (separation 1.5).
const STRUCTURES: [Structure; 4] = [
    structure("high correlation, low reader variance", 0.0055, [0.3, 0.3, 0.2, 0.2]),
    structure("low correlation, low reader variance", 0.0055, [0.1, 0.1, 0.2, 0.6]),
    structure("high correlation, high reader variance", 0.030, [0.3, 0.3, 0.2, 0.2]),
    structure("low correlation, high reader variance", 0.030, [0.1, 0.1, 0.2, 0.6]),
];

const fn structure(name: &'static str, reader: f64, cases: [f64; 4]) -> Structure {
    let [case, modality_case, reader_case, rest] = cases;
    Structure { name, reader, modality_reader: reader, case, modality_case, reader_case, rest }
}

impl Structure {
    /// The AUC over readers and cases, for this separation of the classes.
    fn auc(&self, separation: f64) -> f64 {
        let cases = self.case + self.modality_case + self.reader_case + self.rest;
        let all = cases + self.reader + self.modality_reader;
        normal_cdf(separation / (2.0 * all).sqrt())
    }
}

fn normal_cdf(z: f64) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    Normal::standard().cdf(z)
}

/// A standard normal value by the quantile of a uniform one.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    Normal::standard().inverse_cdf(rng.random_range(1e-12..1.0))
}

const READERS: usize = 5;
/// Cases of each class; a patient is a case.
const CASES: usize = 50;

/// The analysis of one simulated study of two modalities.
fn study(structure: &Structure, separations: [f64; 2], rng: &mut ChaCha8Rng) -> MultiReader {
    let truth: Vec<bool> = (0..2 * CASES).map(|case| case < CASES).collect();
    let mut draw = |variance: f64, count: usize| -> Vec<f64> {
        (0..count).map(|_| variance.sqrt() * normal(rng)).collect()
    };
    // Every term has a value of its own for each class, as in the paper.
    let case = draw(structure.case, 2 * CASES);
    let modality_case = [0, 1].map(|_| draw(structure.modality_case, 2 * CASES));
    let reader_case: Vec<Vec<f64>> =
        (0..READERS).map(|_| draw(structure.reader_case, 2 * CASES)).collect();
    let reader = [0, 1].map(|_| draw(structure.reader, READERS));
    let cases = Patients::one_per_case(2 * CASES);
    let mut ranked = Vec::new();
    for modality in 0..2 {
        let modality_reader = [0, 1].map(|_| draw(structure.modality_reader, READERS));
        for of in 0..READERS {
            let rest = draw(structure.rest, 2 * CASES);
            let score = |at: usize| {
                let class = usize::from(truth[at]);
                let shift = separations[modality] * class as f64;
                shift
                    + reader[class][of]
                    + modality_reader[class][of]
                    + case[at]
                    + modality_case[modality][at]
                    + reader_case[of][at]
                    + rest[at]
            };
            let scores: Vec<f64> = (0..2 * CASES).map(score).collect();
            let scored = Scored::new(&truth, &scores).unwrap();
            ranked.push(Ranked::new(&scored, &cases).unwrap());
        }
    }
    let aucs =
        |weights: &[u32]| -> Vec<Measured> { ranked.iter().map(|of| of.auc(weights)).collect() };
    MultiReader::jackknife(2, READERS, 2 * CASES, aucs).unwrap()
}

/// Shares of studies: p < 0.05, and the interval of the difference holds `truth`.
fn shares(
    structure: &Structure,
    inference: Inference,
    separations: [f64; 2],
    studies: usize,
) -> [f64; 2] {
    let label = format!("{} {separations:?} {inference:?}", structure.name);
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1997).child(label).bytes());
    let truth = structure.auc(separations[0]) - structure.auc(separations[1]);
    let (mut alarms, mut held) = (0, 0);
    for _ in 0..studies {
        let found = study(structure, separations, &mut rng);
        let analysis = found.analysis(inference).unwrap();
        let difference = &analysis.differences[0];
        assert!((analysis.overall.p - difference.p).abs() < 1e-9, "F is the square of t");
        alarms += usize::from(difference.p < 0.05);
        held += usize::from(difference.interval.low <= truth && truth <= difference.interval.high);
    }
    [alarms, held].map(|count| count as f64 / studies as f64)
}

/// Readers do not vary from modality to modality: what fixed readers take for
/// granted when asked about these readers.
fn without_reader_interaction(structure: Structure) -> Structure {
    Structure { modality_reader: 0.0, ..structure }
}

/// Cases do not favour a modality: what fixed cases take for granted.
fn without_case_interaction(structure: Structure) -> Structure {
    Structure { modality_case: 0.0, rest: structure.rest + structure.modality_case, ..structure }
}

#[test]
fn p_below_5_percent_is_as_rare_as_it_says() {
    // 400 studies: a standard error of 1.1 %.
    let both = Inference::RandomReadersRandomCases;
    let [alarms, held] = shares(&STRUCTURES[2], both, [1.5, 1.5], 400);
    assert!((0.01..0.09).contains(&alarms) && held == 1.0 - alarms, "{alarms} {held}");
    let [power, held] = shares(&STRUCTURES[2], both, [2.3, 1.1], 400);
    assert!(power > 0.4 && (0.91..0.99).contains(&held), "{power} {held}");
}

#[test]
#[ignore = "half a minute: scripts/long mrmc"]
fn two_thousand_studies_of_each_structure() {
    let studies = 2000;
    println!(
        "{studies} simulated studies each, {READERS} readers, {CASES} + {CASES} cases: p < 0.05 \
         without a difference (should be 5 %); 95 % intervals that hold a difference of AUC"
    );
    for inference in Inference::ALL {
        for structure in STRUCTURES {
            let structure = match inference {
                Inference::RandomReadersRandomCases => structure,
                Inference::FixedReadersRandomCases => without_reader_interaction(structure),
                Inference::RandomReadersFixedCases => without_case_interaction(structure),
            };
            let [alarms, _] = shares(&structure, inference, [1.5, 1.5], studies);
            let [_, held] = shares(&structure, inference, [1.8, 1.5], studies);
            println!(
                "  {inference:?}, {}: {:.1} %, {:.1} %",
                structure.name,
                100.0 * alarms,
                100.0 * held
            );
            assert!((0.02..0.075).contains(&alarms), "{alarms}");
            assert!((0.925..0.98).contains(&held), "{held}");
        }
    }
}
