//! The program as a person runs it.

#![allow(dead_code)]

pub mod http;
pub mod load;
pub mod room;
pub mod served;
pub mod study;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A number that a long proof was asked for, by the name of its variable.
pub fn asked<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// The program, ready for arguments.
pub fn rating() -> Command {
    Command::new(env!("CARGO_BIN_EXE_rating"))
}

/// Runs the program.
pub fn run(arguments: &[&str]) -> Output {
    rating().args(arguments).output().expect("the program starts")
}

/// Runs the program and wants it to succeed; returns what it printed.
pub fn succeed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(
        output.status.success(),
        "rating {}\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

/// Runs the program and wants this exit code; returns its complaints.
pub fn refuse(code: i32, arguments: &[&str]) -> String {
    said_and_refused(code, arguments).1
}

/// The same, with what it had printed before.
pub fn said_and_refused(code: i32, arguments: &[&str]) -> (String, String) {
    let output = run(arguments);
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "rating {}\n{complaints}", arguments.join(" "));
    assert!(!complaints.contains("panicked"), "{complaints}");
    (String::from_utf8_lossy(&output.stdout).into_owned(), complaints)
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A small cohort of drawn joints: 24 pairs of 6 patients.
pub fn phantoms(folder: &Path) -> PathBuf {
    let out = folder.join("phantoms");
    succeed(&[
        "phantom",
        "--cohort",
        "train",
        "--patients",
        "6",
        "--pairs",
        "24",
        "--seed",
        "7",
        text(&out),
    ]);
    out.join("manifest.csv")
}

/// The nano configuration.
pub fn nano() -> PathBuf {
    root().join("configs/nano.toml")
}

/// Trains the nano configuration into `out`.
pub fn train_nano(manifest: &Path, out: &Path, more: &[&str]) -> String {
    let config = nano();
    let mut arguments =
        vec!["train", "--config", text(&config), "--manifest", text(manifest), "--out", text(out)];
    arguments.extend(more);
    succeed(&arguments)
}

/// Every file below a folder with its bytes.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").display().to_string();
                files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

/// Asserts that two folders hold the same files with the same bytes.
pub fn assert_equal_folders(a: &Path, b: &Path) {
    let (a, b) = (contents(a), contents(b));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{name} differs");
    }
}

/// Runs the program with `kill -9` after times that grow by `step`, until it
/// gets through.
pub fn killed_again_and_again(step: Duration, arguments: &[&str]) {
    for round in 0.. {
        let quiet = || Stdio::null();
        let mut child = rating().args(arguments).stdout(quiet()).stderr(quiet()).spawn().unwrap();
        // From moments after the start to ever later ones, so that kills meet
        // every kind of moment however fast the machine is.
        thread::sleep(Duration::from_millis(20) + step * round);
        if child.try_wait().unwrap().is_some_and(|status| status.success()) {
            assert!(round > 2, "it was never killed");
            return;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(round < 200, "it gets nowhere");
    }
}
