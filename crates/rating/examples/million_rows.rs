//! A manifest and scores of many pairs, to time the programs that read them.
//!
//!     cargo run --release -p rating --example million_rows FOLDER [PAIRS [PAIRS_A_PATIENT]]
//!
//! Writes FOLDER/manifest.csv and FOLDER/scores.csv from a fixed seed: drawn
//! grades of no image, origin phantom.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rating::manifest::Manifest;
use rating::scores::{Method, PairScore, decide_votes, scores_csv};
use rating::{Grade, Origin, Protocol, Seed};

/// Pairs that are drawn before they are written.
const AT_A_TIME: usize = 10_000;
const MODELS: usize = 5;

fn main() {
    let mut asked = std::env::args().skip(1);
    let folder = PathBuf::from(asked.next().expect("a folder"));
    let mut number =
        |other: usize| asked.next().map_or(other, |word| word.parse().expect("a whole number"));
    let (pairs, of_patient) = (number(1_000_000), number(10).max(1));
    fs::create_dir_all(&folder).expect("a folder that can be written to");
    let open = |name: &str| BufWriter::new(File::create(folder.join(name)).expect("a new file"));
    let (mut manifest, mut scores) = (open("manifest.csv"), open("scores.csv"));
    let eoss = Protocol::eoss();
    let mut rng = ChaCha8Rng::from_seed(Seed::new(1).bytes());
    let header = Manifest::default().to_csv(&eoss);
    manifest.write_all(header.as_bytes()).expect("room on the disk");
    for begin in (0..pairs).step_by(AT_A_TIME) {
        let drawn = (begin..pairs.min(begin + AT_A_TIME)).map(|pair| draw(pair, &eoss, &mut rng));
        let (references, of_pairs): (Vec<[Grade; 2]>, Vec<PairScore>) = drawn.unzip();
        let mut rows = String::new();
        for (pair, [sh, vascularity]) in (begin..).zip(references) {
            let cohort = if pair < pairs / 2 { "prospective" } else { "external" };
            let patient = pair / of_patient;
            writeln!(
                rows,
                "pair{pair},p{patient},{cohort},phantom,MCP{},left,A,B,i/{pair}-g.png,i/{pair}-d.png,\
                 10,10,200,120,10,10,200,120,cdus,{sh},{vascularity}",
                2 + pair % 4
            )
            .expect("text in memory");
        }
        manifest.write_all(rows.as_bytes()).expect("room on the disk");
        let text = scores_csv(&eoss, &of_pairs);
        let rows =
            if begin == 0 { text.as_str() } else { text.split_once('\n').map_or("", |all| all.1) };
        scores.write_all(rows.as_bytes()).expect("room on the disk");
    }
    manifest.flush().and_then(|()| scores.flush()).expect("room on the disk");
}

/// Reference grades and what networks might say.
fn draw(pair: usize, eoss: &Protocol, rng: &mut ChaCha8Rng) -> ([Grade; 2], PairScore) {
    let sh: Grade = rng.random_range(0..4);
    let vascularity: Grade = if sh == 0 { 0 } else { rng.random_range(0..4) };
    let mut votes = Vec::new();
    let mut means = Vec::new();
    for truth in [sh, vascularity] {
        let seen = f64::from(truth) + (0..4).map(|_| rng.random_range(-0.7..0.7)).sum::<f64>();
        let mut vote = || (seen + rng.random_range(-0.5..0.5)).round().clamp(0.0, 3.0) as Grade;
        votes.push((0..MODELS).map(|_| vote()).collect());
        let above = |above: u8| 1.0 / (1.0 + (2.0 * (f64::from(above) + 0.5 - seen)).exp());
        means.push((0..3).map(|cut| Some(above(cut))).collect());
    }
    let mut decision = decide_votes(eoss, votes, Method::Multitude).expect("votes in range");
    decision.mean_probabilities = means;
    let score = PairScore {
        pair_id: format!("pair{pair}"),
        decision,
        coloured_share: Some(0.01),
        networks_used: 60,
        origin: Origin::Phantom,
        bundle: "0".repeat(64),
    };
    ([sh, vascularity], score)
}
