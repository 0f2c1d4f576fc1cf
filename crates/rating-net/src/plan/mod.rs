//! The trainings of a study as data: which there are and which need others first.
//!
//! For EOSS with five folds and two seeds these are 130: 10 jigsaws, 30
//! grayscale and 30 Doppler extractors, 30 heads on top of them and 30
//! vascularity networks. Any protocol gets its plan by the same rule: a
//! measurement read from one modality is one network trained end to end, one
//! read from several is an extractor for each and a head; jigsaws exist where
//! a modality is marked for them (method, sections 4 and 8).

mod start;

use rating::Protocol;
use rating::network::{NetworkId, Question, Target, TrainingId};

use crate::config::{Config, Recipe, WarmStart};
pub use start::StartFrom;
use start::{WARM_SOURCE, pretrains, start};

/// One training of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Which training.
    pub id: TrainingId,
    /// What its weights start from.
    pub start: StartFrom,
    /// The trainings that must be finished before.
    pub needs: Vec<TrainingId>,
}

/// All trainings of a study, each after those it needs.
#[must_use]
pub fn plan(config: &Config, protocol: &Protocol) -> Vec<Task> {
    let mut tasks = Vec::new();
    if pretrains(config, protocol) {
        let start =
            if config.start.imagenet.is_some() { StartFrom::Imagenet } else { StartFrom::Random };
        for (fold, seed) in folds_and_seeds(config) {
            let id = TrainingId::Jigsaw { fold, seed };
            tasks.push(Task { id, start: start.clone(), needs: vec![] });
        }
    }
    for (index, measurement) in protocol.measurements().iter().enumerate() {
        for (fold, seed) in folds_and_seeds(config) {
            for question in in_order(config, measurement.grades) {
                let measurement = measurement.short.clone();
                let target = Target { measurement, question, fold, seed };
                add_network(&mut tasks, config, protocol, index, &target);
            }
        }
    }
    tasks
}

/// What the trainings of a study work towards, in the order of measurement,
/// question, fold, seed.
#[must_use]
pub fn targets(config: &Config, protocol: &Protocol) -> Vec<Target> {
    let mut targets = Vec::new();
    for measurement in protocol.measurements() {
        for question in config.questions.of(measurement.grades) {
            for (fold, seed) in folds_and_seeds(config) {
                let measurement = measurement.short.clone();
                targets.push(Target { measurement, question, fold, seed });
            }
        }
    }
    targets
}

/// The networks of a study's bundle, in the order of measurement, task, fold,
/// seed; none where other questions are asked than those of the method.
#[must_use]
pub fn networks(config: &Config, protocol: &Protocol) -> Vec<NetworkId> {
    targets(config, protocol).iter().filter_map(Target::network).collect()
}

/// The training whose finished weights are the network: the head of several
/// extractors, or the network itself.
#[must_use]
pub fn deciding_training(protocol: &Protocol, target: Target) -> Option<TrainingId> {
    let measurement = protocol.measurement(&target.measurement)?;
    Some(match protocol.modalities_of(measurement) {
        [_] => TrainingId::Single(target),
        _ => TrainingId::Fusion(target),
    })
}

/// How a kind of training runs; `None` for a jigsaw in a study without.
#[must_use]
pub fn recipe<'a>(config: &'a Config, id: &TrainingId) -> Option<&'a Recipe> {
    match id {
        TrainingId::Jigsaw { .. } => config.training.jigsaw.as_ref(),
        TrainingId::Extractor { .. } => Some(&config.training.extractor),
        TrainingId::Fusion(_) => Some(&config.training.fusion),
        TrainingId::Single(_) => Some(&config.training.single),
    }
}

/// Position of the modality whose images a training sees; `None` for a head,
/// which sees features, and for a training of another protocol.
#[must_use]
pub fn modality(protocol: &Protocol, id: &TrainingId) -> Option<usize> {
    match id {
        TrainingId::Jigsaw { .. } => protocol.pretrain_modality(),
        TrainingId::Extractor { modality, .. } => {
            protocol.modalities().iter().position(|known| &known.name == modality)
        }
        TrainingId::Fusion(_) => None,
        TrainingId::Single(target) => {
            let measurement = protocol.measurement(&target.measurement)?;
            protocol.modalities_of(measurement).first().copied()
        }
    }
}

fn folds_and_seeds(config: &Config) -> impl Iterator<Item = (u8, u8)> {
    let seeds = config.seeds;
    (1..=config.folds).flat_map(move |fold| (1..=seeds).map(move |seed| (fold, seed)))
}

/// The questions about a measurement, the one that others start from first.
fn in_order(config: &Config, grades: u8) -> Vec<Question> {
    let mut order = config.questions.of(grades);
    if config.start.warm_start == WarmStart::Gt1 {
        order.sort_by_key(|&question| question != WARM_SOURCE);
    }
    order
}

fn add_network(
    tasks: &mut Vec<Task>,
    config: &Config,
    protocol: &Protocol,
    measurement: usize,
    target: &Target,
) {
    let mut add = |id: TrainingId, modality: usize| {
        let start = start(config, protocol, measurement, modality, &id);
        let needs = start.training().cloned().into_iter().collect();
        tasks.push(Task { id: id.clone(), start, needs });
        id
    };
    let modalities = protocol.modalities_of(measurement);
    if let [modality] = modalities {
        add(TrainingId::Single(target.clone()), *modality);
        return;
    }
    let extractors = modalities
        .iter()
        .map(|&modality| {
            let name = protocol.modalities()[modality].name.clone();
            add(TrainingId::Extractor { modality: name, target: target.clone() }, modality)
        })
        .collect();
    let id = TrainingId::Fusion(target.clone());
    tasks.push(Task { id, start: StartFrom::Random, needs: extractors });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::GInit;

    fn config(name: &str) -> Config {
        let text = match name {
            "paper" => include_str!("../../../../configs/paper.toml"),
            _ => include_str!("../../../../configs/quick.toml"),
        };
        Config::from_toml(text).unwrap()
    }

    fn find(tasks: &[Task], id: &str) -> Task {
        let id: TrainingId = id.parse().unwrap();
        tasks.iter().find(|task| task.id == id).unwrap().clone()
    }

    #[test]
    fn eoss_has_130_trainings_and_60_networks() {
        for name in ["paper", "quick"] {
            let tasks = plan(&config(name), &Protocol::eoss());
            let count =
                |of: fn(&TrainingId) -> bool| tasks.iter().filter(|task| of(&task.id)).count();
            assert_eq!(count(|id| matches!(id, TrainingId::Jigsaw { .. })), 10);
            assert_eq!(count(|id| matches!(id, TrainingId::Extractor { .. })), 60);
            assert_eq!(count(|id| matches!(id, TrainingId::Fusion(_))), 30);
            assert_eq!(count(|id| matches!(id, TrainingId::Single(_))), 30);
            assert_eq!(networks(&config(name), &Protocol::eoss()).len(), 60);
        }
    }

    #[test]
    fn every_training_comes_after_those_it_needs() {
        let mut done = BTreeSet::new();
        for task in plan(&config("quick"), &Protocol::eoss()) {
            assert!(task.needs.iter().all(|needed| done.contains(needed)), "{}", task.id);
            assert!(done.insert(task.id));
        }
    }

    #[test]
    fn starting_weights_follow_the_method() {
        let eoss = Protocol::eoss();
        let mut config = config("paper");
        let words = |config: &Config, id| find(&plan(config, &eoss), id).start.words();
        let (f, g, v) = (
            "grayscale.sh.gt0.fold2.seed1",
            "doppler.sh.gt0.fold2.seed1",
            "vascularity.gt0.fold2.seed1",
        );

        assert_eq!([f, g, v].map(|id| words(&config, id)), ["jigsaw.fold2.seed1"; 3]);
        config.start.imagenet = Some("resnet18.pth".into());
        assert_eq!(
            [f, g, v].map(|id| words(&config, id)),
            ["jigsaw.fold2.seed1", "imagenet", "imagenet"]
        );
        assert_eq!(words(&config, "jigsaw.fold2.seed1"), "imagenet");
        config.start.g_init = GInit::Jigsaw;
        assert_eq!(
            [f, g, v].map(|id| words(&config, id)),
            ["jigsaw.fold2.seed1", "jigsaw.fold2.seed1", "imagenet"]
        );
        config.training.jigsaw = None;
        assert_eq!([f, g, v].map(|id| words(&config, id)), ["imagenet"; 3]);
        config.start.imagenet = None;
        assert_eq!([f, g, v].map(|id| words(&config, id)), ["random"; 3]);
    }

    #[test]
    fn warm_starts_come_from_the_same_network_above_1() {
        let tasks = plan(&config("quick"), &Protocol::eoss());
        let task = find(&tasks, "doppler.sh.gt2.fold5.seed2");
        assert_eq!(task.start.words(), "doppler.sh.gt1.fold5.seed2");
        assert_eq!(task.needs, ["doppler.sh.gt1.fold5.seed2".parse().unwrap()]);
        assert_eq!(find(&tasks, "doppler.sh.gt1.fold5.seed2").start.words(), "jigsaw.fold5.seed2");
        let head = find(&tasks, "fusion.sh.gt2.fold5.seed2");
        assert_eq!(head.needs.len(), 2);
        assert_eq!(head.start, StartFrom::Random);
    }

    #[test]
    fn one_grayscale_modality_is_jigsaws_and_single_networks() {
        let text = include_str!("../../../../configs/protocols/salivary-omeract.toml");
        let salivary = Protocol::from_toml(text).unwrap();
        let tasks = plan(&config("quick"), &salivary);
        assert_eq!(tasks.len(), 10 + 30);
        assert_eq!(find(&tasks, "parenchyma.gt1.fold1.seed1").start.words(), "jigsaw.fold1.seed1");
    }
}
