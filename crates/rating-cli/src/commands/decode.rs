//! `rating decode`: votes or probabilities to grades.

use std::path::Path;

use rating::scores::{Decision, Method, decide, decide_votes, parse_probabilities};
use rating::{Grade, Problem, Protocol};
use serde_json::{Map, Value, json};

use crate::args::{DecodeArgs, DecodeMethod};
use crate::failure::Failure;
use crate::{commands, files};

pub fn run(args: &DecodeArgs) -> Result<(), Failure> {
    let protocol = files::protocol(&args.protocol)?;
    let method = match args.method {
        DecodeMethod::Multitude => Method::Multitude,
        DecodeMethod::Majority => Method::Majority,
    };
    let lines = match (&args.votes, &args.probabilities) {
        (Some(path), _) => from_votes(path, &protocol, method)?,
        (None, Some(path)) => from_probabilities(path, &protocol, method)?,
        (None, None) => return Err(Failure::Usage("give --votes or --probabilities".to_owned())),
    };
    let text: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
    commands::print(&text)
}

fn from_votes(path: &Path, protocol: &Protocol, method: Method) -> Result<Vec<Value>, Failure> {
    let text = files::read_text(path)?;
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let decided = votes_of_line(line, protocol)
            .and_then(|(name, votes)| Ok((name, decide_votes(protocol, votes, method)?)));
        match decided {
            Ok((name, decision)) => lines.push(answer(name.as_deref(), protocol, &decision)),
            Err(problem) => {
                problems.push(problem.at_row(number + 1).in_file(path.display().to_string()));
            }
        }
    }
    if problems.is_empty() { Ok(lines) } else { Err(problems.into()) }
}

/// The pair a line names, if it does, and its votes by measurement and model.
fn votes_of_line(
    line: &str,
    protocol: &Protocol,
) -> Result<(Option<String>, Vec<Vec<Grade>>), Problem> {
    let hint = r#"such as {"votes": {"synovial_hypertrophy": [1, 1, 2, 1, 1], "vascularity": [0, 0, 0, 1, 0]}}"#;
    let value: Value = serde_json::from_str(line)
        .map_err(|error| Problem::new(format!("not a JSON object: {error}")).hint(hint))?;
    let given = value
        .get("votes")
        .and_then(Value::as_object)
        .ok_or_else(|| Problem::new("no object \"votes\"").hint(hint))?;
    let known =
        |name: &String| protocol.measurements().iter().any(|measurement| &measurement.name == name);
    if let Some(unknown) = given.keys().find(|name| !known(name)) {
        return Err(Problem::new(format!(
            "no measurement {unknown:?} in protocol {}",
            protocol.name()
        )));
    }
    let mut votes = Vec::new();
    for measurement in protocol.measurements() {
        let list = given.get(&measurement.name).and_then(Value::as_array).ok_or_else(|| {
            Problem::new(format!("no list of votes for {}", measurement.name)).hint(hint)
        })?;
        let grade = |vote: &Value| {
            let grade = vote.as_u64().and_then(|grade| Grade::try_from(grade).ok());
            grade.filter(|&grade| grade < measurement.grades).ok_or_else(|| {
                Problem::new(format!("vote {vote} is outside 0-{}", measurement.grades - 1))
                    .in_column(&measurement.name)
            })
        };
        votes.push(list.iter().map(grade).collect::<Result<Vec<Grade>, Problem>>()?);
    }
    let name = value.get("pair_id").and_then(Value::as_str).map(str::to_owned);
    Ok((name, votes))
}

fn from_probabilities(
    path: &Path,
    protocol: &Protocol,
    method: Method,
) -> Result<Vec<Value>, Failure> {
    let place = |problem: Problem| problem.in_file(path.display().to_string());
    let pairs = parse_probabilities(&files::read(path)?, protocol).map_err(place)?;
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for (pair_id, probabilities) in &pairs {
        match decide(protocol, probabilities, method) {
            Ok(decision) => lines.push(answer(Some(pair_id), protocol, &decision)),
            Err(problem) => {
                problems.push(place(Problem {
                    what: format!("pair {pair_id}: {}", problem.what),
                    ..problem
                }));
            }
        }
    }
    if problems.is_empty() { Ok(lines) } else { Err(problems.into()) }
}

/// The line of `docs/contract.md`, "decode".
fn answer(pair_id: Option<&str>, protocol: &Protocol, decision: &Decision) -> Value {
    let grades: Map<String, Value> = protocol
        .measurements()
        .iter()
        .zip(&decision.grades)
        .map(|(measurement, grade)| (measurement.name.clone(), json!(grade)))
        .collect();
    let mut line = Map::new();
    line.extend(pair_id.map(|pair_id| ("pair_id".to_owned(), json!(pair_id))));
    line.insert("grades".to_owned(), grades.into());
    line.insert("combined".to_owned(), json!(decision.combined));
    line.insert("weight".to_owned(), decision.weight.map_or(Value::Null, weight));
    line.insert("conflict".to_owned(), json!(decision.conflict));
    line.into()
}

/// A weight as a JSON number, or as text where a number could not hold it.
fn weight(weight: u128) -> Value {
    u64::try_from(weight).map_or_else(|_| json!(weight.to_string()), |weight| json!(weight))
}
