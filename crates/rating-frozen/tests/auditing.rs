//! The questions of an audit, against answers known beforehand.

mod common;

use rating::heatmap::likeness::pearson;
use rating_frozen::audit::occlusion::{Replace, SQUARES, STEPS, order_of};
use rating_frozen::audit::randomised::STAGES;
use rating_frozen::explain::{How, Mode, Variant};
use rating_frozen::{Bundle, CpuScorer, Inputs, Resources, Scorer, Uncontrolled};
use tempfile::{TempDir, tempdir};

const FAST: How = How { mode: Mode::Fast, variant: Variant::Paper, seed: 1 };

fn scorer() -> (TempDir, CpuScorer) {
    let folder = tempdir().unwrap();
    common::write(folder.path(), &common::info()).unwrap();
    let bundle = Bundle::open(folder.path()).unwrap();
    (folder, CpuScorer::new(bundle, Resources { threads: 2, memory: u64::MAX }).unwrap())
}

#[test]
fn networks_that_forget_nothing_give_the_same_maps_and_others_do_not() {
    let (_folder, scorer) = scorer();
    let pairs = common::pairs(2);
    let inputs: Vec<Inputs> = pairs.iter().map(|pair| scorer.prepare(pair).unwrap()).collect();
    let named: Vec<(&str, &Inputs)> =
        pairs.iter().zip(&inputs).map(|(pair, inputs)| (pair.id(), inputs)).collect();
    let recipe = FAST.recipe();
    let maps = |stages| {
        scorer.explain_randomised(&named, &recipe, stages, FAST.seed, &Uncontrolled).unwrap()
    };
    let (same, other) = (maps(0), maps(STAGES.len()));
    for (pair, (same, other)) in pairs.iter().zip(same.iter().zip(&other)) {
        let explanation = scorer.explain(pair, &FAST, &Uncontrolled).unwrap();
        for modality in 0..2 {
            let raw = explanation.raw(modality);
            assert_eq!(same.raw[modality], raw);
            assert_eq!(same.shown[modality], explanation.shown(modality));
            let likeness = pearson(&raw, &other.raw[modality]).unwrap();
            assert!(likeness < 0.9, "{likeness}");
        }
    }
}

#[test]
fn curves_begin_and_end_with_the_pair_and_the_baseline() {
    let (_folder, scorer) = scorer();
    let pairs = common::pairs(1);
    let inputs = scorer.prepare(&pairs[0]).unwrap();
    let maps = vec![vec![1.0; 32 * 32]; 2];
    let order = order_of(&maps, 32);
    assert_eq!(order, (0..2 * SQUARES * SQUARES).collect::<Vec<usize>>());
    let orders = [(Replace::Image, order.clone()), (Replace::Baseline, order)];
    let curves = scorer.occluded(&inputs, &orders, &Uncontrolled).unwrap();
    assert!(curves.iter().all(|curve| curve.len() == STEPS + 1));
    let scores = &scorer.score(&pairs, &Uncontrolled).unwrap()[0][..4];
    let mean = scores.iter().map(|score| score.probability).sum::<f64>() / 4.0;
    let (deletion, insertion) = (&curves[0], &curves[1]);
    assert!((deletion[0] - mean).abs() < 1e-12);
    assert!((insertion[STEPS] - mean).abs() < 1e-12);
    assert!((insertion[0] - deletion[STEPS]).abs() < 1e-12);
    assert_ne!(deletion, insertion);
}
