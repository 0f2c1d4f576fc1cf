//! The page of an audit of heatmaps: can they be trusted?

use maud::{Markup, html};
use rating::Origin;
use rating::heatmap::audit::{Audit, Estimate, HEATMAP, PlaceFigures};
use rating::words::counted;

use crate::demo::{Fact, facts};
use crate::figure::{Figure, Unit};
use crate::label::Label;
use crate::notes::Notes;
use crate::page::{Section, page, wide};
use crate::plot::{curves, roc};
use crate::spoken;

/// Everything on the page of an audit.
#[derive(Debug, Clone, Copy)]
pub struct AuditPage<'a> {
    /// The most doubtful of pairs and networks.
    pub origin: Origin,
    /// The figures.
    pub audit: &'a Audit,
    /// Stands under every map, and says what is audited.
    pub caption: &'a str,
    /// How it was made.
    pub facts: &'a [Fact],
}

/// The audit as a self-contained HTML page.
#[must_use]
pub fn audit_page(page_of: &AuditPage<'_>) -> String {
    let label = Label::new(page_of.origin);
    let audit = page_of.audit;
    let section =
        |id: &str, title: &str, body| Section { id: id.into(), title: title.into(), body };
    let mut sections = vec![
        section("sums", "Do attributions add up, and do maps repeat?", sums(audit, label)),
        section("random", "Do maps depend on what was learned?", random(audit, label)),
        section("occlusion", "Do maps find what matters?", occlusion(audit, label)),
    ];
    if !audit.places.is_empty() {
        sections.push(section("places", "Where do maps lie?", places(audit, label)));
    }
    sections.push(section("facts", "How this page was made", facts(page_of.facts, label)));
    let patients = match audit.patients {
        Some(patients) => counted(patients, "patient", "patients"),
        None => "an unknown number of patients".to_owned(),
    };
    let lead = html! {
        p { "Heatmaps of " (counted(audit.pairs, "pair", "pairs")) " of " (patients) ", questioned. " (page_of.caption) }
        p { "Intervals are 95 %, by bootstrap of patients." }
    };
    page("Audit of heatmaps", label, &lead, &sections)
}

fn sums(audit: &Audit, label: Label) -> Markup {
    let mut notes = Notes::of_table("sums");
    let figure = |value: Option<f64>, unit: Unit, notes: &mut Notes| {
        let no_value =
            "nothing was measured: one point on each path is too few to tell, or the map is flat";
        Figure { unit, value, interval: None, no_value, no_interval: None }.markup(notes)
    };
    let table = html! {
        table {
            caption {
                (label.opening())
                "Completeness: what the attributions of a network miss of the change of its logit from baseline to image, "
                "as a share of that change. Repeatability: Pearson's r of two raw maps whose noise differs."
            }
            thead { tr { th.words scope="col" { "figure" } th scope="col" { "median" } th scope="col" { "worst tenth begins at" } } }
            tbody {
                tr {
                    th scope="row" { "completeness, share missed" }
                    @for value in audit.completeness { td { (figure(value, Unit::Percent, &mut notes)) } }
                }
                @for (modality, values) in &audit.repeated {
                    tr {
                        th scope="row" { "repeatability, " (spoken(modality)) }
                        @for &value in values { td { (figure(value, Unit::Plain, &mut notes)) } }
                    }
                }
            }
        }
    };
    html! { (wide("Completeness and repeatability", &table)) (notes.list()) }
}

fn random(audit: &Audit, label: Label) -> Markup {
    html! {
        p {
            "Weights are shuffled from the head down, one stage after the other. A map that explains the network must lose its likeness "
            "to the original; one that stays shows the image. Mean over pairs; the same noise, fast maps."
        }
        @for (modality, stages) in &audit.randomised {
            @let mut notes = Notes::of_table(format!("random-{modality}"));
            @let table = html! {
                table {
                    caption { (label.opening()) "Maps of the " (spoken(modality)) " image." }
                    thead { tr {
                        th.words scope="col" { "random down to" }
                        th scope="col" { "Pearson's r, raw maps" }
                        th scope="col" { "structural similarity, shown maps" }
                    } }
                    tbody { @for (stage, values) in audit.stages.iter().zip(stages) {
                        tr {
                            th scope="row" { (stage) }
                            @for value in values { td { (estimate(value, Unit::Plain, &mut notes)) } }
                        }
                    } }
                }
            };
            (wide("Likeness under random weights", &table))
            (notes.list())
        }
    }
}

fn occlusion(audit: &Audit, label: Label) -> Markup {
    let mut notes = Notes::of_table("occlusion");
    let of = &audit.curves;
    let plots = [
        ("Deletion", "share replaced by baseline", &of.deletion, &of.deletion_random),
        ("Insertion", "share replaced by image", &of.insertion, &of.insertion_random),
    ];
    let table = html! {
        table {
            caption { (label.opening()) "Area between the curves, in probability; above 0 the map's order beats chance." }
            thead { tr { th.words scope="col" { "curve" } th scope="col" { "area gained over random order" } } }
            tbody {
                tr { th scope="row" { "deletion" } td { (estimate(&audit.deletion, Unit::Plain, &mut notes)) } }
                tr { th scope="row" { "insertion" } td { (estimate(&audit.insertion, Unit::Plain, &mut notes)) } }
            }
        }
    };
    html! {
        p {
            "Squares of both images, a sixteenth of the side each, are replaced, the most influential first. "
            "The curves are the networks' mean probability, mean over pairs."
        }
        div.row {
            @for (name, below, by_map, at_random) in plots {
                figure {
                    (curves::plot(&format!("{}{name}", label.prefix()), below, "probability", &[by_map, at_random]))
                    figcaption { (label.opening()) span.name { (name) } }
                }
            }
        }
        ul.legend {
            li { (roc::sample(0)) " in the map's order" }
            li { (roc::sample(1)) " in random order" }
        }
        (wide("Deletion and insertion", &table))
        (notes.list())
    }
}

fn places(audit: &Audit, label: Label) -> Markup {
    html! {
        p {
            "How much of a map lies inside a structure that is known, because the joint was drawn. A heatmap shows influence on a decision; "
            "that need not lie inside. The mask's share of the ROI is what a map that is the same everywhere would have."
        }
        @for (number, figures) in audit.places.iter().enumerate() { (place(number, figures, label)) }
    }
}

fn place(number: usize, figures: &PlaceFigures, label: Label) -> Markup {
    let mut notes = Notes::of_table(format!("place-{number}"));
    let name = format!("{}, {}", figures.structure, figures.group);
    let pairs = figures.share.get(HEATMAP).map_or(0, |share| share.pairs);
    let others = figures.share.keys().filter(|kind| kind.as_str() != HEATMAP);
    let kinds = std::iter::once(HEATMAP).chain(others.map(String::as_str));
    let kinds: Vec<&str> = kinds.filter(|kind| figures.share.contains_key(*kind)).collect();
    let table = html! {
        table {
            caption { (label.opening()) "Map against " (figures.structure) ", " (figures.group) ": " (counted(pairs, "pair", "pairs")) "." }
            thead { tr {
                th.words scope="col" { "map" }
                th scope="col" { "share inside" }
                th scope="col" { "heatmap minus this, points" }
                th scope="col" { "largest value inside" }
            } }
            tbody { @for kind in kinds {
                tr {
                    th scope="row" { (kind) }
                    td { @if let Some(value) = figures.share.get(kind) { (estimate(value, Unit::Percent, &mut notes)) } }
                    td { @if let Some(value) = figures.share_gained.get(kind) { (estimate(value, Unit::Points, &mut notes)) } }
                    td { @if let Some(value) = figures.points.get(kind) { (largest(value, &mut notes)) } }
                }
            } }
        }
    };
    html! { h3 { (name) } (wide(&name, &table)) (notes.list()) }
}

/// How often the largest value lies inside; what is no map has none.
fn largest(points: &Estimate, notes: &mut Notes) -> Markup {
    if points.value.is_some() {
        return estimate(points, Unit::Percent, notes);
    }
    let undefined = Some("what is the same everywhere has no largest value".to_owned());
    estimate(&Estimate { undefined, ..points.clone() }, Unit::Percent, notes)
}

fn estimate(estimate: &Estimate, unit: Unit, notes: &mut Notes) -> Markup {
    let reason = estimate.undefined.as_deref().unwrap_or("not defined");
    let no_interval = estimate.interval.is_none().then_some(reason);
    Figure {
        unit,
        value: estimate.value,
        interval: estimate.interval,
        no_value: reason,
        no_interval,
    }
    .markup(notes)
}
