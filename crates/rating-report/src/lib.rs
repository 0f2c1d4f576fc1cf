//! Results as self-contained HTML pages.
//!
//! Presentation only: statistics and values come in, a page goes out. Nothing
//! is computed here but places in a plot, no file is opened, and a page asks
//! for nothing from outside: style, plots and pictures are inside.
//!
//! | module | holds |
//! |---|---|
//! | `page` | the page around everything: head, style, banners |
//! | `label` | what every heading and caption says of simulated data |
//! | `figure`, `notes` | a number with its interval, or "-" with a footnote that says why |
//! | `evaluation` | the page of one evaluation; its parts are `census`, `flow`, `agreement`, `confusion`, `cut_offs`, `tasks`, `calibration`, `subgroups`, `patient_level` and `yardsticks` |
//! | `training` | what is said of pairs that the networks learned from |
//! | `checklist` | reporting checklists: which item is answered where |
//! | `errors` | the commonest errors, with pairs to look at |
//! | `model_card`, `datasheet` | Markdown about a bundle and about data; `markdown` keeps names from being signs |
//! | `demo` | the page of a whole demonstration; its parts are `comparison` and `cards` |
//! | `experiment` | the page of an experiment's arms and claims, and the same as Markdown |
//! | `side_by_side` | the page of a comparison of score files |
//! | `study` | the page of a reader study |
//! | `heatmap`, `audit` | the page of one explained pair; of an audit of many |
//! | `plot` | SVG: ROC curves, lines and dots on two scales, dots with intervals |

mod agreement;
mod audit;
mod calibration;
mod cards;
mod census;
pub mod checklist;
mod comparison;
mod confusion;
mod cut_offs;
mod datasheet;
mod demo;
mod errors;
mod evaluation;
mod experiment;
mod figure;
mod flow;
mod heatmap;
mod label;
mod markdown;
mod model_card;
mod notes;
mod page;
mod patient_level;
mod plot;
mod side_by_side;
mod study;
mod subgroups;
mod tasks;
mod training;
mod yardsticks;

pub use audit::{AuditPage, audit_page};
pub use cards::{Card, GradeLine, Picture};
pub use comparison::{Comparison, ComparisonRow};
pub use datasheet::{Datasheet, datasheet};
pub use demo::{DemoPage, Fact, demo_page};
pub use errors::ErrorExamples;
pub use evaluation::{evaluation_page, evaluation_page_with};
pub use experiment::{experiment_markdown, experiment_page};
pub use heatmap::{HeatmapPage, heatmap_page};
pub use model_card::{Model, ModelCard, ValidationLine, model_card};
pub use side_by_side::comparison_page;
pub use study::{StudyPage, study_page};

/// A name as people read it: `synovial_hypertrophy` is "synovial hypertrophy".
fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// Measurements in the order of their names, with the combined grade, which is
/// derived from the others, last.
fn combined_last<T>(
    measurements: &std::collections::BTreeMap<String, T>,
) -> impl Iterator<Item = (&str, &T)> {
    let is_combined = |name: &&String| name.as_str() == "combined";
    let others = measurements.iter().filter(move |(name, _)| !is_combined(name));
    let combined = measurements.iter().filter(move |(name, _)| is_combined(name));
    others.chain(combined).map(|(name, figures)| (name.as_str(), figures))
}
