//! A machine with less memory or fewer threads than one could wish for: slower,
//! or one sentence and the exit code of the contract.

#![cfg(feature = "train")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{contents, phantoms, refuse, succeed, text, train_nano};

/// A trained nano bundle and the cohort it learned from.
fn bundle(folder: &Path) -> (PathBuf, PathBuf) {
    let (manifest, out) = (phantoms(folder), folder.join("bundle"));
    train_nano(&manifest, &out, &[]);
    (out, manifest)
}

#[test]
fn memory_is_kept_to_or_refused_with_what_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let (bundle, manifest) = bundle(folder.path());
    for command in ["score", "explain"] {
        let at = |name: &str| folder.path().join(format!("{command}-{name}"));
        let asked = |out: &Path, memory: &str| -> Vec<String> {
            let mut words = vec![command, "--bundle", text(&bundle), "--manifest", text(&manifest)];
            words.extend(["--out", text(out), "--memory", memory]);
            words
                .extend((command == "explain").then_some(["--mode", "fast"]).into_iter().flatten());
            words.into_iter().map(str::to_owned).collect()
        };
        let words = asked(&at("refused"), "1K");
        let complaint = refuse(2, &words.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(complaint.contains("--memory 1K: too little"), "{complaint}");
        assert!(!at("refused").exists());

        let (_, hint) = complaint.split_once("(hint: --memory ").unwrap();
        let (enough, _) = hint.split_once(' ').unwrap();
        for (name, memory) in [("least", enough), ("most", "1G")] {
            let words = asked(&at(name), memory);
            succeed(&words.iter().map(String::as_str).collect::<Vec<_>>());
        }
        let without_seconds = |folder: &Path| {
            let mut files = contents(folder);
            files.retain(|name, _| !name.ends_with(".json"));
            files
        };
        assert!(without_seconds(&at("least")) == without_seconds(&at("most")), "{command}");
    }
}

#[test]
fn sizes_and_numbers_that_are_none_are_usage_errors() {
    let score = |flag: &str, value: &str| {
        refuse(2, &["score", "--bundle", "none", "--manifest", "m.csv", &format!("{flag}={value}")])
    };
    for wrong in ["", "G", "1.5G", "-1G", "1GG", "1 G", "99999999999999999999", "20000000T", "٣G"]
    {
        let complaint = score("--memory", wrong);
        assert!(complaint.contains("such as 500M or 2G"), "{wrong}: {complaint}");
    }
    for wrong in ["0", "-1", "two", "70000"] {
        assert!(score("--threads", wrong).contains("--threads"), "{wrong}");
    }
}

/// Runs the program with so many kilobytes of address space; its exit code and
/// what it said on stderr.
fn in_address_space(kilobytes: u32, arguments: &[&str]) -> (Option<i32>, String) {
    let limited = format!("ulimit -v {kilobytes} && exec \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limited, "sh", env!("CARGO_BIN_EXE_rating")])
        .args(arguments)
        .output()
        .expect("a shell");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_machine_without_memory_is_one_sentence() {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: only Linux is known to limit the address space of a program");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (bundle, manifest) = bundle(folder.path());
    let out = folder.path().join("scores");
    let score =
        ["score", "--bundle", text(&bundle), "--manifest", text(&manifest), "--out", text(&out)];
    assert_eq!(in_address_space(8_000_000, &score).0, Some(0));
    fs::remove_dir_all(&out).unwrap();

    // From "not enough to start" to "nearly enough", whatever a build needs.
    let mut refusals = 0;
    for step in 1..60 {
        let (code, said) = in_address_space(step * 20_000, &score);
        match code {
            Some(0) => break,
            Some(5) => {
                let told: Vec<&str> = said.lines().filter(|line| line.contains("error")).collect();
                assert!(told.len() == 1 && told[0].starts_with("error: "), "{step}: {said}");
                assert!(said.contains("no memory left") || said.contains("threads"), "{said}");
                refusals += 1;
            }
            // The system itself could not load the program.
            _ => assert!(refusals == 0 && !said.contains("panicked"), "{step}: {code:?} {said}"),
        }
        assert!(!out.exists(), "{step}");
    }
    assert!(refusals > 0, "no limit was ever met");
    assert!(out.exists(), "a gigabyte is enough");
}
