//! What the types of a study protocol cannot say: ranges and names.

use std::collections::{BTreeMap, BTreeSet};

use super::imrmc;
use super::protocol::{DesignKind, Shows, StudyProtocol};
use crate::protocol::{is_plain, row_of};
use crate::{Problem, Protocol};

/// Everything out of range, each with its key and, where `text` has it, its row.
pub(super) fn problems(study: &StudyProtocol, text: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut check = |holds: bool, key: &str, what: String| {
        if !holds {
            let problem = Problem::new(what).in_column(key);
            found.push(Problem { row: row_of(text, key), ..problem });
        }
    };
    let plain = |name: &str| format!("{name:?} is not a plain name of letters, digits, - and _");
    check(is_plain(&study.name.to_lowercase()), "name", plain(&study.name));
    check(!study.title.trim().is_empty(), "title", "a study needs a title".to_owned());
    check(study.version >= 1, "version", "versions count from 1".to_owned());
    let in_toml = i64::try_from(study.seed).is_ok();
    check(in_toml, "seed", "too large for a TOML file".to_owned());
    check(!study.cases.cohort.is_empty(), "cases.cohort", "no cohort is named".to_owned());

    for (key, names) in [
        ("arms", study.arms.iter().map(|arm| &arm.name).collect::<Vec<_>>()),
        ("readers", study.readers.iter().map(|reader| &reader.name).collect()),
    ] {
        let count = names.len();
        check((1..=1000).contains(&count), key, format!("{count} {key}; 1 to 1000"));
        let mut seen = BTreeSet::new();
        for name in names {
            check(is_plain(&name.to_lowercase()), key, plain(name));
            check(seen.insert(name), key, format!("{name:?} twice"));
        }
    }
    for arm in &study.arms {
        let sound = !arm.own_grades_first || arm.shows != Shows::Nothing;
        let what = format!("arm {:?} shows nothing, so own_grades_first has no meaning", arm.name);
        check(sound, "arms", what);
    }

    let groups = if study.design.kind == DesignKind::Sequential { 1 } else { study.arms.len() };
    for reader in &study.readers {
        let name = &reader.name;
        if let Some(group) = reader.group {
            let what = format!("{name}: group {group}; groups go from 1 to {groups}");
            check((1..=groups).contains(&group), "readers", what);
        }
        if let Some(years) = reader.years {
            let what = format!("{name}: {years} years of experience; 0 to 80");
            check((0.0..=80.0).contains(&years), "readers", what);
        }
    }

    let design = &study.design;
    let what = format!("{} is not a share from 0 to 0.5", design.repeats);
    check((0.0..=0.5).contains(&design.repeats), "design.repeats", what);
    let days = design.washout_days;
    check(days <= 3650, "design.washout_days", format!("{days} days are more than ten years"));
    let idle = design.idle_seconds;
    check((5..=3600).contains(&idle), "design.idle_seconds", format!("{idle} seconds; 5 to 3600"));
    let limit = design.seconds_a_case.unwrap_or(1);
    check(limit >= 1, "design.seconds_a_case", "0 seconds are no time".to_owned());

    if let Some(altered) = &study.altered {
        let what = format!("{} is not a share above 0, up to 0.5", altered.share);
        check(altered.share > 0.0 && altered.share <= 0.5, "altered.share", what);
        let what = "answers are altered only with an approval: name committee, number, date";
        let named = !altered.ethics_approval.trim().is_empty();
        check(named, "altered.ethics_approval", what.to_owned());
        let shown = study.arms.iter().any(|arm| arm.shows != Shows::Nothing);
        check(shown, "altered", "no arm shows an answer that could be altered".to_owned());
    }

    let analysis = &study.analysis;
    for (key, name) in [("analysis.arm", &analysis.arm), ("analysis.against", &analysis.against)] {
        let known = name.as_ref().is_none_or(|name| study.arm(name).is_some());
        check(known, key, format!("there is no arm {:?}", name.as_deref().unwrap_or_default()));
    }
    let samples = analysis.samples;
    let what = format!("{samples} samples; 100 to 100000 are possible");
    check((100..=100_000).contains(&samples), "analysis.samples", what);
    let difference = analysis.smallest_difference.unwrap_or(0.1);
    let what = format!("{difference} is not a difference above 0, up to 1");
    check(difference > 0.0 && difference <= 1.0, "analysis.smallest_difference", what);
    found
}

/// What a new study must have beyond sound keys: grades that somebody gives, two arms to
/// compare, names that accounts and other programs can tell apart. Studies that are open
/// already are read without it.
pub(super) fn problems_for(study: &StudyProtocol, graded: &Protocol) -> Vec<Problem> {
    let mut found = Vec::new();
    let name = study.analysis.measurement.as_str();
    let mut known: Vec<(&str, u8)> =
        graded.measurements().iter().map(|one| (one.name.as_str(), one.grades)).collect();
    known.extend(graded.combined_grades().map(|grades| ("combined", grades)));
    match known.iter().find(|(one, _)| *one == name) {
        None => {
            let names: Vec<&str> = known.iter().map(|(one, _)| *one).collect();
            let problem = Problem::new(format!("{name:?} is not graded"));
            let hint = format!("one of {}", names.join(", "));
            found.push(problem.in_column("analysis.measurement").hint(hint));
        }
        Some((_, grades)) => {
            let figure = study.analysis.figure;
            if figure.above().is_some_and(|above| above + 1 >= *grades) {
                let what = format!("{figure}: {name} has grades 0 to {}", grades - 1);
                found.push(Problem::new(what).in_column("analysis.figure"));
            }
        }
    }
    if study.arms.len() < 2 {
        let problem = Problem::new("a study needs two arms to compare").in_column("arms");
        found.push(problem.hint("add a second [[arms]]"));
    } else if study.compared().is_none() {
        let problem = Problem::new("analysis.arm and analysis.against are the same arm");
        let hint = "name the two arms to compare; left out, arm is the last and against the first";
        found.push(problem.in_column("analysis.arm").hint(hint));
    }
    let arms = study.arms.iter().map(|arm| ("arms", &arm.name));
    for (key, name) in arms.chain(study.readers.iter().map(|of| ("readers", &of.name))) {
        if !imrmc::can_read(name) {
            let problem = Problem::new(format!("iMRMC cannot read the name {name:?}"));
            found.push(problem.in_column(key).hint("neither \"truth\" nor \"-1\""));
        }
    }
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for reader in &study.readers {
        if let Some(other) = seen.insert(reader.name.to_lowercase(), &reader.name) {
            let what = format!("{:?} and {other:?} differ in capitals only", reader.name);
            let problem = Problem::new(what).in_column("readers");
            found.push(problem.hint("accounts do not tell them apart: name one otherwise"));
        }
    }
    for arm in &study.arms {
        if arm.shows == Shows::GradesAndHeatmap && graded.heatmap().is_none() {
            let what = format!("arm {:?} shows heatmaps, and there are none", arm.name);
            found.push(Problem::new(what).in_column("arms").hint("let it show \"grades\""));
        }
    }
    found
}
