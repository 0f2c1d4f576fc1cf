//! Explanations: defined as the method says, the same whatever the machine is
//! asked to do at once.

mod common;

use std::sync::Mutex;

use rating::Pair;
use rating::heatmap::likeness::pearson;
use rating_frozen::explain::{Explanation, How, Mode, Path, Recipe, Variant};
use rating_frozen::{Bundle, Control, CpuScorer, Resources, ScoreError, Scorer, Uncontrolled};
use tempfile::{TempDir, tempdir};

fn bundle() -> (TempDir, Bundle) {
    let folder = tempdir().unwrap();
    common::write(folder.path(), &common::info()).unwrap();
    let bundle = Bundle::open(folder.path()).unwrap();
    (folder, bundle)
}

fn scorer(bundle: &Bundle, threads: usize, memory: u64) -> CpuScorer {
    CpuScorer::new(bundle.clone(), Resources { threads, memory }).unwrap()
}

const FAST: How = How { mode: Mode::Fast, variant: Variant::Paper, seed: 1 };

fn explained(scorer: &CpuScorer, pair: &Pair, how: &How) -> Explanation {
    scorer.explain(pair, how, &Uncontrolled).unwrap()
}

#[test]
fn threads_and_memory_change_nothing() {
    let (_folder, bundle) = bundle();
    let pairs = common::pairs(2);
    let expected = explained(&scorer(&bundle, 1, u64::MAX), &pairs[0], &FAST);
    for (threads, memory) in [(2, u64::MAX), (3, 0), (64, 20_000)] {
        let scorer = scorer(&bundle, threads, memory);
        explained(&scorer, &pairs[1], &FAST);
        assert_eq!(explained(&scorer, &pairs[0], &FAST), expected, "{threads} threads");
    }
}

#[test]
fn the_networks_of_the_decision_are_explained_with_both_images() {
    let (_folder, bundle) = bundle();
    let pair = &common::pairs(1)[0];
    let scorer = scorer(&bundle, 2, u64::MAX);
    let explanation = explained(&scorer, pair, &FAST);
    assert_eq!((explanation.side_px, explanation.evaluations), (32, 4 * 40));
    assert_eq!(explanation.modalities, [0, 1]);
    let names: Vec<String> =
        explanation.networks.iter().map(|maps| maps.network.to_string()).collect();
    assert_eq!(
        names,
        ["sh.gt0.fold1.seed1", "sh.gt0.fold1.seed2", "sh.gt0.fold2.seed1", "sh.gt0.fold2.seed2"]
    );
    let scores = scorer.score(std::slice::from_ref(pair), &Uncontrolled).unwrap();
    for (maps, score) in explanation.networks.iter().zip(&scores[0]) {
        assert_eq!(maps.network, score.network);
        assert_eq!(maps.probability, score.probability);
        assert_eq!(maps.class, 1);
        assert!(maps.completeness.is_none());
        assert!(maps.signed.len() == 2 && maps.signed.iter().all(|map| map.len() == 32 * 32));
    }
    let shown = explanation.shown(0);
    assert!(shown.iter().all(|value| *value == 0.0 || (0.2..=1.0).contains(value)));
}

#[test]
fn attributions_of_the_exact_mode_add_up() {
    let (_folder, bundle) = bundle();
    let pair = &common::pairs(1)[0];
    let scorer = scorer(&bundle, 2, u64::MAX);
    for variant in [Variant::Paper, Variant::Authors] {
        let how = How { variant, ..How::default() };
        for maps in explained(&scorer, pair, &how).networks {
            let completeness = maps.completeness.unwrap();
            let change = completeness.logit_change.abs();
            assert!(completeness.error().abs() < 0.05 * change + 0.05, "{completeness:?}");
            if variant == Variant::Paper {
                let sum: f64 = maps.signed.iter().flatten().map(|&value| f64::from(value)).sum();
                assert!((sum - completeness.attributed).abs() < 1e-3 * sum.abs().max(1.0));
            }
        }
    }
}

#[test]
fn the_authors_variant_squares_and_explains_what_is_predicted() {
    let (_folder, bundle) = bundle();
    let pair = &common::pairs(1)[0];
    let how = How { variant: Variant::Authors, ..FAST };
    for maps in explained(&scorer(&bundle, 2, u64::MAX), pair, &how).networks {
        assert_eq!(maps.class, usize::from(maps.probability > 0.5));
        assert!(maps.signed.iter().flatten().all(|&value| value >= 0.0));
    }
}

#[test]
fn noise_depends_on_seed_pair_and_network() {
    let (_folder, bundle) = bundle();
    let pair = &common::pairs(1)[0];
    let scorer = scorer(&bundle, 2, u64::MAX);
    let maps = |pair: &Pair, seed| explained(&scorer, pair, &How { seed, ..FAST }).raw(0);
    let first = maps(pair, 1);
    assert_eq!(first, maps(pair, 1));
    assert_ne!(first, maps(pair, 2));
    let renamed = Pair::new("other", pair.views().to_vec(), &rating::Protocol::eoss()).unwrap();
    assert_ne!(first, maps(&renamed, 1));
}

#[test]
fn many_points_and_many_single_points_agree() {
    let (_folder, bundle) = bundle();
    let pair = &common::pairs(1)[0];
    let scorer = scorer(&bundle, 2, u64::MAX);
    let inputs = scorer.prepare(pair).unwrap();
    let raw = |recipe: &Recipe, seed| {
        scorer.explain_inputs("p", &inputs, recipe, seed, &Uncontrolled).unwrap().raw(0)
    };
    let exact = Recipe { copies: 60, path: Path::GaussLegendre(8), ..How::default().recipe() };
    let single = Recipe { copies: 480, path: Path::Stratified, ..exact };
    let likeness = pearson(&raw(&exact, 1), &raw(&single, 2)).unwrap();
    assert!(likeness > 0.9, "{likeness}");
}

/// Hears progress and stops after so much of it.
struct Listener(Mutex<usize>, usize);

impl Control for Listener {
    fn cancelled(&self) -> bool {
        *self.0.lock().unwrap() >= self.1
    }

    fn progress(&self, done: usize, total: usize) {
        assert_eq!(total, 4 * 40);
        *self.0.lock().unwrap() = done;
    }
}

#[test]
fn progress_is_heard_and_work_stops_when_asked() {
    let (_folder, bundle) = bundle();
    let pair = &common::pairs(1)[0];
    let scorer = scorer(&bundle, 2, u64::MAX);
    let listener = Listener(Mutex::new(0), usize::MAX);
    scorer.explain(pair, &FAST, &listener).unwrap();
    assert_eq!(*listener.0.lock().unwrap(), 4 * 40);
    let impatient = Listener(Mutex::new(0), 10);
    assert_eq!(scorer.explain(pair, &FAST, &impatient), Err(ScoreError::Cancelled));
    assert!(*impatient.0.lock().unwrap() <= 40);
}

#[test]
fn a_black_pair_is_explained_without_panic() {
    let (_folder, bundle) = bundle();
    let roi = rating::Roi::new([0, 0, 20, 20]).unwrap();
    let view = rating::View::new(image::RgbImage::new(20, 20), roi).unwrap();
    let pair = Pair::new("black", vec![view.clone(), view], &rating::Protocol::eoss()).unwrap();
    let explanation = explained(&scorer(&bundle, 2, 0), &pair, &FAST);
    assert!(explanation.shown(0).iter().all(|value| (0.0..=1.0).contains(value)));
}
