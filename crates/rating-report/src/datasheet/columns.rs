//! Tables of a datasheet: a row for each cohort, or for each word of a column.

use rating::evaluate::{Categories, Census};

use super::Datasheet;
use crate::markdown::table;

/// More words than these in a column are gathered.
const MOST_WORDS: usize = 20;

/// A column of the manifest: its name, and how it was counted.
pub(super) type Column = (&'static str, fn(&Census) -> &Categories);

pub(super) const ACQUISITION: [Column; 5] = [
    ("hospital", |cohort| &cohort.hospital),
    ("device", |cohort| &cohort.device),
    ("Doppler mode", |cohort| &cohort.doppler_mode),
    ("joint", |cohort| &cohort.joint),
    ("side", |cohort| &cohort.side),
];

/// A row for each cohort: its name, then what `cells` makes of it.
pub(super) fn by_cohort(
    sheet: &Datasheet<'_>,
    head: &[&str],
    cells: impl Fn(&Census) -> Vec<String>,
) -> String {
    let row = |(name, cohort): (&String, &Census)| [vec![name.clone()], cells(cohort)].concat();
    let rows: Vec<Vec<String>> = sheet.evaluation.census.iter().map(row).collect();
    table(&[&["cohort"], head].concat(), &rows)
}

/// A row for each word of a column, a number for each cohort.
pub(super) fn column(sheet: &Datasheet<'_>, (name, counted): Column, what: &str) -> String {
    let cohorts: Vec<&Categories> = sheet.evaluation.census.values().map(counted).collect();
    let mut words: Vec<&String> = cohorts.iter().flat_map(|column| column.counts.keys()).collect();
    words.sort_unstable();
    words.dedup();
    if words.is_empty() {
        return format!("The manifest names no {name}.\n\n");
    }
    let of = |word: &String, column: &Categories| column.counts.get(word).copied().unwrap_or(0);
    let (shown, others) = words.split_at(words.len().min(MOST_WORDS));
    let mut rows: Vec<Vec<String>> =
        shown.iter().map(|word| row(word, cohorts.iter().map(|column| of(word, column)))).collect();
    if !others.is_empty() {
        let together = |column: &&Categories| others.iter().map(|word| of(word, column)).sum();
        rows.push(row(
            &rating::words::counted(others.len(), "other", "others"),
            cohorts.iter().map(together),
        ));
    }
    if cohorts.iter().any(|column| column.not_given > 0) {
        rows.push(row("(not given)", cohorts.iter().map(|column| column.not_given)));
    }
    let names = sheet.evaluation.census.keys().map(String::as_str);
    let first = format!("{name}, {what}");
    let head: Vec<&str> = [first.as_str()].into_iter().chain(names).collect();
    table(&head, &rows) + "\n"
}

fn row(name: &str, counts: impl Iterator<Item = usize>) -> Vec<String> {
    [name.to_owned()].into_iter().chain(counts.map(|count| count.to_string())).collect()
}
