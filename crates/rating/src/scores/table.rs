//! `scores.csv` and `probabilities.csv` (`docs/contract.md`, "Results").

use std::collections::BTreeMap;

use super::{Decision, PairScore, Probability, votes_word};
use crate::network::NetworkId;
use crate::protocol::Measurement;
use crate::table::{Row, Stream, write};
use crate::{Grade, Origin, Problem, Protocol};

/// The columns of `scores.csv` for a protocol.
fn score_columns(protocol: &Protocol) -> Vec<String> {
    let measurements = protocol.measurements();
    let mut columns = vec!["pair_id".to_owned()];
    columns.extend(measurements.iter().map(|measurement| measurement.name.clone()));
    columns.extend(["combined", "weight", "conflict"].map(str::to_owned));
    columns.extend(measurements.iter().map(|measurement| format!("{}_votes", measurement.name)));
    for measurement in measurements {
        columns.extend(
            (0..measurement.tasks()).map(|above| format!("{}_gt{above}", measurement.name)),
        );
    }
    columns.extend(["coloured_share", "networks_used", "origin", "bundle"].map(str::to_owned));
    columns
}

/// Writes `scores.csv`.
#[must_use]
pub fn scores_csv(protocol: &Protocol, scores: &[PairScore]) -> String {
    let records = scores.iter().map(|score| score_record(protocol, score));
    write(std::iter::once(score_columns(protocol)).chain(records))
}

fn score_record(protocol: &Protocol, score: &PairScore) -> Vec<String> {
    let decision = &score.decision;
    let mut record = vec![score.pair_id.clone()];
    record.extend(decision.grades.iter().map(Grade::to_string));
    record.push(decision.combined.map(|grade| grade.to_string()).unwrap_or_default());
    record.push(decision.weight.map(|weight| weight.to_string()).unwrap_or_default());
    record.push(decision.conflict.to_string());
    record.extend(decision.votes.iter().map(|votes| votes_word(votes)));
    for (position, measurement) in protocol.measurements().iter().enumerate() {
        let means = decision.mean_probabilities.get(position);
        record.extend((0..usize::from(measurement.tasks())).map(|task| {
            let mean = means.and_then(|means| means.get(task)).copied().flatten();
            mean.map(|mean| format!("{mean:.6}")).unwrap_or_default()
        }));
    }
    record.push(score.coloured_share.map(|share| format!("{share:.6}")).unwrap_or_default());
    record.push(score.networks_used.to_string());
    record.push(score.origin.to_string());
    record.push(score.bundle.clone());
    record
}

/// Writes `probabilities.csv`: a row for each pair and network.
///
/// Probabilities are written in full, so that bits can be decided again.
#[must_use]
pub fn probabilities_csv<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a [Probability])>,
) -> String {
    let header = [
        "pair_id",
        "network",
        "measurement",
        "task",
        "fold",
        "seed",
        "probability",
        "threshold",
        "bit",
    ];
    let records = pairs.into_iter().flat_map(|(pair_id, probabilities)| {
        probabilities.iter().map(move |answer| {
            let NetworkId { measurement, above, fold, seed } = &answer.network;
            vec![
                pair_id.to_owned(),
                answer.network.to_string(),
                measurement.clone(),
                format!("gt{above}"),
                fold.to_string(),
                seed.to_string(),
                answer.probability.to_string(),
                answer.threshold.to_string(),
                u8::from(answer.bit()).to_string(),
            ]
        })
    });
    write(std::iter::once(header.map(str::to_owned).to_vec()).chain(records))
}

/// Reads `scores.csv`.
///
/// # Errors
/// The columns of another protocol; the first cell that cannot be read, with
/// row and column; a pair named twice.
pub fn parse_scores(bytes: &[u8], protocol: &Protocol) -> Result<Vec<PairScore>, Problem> {
    parse_some_scores(bytes, protocol, |_| true)
}

/// The same with only these pairs; the others are not looked at.
///
/// # Errors
/// As [`parse_scores`].
pub fn parse_some_scores(
    bytes: &[u8],
    protocol: &Protocol,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<PairScore>, Problem> {
    let mut table = Stream::open(bytes)?;
    check_header(&table.columns, protocol)?;
    let mut first_rows: BTreeMap<String, usize> = BTreeMap::new();
    let mut scores = Vec::new();
    while let Some(row) = table.next() {
        let row = row?;
        if row.get("pair_id").is_some_and(|pair| !wanted(pair)) {
            continue;
        }
        let score = parse_score(&row, protocol)?;
        if let Some(first) = first_rows.insert(score.pair_id.clone(), row.line) {
            return Err(row.problem(
                "pair_id",
                format!("pair {} stands in row {first} already", score.pair_id),
            ));
        }
        scores.push(score);
    }
    Ok(scores)
}

/// Whether the columns are those of this protocol.
pub(super) fn check_header(columns: &[String], protocol: &Protocol) -> Result<(), Problem> {
    let measurements = protocol.measurements().iter().map(|known| known.name.as_str());
    let combined = protocol.combined_grades().map(|_| "combined");
    let others = ["pair_id", "conflict", "networks_used", "origin"].into_iter().chain(combined);
    let mut missing = measurements.clone().chain(others).filter(|name| is_missing(columns, name));
    let votes = |column: &&String| {
        let name = column.strip_suffix("_votes");
        name.is_some_and(|name| measurements.clone().all(|known| known != name))
    };
    let problem = match (missing.next(), columns.iter().find(votes)) {
        (Some(name), _) => Problem::new("the column is missing").in_column(name),
        (None, Some(name)) => Problem::new("votes on something else").in_column(name),
        (None, None) => return Ok(()),
    };
    let hint = format!(
        "these are no scores of protocol {}; give theirs with --protocol, or another file",
        protocol.name()
    );
    Err(problem.at_row(1).hint(hint))
}

fn is_missing(columns: &[String], name: &str) -> bool {
    columns.iter().all(|column| column != name)
}

pub(super) fn parse_score(row: &Row<'_>, protocol: &Protocol) -> Result<PairScore, Problem> {
    let mut grades = Vec::new();
    let mut votes = Vec::new();
    for measurement in protocol.measurements() {
        let text: String = row.parsed(&measurement.name)?;
        grades.push(row.grade(&measurement.name, &text, measurement.grades)?);
        let column = format!("{}_votes", measurement.name);
        let digits: String = row.parsed(&column)?;
        let vote = |digit: char| match digit {
            '-' => Ok(None),
            _ => row.grade(&column, &digit.to_string(), measurement.grades).map(Some),
        };
        votes.push(digits.chars().map(vote).collect::<Result<Vec<_>, _>>()?);
    }
    let combined = protocol.combined(&grades);
    if row.optional::<Grade>("combined")? != combined {
        return Err(row.problem("combined", "not the combined grade of the others"));
    }
    let origin: String = row.parsed("origin")?;
    let origin = Origin::from_word(&origin)
        .ok_or_else(|| row.problem("origin", format!("{origin:?} is not an origin")))?;
    Ok(PairScore {
        pair_id: row.parsed("pair_id")?,
        decision: Decision {
            grades,
            combined,
            weight: row.optional("weight")?,
            conflict: row.parsed("conflict")?,
            votes,
            mean_probabilities: mean_probabilities(row, protocol)?,
        },
        coloured_share: row.optional_fraction("coloured_share")?,
        networks_used: row.parsed("networks_used")?,
        origin,
        bundle: row.get("bundle").unwrap_or_default().to_owned(),
    })
}

/// The mean of each task, `None` where the cell is empty.
fn mean_probabilities(
    row: &Row<'_>,
    protocol: &Protocol,
) -> Result<Vec<Vec<Option<f64>>>, Problem> {
    let of_measurement = |measurement: &Measurement| {
        let tasks = 0..measurement.tasks();
        tasks
            .map(|above| row.optional_fraction(&format!("{}_gt{above}", measurement.name)))
            .collect()
    };
    protocol.measurements().iter().map(of_measurement).collect()
}

/// Reads `probabilities.csv`: the answers of each pair, pairs in the order of
/// their first row. The network is the column `network`, or else `measurement`
/// (name or short name), `task`, `fold` and `seed`.
///
/// # Errors
/// The first cell that cannot be read, with row and column; a network that the
/// protocol has not, or that answers for a pair twice; a table without rows.
pub fn parse_probabilities(
    bytes: &[u8],
    protocol: &Protocol,
) -> Result<Vec<(String, Vec<Probability>)>, Problem> {
    let mut table = Stream::open(bytes)?;
    check_probabilities_header(&table.columns)?;
    let mut positions: BTreeMap<String, usize> = BTreeMap::new();
    let mut pairs: Vec<(String, Vec<Probability>)> = Vec::new();
    while let Some(row) = table.next() {
        let row = row?;
        let pair_id: String = row.parsed("pair_id")?;
        let probability = Probability {
            network: network_of(&row, protocol)?,
            probability: row.fraction("probability")?,
            threshold: row.parsed("threshold")?,
        };
        if !probability.threshold.is_finite() {
            return Err(row.problem("threshold", "not a number"));
        }
        let position = *positions.entry(pair_id.clone()).or_insert(pairs.len());
        if position == pairs.len() {
            pairs.push((pair_id, Vec::new()));
        }
        let (pair_id, answers) = &mut pairs[position];
        if answers.iter().any(|answer| answer.network == probability.network) {
            let what = format!("{} answers for pair {pair_id} already", probability.network);
            return Err(row.problem("network", what));
        }
        answers.push(probability);
    }
    if pairs.is_empty() {
        return Err(Problem::new("the table has no rows"));
    }
    Ok(pairs)
}

/// Whether the columns are those of answers of single networks.
fn check_probabilities_header(columns: &[String]) -> Result<(), Problem> {
    let network: &[&str] = match is_missing(columns, "network") {
        true => &["measurement", "task", "fold", "seed"],
        false => &[],
    };
    let needed = ["pair_id", "probability", "threshold"].iter().chain(network);
    match needed.into_iter().find(|name| is_missing(columns, name)) {
        None => Ok(()),
        Some(name) => Err(Problem::new("the column is missing").in_column(*name).at_row(1).hint(
            "this is no table of probabilities: probabilities.csv, which score writes, is one",
        )),
    }
}

fn network_of(row: &Row<'_>, protocol: &Protocol) -> Result<NetworkId, Problem> {
    let Some(text) = row.get("network") else {
        return known_network(row, protocol, "task", network_of_parts(row, protocol)?);
    };
    let network: NetworkId =
        text.parse().map_err(|problem: Problem| row.problem("network", problem.what))?;
    for column in ["measurement", "task", "fold", "seed"] {
        let says = |part: String| row.get(column).is_none_or(|cell| cell == part);
        let agrees = match column {
            // By name or short name.
            "measurement" => row.get(column).is_none_or(|name| {
                let position = protocol.measurement(name);
                position.is_some_and(|at| protocol.measurements()[at].short == network.measurement)
            }),
            "task" => says(format!("gt{}", network.above)) || says(network.above.to_string()),
            "fold" => says(network.fold.to_string()),
            _ => says(network.seed.to_string()),
        };
        if !agrees {
            return Err(row.problem(column, format!("the network is {network}")));
        }
    }
    known_network(row, protocol, "network", network)
}

/// The network, where the protocol has its measurement and task.
fn known_network(
    row: &Row<'_>,
    protocol: &Protocol,
    column: &str,
    network: NetworkId,
) -> Result<NetworkId, Problem> {
    let measurement = protocol.measurement(&network.measurement);
    let measurement = measurement.map(|position| &protocol.measurements()[position]);
    match measurement {
        Some(known) if known.short != network.measurement => {
            let what = format!("{network}: {} is written {}", known.name, known.short);
            Err(row.problem(column, what))
        }
        Some(known) if network.above < known.tasks() => Ok(network),
        Some(known) => {
            let what =
                format!("{network}: {} has tasks gt0 to gt{}", known.name, known.tasks() - 1);
            Err(row.problem(column, what))
        }
        None => {
            let what = format!("protocol {} has no measurement of {network}", protocol.name());
            Err(row.problem(column, what))
        }
    }
}

fn network_of_parts(row: &Row<'_>, protocol: &Protocol) -> Result<NetworkId, Problem> {
    let name: String = row.parsed("measurement")?;
    let measurement = protocol
        .measurement(&name)
        .ok_or_else(|| row.problem("measurement", format!("no measurement {name:?}")))?;
    let task: String = row.parsed("task")?;
    let above = task.strip_prefix("gt").unwrap_or(&task).parse();
    Ok(NetworkId {
        measurement: protocol.measurements()[measurement].short.clone(),
        above: above
            .map_err(|_| row.problem("task", format!("{task:?} is not a task such as gt0")))?,
        fold: row.count("fold")?,
        seed: row.count("seed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::networks;
    use super::super::{Method, decide};
    use super::*;

    #[test]
    fn scores_survive_their_file() {
        let eoss = Protocol::eoss();
        let score = PairScore {
            pair_id: "a, b".into(),
            decision: decide(&eoss, &networks([2, 1]), Method::Multitude).unwrap(),
            coloured_share: Some(0.125),
            networks_used: 60,
            origin: Origin::Phantom,
            bundle: "abc".into(),
        };
        let text = scores_csv(&eoss, std::slice::from_ref(&score));
        assert!(text.contains(",22222,11111,"), "{text}");
        let mut read = parse_scores(text.as_bytes(), &eoss).unwrap();
        let means = std::mem::take(&mut read[0].decision.mean_probabilities);
        assert!((means[0][0].unwrap() - 0.9).abs() < 1e-6 && means.len() == 2);
        read[0].decision.mean_probabilities.clone_from(&score.decision.mean_probabilities);
        assert_eq!(read, [score]);
    }

    #[test]
    fn probabilities_survive_their_file_in_full() {
        let eoss = Protocol::eoss();
        let mut all = networks([2, 1]);
        all[0].probability = f64::from(0.123_45_f32);
        let text = probabilities_csv([("a", all.as_slice())]);
        assert_eq!(parse_probabilities(text.as_bytes(), &eoss).unwrap(), [("a".to_owned(), all)]);
    }

    #[test]
    fn a_network_may_be_named_by_its_parts() {
        let text = "pair_id,measurement,task,fold,seed,probability,threshold\n\
                    a,synovial_hypertrophy,gt2,3,1,0.5,0.5\n";
        let pairs = parse_probabilities(text.as_bytes(), &Protocol::eoss()).unwrap();
        assert_eq!(pairs[0].1[0].network.to_string(), "sh.gt2.fold3.seed1");
    }

    #[test]
    fn a_cell_that_cannot_be_read_is_named() {
        let text = "pair_id,network,probability,threshold\na,sh.gt0.fold1.seed1,often,0.5\n";
        let problem = parse_probabilities(text.as_bytes(), &Protocol::eoss()).unwrap_err();
        assert!(problem.to_string().starts_with("row 2, column probability"), "{problem}");
    }

    #[test]
    fn scores_are_no_probabilities() {
        let eoss = Protocol::eoss();
        let told =
            |columns: &str| parse_probabilities(columns.as_bytes(), &eoss).unwrap_err().to_string();
        let scores = told(&score_columns(&eoss).join(","));
        assert!(scores.starts_with("row 1, column probability: the column is missing"), "{scores}");
        assert!(scores.contains("no table of probabilities"), "{scores}");
        let nobody = told("pair_id,probability,threshold,measurement,task,fold");
        assert!(nobody.starts_with("row 1, column seed: the column is missing"), "{nobody}");
    }

    #[test]
    fn what_no_network_of_the_protocol_said_is_refused() {
        let header = "pair_id,network,measurement,task,fold,seed,probability,threshold\n";
        let row = "a,sh.gt0.fold1.seed1,sh,gt0,1,1,0.5,0.5\n";
        let parse = |text: &str| parse_probabilities(text.as_bytes(), &Protocol::eoss());
        let whole = format!("{header}{row}");
        assert_eq!(parse(&whole).unwrap().len(), 1);
        let by_name = row.replace(",sh,", ",synovial_hypertrophy,");
        assert_eq!(parse(&format!("{header}{by_name}")).unwrap().len(), 1);
        for (text, told) in [
            (String::new(), "the table is empty"),
            (header.to_owned(), "the table has no rows"),
            (format!("{whole}{row}"), "row 3, column network: sh.gt0.fold1.seed1 answers for"),
            (whole.replace(",gt0,", ",gt1,"), "row 2, column task: the network is sh.gt0"),
            (whole.replace(",sh,", ",vascularity,"), "column measurement: the network is sh.gt0"),
            (whole.replace(",1,1,", ",2,1,"), "column fold: the network is"),
            (whole.replace(",1,1,", ",1,2,"), "column seed: the network is"),
            (whole.replace("sh.", "liver.").replace(",sh,", ",,"), "no measurement of liver"),
            (whole.replace("gt0", "gt3"), "column network: sh.gt3.fold1.seed1: synovial_hypert"),
            (whole.replace("pair_id", "seed"), "row 1, column seed: the column stands twice"),
        ] {
            let problem = parse(&text).unwrap_err().to_string();
            assert!(problem.contains(told), "{problem}");
        }
    }

    /// What is wrong with a row of `scores.csv` after one change.
    fn complaint(from: &str, to: &str) -> String {
        let header = score_columns(&Protocol::eoss()).join(",");
        let row = "a,1,0,1,25,false,11111,00000,0.9,0.1,0.2,0.3,0.4,0.6,0.125,60,phantom,abc";
        let parse =
            |row: &str| parse_scores(format!("{header}\n{row}\n").as_bytes(), &Protocol::eoss());
        assert_eq!(
            parse(row).unwrap()[0].decision.mean_probabilities[1],
            [0.3, 0.4, 0.6].map(Some)
        );
        parse(&row.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn scores_of_another_protocol_are_refused() {
        let eoss = Protocol::eoss();
        let columns = score_columns(&eoss).join(",");
        let complaint =
            |header: &str| parse_scores(header.as_bytes(), &eoss).unwrap_err().to_string();
        let missing = complaint(&columns.replace("vascularity", "flow"));
        assert!(
            missing.starts_with("row 1, column vascularity: the column is missing"),
            "{missing}"
        );
        let no_combined = complaint(&columns.replace("combined,", ""));
        assert!(no_combined.starts_with("row 1, column combined: the column is missing"));
        let more = complaint(&format!("{columns},erosion_votes"));
        assert!(more.starts_with("row 1, column erosion_votes: votes on something else"), "{more}");
        assert!(more.contains("no scores of protocol eoss"), "{more}");
    }

    #[test]
    fn what_is_no_share_is_refused() {
        assert!(complaint("0.125", "NaN").contains("column coloured_share: NaN is outside 0-1"));
        assert!(complaint("0.9", "inf").contains("synovial_hypertrophy_gt0: inf is outside 0-1"));
        let text = |probability: &str, threshold: &str, fold: u8| {
            format!(
                "pair_id,measurement,task,fold,seed,probability,threshold\n\
                 a,vascularity,gt2,{fold},1,{probability},{threshold}\n"
            )
        };
        for (text, column) in [
            (text("1.5", "0.5", 1), "probability"),
            (text("0.5", "NaN", 1), "threshold"),
            (text("0.5", "0.5", 0), "fold"),
        ] {
            let problem = parse_probabilities(text.as_bytes(), &Protocol::eoss()).unwrap_err();
            assert!(problem.to_string().contains(&format!("column {column}")), "{problem}");
        }
    }

    #[test]
    fn what_is_not_known_survives_its_file() {
        let eoss = Protocol::eoss();
        let header = score_columns(&eoss).join(",");
        let row = "a,1,0,1,,false,11-11,-0000,0.900000,,,,0.400000,,0.125000,31,phantom,abc";
        let text = format!("{header}\n{row}\n");
        let read = parse_scores(text.as_bytes(), &eoss).unwrap();
        let decision = &read[0].decision;
        assert_eq!(decision.votes[1], [None, Some(0), Some(0), Some(0), Some(0)]);
        assert_eq!((decision.weight, decision.all_votes()), (None, None));
        assert_eq!(decision.mean_probabilities, [[Some(0.9), None, None], [None, Some(0.4), None]]);
        assert_eq!(scores_csv(&eoss, &read), text);
    }
}
