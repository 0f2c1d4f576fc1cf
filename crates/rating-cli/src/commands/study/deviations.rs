//! What a report tells of how a study was run: when, with which bundle, who and
//! what was withdrawn, and which washouts were begun early.

use std::collections::BTreeSet;

use rating_report::Fact;
use rating_web::Moment;
use rating_web::studies::{Deviations, Study};
use serde::Serialize;

/// The run of a study, for programs.
#[derive(Serialize)]
pub struct Run {
    opened: Moment,
    closed: Option<Moment>,
    bundle: Option<String>,
    withdrawn_readers: Vec<WithdrawnReader>,
    withdrawn_cases: Vec<WithdrawnCase>,
    allowed_early: Vec<AllowedEarly>,
}

#[derive(Serialize)]
struct WithdrawnReader {
    reader: String,
    when: Moment,
    why: String,
}

#[derive(Serialize)]
struct WithdrawnCase {
    case: String,
    when: Moment,
    why: String,
}

/// A session that was let begin before the washout was over.
#[derive(Serialize)]
struct AllowedEarly {
    reader: String,
    /// From 1.
    session: usize,
    begun: Option<Moment>,
    why: String,
}

impl Run {
    pub fn of(study: &Study, found: &Deviations) -> Run {
        let named = |position| reader(study, position).to_owned();
        let readers = found.readers.iter();
        let cases = found.cases.iter();
        let early = found.early.iter();
        Run {
            opened: study.opened,
            closed: study.closed,
            bundle: study.bundle.clone(),
            withdrawn_readers: readers
                .map(|one| WithdrawnReader {
                    reader: named(one.which),
                    when: one.when,
                    why: one.why.clone(),
                })
                .collect(),
            withdrawn_cases: cases
                .map(|one| WithdrawnCase {
                    case: one.which.clone(),
                    when: one.when,
                    why: one.why.clone(),
                })
                .collect(),
            allowed_early: early
                .map(|one| AllowedEarly {
                    reader: named(one.reader),
                    session: one.session + 1,
                    begun: one.begun,
                    why: one.why.clone(),
                })
                .collect(),
        }
    }
}

/// The positions of the readers who were withdrawn.
pub fn withdrawn_readers(found: &Deviations) -> BTreeSet<usize> {
    found.readers.iter().map(|one| one.which).collect()
}

/// The run of a study as facts: each thing that deviates, with its reason.
pub fn facts(study: &Study, found: &Deviations) -> Vec<Fact> {
    let time = |when: Option<Moment>| when.map_or("never".to_owned(), |when| when.to_string());
    let mut facts = vec![
        Fact::new("Opened", study.opened.to_string()),
        Fact::new("Closed", time(study.closed)),
        Fact::new("Bundle", study.bundle.clone().unwrap_or_else(|| "none".to_owned())),
    ];
    if let Some(altered) = &study.protocol.altered {
        facts.push(Fact::new("Ethics approval", altered.ethics_approval.clone()));
    }
    for one in &found.readers {
        let what = format!("{} on {}: {}", reader(study, one.which), one.when, one.why);
        facts.push(Fact::new("Reader withdrawn", what));
    }
    for one in &found.cases {
        let what = format!("{} on {}: {}", one.which, one.when, one.why);
        facts.push(Fact::new("Case withdrawn", what));
    }
    for one in &found.early {
        let (who, session) = (reader(study, one.reader), one.session + 1);
        let what = format!("{who}, session {session}, begun {}: {}", time(one.begun), one.why);
        facts.push(Fact::new("Allowed before the washout was over", what));
    }
    facts
}

/// What does not count, as sentences.
pub fn warnings(study: &Study, found: &Deviations) -> Vec<String> {
    let readers = found.readers.iter().map(|one| (reader(study, one.which), &one.why, "theirs"));
    let cases = found.cases.iter().map(|one| (one.which.as_str(), &one.why, "it"));
    let sentence = |(who, why, of): (&str, &String, &str)| {
        format!("{who} was withdrawn ({why}); nothing of {of} counts here.")
    };
    readers.chain(cases).map(sentence).collect()
}

fn reader(study: &Study, position: usize) -> &str {
    study.protocol.readers.get(position).map_or("a reader", |reader| reader.name.as_str())
}
