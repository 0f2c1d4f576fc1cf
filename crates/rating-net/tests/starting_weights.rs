//! Weights from a file: loaded, frozen where asked, told in the bundle by what
//! the file is and not by where it lies.

mod support;

use rating::network::{NetworkId, TrainingId};
use rating::{Origin, Protocol};
use rating_frozen::bundle::Bundle;
use rating_frozen::weights;
use rating_net::config::Select;
use rating_net::model::Stage;
use rating_net::{Config, Imagenet, Job, Source, Stop, TrainError, export};
use support::{examples, job, nano, run_all};

const FILE: &[u8] = include_bytes!("../../../testdata/resnet18_w8.safetensors");

/// A study of one measurement that keeps all loaded stages as they are.
fn frozen() -> (Config, Protocol) {
    let mut config = nano();
    config.network.width = 8;
    config.start.imagenet = Some("/somewhere/resnet18.safetensors".into());
    config.training.jigsaw = None;
    let single = &mut config.training.single;
    single.freeze = vec![Stage::Stem, Stage::Layer1, Stage::Layer2, Stage::Layer3, Stage::Layer4];
    (single.epochs, single.patience, single.select) = (9, Some(2), Select::Best);
    // Too small a step to change the order of any two pairs.
    (single.learning_rate, single.warm_learning_rate) = (1e-12, Some(1e-12));
    let text = include_str!("../../../configs/protocols/salivary-omeract.toml");
    (config, Protocol::from_toml(text).unwrap())
}

#[test]
fn loaded_stages_stay_as_they_are_and_patience_ends_what_does_not_improve() {
    let (config, salivary) = frozen();
    let folder = tempfile::tempdir().unwrap();
    let imagenet = Imagenet::read(FILE).unwrap();
    let pairs = examples(24, &config, &salivary);
    let work = folder.path().join("work");
    let job = job(&config, &salivary, Some(imagenet.clone()), pairs, &work);
    run_all(&job, 2, &Stop::new()).unwrap();

    let network: NetworkId = "parenchyma.gt1.fold1.seed1".parse().unwrap();
    let training = job.folder(&TrainingId::Single(network.into()));
    let log = std::fs::read_to_string(training.join("metrics.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 3, "one epoch, and two without a better one:\n{log}");

    let mut expected = imagenet.weights;
    weights::round_to_f16(&mut expected).unwrap();
    let bytes = std::fs::read(training.join("weights.safetensors")).unwrap();
    let found = weights::read(&bytes).unwrap();
    for name in ["conv1.weight", "bn1.running_mean", "layer4.1.bn2.running_var"] {
        assert_eq!(found[name], expected[name], "{name}");
    }

    let out = folder.path().join("bundle");
    let source = Source { origin: Origin::Phantom, manifest_blake3: "0".repeat(64) };
    export(&job, &source, &out).unwrap();
    let info = Bundle::open(&out).unwrap().info().clone();
    assert!(!info.config.contains("/somewhere"), "{}", info.config);
    assert!(info.config.contains(blake3::hash(FILE).to_hex().as_str()));
    assert!(info.networks.iter().any(|network| network.starts_from["network"] == "imagenet"));
}

#[test]
fn a_file_that_nobody_gave_or_asked_for_is_refused() {
    let (config, salivary) = frozen();
    let pairs = examples(24, &config, &salivary);
    let job = Job::new(config, salivary, None, pairs, "cpu", "nowhere");
    let Err(TrainError::BadInput(problems)) = job else { panic!("no file was given") };
    assert!(problems[0].to_string().contains("start.imagenet"));
}
