//! The same seed gives the same bundle and scores, whatever happens on the way.

mod support;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use support::{
    assert_equal_folders, killed_again_and_again, nano, phantoms, rating, succeed, text, train_nano,
};

/// Scores every pair of the manifest.
fn score(bundle: &Path, manifest: &Path, out: &Path, threads: &str) {
    succeed(&[
        "score",
        "--bundle",
        text(bundle),
        "--manifest",
        text(manifest),
        "--out",
        text(out),
        "--threads",
        threads,
    ]);
}

/// A copy of the manifest, in the same folder, with its rows backwards.
fn backwards(manifest: &Path) -> std::path::PathBuf {
    let content = fs::read_to_string(manifest).unwrap();
    let mut rows: Vec<&str> = content.lines().collect();
    rows[1..].reverse();
    let path = manifest.with_file_name("backwards.csv");
    fs::write(&path, rows.join("\n") + "\n").unwrap();
    path
}

#[test]
fn jobs_order_of_rows_and_kills_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let manifest = phantoms(folder.path());

    train_nano(&manifest, &at("one"), &["--jobs", "1"]);
    train_nano(&backwards(&manifest), &at("two"), &["--jobs", "2"]);
    assert_equal_folders(&at("one"), &at("two"));

    let (config, killed) = (nano(), at("killed"));
    killed_again_and_again(
        Duration::from_millis(25),
        &[
            "train",
            "--config",
            text(&config),
            "--manifest",
            text(&manifest),
            "--out",
            text(&killed),
        ],
    );
    assert_equal_folders(&at("one"), &at("killed"));

    score(&at("one"), &manifest, &at("scores-1"), "1");
    score(&at("killed"), &manifest, &at("scores-2"), "2");
    assert_equal_folders(&at("scores-1"), &at("scores-2"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_done_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = phantoms(folder.path());
    let out = folder.path().join("bundle");
    // Far more epochs than fit into the time before the interruption.
    let config = folder.path().join("long.toml");
    let nano = fs::read_to_string(nano()).unwrap();
    fs::write(
        &config,
        nano.replace("\nepochs = ", "\nepochs = 10").replace("warm_epochs = ", "warm_epochs = 10"),
    )
    .unwrap();
    let train =
        ["train", "--config", text(&config), "--manifest", text(&manifest), "--out", text(&out)];
    let child = rating().args(train).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let work = folder.path().join("bundle.work");
    // Files come and go while it trains: only ask whether one is there.
    let begun = || {
        let trainings = fs::read_dir(&work).into_iter().flatten().flatten();
        trainings.into_iter().any(|training| training.path().join("checkpoint.bin").exists())
    };
    while !begun() {
        thread::sleep(Duration::from_millis(10));
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{complaint}");
    assert!(complaint.contains("finished epochs are kept"), "{complaint}");
    assert!(!out.exists());
    let plan = succeed(&[&train[..], &["--list"]].concat());
    assert!(plan.contains("underway") || plan.contains("finished"), "{plan}");
}
