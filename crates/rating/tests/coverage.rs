//! How often 95 % intervals hold the truth, and how often tests at 5 % cry
//! wolf, in simulated studies: patients who differ, each with several joints.
//!
//! `scripts/long coverage` runs all of it; the usual tests a light version.

#![allow(clippy::print_stdout)]

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::stats::paper::paper_z_test;
use rating::stats::ranked::Ranked;
use rating::stats::weighted::CountsByPatient;
use rating::stats::{
    Discordance, Graded, Interval, Measured, Patients, Resamples, Scored, Weights,
};
use rating::{Grade, Seed};

/// Joints of each patient, as in a hand of five with both sides.
const JOINTS: usize = 10;
/// Bootstrap samples of each study.
const SAMPLES: usize = 1000;
/// Patients whose figures stand for the truth.
const MANY: usize = 200_000;

/// One simulated study.
struct Study {
    patients: Patients,
    truth: Vec<Grade>,
    predicted: Vec<Grade>,
    scores: Vec<f64>,
}

/// Patients differ in how much disease they have and in how hard their images
/// are to read, so that both grades and mistakes come in clusters.
fn study(patients: usize, rng: &mut ChaCha8Rng) -> Study {
    let mut drawn = Study {
        patients: Patients::one_per_case(0),
        truth: vec![],
        predicted: vec![],
        scores: vec![],
    };
    let mut names = Vec::with_capacity(patients * JOINTS);
    for patient in 0..patients {
        let disease: f64 = rng.random_range(-1.0..1.0);
        let shift: f64 = rng.random_range(-1.5..1.5);
        for _ in 0..JOINTS {
            let severity = 1.4 + disease + rng.random_range(-1.4..1.4);
            let score = severity + shift + rng.random_range(-0.4..0.4);
            names.push(format!("p{patient:06}"));
            drawn.truth.push(severity.round().clamp(0.0, 3.0) as Grade);
            drawn.predicted.push(score.round().clamp(0.0, 3.0) as Grade);
            drawn.scores.push(score);
        }
    }
    drawn.patients = Patients::named(&names);
    drawn
}

const FIGURES: [&str; 3] = ["accuracy", "linear kappa", "AUC > 1"];

impl Study {
    /// The three figures with each patient weighted.
    fn figures(&self, patients: &Patients) -> impl Fn(&[u32]) -> [Measured; 3] + use<> {
        let graded = Graded::new(4, &self.truth, &self.predicted).unwrap();
        let counts = CountsByPatient::new(&graded, patients).unwrap();
        let positive: Vec<bool> = self.truth.iter().map(|&grade| grade > 1).collect();
        let ranked = Ranked::new(&Scored::new(&positive, &self.scores).unwrap(), patients).unwrap();
        move |weights| {
            let confusion = counts.weighted(weights);
            [confusion.accuracy(), confusion.kappa(Weights::Linear), ranked.auc(weights)]
        }
    }

    fn plain_patients(&self) -> Patients {
        Patients::one_per_case(self.truth.len())
    }
}

fn rng(label: &str) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(Seed::new(2022).child(label).bytes())
}

/// How often each kind of interval of each figure holds the truth.
struct Coverage {
    clustered: [f64; 3],
    bca: [f64; 3],
    plain: [f64; 3],
}

fn coverage(patients: usize, studies: usize) -> Coverage {
    let mut rng = rng(&format!("{patients} patients"));
    let many = study(MANY, &mut rng);
    let truth = many.figures(&many.patients)(&vec![1; MANY]).map(Result::unwrap);
    let mut hits = [[0.0; 3]; 3];
    for _ in 0..studies {
        let study = study(patients, &mut rng);
        let of = |patients: Patients, rng: &mut ChaCha8Rng| {
            let figures = study.figures(&patients);
            let resamples = Resamples::of_patients(patients, SAMPLES, rng);
            let percentile = resamples.of_each(&figures).map(|all| all.unwrap().interval);
            (resamples, figures, percentile)
        };
        let (resamples, figures, clustered) = of(study.patients.clone(), &mut rng);
        let (_, _, plain) = of(study.plain_patients(), &mut rng);
        let bca = [0, 1, 2].map(|at| resamples.bca(|weights| figures(weights)[at]).unwrap());
        for (hits, intervals) in hits.iter_mut().zip([clustered, bca, plain]) {
            for ((hits, Interval { low, high }), truth) in hits.iter_mut().zip(intervals).zip(truth)
            {
                *hits += f64::from(u8::from(low <= truth && truth <= high)) / studies as f64;
            }
        }
    }
    let [clustered, bca, plain] = hits;
    Coverage { clustered, bca, plain }
}

fn show(patients: usize, studies: usize, found: &Coverage) {
    println!(
        "{studies} studies of {patients} patients with {JOINTS} joints, share of 95 % intervals that hold the truth"
    );
    for (kind, shares) in [
        ("by patient", found.clustered),
        ("by patient, BCa", found.bca),
        ("by pair, as the paper", found.plain),
    ] {
        let shares: Vec<String> = FIGURES
            .iter()
            .zip(shares)
            .map(|(figure, share)| format!("{figure} {:.1} %", 100.0 * share))
            .collect();
        println!("  {kind:22} {}", shares.join("  "));
    }
}

/// Two readers who are equally good on strangers' joints: how often the paper's
/// z test on this many bootstrap samples, and exact McNemar, say p < 0.05.
fn false_alarms(studies: usize, samples: usize) -> [f64; 2] {
    let mut rng = rng(&format!("alarms {samples}"));
    let mut alarms = [0.0; 2];
    for _ in 0..studies {
        let cases = 274;
        let mut reader = || -> Vec<bool> { (0..cases).map(|_| rng.random_bool(0.7)).collect() };
        let (first, second) = (reader(), reader());
        let accuracy = |right: &[bool], rng: &mut ChaCha8Rng| {
            let called: Vec<Grade> = right.iter().map(|&right| Grade::from(right)).collect();
            let graded = Graded::new(2, &vec![1; cases], &called).unwrap();
            let patients = Patients::one_per_case(cases);
            let counts = CountsByPatient::new(&graded, &patients).unwrap();
            let resamples = Resamples::of_patients(patients, samples, rng);
            resamples.of(|weights| counts.weighted(weights).accuracy()).unwrap().values
        };
        let paper =
            paper_z_test(&accuracy(&first, &mut rng), &accuracy(&second, &mut rng)).unwrap().p;
        let exact = Discordance::count(first.into_iter().zip(second)).mcnemar();
        for (alarms, p) in alarms.iter_mut().zip([paper, exact]) {
            *alarms += f64::from(u8::from(p < 0.05)) / studies as f64;
        }
    }
    alarms
}

#[test]
fn intervals_by_patient_hold_the_truth_where_those_by_pair_do_not() {
    let found = coverage(100, 120);
    for at in 0..3 {
        // 120 studies: a standard error of 2 %.
        assert!((0.86..=1.0).contains(&found.clustered[at]), "{:?}", found.clustered);
        assert!((0.86..=1.0).contains(&found.bca[at]), "{:?}", found.bca);
    }
    assert!(found.plain[0] < 0.9 && found.plain[1] < 0.9, "{:?}", found.plain);
}

#[test]
fn the_papers_z_test_cries_wolf() {
    let [paper, exact] = false_alarms(100, 200);
    assert!(paper > 0.6 && exact < 0.15, "{paper} {exact}");
}

#[test]
#[ignore = "minutes: scripts/long coverage"]
fn two_thousand_studies() {
    for patients in [100, 28] {
        let found = coverage(patients, 2000);
        show(patients, 2000, &found);
        if patients == 100 {
            for at in 0..3 {
                assert!((0.93..=0.97).contains(&found.clustered[at]), "{:?}", found.clustered);
                assert!((0.93..=0.97).contains(&found.bca[at]), "{:?}", found.bca);
                assert!(found.plain[at] < 0.93, "{:?}", found.plain);
            }
        }
    }
}

#[test]
#[ignore = "minutes: scripts/long coverage"]
fn a_thousand_pairs_of_equal_readers() {
    println!("1000 pairs of equally good readers, share with p < 0.05 (should be 5 %)");
    let mut before = 0.0;
    for samples in [100, 1000, 4000] {
        let [paper, exact] = false_alarms(1000, samples);
        println!(
            "  {samples:5} bootstrap samples: the paper's z test {:.1} %, exact McNemar {:.1} %",
            100.0 * paper,
            100.0 * exact
        );
        assert!(paper > before && exact < 0.06);
        before = paper;
    }
    assert!(before > 0.9);
}
