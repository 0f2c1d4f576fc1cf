//! Writes a page of made-up grades, to look at: `sample_page PAGE.html [evaluation]`.

use image::{ImageFormat, Rgb, RgbImage};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rating::evaluate::{Evaluation, Study, evaluate};
use rating::manifest::{Manifest, References, Row};
use rating::network::NetworkId;
use rating::scores::{Method, PairScore, Probability, ScoreTable, decide, votes_word};
use rating::stats::Interval;
use rating::{Grade, Origin, Protocol, Seed};
use rating_report::{
    Card, Comparison, ComparisonRow, DemoPage, Fact, GradeLine, Picture, demo_page, evaluation_page,
};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("the page to write");
    let protocol = Protocol::eoss();
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    let rows = rows(&protocol, &mut rng);
    let (scores, probabilities) = scores(&protocol, &rows, &mut rng);
    let references = References::of_rows(&rows);
    let table = ScoreTable::of(&protocol, &references, &scores).expect("scores of these rows");
    let study = Study { probabilities: &probabilities, ..Study::new(&references, &table) };
    let evaluation =
        evaluate(&protocol, &study, 300, &mut rng).expect("scores of the manifest's own pairs");
    let page = match arguments.next().as_deref() {
        Some("evaluation") => evaluation_page(&evaluation),
        _ => demo(&protocol, &evaluation, &rows, &scores),
    };
    std::fs::write(path, page).expect("a page can be written there");
}

fn below(rng: &mut ChaCha8Rng, end: u32) -> u32 {
    rng.next_u32() % end
}

fn rows(protocol: &Protocol, rng: &mut ChaCha8Rng) -> Vec<Row> {
    let mut text = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
        grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
        doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,\
        synovial_hypertrophy,vascularity\n"
        .to_owned();
    for (cohort, pairs, mode) in [("prospective", 274, "cdus"), ("external", 40, "pdus")] {
        for pair in 0..pairs {
            let sh = [0, 0, 1, 1, 2, 2, 3][below(rng, 7) as usize];
            // The external cohort has no vascularity 3: its task "> 2" is undefined.
            let vascularity =
                if sh == 0 { 0 } else { below(rng, if cohort == "external" { 3 } else { 4 }) };
            let id = format!("{cohort}-{pair:03}");
            text += &format!(
                "{id},p{}{cohort},{cohort},phantom,MCP2,left,,,{id}g.png,{id}d.png,0,0,90,60,0,0,90,60,{mode},{sh},{vascularity}\n",
                pair / 9
            );
        }
    }
    Manifest::parse(text.as_bytes(), protocol).expect("a manifest").rows
}

/// Networks that are right more often than not.
fn scores(
    protocol: &Protocol,
    rows: &[Row],
    rng: &mut ChaCha8Rng,
) -> (Vec<PairScore>, Vec<(String, Vec<Probability>)>) {
    let mut all = (Vec::new(), Vec::new());
    for row in rows {
        let mut probabilities = Vec::new();
        for (measurement, grade) in protocol.measurements().iter().zip(&row.grades) {
            let tilt = f64::from(below(rng, 1000)) / 1000.0 - 0.5;
            for above in 0..measurement.tasks() {
                for fold in 1..=5 {
                    for seed in 1..=2 {
                        let centre = if grade.unwrap_or(0) > above { 0.72 } else { 0.28 };
                        let noise = f64::from(below(rng, 1000)) / 1000.0 - 0.5;
                        probabilities.push(Probability {
                            network: NetworkId {
                                measurement: measurement.short.clone(),
                                above,
                                fold,
                                seed,
                            },
                            probability: (centre + 0.9 * tilt + 0.5 * noise).clamp(0.0, 1.0),
                            threshold: 0.5,
                        });
                    }
                }
            }
        }
        all.0.push(PairScore {
            pair_id: row.pair_id.clone(),
            decision: decide(protocol, &probabilities, Method::Multitude).expect("60 networks"),
            coloured_share: None,
            networks_used: 60,
            origin: Origin::Phantom,
            bundle: "0f1e2d3c4b5a".repeat(5),
        });
        all.1.push((row.pair_id.clone(), probabilities));
    }
    all
}

fn demo(
    protocol: &Protocol,
    evaluation: &Evaluation,
    rows: &[Row],
    scores: &[PairScore],
) -> String {
    let mut chosen: Vec<(&Row, &PairScore)> = rows.iter().zip(scores).step_by(18).collect();
    chosen.extend(rows.iter().zip(scores).filter(|(_, score)| score.decision.conflict).take(2));
    let cards: Vec<Card> =
        chosen.into_iter().map(|(row, score)| card(protocol, row, score)).collect();
    demo_page(&DemoPage {
        evaluation,
        protocol,
        facts: &facts(),
        comparisons: &comparisons(),
        selection: "Every 18th pair, and two conflicts.",
        cards: &cards,
    })
}

fn facts() -> Vec<Fact> {
    vec![
        Fact::new("command", "sample_page PAGE.html"),
        Fact::new("figures", "made up").note("networks and pictures are drawn at random"),
        Fact::new("seed", "1"),
    ]
}

fn comparisons() -> Vec<Comparison> {
    let row = |name: &str, value: f64, half: f64| ComparisonRow {
        name: name.to_owned(),
        value: Some(value),
        interval: Some(Interval { low: value - half, high: value + half }),
        note: String::new(),
    };
    let readers = ComparisonRow {
        note: "the third reader graded no pair".to_owned(),
        ..row("readers 1 and 3", 0.0, 0.0)
    };
    vec![
        Comparison {
            title: "Fusion against grayscale alone".into(),
            sentence: "Accuracy of synovial hypertrophy on both cohorts together.".into(),
            rows: vec![
                row("fusion", 0.785, 0.04),
                row("grayscale alone", 0.707, 0.05),
                row("difference", 0.078, 0.05),
            ],
        },
        Comparison {
            title: "Readers".into(),
            sentence: "Exact agreement of two simulated readers.".into(),
            rows: vec![
                row("readers 1 and 2", 0.71, 0.03),
                ComparisonRow { value: None, interval: None, ..readers },
            ],
        },
    ]
}

fn card(protocol: &Protocol, row: &Row, score: &PairScore) -> Card {
    let decision = &score.decision;
    let shown = |grade: Grade| (!decision.conflict).then_some(grade);
    let mut lines: Vec<GradeLine> = protocol
        .measurements()
        .iter()
        .enumerate()
        .map(|(position, measurement)| GradeLine {
            measurement: measurement.name.clone(),
            predicted: shown(decision.grades[position]),
            reference: row.grades[position],
            votes: votes_word(&decision.votes[position]),
        })
        .collect();
    lines.push(GradeLine {
        measurement: "combined".into(),
        predicted: decision.combined.and_then(shown),
        reference: row.all_grades().and_then(|grades| protocol.combined(&grades)),
        votes: String::new(),
    });
    let pictures = ["grayscale", "doppler"];
    Card {
        pair_id: row.pair_id.clone(),
        cohort: row.cohort.clone(),
        pictures: pictures.map(|name| Picture { name: name.into(), png: picture(name) }).into(),
        lines,
    }
}

/// Something that is clearly no ultrasound.
fn picture(name: &str) -> Vec<u8> {
    let red = if name == "doppler" { 200 } else { 90 };
    let image =
        RgbImage::from_fn(200, 132, |x, y| Rgb([red, (x + y) as u8 / 2, (y / 2) as u8 + 60]));
    let mut png = std::io::Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).expect("a picture");
    png.into_inner()
}
