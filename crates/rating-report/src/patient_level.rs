//! The sums of whole patients (GLOESS), predicted against reference.

use maud::{Markup, html};
use rating::evaluate::{PatientLevel, Spread};
use rating::stats::icc::Icc;
use rating::stats::wilcoxon::Method;
use rating::stats::{BlandAltman, Interval};
use rating::words::counted;

use crate::figure::{Figure, Unit};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::wide;
use crate::plot::chart::{Chart, Words, with_room};

/// The table and the Bland-Altman plot.
pub(crate) fn section(id: &str, patients: &PatientLevel, label: Label) -> Markup {
    if let Some(reason) = patients.undefined.get("gloess") {
        return html! { p { "No sums of patients: " (reason) "." } };
    }
    html! {
        p {
            "GLOESS: the sum of a patient's combined grades over the joints that have both a reference and a predicted grade; "
            "nothing is imputed. " (counted(patients.n, "examination", "examinations")) " of " (counted(patients.patients, "patient", "patients")) ". "
            "Joints in neither sum, because they lack a reference grade or are a conflict: " (patients.joints_left_out) "."
        }
        div.row {
            (table(id, patients, label))
            @if let Some(limits) = &patients.bland_altman { (bland_altman(patients, limits, label)) }
        }
    }
}

fn table(id: &str, patients: &PatientLevel, label: Label) -> Markup {
    let mut notes = Notes::of_table(id);
    let reason =
        |name: &str| patients.undefined.get(name).map_or("there are no cases", String::as_str);
    let limits = patients.bland_altman.as_ref();
    let limit = |value: fn(&BlandAltman) -> (f64, Option<Interval>)| {
        let of = limits.map(value);
        figure(of.map(|of| of.0), of.and_then(|of| of.1), reason("bland_altman"))
    };
    let icc = |icc: &Option<Icc>, name: &str| {
        figure(icc.map(|icc| icc.value), icc.and_then(|icc| icc.interval), reason(name))
    };
    let rows = [
        ("mean difference, predicted \u{2212} reference", limit(|of| (of.mean, of.mean_interval))),
        ("lower limit of agreement", limit(|of| (of.limits.low, of.low_interval))),
        ("upper limit of agreement", limit(|of| (of.limits.high, of.high_interval))),
        ("ICC(2,1), absolute agreement", icc(&patients.icc_2_1, "icc_2_1")),
        ("ICC(3,1), consistency", icc(&patients.icc_3_1, "icc_3_1")),
    ];
    let table = html! {
        table {
            caption {
                (label.opening())
                "Sums of patients. In brackets 95 % intervals: of differences by Student's t, of ICCs by F distributions; "
                "several visits of a patient are taken as independent."
            }
            tbody {
                (spread("joints added up", patients.joints.as_ref()))
                (spread("reference sum", patients.reference.as_ref()))
                (spread("predicted sum", patients.predicted.as_ref()))
                @for (name, figure) in rows {
                    tr { th scope="row" { (name) } td { (figure.markup(&mut notes)) } }
                }
                tr {
                    th scope="row" { "Wilcoxon's signed rank test" }
                    td {
                        @match patients.wilcoxon {
                            Some(test) => {
                                (p_value(test.p))
                                span.aside { (method(test.method)) }
                                span.aside { (counted(test.differences, "patient differs", "patients differ")) }
                            }
                            None => (notes.missing(reason("wilcoxon"))),
                        }
                    }
                }
            }
        }
    };
    html! { div { (wide("Sums of patients", &table)) (notes.list()) } }
}

fn figure(value: Option<f64>, interval: Option<Interval>, reason: &str) -> Figure<'_> {
    Figure { unit: Unit::Plain, value, interval, no_value: reason, no_interval: Some(reason) }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Exact => "exact",
        Method::Normal => "normal approximation",
    }
}

fn p_value(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") }
}

fn spread(name: &str, spread: Option<&Spread>) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td {
                @match spread {
                    None => { "-" }
                    Some(of) => {
                        "median " (of.median)
                        span.aside { "quartiles " (of.quartiles[0]) " to " (of.quartiles[1]) ", ends " (of.range[0]) " to " (of.range[1]) }
                    }
                }
            }
        }
    }
}

/// Difference against mean; the area of a dot is the number of examinations.
fn bland_altman(patients: &PatientLevel, limits: &BlandAltman, label: Label) -> Markup {
    let point = |reference: u32, predicted: u32| {
        let (reference, predicted) = (f64::from(reference), f64::from(predicted));
        ((reference + predicted) / 2.0, predicted - reference)
    };
    let points: Vec<((f64, f64), usize)> =
        patients.sums.iter().map(|sum| (point(sum.reference, sum.predicted), sum.n)).collect();
    let ends = [limits.limits.low, limits.limits.high];
    let across = with_room(points.iter().map(|point| point.0.0).collect());
    let along = with_room(points.iter().map(|point| point.0.1).chain(ends).collect());
    let Some(chart) = Chart::around(across, along) else { return html! {} };
    let title = format!("{}Bland-Altman plot of patients' sums", label.prefix());
    let words = Words {
        title: &title,
        below: "mean of the two sums",
        beside: "predicted \u{2212} reference",
    };
    let most = points.iter().map(|point| point.1).max().unwrap_or(1) as f64;
    let level =
        |class: &str, value: f64| chart.line(class, &[(chart.x.low, value), (chart.x.high, value)]);
    let inside = html! {
        (level("zero", 0.0))
        (level("curve series-0", limits.mean))
        @for end in ends { (level("curve series-1", end)) }
        @for (place, n) in &points {
            (chart.dot("dot pale", *place, (2.5 * (*n as f64).sqrt()).min(9.0 * (*n as f64 / most).sqrt()).max(3.0)))
        }
    };
    html! {
        figure.roc {
            figcaption {
                span.name { strong { "Bland-Altman plot" } ". " } (label.opening())
                "Line: mean difference; dashes: limits of agreement. The larger a dot, the more patients have these sums."
            }
            (chart.markup(words, &inside))
        }
    }
}
