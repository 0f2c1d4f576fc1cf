//! The table of a cohort: how well grades agree with the reference.

use maud::{Markup, html};
use rating::evaluate::{Cohort, GradeFigures};
use rating::stats::kappa::altman;
use rating::words::counted;

use crate::figure::{Figure, Unit};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;
use crate::{combined_last, spoken};

const AGREEMENT: [(&str, &str); 10] = [
    ("pairs", "n"),
    ("missing", "no reference"),
    ("accuracy", "PEA"),
    ("close agreement", "PCA"),
    ("kappa", "unweighted"),
    ("kappa", "linear"),
    ("kappa", "quadratic"),
    ("PABAK", "unweighted"),
    ("AC1", "unweighted"),
    ("AC2", "linear"),
];

const DECISIONS: [(&str, &str); 4] = [
    ("accuracy", "MULTITUDE"),
    ("accuracy", "majority vote"),
    ("MULTITUDE gained", "points"),
    ("accuracy", "without conflicts"),
];

/// The table, with its footnotes.
pub(crate) fn table(id: &str, name: &str, cohort: &Cohort, samples: usize, label: Label) -> Markup {
    let mut notes = Notes::of_table(id);
    let table = html! {
        table.tight {
            caption {
                (label.opening())
                "Cohort " (name) ": predicted grades against reference grades. "
                (interval_sentence(cohort, samples))
            }
            thead {
                tr {
                    th.words scope="col" { "measurement" }
                    @for (title, aside) in AGREEMENT {
                        th scope="col" { (title) span.aside { (aside) } }
                    }
                }
            }
            tbody {
                @for (measurement, figures) in combined_last(&cohort.measurements) {
                    (row(measurement, figures, &mut notes))
                }
            }
        }
    };
    html! { (wide("Agreement with the reference", &table)) (notes.list()) }
}

/// Which interval stands in the brackets.
fn interval_sentence(cohort: &Cohort, samples: usize) -> String {
    match cohort.patients {
        Some(patients) => format!(
            "In brackets 95 % intervals: {} resampled with all of their pairs, {samples} samples, \
             2.5th and 97.5th percentile.",
            counted(patients, "patient", "patients")
        ),
        None => "No intervals: patients are unknown, and pairs of one patient are not independent."
            .to_owned(),
    }
}

fn row(measurement: &str, figures: &GradeFigures, notes: &mut Notes) -> Markup {
    let of = Named { figures };
    let accuracy = of.figure("accuracy", figures.accuracy, Unit::Percent);
    let close = of.figure("close_agreement", figures.close_agreement, Unit::Percent);
    let kappa = of.figure("kappa", figures.kappa, Unit::Plain);
    let linear = of.figure("kappa_linear", figures.kappa_linear, Unit::Plain);
    let quadratic = of.figure("kappa_quadratic", figures.kappa_quadratic, Unit::Plain);
    let robust = [
        of.figure("pabak", figures.pabak, Unit::Plain),
        of.figure("ac1", figures.ac1, Unit::Plain),
        of.figure("ac2_linear", figures.ac2_linear, Unit::Plain),
    ];
    html! {
        tr {
            th scope="row" { (spoken(measurement)) }
            td { (figures.n) }
            td { (figures.missing) }
            td { (accuracy.markup(notes)) }
            td { (close.markup(notes)) }
            td { (kappa.markup(notes)) }
            td {
                (linear.markup(notes))
                @if let Some(kappa) = figures.kappa_linear { span.aside { (altman(kappa)) } }
            }
            td { (quadratic.markup(notes)) }
            @for figure in robust { td { (figure.markup(notes)) } }
        }
    }
}

/// How the votes became grades: MULTITUDE, majority vote, and without conflicts.
pub(crate) fn decisions(id: &str, cohort: &Cohort, label: Label) -> Markup {
    let mut notes = Notes::of_table(id);
    let table = html! {
        table {
            caption { (label.opening()) "The same votes decided in two ways; intervals as above." }
            thead {
                tr {
                    th.words scope="col" { "measurement" }
                    @for (title, aside) in DECISIONS {
                        th scope="col" { (title) span.aside { (aside) } }
                    }
                }
            }
            tbody {
                @for (measurement, figures) in combined_last(&cohort.measurements) {
                    @let of = Named { figures };
                    tr {
                        th scope="row" { (spoken(measurement)) }
                        td { (of.figure("accuracy", figures.accuracy, Unit::Percent).markup(&mut notes)) }
                        td { (of.majority_accuracy().markup(&mut notes)) }
                        td { (of.accuracy_gained().markup(&mut notes)) }
                        td { (of.without_conflicts(cohort.conflicts).markup(&mut notes)) }
                    }
                }
            }
        }
    };
    html! { (wide("How the votes became grades", &table)) (notes.list()) }
}

/// The figures of a measurement by the names their reasons are kept under.
struct Named<'a> {
    figures: &'a GradeFigures,
}

const NO_VOTES: &str = "the votes of the models are not at hand for every pair";

impl<'a> Named<'a> {
    fn reason(&self, name: &str) -> Option<&'a str> {
        self.figures.undefined.get(name).map(String::as_str)
    }

    /// Why a figure with this name has no interval.
    fn no_interval(&self, name: &str) -> &'a str {
        self.reason("intervals").or(self.reason(name)).unwrap_or("not defined")
    }

    fn figure(&self, name: &str, value: Option<f64>, unit: Unit) -> Figure<'a> {
        Figure {
            unit,
            value,
            interval: self.figures.intervals.get(name).copied().flatten(),
            no_value: self.reason(name).unwrap_or("there are no cases"),
            no_interval: Some(self.no_interval(name)),
        }
    }

    fn majority_accuracy(&self) -> Figure<'a> {
        let majority = self.figures.majority.as_ref();
        Figure {
            unit: Unit::Percent,
            value: majority.and_then(|majority| majority.accuracy),
            interval: None,
            no_value: if majority.is_some() { "there are no cases" } else { NO_VOTES },
            no_interval: None,
        }
    }

    fn accuracy_gained(&self) -> Figure<'a> {
        let majority = self.figures.majority.as_ref();
        Figure {
            unit: Unit::Points,
            value: majority.and_then(|majority| majority.accuracy_gained),
            interval: majority.and_then(|majority| majority.accuracy_gained_interval),
            no_interval: Some(self.no_interval("accuracy_gained")),
            ..self.majority_accuracy()
        }
    }

    fn without_conflicts(&self, conflicts: usize) -> Figure<'a> {
        let no_conflict = match conflicts {
            0 => "the cohort has no conflict",
            _ => "no conflict among the pairs with a reference grade",
        };
        Figure {
            unit: Unit::Percent,
            value: self.figures.accuracy_without_conflicts,
            interval: None,
            no_value: self.reason("accuracy_without_conflicts").unwrap_or(no_conflict),
            no_interval: None,
        }
    }
}
