//! Who is in each cohort, as the first table of a paper shows it.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use rating::evaluate::{Categories, Census, Spread};

use crate::label::Label;
use crate::page::wide;
use crate::{combined_last, spoken};

type Cohorts = BTreeMap<String, Census>;

/// The table, a column for each cohort of the manifest.
pub(crate) fn table(cohorts: &Cohorts, label: Label) -> Markup {
    let table = html! {
        table {
            caption {
                (label.opening())
                "All pairs of the manifest, scored or not. Sex and age are the first that the manifest gives of a patient; "
                "percent are of those of whom it says something. \"-\": nothing is said of anybody."
            }
            thead {
                tr {
                    th.words scope="col" { "characteristic" }
                    @for name in cohorts.keys() { th scope="col" { (name) } }
                }
            }
            tbody {
                (row("pairs", cohorts, |census| html! { (census.pairs) }))
                (row("patients", cohorts, patients))
                (row("pairs of each patient", cohorts, |census| ends(census.pairs_per_patient.as_ref())))
                (categories("sex, patients", cohorts, |census| &census.sex))
                (row("age, years", cohorts, |census| spread(census.age.as_ref())))
                (categories("age, patients", cohorts, |census| &census.age_bands))
                (row("disease duration, years", cohorts, |census| spread(census.disease_duration_years.as_ref())))
                (row("DAS28", cohorts, |census| spread(census.das28.as_ref())))
                (categories("joint, pairs", cohorts, |census| &census.joint))
                (categories("side, pairs", cohorts, |census| &census.side))
                (categories("hospital, pairs", cohorts, |census| &census.hospital))
                (categories("machine, pairs", cohorts, |census| &census.device))
                (categories("Doppler mode, pairs", cohorts, |census| &census.doppler_mode))
                (grades(cohorts))
            }
        }
    };
    wide("Who is in each cohort", &table)
}

fn row(name: &str, cohorts: &Cohorts, cell: impl Fn(&Census) -> Markup) -> Markup {
    html! {
        tr { th scope="row" { (name) } @for census in cohorts.values() { td { (cell(census)) } } }
    }
}

fn patients(census: &Census) -> Markup {
    html! {
        (census.patients)
        @if census.pairs_without_patient > 0 {
            span.aside { (rating::words::counted(census.pairs_without_patient, "pair", "pairs")) " of unknown patients" }
        }
    }
}

/// Median with the least and the greatest.
fn ends(spread: Option<&Spread>) -> Markup {
    html! {
        @match spread {
            None => { "-" }
            Some(of) => { (of.median) span.aside { (of.range[0]) " to " (of.range[1]) } }
        }
    }
}

/// Mean and deviation, median and quartiles.
fn spread(spread: Option<&Spread>) -> Markup {
    let deviation = |of: &Spread| of.deviation.map_or("-".to_owned(), |of| format!("{of:.1}"));
    html! {
        @match spread {
            None => { "-" }
            Some(of) => {
                (format!("{:.1}", of.mean)) " \u{b1} " (deviation(of))
                span.aside { (format!("median {:.1} [{:.1}, {:.1}], n {}", of.median, of.quartiles[0], of.quartiles[1], of.n)) }
            }
        }
    }
}

/// A row for each kind; nothing where no cohort says anything.
fn categories(title: &str, cohorts: &Cohorts, of: impl Fn(&Census) -> &Categories) -> Markup {
    let kinds: BTreeSet<&str> =
        cohorts.values().flat_map(|census| of(census).counts.keys().map(String::as_str)).collect();
    let has_unknown = cohorts.values().any(|census| of(census).not_given > 0);
    html! {
        (row(title, cohorts, |census| html! { @if of(census).counts.is_empty() { "-" } }))
        @if !kinds.is_empty() {
            @for kind in &kinds {
                tr.part {
                    th scope="row" { (kind) }
                    @for census in cohorts.values() { td { (share(of(census), kind)) } }
                }
            }
            @if has_unknown {
                tr.part {
                    th scope="row" { "not given" }
                    @for census in cohorts.values() { td { (of(census).not_given) } }
                }
            }
        }
    }
}

fn share(categories: &Categories, kind: &str) -> Markup {
    let count = categories.counts.get(kind).copied().unwrap_or_default();
    let all: usize = categories.counts.values().sum();
    counted(count as u64, all as u64)
}

fn counted(count: u64, all: u64) -> Markup {
    html! {
        (count)
        @if all > 0 { span.percent { (format!("{:.0} %", count as f64 * 100.0 / all as f64)) } }
    }
}

/// The mix of reference grades.
fn grades(cohorts: &Cohorts) -> Markup {
    let Some(first) = cohorts.values().next() else { return html! {} };
    html! {
        @for (measurement, mix) in combined_last(&first.grades) {
            (row(&format!("{}, pairs", spoken(measurement)), cohorts, |_| html! {}))
            @for grade in 0..mix.counts.len() {
                tr.part {
                    th scope="row" { "grade " (grade) }
                    @for census in cohorts.values() { td { (grade_share(census, measurement, grade)) } }
                }
            }
            tr.part {
                th scope="row" { "no reference grade" }
                @for census in cohorts.values() {
                    td { (census.grades.get(measurement).map_or(0, |mix| mix.missing)) }
                }
            }
        }
    }
}

fn grade_share(census: &Census, measurement: &str, grade: usize) -> Markup {
    let counts = census.grades.get(measurement).map_or(&[][..], |mix| mix.counts.as_slice());
    counted(counts.get(grade).copied().unwrap_or_default(), counts.iter().sum())
}
