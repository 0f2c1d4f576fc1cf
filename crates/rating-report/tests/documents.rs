//! Model card and datasheet as a reader gets them.

#[allow(dead_code)]
mod common;

use rating::evaluate::{Evaluation, Spread};
use rating::preprocess::Preprocess;
use rating::{Origin, Protocol};
use rating_report::checklist::{CHECKLISTS, Place};
use rating_report::{Datasheet, Model, ModelCard, ValidationLine, datasheet, model_card};

const NASTY: &str = "a|b\n<script>";

fn card(evaluation: &Evaluation, with_model: bool) -> String {
    let preprocess = Preprocess::default();
    let model = Model {
        name: NASTY,
        hash: "b",
        version: "0.1.0",
        origin: Origin::Clinical,
        networks: 60,
        folds: 5,
        seeds: 2,
        shapes: vec!["vascularity: sees doppler".into()],
        preprocess: &preprocess,
        thresholds: "0.5 everywhere",
        starts: vec!["network: random".into()],
        study_seed: 7,
        trained_on: "m",
        validation: vec![ValidationLine {
            measurement: "vascularity".into(),
            above: 2,
            auc: None,
            with_auc: 0,
            networks: 10,
        }],
        config: "name = \"```\"\n",
    };
    let protocol = Protocol::eoss();
    let model = with_model.then_some(&model);
    model_card(&ModelCard { evaluation, protocol: &protocol, model })
}

fn sheet(evaluation: &Evaluation) -> String {
    let protocol = Protocol::eoss();
    datasheet(&Datasheet {
        evaluation,
        protocol: &protocol,
        manifest_hash: "m",
        trained_on: Some("t"),
    })
}

#[test]
fn every_heading_that_a_checklist_names_exists() {
    let evaluation = common::evaluation(Origin::Clinical, true);
    for (card, sheet) in [true, false].map(|with| (card(&evaluation, with), sheet(&evaluation))) {
        for item in CHECKLISTS.into_iter().flat_map(|checklist| checklist.items) {
            for place in item.answer.places() {
                match place {
                    Place::ModelCard(title) => assert!(card.contains(&format!("\n## {title}\n"))),
                    Place::Datasheet(title) => assert!(sheet.contains(&format!("\n## {title}\n"))),
                    Place::Page(..) | Place::Bundle(_) => {}
                }
            }
        }
    }
}

#[test]
fn each_says_research_use_only_and_what_is_simulated() {
    for origin in [Origin::Clinical, Origin::Phantom, Origin::Canned] {
        let evaluation = common::evaluation(origin, true);
        for text in [card(&evaluation, true), card(&evaluation, false), sheet(&evaluation)] {
            assert!(text.contains("Research use only, not for diagnosis"));
            let simulated = text.contains("# SIMULATED") && text.contains("Simulated joints");
            assert_eq!(simulated, origin == Origin::Phantom, "{text}");
        }
    }
}

#[test]
fn what_nobody_knows_is_left_to_the_authors() {
    let evaluation = common::evaluation(Origin::Clinical, false);
    let card = card(&evaluation, false);
    assert!(card.contains("No bundle was given"));
    assert!(card.contains("for you to fill in"));
    let sheet = sheet(&evaluation);
    assert!(sheet.contains("| prospective | 5 | 0, and 5 pairs of unknown patients |"), "{sheet}");
    assert!(sheet.contains("The manifest names no device."));
    assert!(sheet.contains("Disease duration"), "{sheet}");
    assert!(sheet.contains("| prospective | pairs without a grade, vascularity | 1 |"), "{sheet}");
}

#[test]
fn what_patients_csv_says_is_not_asked_again() {
    let mut evaluation = common::evaluation(Origin::Clinical, true);
    let census = evaluation.census.get_mut("external").expect("a cohort");
    let das28 = Spread {
        n: 3,
        mean: 4.0,
        deviation: None,
        median: 4.5,
        quartiles: [3.0, 5.0],
        range: [2.0, 5.5],
    };
    census.das28 = Some(das28);
    let sheet = sheet(&evaluation);
    assert!(sheet.contains("| external | 3 | 2.0 | 4.5 | 5.5 |"), "{sheet}");
    assert!(sheet.contains("Disease duration") && !sheet.contains("Disease activity"), "{sheet}");
}

#[test]
fn figures_stand_with_their_intervals_and_names_are_no_signs() {
    let card = card(&common::evaluation(Origin::Clinical, true), true);
    assert!(card.contains("| external | combined | 4 | 75.0\u{a0}% \\["), "{card}");
    assert!(card.contains("- name: a\\|b &lt;script&gt;\n"), "{card}");
    assert!(card.contains("\n    name = \"```\"\n"), "{card}");
    assert!(card.contains("| vascularity &gt; 2 | - | 0 of 10 |"), "{card}");
}
