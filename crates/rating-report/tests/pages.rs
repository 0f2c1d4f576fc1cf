//! Pages as a reader gets them: everything is there, nothing comes from outside.

mod common;

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::Origin;
use rating::evaluate::Role;
use rating::heatmap::audit::{Likeness, Occlusion, PairAudit, Place, summarise};
use rating_report::checklist::{self, CHECKLISTS};
use rating_report::{
    AuditPage, Card, Comparison, ComparisonRow, DemoPage, Fact, GradeLine, HeatmapPage, Picture,
    audit_page, comparison_page, demo_page, evaluation_page, heatmap_page,
};

use common::NASTY;

fn demo(origin: Origin) -> String {
    let evaluation = common::evaluation(origin, true);
    let line = |predicted, reference| GradeLine {
        measurement: "synovial_hypertrophy".into(),
        predicted,
        reference,
        votes: "01121".into(),
    };
    let card = |cohort: &str, lines| Card {
        pair_id: format!("pair{NASTY}"),
        cohort: cohort.into(),
        pictures: vec![Picture { name: "grayscale".into(), png: vec![1, 2, 3] }],
        lines,
    };
    let figure = |value, note: &str| ComparisonRow {
        name: format!("arm{NASTY}"),
        value,
        interval: None,
        note: note.into(),
    };
    demo_page(&DemoPage {
        evaluation: &evaluation,
        protocol: &rating::Protocol::eoss(),
        facts: &[Fact::new("command", format!("rating demo {NASTY}")).note("12 seconds")],
        comparisons: &[Comparison {
            title: "Fusion against grayscale".into(),
            sentence: "Accuracy.".into(),
            rows: vec![figure(Some(0.5), ""), figure(None, "nobody graded twice")],
        }],
        selection: "Every tenth pair.",
        cards: &[
            card(
                "prospective",
                vec![line(Some(2), Some(2)), line(Some(3), Some(1)), line(Some(1), None)],
            ),
            card("external", vec![line(None, Some(0))]),
        ],
    })
}

fn heatmap(origin: Origin) -> String {
    heatmap_page(&HeatmapPage {
        pair_id: NASTY,
        origin,
        caption: "Influence on 'SH > 0' only; not lesion location.",
        pictures: &[Picture { name: "grayscale".into(), png: vec![1, 2, 3] }],
        facts: &[Fact::new("mode", NASTY)],
    })
}

fn audit(origin: Origin) -> String {
    let modality = "grayscale".to_owned();
    let kinds = |share| {
        BTreeMap::from([("heatmap".to_owned(), Some(share)), (format!("edges{NASTY}"), None)])
    };
    let row = |pair: &str| PairAudit {
        pair_id: pair.to_owned(),
        patient: Some(format!("patient of {pair}")),
        completeness: vec![Some(0.01)],
        repeated: BTreeMap::from([(modality.clone(), Some(0.9))]),
        randomised: BTreeMap::from([(
            modality.clone(),
            vec![Likeness { pearson: Some(0.1), structural: None }],
        )]),
        occlusion: Occlusion {
            deletion: vec![0.9, 0.1],
            deletion_random: vec![0.9, 0.5, 0.1],
            insertion: vec![],
            insertion_random: vec![0.1, 0.9],
        },
        places: vec![Place {
            structure: "synovium".into(),
            grade: Some(2),
            shares: kinds(0.4),
            points: kinds(1.0),
        }],
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    audit_page(&AuditPage {
        origin,
        audit: &summarise(&[row("a"), row("b")], &["head"], 50, &mut rng),
        caption: "Influence on 'SH > 0' only; not lesion location.",
        facts: &[Fact::new("mode", NASTY)],
    })
}

fn comparison(origin: Origin, with_patients: bool) -> String {
    let facts = [Fact::new("seed", "1")];
    comparison_page(&common::comparison(origin, with_patients), &facts)
}

fn all_pages() -> Vec<String> {
    let mut pages = vec![evaluation_page(&common::evaluation(Origin::Clinical, false))];
    pages.push(comparison(Origin::Clinical, false));
    for origin in [Origin::Clinical, Origin::Phantom, Origin::Canned] {
        pages.push(evaluation_page(&common::evaluation(origin, true)));
        pages.push(comparison(origin, true));
        pages.push(demo(origin));
        pages.push(heatmap(origin));
        pages.push(audit(origin));
    }
    pages
}

#[test]
fn tags_are_balanced_and_attributes_stand_once() {
    for page in all_pages() {
        common::check_markup(&page);
    }
}

#[test]
fn every_cohort_and_measurement_appears() {
    let page = evaluation_page(&common::evaluation(Origin::Clinical, true));
    for word in
        ["Cohort prospective", "Cohort external", "synovial hypertrophy", "vascularity", "combined"]
    {
        assert!(page.contains(word), "{word}");
    }
    // Reference 2 0 1 0 3 against 2 1 1 0 3 in each cohort: 4 of 5.
    assert!(page.contains("80.0\u{a0}%"));
}

#[test]
fn simulated_figures_are_labelled_wherever_they_stand() {
    let sentence = "Simulated joints: these figures say nothing about patients";
    for page in [
        evaluation_page(&common::evaluation(Origin::Phantom, true)),
        demo(Origin::Phantom),
        comparison(Origin::Phantom, true),
    ] {
        assert!(page.contains("Research use only, not for diagnosis"));
        for opened in ["<caption>", "<h2 ", "<svg role=\"img\""] {
            for part in page.split(opened).skip(1) {
                let part: String = part.chars().take(300).collect();
                let is_scale = part.contains("<title>scale");
                assert!(
                    part.contains(sentence) || part.contains("SIMULATED") || is_scale,
                    "{opened}{part}"
                );
            }
        }
    }
    let clinical = evaluation_page(&common::evaluation(Origin::Clinical, true));
    assert!(clinical.contains("Research use only") && !clinical.contains("imulated"));
    assert!(evaluation_page(&common::evaluation(Origin::Canned, true)).contains("Canned answers"));
}

#[test]
fn what_was_learned_from_is_said_to_be_so() {
    let warning = "<p class=\"banner\">The networks learned from these pairs: optimistic.";
    let tests = comparison(Origin::Clinical, true);
    assert!(!tests.contains(warning) && tests.contains("All test cohorts together"));
    let mut evaluation = common::evaluation(Origin::Clinical, true);
    assert!(!evaluation_page(&evaluation).contains(warning));
    evaluation.cohorts.get_mut("external").expect("a cohort").role = Role::Training;
    evaluation.pooled = vec!["prospective".into()];
    let page = evaluation_page(&evaluation);
    // Over its section and over its commonest errors.
    assert_eq!(page.matches(warning).count(), 2);
    assert!(page.contains("Cohort external (learned from)"));
    let place = |words: &str| page.find(words).expect("a section");
    assert!(place(">Cohort prospective<") < place(">Cohort external (learned from)<"));
}

#[test]
fn moved_probabilities_are_a_footnote() {
    let mut evaluation = common::evaluation(Origin::Clinical, true);
    let cohort = evaluation.cohorts.get_mut("external").expect("a cohort");
    let task = cohort.tasks.get_mut("vascularity").and_then(|tasks| tasks.get_mut("gt0"));
    let calibration = task.and_then(|task| task.calibration.as_mut()).expect("a calibration");
    calibration.moved = Some(2);
    let page = evaluation_page(&evaluation);
    let note = "2 probabilities nearer to 0 or 1 than 0.000001 were moved there before";
    // Beside the figure and below the table.
    assert_eq!(page.matches(note).count(), 2);
}

#[test]
fn nothing_is_fetched() {
    for page in all_pages() {
        for start in ["src=\"", "href=\"", "url(", "@import"] {
            for part in page.split(start).skip(1) {
                assert!(
                    part.starts_with('#') || part.starts_with("data:"),
                    "{start}{}",
                    &part[..30]
                );
            }
        }
        assert!(!page.contains("http:") && !page.contains("https:"));
        assert_eq!(page.matches("<script>").count(), page.matches("<script").count());
        assert_eq!(page.matches("<script>").count(), 1, "the one that sorts tables");
    }
}

#[test]
fn names_are_escaped() {
    let page = demo(Origin::Phantom);
    assert!(!page.contains(NASTY));
    assert!(page.matches("&lt;script&gt;&quot;&amp;").count() >= 5);
}

#[test]
fn what_is_undefined_is_a_dash_with_its_reason() {
    // No pair has vascularity 3, and no probabilities were given.
    let page = evaluation_page(&common::evaluation(Origin::Clinical, true));
    assert!(page.contains("not defined: no case is positive"), "{page}");
    assert!(page.contains("not defined: the probabilities of the single networks are not at hand"));
    let unknown = evaluation_page(&common::evaluation(Origin::Clinical, false));
    assert!(unknown.contains("No intervals: patients are unknown"));
    for page in all_pages() {
        assert!(!page.contains("NaN") && !page.contains(">None<"));
    }
    assert!(demo(Origin::Phantom).contains("not defined: nobody graded twice"));
}

#[test]
fn a_comparison_shows_figures_differences_and_tests() {
    let page = comparison(Origin::Clinical, true);
    // Of four pairs the first file grades one right in each cohort, the second all.
    for words in ["25.0\u{a0}%", "100.0\u{a0}%", "+75.0", "McNemar", "Wilcoxon", "DeLong", "Holm"] {
        assert!(page.contains(words), "{words}");
    }
    // Only the second file is right in six pairs, only the first in none.
    assert!(page.contains("0.031<span class=\"aside\">0 : 6</span>"), "{page}");
    assert!(page.contains("not defined: not every pair has a mean probability"));
    assert!(page.contains("not defined: no case differs between the two"));
    let unknown = comparison(Origin::Clinical, false);
    assert!(unknown.contains("there are no intervals"));
}

#[test]
fn results_of_cards_are_said_in_words() {
    let page = demo(Origin::Phantom);
    for words in [
        "\u{2713} right",
        "\u{2717} off by 2",
        "no reference",
        "No grade: the models contradict EOSS",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("data:image/png;base64,AQID"));
}

#[test]
fn the_caption_stands_under_every_map() {
    let page = heatmap(Origin::Phantom);
    let captions: Vec<&str> = page.split("<figcaption>").skip(1).collect();
    assert_eq!(captions.len(), page.matches("<img").count());
    for caption in captions {
        assert!(caption.contains("not lesion location"), "{caption}");
    }
}

#[test]
fn every_place_on_the_page_that_a_checklist_names_exists() {
    let page = evaluation_page(&common::evaluation(Origin::Clinical, true));
    for item in CHECKLISTS.into_iter().flat_map(|checklist| checklist.items) {
        for place in item.answer.places() {
            if let checklist::Place::Page(anchor, _) = place {
                assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
                assert!(page.contains(&format!("href=\"#{anchor}\"")), "{anchor}");
            }
        }
    }
}
