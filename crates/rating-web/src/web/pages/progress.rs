//! A learner's progress: weeks as a line and a table, weak spots in words.

use std::collections::BTreeSet;

use maud::{Markup, html};
use rating::Protocol;
use rating::stats::Measured;
use rating::words::counted;

use super::layout::watermarked;
use crate::clock::Moment;
use crate::teaching::{MeasuredWeek, Progress, Spot, TOO_FEW, Week};

/// Weak spots of each kind that are listed.
const LISTED: usize = 12;

/// How a learner gets on.
pub(super) fn progress(protocol: &Protocol, found: &Progress, repeats: i64) -> Markup {
    if found.answers == 0 {
        return html! { p { "No case has been answered yet." } };
    }
    html! {
        (watermarked(found.origin))
        p { (counted(found.answers, "case", "cases")) " answered; answers to cases that came back: " (repeats) ". \
             Only the first answer to each case counts here. Weeks are seven days each from the first answer." }
        (line(protocol, &found.weeks))
        (weeks(protocol, found))
        h2 { "Weak spots" }
        p.aside { "Worst first. Exact: the share of right grades. Error: grade minus true grade, on average. "
            "Fewer than " (TOO_FEW) " answers are too few to tell." }
        (spots("By measurement and true grade", &found.grades))
        (spots("By joint", &found.joints))
    }
}

fn weeks(protocol: &Protocol, found: &Progress) -> Markup {
    let figures = |one: &MeasuredWeek| {
        html! { td { (share(one.exact)) } td { (share(one.close)) } td { (one.kappa.map_or_else(|_| "-".to_owned(), |kappa| format!("{kappa:.2}"))) } }
    };
    let all = found.weeks.iter().flat_map(|week| &week.measurements).chain(&found.overall);
    let why: BTreeSet<String> =
        all.filter_map(|one| one.kappa.err()).map(|why| why.to_string()).collect();
    html! {
        div.wide role="group" aria-label="By week" tabindex="0" { table.figures {
            caption { "By week. Kappa: linear weights" }
            thead {
                tr {
                    th scope="col" rowspan="2" { "Week" } th scope="col" rowspan="2" { "Begins" }
                    th scope="col" rowspan="2" { "Cases" } th scope="col" rowspan="2" { "Median time" }
                    @for measurement in protocol.measurements() { th scope="colgroup" colspan="3" { (measurement.name.replace('_', " ")) } }
                }
                tr { @for _ in protocol.measurements() {
                    th scope="col" { "Exact" } th scope="col" { "Within one" } th scope="col" { "Kappa" }
                } }
            }
            tbody {
                @for week in &found.weeks { tr {
                    th scope="row" { (week.number) } td { (day(week.begins)) } td { (week.answers) }
                    td { (format!("{:.0} s", week.seconds)) }
                    @for one in &week.measurements { (figures(one)) }
                } }
                tr { th scope="row" { "all" } td {} td { (found.answers) } td {} @for one in &found.overall { (figures(one)) } }
            }
        } }
        @for why in why { p.aside { "Kappa \"-\": " (why) "." } }
    }
}

fn spots(title: &str, spots: &[Spot]) -> Markup {
    html! {
        @if !spots.is_empty() {
            div.wide role="group" aria-label=(title) tabindex="0" { table.figures {
                caption { (title) @if spots.len() > LISTED { " (the first " (LISTED) ")" } }
                thead { tr { th scope="col" { "What" } th scope="col" { "Answers" } th scope="col" { "Exact" } th scope="col" { "Error" } th scope="col" { "In words" } } }
                tbody { @for spot in spots.iter().take(LISTED) { tr {
                    th scope="row" { (spot.what) } td { (spot.answers) } td { (percent(spot.exact)) }
                    td { (format!("{:+.2}", spot.error)) } td { (spot.sentence) }
                } } }
            } }
        }
    }
}

/// Sides of the drawing, and where its lines are; a line of the key has two measurements.
const WIDTH: f64 = 420.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 408.0;
const HIGH: f64 = 120.0;
const KEY: f64 = 18.0;
/// Colour and dashes of each measurement's line.
const LINES: [(&str, &str); 4] =
    [("#ff9d2e", "none"), ("#8ec7ff", "7 5"), ("#7ddc9b", "2 4"), ("#f5a3d8", "10 3 2 3")];

/// The share of right grades over the weeks, a line for each measurement.
fn line(protocol: &Protocol, weeks: &[Week]) -> Markup {
    let Some(last) = weeks.last().filter(|_| weeks.len() > 1).map(|week| week.number) else {
        return html! {};
    };
    let bottom = HIGH + 16.0 + KEY * protocol.measurements().len().div_ceil(2) as f64;
    let x = |week: i64| LEFT + (RIGHT - LEFT) * (week - 1) as f64 / (last - 1).max(1) as f64;
    let y = |share: f64| bottom - HIGH * share;
    let points = |at: usize| -> Vec<(f64, f64)> {
        let of = |week: &Week| Some((x(week.number), y(week.measurements.get(at)?.exact.ok()?)));
        weeks.iter().filter_map(of).collect()
    };
    html! {
        svg.progress-line role="img" aria-label="Share of right grades by week; the table below has the numbers"
            viewBox=(format!("0 0 {WIDTH} {}", bottom + 26.0)) xmlns="http://www.w3.org/2000/svg" {
            @for (share, text) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
                line x1=(LEFT) x2=(RIGHT) y1=(y(share)) y2=(y(share)) stroke="#323c48" {}
                text x=(LEFT - 7.0) y=(y(share) + 4.0) text-anchor="end" font-size="12" fill="#aab4bf" { (text) }
            }
            @for (week, anchor) in [(1, "start"), (last, "end")] {
                text x=(x(week)) y=(bottom + 18.0) text-anchor=(anchor) font-size="12" fill="#aab4bf" { "week " (week) }
            }
            @for ((at, measurement), (colour, dashes)) in protocol.measurements().iter().enumerate().zip(LINES.iter().cycle()) {
                @let (key, row) = (LEFT + 190.0 * (at % 2) as f64, 12.0 + KEY * (at / 2) as f64);
                line x1=(key) x2=(key + 28.0) y1=(row) y2=(row) stroke=(colour) stroke-width="2.5" stroke-dasharray=(dashes) {}
                text x=(key + 34.0) y=(row + 4.0) font-size="12" fill="#e6e9ec" { (measurement.name.replace('_', " ")) }
                @let drawn = points(at);
                polyline points=(path(&drawn)) fill="none" stroke=(colour) stroke-width="2.5" stroke-dasharray=(dashes) {}
                @for (x, y) in drawn { circle cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r="3.5" fill=(colour) {} }
            }
        }
    }
}

fn path(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

/// The day of a moment, as people write it.
pub(super) fn day(moment: Moment) -> String {
    moment.to_string().chars().take(10).collect()
}

/// A share, or "-" with the reason.
pub(super) fn share(measured: Measured) -> String {
    measured.map_or_else(|why| format!("- ({why})"), percent)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}
