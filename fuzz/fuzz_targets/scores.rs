//! Any bytes as `scores.csv` and `probabilities.csv`: what is read survives
//! writing and reading, and grades can be decided from it or refused.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rating::Protocol;
use rating::scores::{
    Method, decide, decide_votes, parse_probabilities, parse_scores, probabilities_csv, scores_csv,
};

/// Read once: it takes longer than most tables.
static EOSS: LazyLock<Protocol> = LazyLock::new(Protocol::eoss);

fuzz_target!(|bytes: &[u8]| {
    scores(bytes, &EOSS);
    probabilities(bytes, &EOSS);
});

/// Means are written to six decimals, so it is the second writing that must
/// equal the first.
fn scores(bytes: &[u8], protocol: &Protocol) {
    let Ok(read) = parse_scores(bytes, protocol) else {
        return;
    };
    let written = scores_csv(protocol, &read);
    let again = parse_scores(written.as_bytes(), protocol).expect(&written);
    assert_eq!(scores_csv(protocol, &again), written);
    for score in &read {
        let Some(votes) = score.decision.all_votes() else { continue };
        for method in [Method::Multitude, Method::Majority] {
            let _ = decide_votes(protocol, votes.clone(), method);
        }
    }
}

fn probabilities(bytes: &[u8], protocol: &Protocol) {
    let Ok(read) = parse_probabilities(bytes, protocol) else {
        return;
    };
    let pairs = read.iter().map(|(pair, answers)| (pair.as_str(), answers.as_slice()));
    let written = probabilities_csv(pairs);
    assert_eq!(parse_probabilities(written.as_bytes(), protocol).as_ref(), Ok(&read), "{written}");
    for (_, answers) in &read {
        let _ = decide(protocol, answers, Method::Multitude);
    }
}
