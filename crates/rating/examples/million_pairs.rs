//! How long the statistics of a million pairs take.
//!
//!     cargo run --release -p rating --example million_pairs [PAIRS [PAIRS_A_PATIENT [SAMPLES]]]
//!
//! Draws grades and scores from a fixed seed, computes PEA, PCA, three kappas
//! of two measurements and their combination and six AUCs, each with an
//! interval that resamples patients, and prints the seconds and the peak
//! memory of the process.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::stats::ranked::Ranked;
use rating::stats::weighted::CountsByPatient;
use rating::stats::{Confusion, Graded, Interval, Measured, Patients, Resamples, Scored, Weights};
use rating::{Grade, Seed};

const GRADES: u8 = 4;
const FIGURES: [fn(&Confusion) -> Measured; 5] = [
    Confusion::accuracy,
    Confusion::close_agreement,
    |confusion| confusion.kappa(Weights::None),
    |confusion| confusion.kappa(Weights::Linear),
    |confusion| confusion.kappa(Weights::Quadratic),
];

fn main() {
    let mut asked = std::env::args().skip(1).map(|word| word.parse().expect("a whole number"));
    let pairs: usize = asked.next().unwrap_or(1_000_000);
    let of_patient: usize = asked.next().unwrap_or(10).max(1);
    let samples: usize = asked.next().unwrap_or(1000);
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    let names: Vec<String> = (0..pairs).map(|pair| format!("p{:07}", pair / of_patient)).collect();
    let measurements = [measurement(pairs, &mut rng), measurement(pairs, &mut rng)];

    let began = Instant::now();
    let resamples = Resamples::of_patients(Patients::named(&names), samples, &mut rng);
    for (name, (truth, predicted, _)) in ["first", "second"].iter().zip(&measurements) {
        print_grades(name, truth, predicted, &resamples);
    }
    let [first, second] = &measurements;
    let higher = |a: &[Grade], b: &[Grade]| -> Vec<Grade> {
        a.iter().zip(b).map(|(&a, &b)| a.max(b)).collect()
    };
    print_grades(
        "combined",
        &higher(&first.0, &second.0),
        &higher(&first.1, &second.1),
        &resamples,
    );
    print_aucs(&measurements, &resamples);
    println!(
        "{pairs} pairs, {} patients, {samples} samples: {:.1} s, peak memory {}",
        resamples.patients().count(),
        began.elapsed().as_secs_f64(),
        peak_memory()
    );
}

/// Reference grade, predicted grade and a score of six digits of each pair.
type Drawn = (Vec<Grade>, Vec<Grade>, Vec<f64>);

fn measurement(pairs: usize, rng: &mut ChaCha8Rng) -> Drawn {
    let mut drawn = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..pairs {
        let truth: Grade = rng.random_range(0..GRADES);
        let noise: f64 = (0..4).map(|_| rng.random_range(-0.7..0.7)).sum();
        let score = ((f64::from(truth) + noise) * 1e6).round() / 1e6;
        drawn.0.push(truth);
        drawn.1.push(score.round().clamp(0.0, f64::from(GRADES - 1)) as Grade);
        drawn.2.push(score);
    }
    drawn
}

fn print_grades(
    name: &str,
    truth: &[Grade],
    predicted: &[Grade],
    resamples: &Resamples<ChaCha8Rng>,
) {
    let graded = Graded::new(GRADES, truth, predicted).expect("drawn as they should be");
    let counts = CountsByPatient::new(&graded, resamples.patients()).expect("one patient a pair");
    let bootstraps = resamples.of_each(|weights| {
        let confusion = counts.weighted(weights);
        FIGURES.map(|figure| figure(&confusion))
    });
    let words = ["PEA", "PCA", "kappa", "kappa linear", "kappa quadratic"];
    for ((word, figure), bootstrap) in words.iter().zip(FIGURES).zip(bootstraps) {
        let interval = bootstrap.ok().map(|all| all.interval);
        println!("{name} {word}: {}", line(figure(&graded.confusion()), interval));
    }
}

fn print_aucs(measurements: &[Drawn; 2], resamples: &Resamples<ChaCha8Rng>) {
    let mut tasks = Vec::new();
    for (name, (truth, _, scores)) in ["first", "second"].iter().zip(measurements) {
        for above in 0..GRADES - 1 {
            let truth: Vec<bool> = truth.iter().map(|&grade| grade > above).collect();
            let scored = Scored::new(&truth, scores).expect("drawn as they should be");
            let ranked = Ranked::new(&scored, resamples.patients()).expect("one patient a pair");
            tasks.push((format!("{name} AUC > {above}"), scored.auc(), ranked));
        }
    }
    let bootstraps = resamples
        .of_all(tasks.len(), |weights| tasks.iter().map(|task| task.2.auc(weights)).collect());
    for ((name, auc, _), bootstrap) in tasks.into_iter().zip(bootstraps) {
        println!("{name}: {}", line(auc, bootstrap.ok().map(|all| all.interval)));
    }
}

fn line(value: Measured, interval: Option<Interval>) -> String {
    let value = value.map_or_else(|reason| reason.to_string(), |value| format!("{value:.4}"));
    match interval {
        Some(Interval { low, high }) => format!("{value} [{low:.4}, {high:.4}]"),
        None => value,
    }
}

/// The largest resident size so far, where the system tells it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |size| size.trim().to_owned())
}
