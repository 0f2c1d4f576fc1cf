//! `rating decode` on the vectors and on protocols of one and three measurements.

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{refuse, root, succeed, text};

fn vectors(name: &str) -> Value {
    let bytes = fs::read(root().join("testdata").join(name)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn votes_of_the_eoss_vectors_give_their_grades() {
    let vectors = vectors("multitude_eoss.json");
    let cases = vectors["cases"].as_array().unwrap();
    let votes: String = cases
        .iter()
        .map(|case| {
            let votes = json!({"votes": {"synovial_hypertrophy": case["sh"], "vascularity": case["vascularity"]}});
            format!("{votes}\n")
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("votes.jsonl");
    fs::write(&path, votes).unwrap();
    let answers =
        lines(&succeed(&["decode", "--protocol", "eoss", "--votes", text(&path), "--json"]));
    assert_eq!(answers.len(), cases.len());
    for (answer, case) in answers.iter().zip(cases) {
        assert_eq!(answer["grades"]["synovial_hypertrophy"], case["predicted_sh"], "{case}");
        assert_eq!(answer["grades"]["vascularity"], case["predicted_vascularity"], "{case}");
        assert_eq!(answer["combined"], case["combined"], "{case}");
        assert_eq!(answer["weight"], case["weight"], "{case}");
        assert_eq!(answer["conflict"], case["conflict"], "{case}");
    }
}

/// TNM-like: three measurements, the later stages exclude some combinations.
const THREE: &str = r#"
name = "tnm"
title = "Three related measurements"
units = ["tumour"]
invalid = [[0, 1, 0], [0, 0, 1], [0, 1, 1], [0, 2, 0], [0, 2, 1]]

[[modalities]]
name = "ct"

[[measurements]]
name = "tumour"
short = "t"
grades = 4
modalities = ["ct"]

[[measurements]]
name = "node"
short = "n"
grades = 3
modalities = ["ct"]

[[measurements]]
name = "metastasis"
short = "m"
grades = 2
modalities = ["ct"]
"#;

#[test]
fn three_measurements_are_decoded_together() {
    let folder = tempfile::tempdir().unwrap();
    let protocol = folder.path().join("tnm.toml");
    fs::write(&protocol, THREE).unwrap();
    let votes = folder.path().join("votes.jsonl");
    // Alone, tumour 0 would win 3 : 2 and node 1 would win 4 : 1; together that is impossible.
    // Weights: (0, 0, 0) = 3 * 1 * 5 = 15, (1, 1, 0) = 2 * 4 * 5 = 40.
    fs::write(&votes, r#"{"pair_id": "a", "votes": {"tumour": [0, 0, 0, 1, 1], "node": [1, 1, 1, 1, 0], "metastasis": [0, 0, 0, 0, 0]}}"#)
        .unwrap();
    let arguments = ["decode", "--protocol", text(&protocol), "--votes", text(&votes), "--json"];
    let answers = lines(&succeed(&arguments));
    assert_eq!(
        answers,
        [json!({
            "pair_id": "a",
            "grades": {"tumour": 1, "node": 1, "metastasis": 0},
            "combined": null, "weight": 40, "conflict": false
        })]
    );
    let majority = lines(&succeed(&[&arguments[..], &["--method", "majority"]].concat()));
    assert_eq!(majority[0]["grades"], json!({"tumour": 0, "node": 1, "metastasis": 0}));
    assert_eq!(majority[0]["conflict"], json!(true));
}

#[test]
fn votes_that_cannot_be_are_refused_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("votes.jsonl");
    for (line, expected) in [
        (r#"{"votes": {"synovial_hypertrophy": [4], "vascularity": [0]}}"#, "outside 0-3"),
        (r#"{"votes": {"synovial_hypertrophy": [1], "vascularity": [0, 1]}}"#, "votes"),
        (r#"{"votes": {"synovial_hypertrophy": [], "vascularity": []}}"#, "votes"),
        (r#"{"votes": {"synovial_hypertrophy": [1]}}"#, "no list of votes for vascularity"),
        (r#"{"votes": {"sh": [1]}}"#, "no measurement"),
        ("[", "not a JSON object"),
    ] {
        fs::write(&path, format!("\n{line}\n")).unwrap();
        let complaint = refuse(3, &["decode", "--votes", text(&path)]);
        assert!(complaint.contains("row 2") && complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn probabilities_are_decoded_with_their_thresholds() {
    let vectors = vectors("ecoc.json");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("probabilities.csv");
    for case in vectors["cases"].as_array().unwrap().iter().take(40) {
        let mut rows = String::from("pair_id,network,probability,threshold\n");
        for measurement in ["sh", "vascularity"] {
            for task in 0..3 {
                for seed in 0..2 {
                    rows += &format!(
                        "a,{measurement}.gt{task}.fold1.seed{},{},{}\n",
                        seed + 1,
                        case["probability"][task][seed],
                        case["threshold"][task][seed]
                    );
                }
            }
        }
        fs::write(&path, rows).unwrap();
        let answers = lines(&succeed(&["decode", "--probabilities", text(&path), "--json"]));
        assert_eq!(answers[0]["grades"]["synovial_hypertrophy"], case["grade"], "{case}");
        assert_eq!(answers[0]["grades"]["vascularity"], case["grade"], "{case}");
    }
}
