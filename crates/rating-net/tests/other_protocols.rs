//! Another protocol is another file: nothing else changes.

mod support;

use rating::{Origin, Protocol};
use rating_frozen::bundle::Bundle;
use rating_net::config::HeadFeatures;
use rating_net::export::export_arm;
use rating_net::{Source, Stop, export};
use support::{examples, job, nano, run_all};

fn source() -> Source {
    Source { origin: Origin::Phantom, manifest_blake3: "0".repeat(64) }
}

#[test]
fn salivary_glands_train_from_their_protocol_file() {
    let text = include_str!("../../../configs/protocols/salivary-omeract.toml");
    let (config, salivary) = (nano(), Protocol::from_toml(text).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let job = job(
        &config,
        &salivary,
        None,
        examples(24, &config, &salivary),
        &folder.path().join("work"),
    );
    assert_eq!(job.tasks().len(), 2 + 6);
    run_all(&job, 2, &Stop::new()).unwrap();
    let out = folder.path().join("bundle");
    let exported = export(&job, &source(), &out).unwrap();
    let bundle = Bundle::open(&out).unwrap();
    bundle.verify().unwrap();
    assert_eq!(bundle.identity().bundle, exported.hash);
    assert_eq!(bundle.info().networks.len(), 6);
    assert_eq!(exported.validation_probabilities.lines().count(), 1 + 24 * 3);
}

#[test]
fn heads_can_learn_from_live_features() {
    let (mut config, eoss) = (nano(), Protocol::eoss());
    config.fusion.head_features = HeadFeatures::Live;
    config.training.jigsaw = None;
    let folder = tempfile::tempdir().unwrap();
    let job = job(&config, &eoss, None, examples(24, &config, &eoss), &folder.path().join("work"));
    run_all(&job, 2, &Stop::new()).unwrap();
    let out = folder.path().join("bundle");
    export(&job, &source(), &out).unwrap();
    let info = Bundle::open(&out).unwrap().info().clone();
    assert_eq!(info.networks[0].starts_from["backbone1"], "grayscale.sh.gt1.fold1.seed1");
    assert_eq!(info.networks[2].starts_from["backbone2"], "random");
    assert!(info.networks.iter().all(|network| network.validation.pairs == 12));

    // The same trainings give an arm that reads the first measurement from grayscale alone.
    let arm = folder.path().join("arm");
    export_arm(&job, &source(), 0, 0, &arm).unwrap();
    let bundle = Bundle::open(&arm).unwrap();
    bundle.verify().unwrap();
    assert_eq!(bundle.info().networks[0].modalities, ["grayscale"]);
    assert_eq!(bundle.info().networks[11], info.networks[11]);
    assert!(export_arm(&job, &source(), 1, 1, &arm).is_err());
}
