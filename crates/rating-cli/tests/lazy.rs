//! Lazy scoring, as a person runs it.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rating::Protocol;
use rating::scores::{PairScore, Probability, parse_probabilities, parse_scores};
use support::{phantoms, succeed, text, train_nano};

/// The scores and probabilities of every pair of the manifest, and what was printed.
fn scored(
    bundle: &Path,
    manifest: &Path,
    out: &Path,
    more: &[&str],
) -> (Vec<PairScore>, BTreeMap<String, Vec<Probability>>, String) {
    let mut arguments = vec!["score", "--bundle", text(bundle), "--manifest", text(manifest)];
    arguments.extend(["--out", text(out)]);
    arguments.extend(more);
    let printed = succeed(&arguments);
    let read = |name: &str| fs::read(out.join(name)).unwrap();
    let eoss = Protocol::eoss();
    let probabilities = parse_probabilities(&read("probabilities.csv"), &eoss).unwrap();
    let scores = parse_scores(&read("scores.csv"), &eoss).unwrap();
    (scores, probabilities.into_iter().collect(), printed)
}

#[test]
fn lazy_scores_hold_the_same_grades() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let manifest = phantoms(folder.path());
    train_nano(&manifest, &at("bundle"), &[]);
    let score = |out: &str, more: &[&str]| scored(&at("bundle"), &manifest, &at(out), more);
    let (all, all_answers, printed) = score("all", &[]);
    assert!(!printed.contains("networks asked"), "{printed}");
    let (some, some_answers, printed) = score("some", &["--lazy", "--threads", "1"]);
    let networks = all[0].networks_used;
    assert!(printed.contains(&format!(" of {networks} on average")), "{printed}");

    for (some, all) in some.iter().zip(&all) {
        assert_eq!(some.pair_id, all.pair_id);
        let (early, full) = (&some.decision, &all.decision);
        assert_eq!((&early.grades, early.conflict), (&full.grades, full.conflict));
        assert_eq!(early.combined, full.combined);
        assert!(some.networks_used <= networks);
        let (asked, everything) = (&some_answers[&some.pair_id], &all_answers[&all.pair_id]);
        assert_eq!(asked.len(), some.networks_used);
        assert!(asked.iter().all(|answer| everything.contains(answer)));
    }
    score("again", &["--lazy", "--threads", "3"]);
    support::assert_equal_folders(&at("some"), &at("again"));

    let at_some = |name: &str| at("some").join(name);
    let (scores, probabilities) = (at_some("scores.csv"), at_some("probabilities.csv"));
    let mut evaluate = vec!["evaluate", "--scores", text(&scores), "--manifest", text(&manifest)];
    evaluate.extend(["--probabilities", text(&probabilities), "--samples", "10"]);
    let report = at("report");
    evaluate.extend(["--out", text(&report)]);
    succeed(&evaluate);
}

#[test]
fn one_pair_says_how_many_networks_were_asked() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = phantoms(folder.path());
    let bundle = folder.path().join("bundle");
    train_nano(&manifest, &bundle, &[]);
    let table = fs::read_to_string(&manifest).unwrap();
    let row: Vec<&str> = table.lines().nth(1).unwrap().split(',').collect();
    let image = |name: &str, cell: usize| {
        format!("{name}={}", manifest.with_file_name(row[cell]).display())
    };
    let roi =
        |name: &str, cells: std::ops::Range<usize>| format!("{name}={}", row[cells].join(","));
    let [grayscale, doppler] = [image("grayscale", 8), image("doppler", 9)];
    let [grayscale_roi, doppler_roi] = [roi("grayscale", 10..14), roi("doppler", 14..18)];
    let mut arguments = vec!["score", "--bundle", text(&bundle), "--lazy"];
    arguments.extend(["--image", &grayscale, "--roi", &grayscale_roi]);
    arguments.extend(["--image", &doppler, "--roi", &doppler_roi]);
    let printed = succeed(&arguments);
    assert!(printed.contains("networks asked: "), "{printed}");
    assert!(printed.contains("research use only"), "{printed}");
    arguments.push("--json");
    let answer: serde_json::Value = serde_json::from_str(&succeed(&arguments)).unwrap();
    assert!(answer["pairs"][0]["networks_used"].is_u64(), "{answer}");
}
