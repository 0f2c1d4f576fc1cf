//! An evaluation of a few pairs, and a check of markup.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::evaluate::comparison::{Comparison, Scored, compare_scores};
use rating::evaluate::{Evaluation, Study, evaluate};
use rating::manifest::{Manifest, References};
use rating::scores::{Method, PairScore, ScoreTable, decide_votes};
use rating::{Origin, Protocol, Seed};

const HEADER: &str = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
    grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
    doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,\
    synovial_hypertrophy,vascularity\n";

/// A name that would break a page which did not escape it.
pub const NASTY: &str = "<script>\"&'";

/// Patient, reference grades, votes of both measurements.
type Line = (&'static str, &'static str, [[u8; 5]; 2]);

const LINES: [Line; 5] = [
    ("p1", "2,1", [[2; 5], [1; 5]]),
    ("p1", "0,0", [[1; 5], [0; 5]]),
    ("p2", "1,1", [[0, 0, 0, 1, 1], [1; 5]]),
    // All models contradict EOSS.
    ("p2", "0,0", [[0; 5], [2; 5]]),
    ("p3", "3,", [[3; 5], [3; 5]]),
];

/// Two cohorts of these five pairs.
pub fn evaluation(origin: Origin, with_patients: bool) -> Evaluation {
    let eoss = Protocol::eoss();
    let mut text = HEADER.to_owned();
    let mut scores = Vec::new();
    for cohort in ["prospective", "external"] {
        for (number, (patient, grades, votes)) in LINES.into_iter().enumerate() {
            let id = format!("{cohort}{number}");
            let patient = if with_patients { format!("{cohort}{patient}") } else { String::new() };
            text += &format!(
                "{id},{patient},{cohort},clinical,,,,,{id}g,{id}d,0,0,9,9,0,0,9,9,cdus,{grades}\n"
            );
            scores.push(PairScore {
                pair_id: id,
                decision: decide_votes(&eoss, votes.map(Vec::from).to_vec(), Method::Multitude)
                    .expect("votes in range"),
                coloured_share: None,
                networks_used: 60,
                origin,
                bundle: "b".into(),
            });
        }
    }
    let manifest = Manifest::parse(text.as_bytes(), &eoss).expect("a manifest");
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    for score in &mut scores {
        score.decision.mean_probabilities = vec![[0.9, 0.5, 0.1].map(Some).to_vec(); 2];
    }
    let references = References::of(&manifest);
    let scores = ScoreTable::of(&eoss, &references, &scores).expect("scores of these pairs");
    evaluate(&eoss, &Study::new(&references, &scores), 50, &mut rng).expect("scores of these pairs")
}

/// Three files of scores of two cohorts of four pairs; the third has no
/// probabilities, and grades as the first.
pub fn comparison(origin: Origin, with_patients: bool) -> Comparison {
    let eoss = Protocol::eoss();
    let mut text = HEADER.to_owned();
    let mut files = vec![Vec::new(); 3];
    for cohort in ["prospective", "external"] {
        for number in 0..4_u8 {
            let id = format!("{cohort}{number}");
            let patient =
                if with_patients { format!("{cohort}{}", number / 2) } else { String::new() };
            text += &format!(
                "{id},{patient},{cohort},clinical,,,,,{id}g,{id}d,0,0,9,9,0,0,9,9,cdus,{number},0\n"
            );
            for (file, grade) in [1, number, 1].into_iter().enumerate() {
                let votes = vec![vec![grade; 5], vec![0; 5]];
                let mut decision =
                    decide_votes(&eoss, votes, Method::Multitude).expect("votes in range");
                if file < 2 {
                    let sure = 0.2 + f64::from(number) / 5.0;
                    decision.mean_probabilities = vec![[sure, 0.5, 0.1].map(Some).to_vec(); 2];
                }
                files[file].push(PairScore {
                    pair_id: id.clone(),
                    decision,
                    coloured_share: None,
                    networks_used: 60,
                    origin,
                    bundle: "b".into(),
                });
            }
        }
    }
    let references = References::parse(text.as_bytes(), &eoss).expect("a manifest");
    let table = |scores: &Vec<PairScore>| ScoreTable::of(&eoss, &references, scores);
    let tables: Vec<ScoreTable> =
        files.iter().map(|scores| table(scores).expect("scores of these pairs")).collect();
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    let names = ["old", NASTY, "third"].into_iter();
    let scored: Vec<Scored<'_>> =
        names.zip(&tables).map(|(name, scores)| Scored { name, scores }).collect();
    compare_scores(&eoss, &references, &scored, 50, &mut rng).expect("files of the same pairs")
}

/// Every element is closed, in order; no attribute stands twice in it, and no
/// `id` twice on the page.
pub fn check_markup(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    let body = page.strip_prefix("<!DOCTYPE html>").expect("a doctype");
    let (before, script) = body.split_once("<script>").expect("the script that sorts tables");
    let (_, after) = script.split_once("</script>").expect("which ends");
    let body = [before, after].concat();
    for tag in body.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
            continue;
        }
        let name = tag.split(' ').next().unwrap_or_default();
        let attributes: Vec<&str> = attribute_names(tag);
        let mut once = attributes.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), attributes.len(), "<{tag}>");
        ids.extend(tag.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()));
        if !["meta", "link", "img"].contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id stands twice");
}

/// Quoted values are cut out; what is left before each `=` are names.
fn attribute_names(tag: &str) -> Vec<&str> {
    let outside = tag.split('"').step_by(2);
    outside.filter_map(|text| text.strip_suffix('=')?.split_whitespace().last()).collect()
}
