//! Bits and grades against vectors of an independent implementation.

use rating::{ecoc, threshold};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    code: Vec<Vec<u8>>,
    cases: Vec<Case>,
}

/// All but the distances and the grade are `[task][seed]`.
#[derive(Deserialize)]
struct Case {
    probability: Vec<Vec<f64>>,
    threshold: Vec<Vec<f64>>,
    bits: Vec<Vec<u8>>,
    distance: Vec<u32>,
    grade: u8,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../testdata/ecoc.json")).unwrap()
}

#[test]
fn code_words_are_thermometers() {
    let words: Vec<Vec<u8>> = ecoc::code_words(4)
        .into_iter()
        .map(|word| word.into_iter().map(u8::from).collect())
        .collect();
    assert_eq!(words, vectors().code);
}

#[test]
fn probabilities_become_bits_and_bits_a_grade() {
    let vectors = vectors();
    assert_eq!(vectors.cases.len(), 400);
    for (number, case) in vectors.cases.into_iter().enumerate() {
        let tasks = case.probability.iter().zip(&case.threshold);
        let bits: Vec<Vec<bool>> = tasks
            .map(|(probabilities, thresholds)| {
                let networks = probabilities.iter().zip(thresholds);
                networks.map(|(&p, &threshold)| threshold::bit(p, threshold)).collect()
            })
            .collect();
        let expected: Vec<Vec<bool>> =
            case.bits.iter().map(|seeds| seeds.iter().map(|&bit| bit == 1).collect()).collect();
        assert_eq!(bits, expected, "case {number}");
        let decoded = ecoc::decode(&bits);
        assert_eq!(decoded.distances, case.distance, "case {number}");
        assert_eq!(decoded.grade, case.grade, "case {number}");
    }
}
