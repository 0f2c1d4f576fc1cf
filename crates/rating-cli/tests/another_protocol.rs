//! Salivary glands instead of joints, by changing the protocol file alone.

mod support;

use std::fs;

use image::{GrayImage, Luma};
use support::{nano, root, succeed, text};

/// Six patients with four glands each; the grade darkens the picture.
fn glands(folder: &std::path::Path) -> String {
    let mut rows = String::from(
        "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,\
         grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,gland_inhomogeneity\n",
    );
    for patient in 0..6_u32 {
        for grade in 0..4_u32 {
            let name = format!("{patient}-{grade}");
            let seed = patient * 31 + grade * 17;
            let shade = |x: u32, y: u32| (90 + 35 * grade + (x * 7 + y * 13 + seed) % 23) as u8;
            GrayImage::from_fn(48, 40, |x, y| Luma([shade(x, y)]))
                .save(folder.join(format!("{name}.png")))
                .unwrap();
            rows +=
                &format!("{name},p{patient},train,phantom,,left,,,{name}.png,4,4,44,36,{grade}\n");
        }
    }
    rows
}

#[test]
fn one_grayscale_modality_trains_and_scores() {
    let folder = tempfile::tempdir().unwrap();
    let protocol = root().join("configs/protocols/salivary-omeract.toml");
    let measurement = {
        let read = rating::Protocol::from_toml(&fs::read_to_string(&protocol).unwrap()).unwrap();
        read.measurements()[0].name.clone()
    };
    let rows = glands(folder.path()).replace("gland_inhomogeneity", &measurement);
    let manifest = folder.path().join("manifest.csv");
    fs::write(&manifest, rows).unwrap();
    let config = folder.path().join("config.toml");
    let nano = fs::read_to_string(nano()).unwrap();
    fs::write(
        &config,
        nano.replace("protocol = \"eoss\"", &format!("protocol = {:?}", text(&protocol))),
    )
    .unwrap();

    succeed(&["check", text(&manifest), "--protocol", text(&protocol)]);
    let bundle = folder.path().join("bundle");
    succeed(&[
        "train",
        "--config",
        text(&config),
        "--manifest",
        text(&manifest),
        "--out",
        text(&bundle),
    ]);
    let scores = folder.path().join("scores");
    succeed(&[
        "score",
        "--bundle",
        text(&bundle),
        "--manifest",
        text(&manifest),
        "--out",
        text(&scores),
    ]);
    let table = fs::read_to_string(scores.join("scores.csv")).unwrap();
    assert_eq!(table.lines().count(), 25);
    assert!(table.starts_with(&format!("pair_id,{measurement},combined,")), "{table}");
    let report = folder.path().join("report");
    let scores = scores.join("scores.csv");
    succeed(&[
        "evaluate",
        "--scores",
        text(&scores),
        "--manifest",
        text(&manifest),
        "--protocol",
        text(&protocol),
        "--out",
        text(&report),
    ]);
    assert!(report.join("evaluation.html").exists());
}
