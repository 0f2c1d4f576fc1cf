//! What `rating evaluate` writes beside its figures, without any network: the
//! scores are made from the reference grades, with known mistakes.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{phantoms, refuse, succeed, text};

/// Name and reference grades of each pair.
fn rows(manifest: &Path) -> Vec<(String, u8, u8)> {
    let text = fs::read_to_string(manifest).expect("a manifest");
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
    let column = |name: &str| head.iter().position(|cell| *cell == name).expect("the column");
    let (id, sh, vascularity) =
        (column("pair_id"), column("synovial_hypertrophy"), column("vascularity"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let grade = |at: usize| cells[at].parse().expect("a grade");
        (cells[id].to_owned(), grade(sh), grade(vascularity))
    };
    lines.map(row).collect()
}

/// `scores.csv` in which every pair of grade 0 is graded 1.
fn scores(folder: &Path, manifest: &Path) -> PathBuf {
    let mut csv = "pair_id,synovial_hypertrophy,vascularity,combined,weight,conflict,\
        synovial_hypertrophy_votes,vascularity_votes,synovial_hypertrophy_gt0,synovial_hypertrophy_gt1,\
        synovial_hypertrophy_gt2,vascularity_gt0,vascularity_gt1,vascularity_gt2,coloured_share,networks_used,origin,bundle\n"
        .to_owned();
    for (pair, truth, vascularity) in rows(manifest) {
        let sh = if truth == 0 { 1 } else { truth };
        let votes = |grade: u8| grade.to_string().repeat(5);
        let mean = |grade: u8, above: u8| if grade > above { 0.9 } else { 0.1 };
        csv += &format!("{pair},{sh},{vascularity},{},25,false", sh.max(vascularity));
        csv += &format!(",{},{}", votes(sh), votes(vascularity));
        for grade in [sh, vascularity] {
            for above in 0..3 {
                csv += &format!(",{}", mean(grade, above));
            }
        }
        csv += ",0.0,60,phantom,\n";
    }
    let path = folder.join("scores.csv");
    fs::write(&path, csv).expect("a file");
    path
}

#[test]
fn the_page_shows_pairs_of_the_commonest_error_and_documents_lie_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = phantoms(folder.path());
    let scores = scores(folder.path(), &manifest);
    let evaluate = |out: &Path, more: &[&str]| {
        let mut arguments = vec!["evaluate", "--samples", "20", "--scores", text(&scores)];
        arguments.extend(["--manifest", text(&manifest), "--out", text(out)]);
        arguments.extend(more);
        succeed(&arguments);
        fs::read_to_string(out.join("evaluation.html")).expect("a page")
    };
    let out = folder.path().join("out");
    let page = evaluate(&out, &[]);
    let mut wrong: Vec<String> = rows(&manifest)
        .into_iter()
        .filter(|(_, truth, _)| *truth == 0)
        .map(|(pair, ..)| pair)
        .collect();
    wrong.sort();
    assert!(wrong.len() > 3, "{wrong:?}");
    for (number, pair) in wrong.iter().enumerate() {
        assert_eq!(page.contains(&format!("\">{pair}</a>")), number < 3, "{pair}");
    }
    // Two images of each of the three pairs and what the phantom drew in it; no
    // bundle, so no heatmaps.
    assert_eq!(page.matches("data:image/png").count(), 9);
    // In the caption and for whoever cannot see the picture.
    assert_eq!(page.matches("truth: synovium orange, effusion red").count(), 2 * 3);
    assert!(page.len() < 5_000_000);

    let read = |name: &str| fs::read_to_string(out.join(name)).expect(name);
    assert!(read("model-card.md").starts_with("# SIMULATED: Model card"));
    assert!(read("datasheet.md").starts_with("# SIMULATED: Datasheet"));
    let hash = blake3::hash(&fs::read(&manifest).expect("a manifest")).to_hex();
    assert!(read("datasheet.md").contains(hash.as_str()));
    let json: serde_json::Value = serde_json::from_str(&read("evaluation.json")).expect("JSON");
    assert_eq!(json["checklists"][0]["name"], "TRIPOD+AI");
    assert_eq!(json["schema"], "rating.evaluation/1");

    // No pictures when none are wanted, and when there are none.
    let without = evaluate(&folder.path().join("none"), &["--pictures", "0"]);
    assert_eq!(without.matches("data:image/png").count(), 0);
    fs::remove_dir_all(folder.path().join("phantoms/images")).expect("images");
    let without = evaluate(&folder.path().join("absent"), &[]);
    assert_eq!(without.matches("data:image/png").count(), 0);
    assert!(without.contains("Images of 3 of them are not at hand."));
}

#[test]
fn a_bundle_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = phantoms(folder.path());
    let scores = scores(folder.path(), &manifest);
    let out = folder.path().join("out");
    let mut arguments = vec!["evaluate", "--scores", text(&scores), "--manifest", text(&manifest)];
    arguments.extend(["--bundle", text(folder.path()), "--out", text(&out)]);
    refuse(4, &arguments);
    assert!(!out.join("evaluation.html").exists());
}

/// A manifest of two cohorts: the pairs of `train`, and the last eight of them as a test.
fn two_cohorts(manifest: &Path) {
    let text = fs::read_to_string(manifest).expect("a manifest");
    let rows = text.lines().count() - 1;
    let lines = text.lines().enumerate().map(|(number, line)| match number > rows - 8 {
        true => line.replacen(",train,", ",prospective,", 1),
        false => line.to_owned(),
    });
    fs::write(manifest, lines.collect::<Vec<_>>().join("\n") + "\n").expect("a file");
}

#[test]
fn pairs_the_networks_learned_from_are_said_to_be_so_and_stand_by_themselves() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = phantoms(folder.path());
    two_cohorts(&manifest);
    let scores = scores(folder.path(), &manifest);
    let out = folder.path().join("out");
    let mut arguments = vec!["evaluate", "--samples", "20", "--scores", text(&scores)];
    arguments.extend(["--manifest", text(&manifest), "--out", text(&out), "--pictures", "0"]);
    let said = succeed(&arguments);
    let lines: Vec<&str> = said.lines().collect();
    let train = lines.iter().position(|line| line.starts_with("train: 16 pairs")).expect("train");
    assert_eq!(lines[train + 1], "  the networks learned from these pairs: optimistic");
    assert_eq!(said.matches("optimistic").count(), 1, "{said}");

    let read = |name: &str| fs::read_to_string(out.join(name)).expect(name);
    let json: serde_json::Value = serde_json::from_str(&read("evaluation.json")).expect("JSON");
    assert_eq!(json["pooled"], serde_json::json!(["prospective"]));
    assert_eq!(json["tasks"], json["cohorts"]["prospective"]["tasks"]);
    assert_eq!(json["cohorts"]["train"]["role"], "training");
    let page = read("evaluation.html");
    let (before, train) = page.split_once("id=\"cohort-2-title\"").expect("two cohorts");
    assert!(train.contains("Cohort train (learned from)"));
    assert!(train.contains("The networks learned from these pairs: optimistic."));
    let (_, test) = before.split_once("id=\"cohort-1-title\"").expect("a first cohort");
    assert!(!test.contains("learned from these pairs"), "the test cohort is a test");
    assert!(!page.contains("Binary tasks of all"), "one test cohort is not several");
    let card = read("model-card.md");
    assert!(card.contains("| train (learned from) | combined | 16 |"), "{card}");
    assert!(card.contains("The networks learned from these pairs: optimistic."), "{card}");
}

#[test]
fn probabilities_of_other_pairs_are_refused_and_a_missing_pair_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = phantoms(folder.path());
    let all = scores(folder.path(), &manifest);
    let pairs: Vec<String> = rows(&manifest).into_iter().map(|row| row.0).collect();
    let probabilities = |name: &str, pairs: &[String]| {
        let path = folder.path().join(name);
        let head = "pair_id,network,measurement,task,fold,seed,probability,threshold,bit\n";
        let row = |pair: &String| format!("{pair},sh.gt0.fold1.seed1,sh,gt0,1,1,0.4,0.5,0\n");
        fs::write(&path, head.to_owned() + &pairs.iter().map(row).collect::<String>())
            .expect("a file");
        path
    };
    let out = folder.path().join("out");
    let arguments = |scores: &Path, probabilities: &Path| -> Vec<String> {
        let paths = [("--scores", scores), ("--probabilities", probabilities)];
        let paths = paths.into_iter().chain([("--manifest", manifest.as_path()), ("--out", &out)]);
        let named = paths.flat_map(|(flag, path)| [flag.to_owned(), text(path).to_owned()]);
        ["evaluate", "--samples", "20", "--pictures", "0"]
            .map(str::to_owned)
            .into_iter()
            .chain(named)
            .collect()
    };

    // Scores of the first half, probabilities of the second.
    let half = folder.path().join("half.csv");
    let csv = fs::read_to_string(&all).expect("scores");
    let kept: Vec<&str> = csv.lines().take(1 + pairs.len() / 2).collect();
    fs::write(&half, kept.join("\n") + "\n").expect("a file");
    let foreign = probabilities("foreign.csv", &pairs[pairs.len() / 2..]);
    let arguments_of = arguments(&half, &foreign);
    let asked: Vec<&str> = arguments_of.iter().map(String::as_str).collect();
    let complaint = refuse(3, &asked);
    assert!(complaint.contains("foreign.csv: these are about other pairs"), "{complaint}");
    assert!(!out.exists());

    let lacking = probabilities("lacking.csv", &pairs[1..]);
    let arguments_of = arguments(&all, &lacking);
    let asked: Vec<&str> = arguments_of.iter().map(String::as_str).collect();
    let output = support::run(&asked);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let warning = format!(
        "warning: of 1 scored pair the probabilities of single networks are not at hand (it is {})",
        pairs[0]
    );
    assert!(complaint.contains(&warning), "{complaint}");
    let page = fs::read_to_string(out.join("evaluation.html")).expect("a page");
    assert!(page.contains(&format!("(it is {})", pairs[0])));
}
