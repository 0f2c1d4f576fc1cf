//! `rating experiment`, as a person runs it.

#![cfg(feature = "train")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use support::{killed_again_and_again, nano, refuse, root, succeed, text};

const PHANTOMS: &str = "
    [phantoms]
    train = { pairs = 40, patients = 8 }
    prospective = { pairs = 8, patients = 3 }
    external = { pairs = 8, patients = 3 }
";

/// Writes an experiment on the nano configuration.
fn experiment(folder: &Path, name: &str, arms: &str) -> PathBuf {
    let base = fs::canonicalize(nano()).unwrap();
    let path = folder.join(format!("{name}.toml"));
    let head = format!("name = {name:?}\nbase = {:?}\nstudy_seeds = [1]\n", text(&base));
    fs::write(&path, head + PHANTOMS + arms).unwrap();
    path
}

const THREE: &str = r#"
    [[arms]]
    name = "All"

    [[arms]]
    name = "Few, by reader 1"
    patients = 6
    learns_from = { reader = "reader-1" }
    curve = "few"

    [[arms]]
    name = "Reader 1 alone"
    answered_by = { reader = "reader-1" }

    [[claims]]
    says = "networks beat a reader"
    source = "nobody"
    arm = "All"
    against = "Reader 1 alone"
    measurement = "combined"
    expects = "better"
"#;

#[test]
fn an_experiment_killed_again_and_again_ends_as_one_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let config = experiment(folder.path(), "three", THREE);
    let printed = succeed(&["experiment", text(&config), "--out", text(&at("whole"))]);
    assert!(printed.contains("networks beat a reader: "), "{printed}");
    let killed = at("killed");
    let step = Duration::from_millis(250);
    killed_again_and_again(step, &["experiment", text(&config), "--out", text(&killed)]);
    for name in ["experiment.json", "numbers.md", "report.html", "numbers.csv", "claims.csv"] {
        let read = |folder: &str| fs::read_to_string(at(folder).join(name)).unwrap();
        assert!(read("whole") == read("killed"), "{name} differs");
        let label = match name.rsplit_once('.').unwrap().1 {
            "json" => "\"phantom\"",
            "csv" => ",phantom\n",
            _ => "Simulated",
        };
        assert!(read("whole").contains(label), "{name}");
    }
    let numbers = fs::read_to_string(at("whole/numbers.csv")).unwrap();
    let head = "arm,curve,training_pairs,measurement,cohort,pairs,figure,value,low,high,origin\n";
    assert!(numbers.starts_with(head), "{numbers}");
    assert!(numbers.contains("\nAll,,40,combined,prospective,8,accuracy,"), "{numbers}");
    let claims = fs::read_to_string(at("whole/claims.csv")).unwrap();
    assert!(claims.contains("\nnetworks beat a reader,nobody,All,Reader 1 alone,combined,"));

    // A test pair that is drawn again with another ROI is asked about again.
    let votes = || fs::read_dir(at("whole/seed-1/votes")).unwrap().count();
    let before = votes();
    let manifest = at("whole/seed-1/phantoms/manifest.csv");
    let table = fs::read_to_string(&manifest).unwrap();
    let mut lines: Vec<String> = table.lines().map(str::to_owned).collect();
    let left = lines[0].split(',').position(|name| name == "grayscale_left").unwrap();
    let tested = lines.iter_mut().find(|line| line.contains(",external,")).unwrap();
    let mut cells: Vec<String> = tested.split(',').map(str::to_owned).collect();
    cells[left] = (cells[left].parse::<u32>().unwrap() + 9).to_string();
    *tested = cells.join(",");
    fs::write(&manifest, lines.join("\n") + "\n").unwrap();
    succeed(&["experiment", text(&config), "--out", text(&at("whole"))]);
    assert!(votes() > before, "votes about other pictures were used");
}

#[test]
fn the_readers_of_a_reference_are_judged_like_networks() {
    let folder = tempfile::tempdir().unwrap();
    let columns = r#"{ columns = { synovial_hypertrophy = "x_true_sh", vascularity = "x_true_vascularity" } }"#;
    let arms = format!(
        "[[arms]]\nname = \"the truth\"\nanswered_by = {columns}\n\
         [[arms]]\nname = \"one reader\"\nanswered_by = {{ reader = \"reader-2\" }}\n"
    );
    let config = experiment(folder.path(), "readers", &arms);
    let told = fs::read_to_string(&config).unwrap();
    fs::write(
        &config,
        told.replacen("[phantoms]", &format!("judged_by = {columns}\n[phantoms]"), 1),
    )
    .unwrap();
    let out = folder.path().join("out");
    succeed(&["experiment", text(&config), "--out", text(&out)]);
    let json = fs::read_to_string(out.join("experiment.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let accuracy = |arm: usize| {
        let combined = report["arms"][arm]["figures"].as_array().unwrap().last().unwrap();
        assert_eq!(combined[0], "combined");
        combined[2]["accuracy"]["value"].as_f64().unwrap()
    };
    assert_eq!(accuracy(0), 1.0);
    assert!(accuracy(1) < 1.0);
}

#[test]
fn what_cannot_be_run_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let refused = |name: &str, arms: &str| {
        let config = experiment(folder.path(), name, arms);
        refuse(3, &["experiment", text(&config), "--out", text(&out)])
    };
    let said = refused("unknown", &THREE.replace("arm = \"All\"", "arm = \"None\""));
    assert!(said.contains("no arm \"None\""), "{said}");
    assert!(said.contains("unknown.toml, row ") && said.contains(", column claims.arm:"), "{said}");
    let arm = |more: &str| format!("[[arms]]\nname = \"a\"\n{more}\n");

    let said = refused("pixels", &arm("set = { preprocess.input_px = 64 }"));
    assert!(said.contains("changes preprocess"), "{said}");
    let said = refused("another", &arm(""));
    assert!(said.contains("another experiment"), "{said}");

    let elsewhere = |name: &str, arms: &str| {
        let config = experiment(folder.path(), name, arms);
        refuse(3, &["experiment", text(&config), "--out", text(&folder.path().join(name))])
    };
    // Before the arm above it is trained: three lines of an experiment, five of cohorts.
    let both = format!("[[arms]]\nname = \"first\"\n{}", arm("patients = 9"));
    let said = elsewhere("many", &both);
    assert!(
        said.contains("many.toml, row 13, column arms.patients: 9 patients wanted, 8 to"),
        "{said}"
    );
    assert!(!said.contains("arm 1 of 2") && !folder.path().join("many/work").exists(), "{said}");
    let said = elsewhere("graded", &THREE.replace("\"combined\"", "\"erosions\""));
    assert!(said.contains("column claims.measurement: there is no grade \"erosions\""), "{said}");
    assert!(!folder.path().join("graded/work").exists());
    let said = elsewhere("nobody", &arm("answered_by = { reader = \"reader-9\" }"));
    assert!(said.contains("no first reading of \"reader-9\""), "{said}");
    let said =
        elsewhere("column", &arm("learns_from = { columns = { vascularity = \"x_nothing\" } }"));
    assert!(said.contains("x_nothing"), "{said}");
    let said = refuse(3, &["experiment", text(&root().join("README.md")), "--out", text(&out)]);
    assert!(said.contains("README.md"), "{said}");
}
