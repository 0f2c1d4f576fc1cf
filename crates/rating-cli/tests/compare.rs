//! `rating compare` as a person runs it.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{refuse, succeed, text};

const MANIFEST: &str = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
    grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
    doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,synovial_hypertrophy,vascularity";

const SCORES: &str = "pair_id,synovial_hypertrophy,vascularity,combined,weight,conflict,\
    synovial_hypertrophy_votes,vascularity_votes,\
    synovial_hypertrophy_gt0,synovial_hypertrophy_gt1,synovial_hypertrophy_gt2,\
    vascularity_gt0,vascularity_gt1,vascularity_gt2,coloured_share,networks_used,origin,bundle";

/// Twelve pairs of four patients, scored by two files that differ.
struct Study {
    folder: tempfile::TempDir,
}

fn score(pair: usize, sh: usize) -> String {
    let probability = |above: usize| if sh > above { 0.9 - 0.01 * pair as f64 } else { 0.2 };
    let means: Vec<String> = (0..3).map(|above| format!("{:.6}", probability(above))).collect();
    let votes = sh.to_string().repeat(5);
    format!(
        "pair{pair},{sh},0,{sh},25,false,{votes},00000,{},0.1,0.1,0.1,0.1,60,phantom,b",
        means.join(",")
    )
}

impl Study {
    fn new() -> Study {
        let study = Study { folder: tempfile::tempdir().unwrap() };
        let mut manifest = MANIFEST.to_owned();
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for pair in 0..12 {
            let truth = pair % 4;
            let patient = pair / 3;
            manifest += &format!(
                "\npair{pair},p{patient},prospective,phantom,MCP2,left,H,D,g,d,0,0,9,9,0,0,9,9,cdus,{truth},0"
            );
            old.push(score(pair, if pair < 5 { (truth + 1) % 4 } else { truth }));
            new.push(score(pair, if pair == 11 { 0 } else { truth }));
        }
        fs::write(study.path("manifest.csv"), manifest + "\n").unwrap();
        study.write("old", &old);
        study.write("new", &new[..11]);
        study
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The scores of a folder of this name.
    fn write(&self, name: &str, rows: &[String]) -> PathBuf {
        fs::create_dir_all(self.path(name)).unwrap();
        let path = self.path(name).join("scores.csv");
        fs::write(&path, format!("{SCORES}\n{}\n", rows.join("\n"))).unwrap();
        path
    }

    fn refuses(&self, code: i32, scores: &[&str], expected: &[&str]) {
        let (manifest, out) = (self.path("manifest.csv"), self.path("out"));
        let mut arguments = vec!["compare", "--manifest", text(&manifest), "--out", text(&out)];
        arguments.extend(scores.iter().flat_map(|scores| ["--scores", scores]));
        let complaints = refuse(code, &arguments);
        let lines: Vec<&str> = complaints.lines().collect();
        assert!(lines.len() == 1, "one sentence: {complaints}");
        for part in expected {
            assert!(complaints.contains(part), "{complaints} should say {part:?}");
        }
        assert!(!out.exists());
    }
}

fn compare(study: &Study, out: &Path) -> String {
    succeed(&[
        "compare",
        "--scores",
        text(&study.path("old/scores.csv")),
        "--scores",
        &format!("better={}", text(&study.path("new/scores.csv"))),
        "--manifest",
        text(&study.path("manifest.csv")),
        "--samples",
        "100",
        "--out",
        text(out),
    ])
}

#[test]
fn two_files_are_compared() {
    let study = Study::new();
    let out = study.path("out");
    let said = compare(&study, &out);
    assert!(said.contains("research use only, not for diagnosis"), "{said}");
    assert!(said.contains("old: 1 pair that not every file scores is left out (pair11)"), "{said}");
    // Of eleven pairs the old file grades six right, the new one all.
    assert!(said.contains("better           accuracy 1.000  difference +0.455"), "{said}");
    // Five heads of five tosses, twice.
    assert!(said.contains("McNemar p 0.062"), "{said}");

    let csv = fs::read_to_string(out.join("comparison.csv")).unwrap();
    let line = csv.lines().find(|line| {
        line.starts_with("prospective,synovial_hypertrophy,,accuracy,better,old,11,1,")
    });
    assert!(line.is_some_and(|line| line.contains("\"McNemar, exact\",0.062")), "{csv}");
    let json = fs::read_to_string(out.join("comparison.json")).unwrap();
    for part in
        ["\"rating.comparison/1\"", "\"origin\": \"phantom\"", "\"seed\": 1", "\"mcnemar-exact\""]
    {
        assert!(json.contains(part), "{part}");
    }
    let page = fs::read_to_string(out.join("comparison.html")).unwrap();
    assert!(page.contains("better") && page.contains("Simulated joints"));
}

#[test]
fn pairs_the_networks_learned_from_are_in_no_figure_of_all() {
    let study = Study::new();
    // Of four patients the networks learned from one, two are a cohort of their own.
    let manifest = fs::read_to_string(study.path("manifest.csv")).unwrap();
    let cohort = |patient: &str, cohort: &str, text: &str| {
        text.replace(&format!("{patient},prospective"), &format!("{patient},{cohort}"))
    };
    let manifest = cohort("p0", "train", &cohort("p1", "external", &manifest));
    fs::write(study.path("manifest.csv"), manifest).unwrap();
    let out = study.path("out");
    let said = compare(&study, &out);
    // Eleven pairs are in both files; three of them are p0's.
    let (tests, train) = said.split_once("train: 3 pairs\n").expect("cohort train, last");
    assert!(tests.contains("all together: 8 pairs\n"), "{said}");
    assert!(!tests.contains("learned"), "{said}");
    assert!(train.starts_with("  the networks learned from these pairs: optimistic\n"), "{said}");
    assert!(train.contains("corrected for the tests of these pairs"), "{said}");
    let page = fs::read_to_string(out.join("comparison.html")).unwrap();
    assert!(
        page.contains("All test cohorts together") && page.contains("Cohort train (learned from)")
    );
    assert!(page.contains("are corrected among themselves"));
    let json = fs::read_to_string(out.join("comparison.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["cohorts"]["train"]["role"], &json["together"]["pairs"]),
        (&"training".into(), &8.into())
    );
}

#[test]
fn equal_commands_give_equal_bytes() {
    let study = Study::new();
    compare(&study, &study.path("a"));
    compare(&study, &study.path("b"));
    support::assert_equal_folders(&study.path("a"), &study.path("b"));
}

#[test]
fn what_cannot_be_compared_is_refused_in_one_sentence() {
    let study = Study::new();
    let old = study.path("old/scores.csv");
    let old = text(&old);
    study.refuses(2, &[old], &["needs two score files"]);
    study.refuses(2, &[old, old], &["two score files are called \"old\"", "--scores NAME=FILE"]);

    let foreign = study.write("foreign", &[score(1, 1), score(40, 1)]);
    let place = "scores.csv, row 3, column pair_id: pair pair40 is not in the manifest";
    study.refuses(3, &[old, text(&foreign)], &[place]);
    let twice = study.write("twice", &[score(1, 1), score(2, 1), score(1, 1)]);
    study.refuses(3, &[old, text(&twice)], &["row 4, column pair_id: pair pair1 stands in row 2"]);
    let none = study.write("none", &[]);
    study.refuses(3, &[old, text(&none)], &["none/scores.csv: the table has no rows"]);
    let (here, elsewhere) =
        (study.write("here", &[score(1, 1)]), study.write("elsewhere", &[score(2, 2)]));
    let apart = [text(&here), text(&elsewhere)];
    study.refuses(3, &apart, &["no pair has a score in every file"]);
    let other = study.path("other.csv");
    fs::write(&other, "pair_id,grade,grade_votes\na,1,11111\n").unwrap();
    study.refuses(3, &[old, text(&other)], &["other.csv, row 1", "protocol eoss"]);
}
