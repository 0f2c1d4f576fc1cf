//! The page of a reader study.

mod change;
mod experience;
mod merits;
mod primary;
mod readers;
mod rest;

use maud::html;
use rating::Origin;
use rating::study::analysis::{QuestionAnalysis, StudyAnalysis};
use rating::study::extent::{SessionExtent, Washout, readers_left};
use rating::study::{DesignKind, StudyProtocol};

use crate::demo::{Fact, facts};
use crate::label::Label;
use crate::page::{Section, page};
use crate::spoken;

/// Everything on the page of a study.
#[derive(Debug, Clone, Copy)]
pub struct StudyPage<'a> {
    /// What was registered.
    pub study: &'a StudyProtocol,
    /// What was found.
    pub analysis: &'a StudyAnalysis,
    /// The most doubtful origin of cases, answers and readers.
    pub origin: Origin,
    /// What became of the readings of each session.
    pub extent: &'a [SessionExtent],
    /// How long readers waited between their sessions.
    pub washouts: &'a [Washout],
    /// What the reader of the page must be warned of, in this order.
    pub warnings: &'a [String],
    /// How it was made: command, seal, seed, commit.
    pub facts: &'a [Fact],
}

/// The study as a self-contained HTML page: the planned comparison first, then
/// every figure of every reader, tests, agreement, what the answers changed, time,
/// and how the page was made (paper, Figure 6 and Tables S17 to S19).
#[must_use]
pub fn study_page(of: &StudyPage<'_>) -> String {
    let StudyPage { study, analysis, .. } = *of;
    let label = Label::brief(of.origin);
    let mut sections = vec![
        Section {
            id: "planned".into(),
            title: "The planned comparison".into(),
            body: primary::body(of, label),
        },
        Section {
            id: "readings".into(),
            title: "What was read".into(),
            body: readers::readings(of, label),
        },
    ];
    for question in &analysis.questions {
        let id = question.name.replace('_', "-");
        let title = spoken(&question.name);
        sections.push(Section { id, title, body: question_body(of, question, label) });
    }
    sections.push(Section { id: "time".into(), title: "Time".into(), body: rest::time(of, label) });
    sections.push(Section {
        id: "facts".into(),
        title: "How this page was made".into(),
        body: facts(of.facts, label),
    });
    let (left, planned) = (readers_left(of.extent), study.readers.len());
    let lead = html! {
        p {
            @if left < planned { (left) " of " } (planned) " readers, " (analysis.cases) " cases of " (analysis.patients) " patients, arms "
            (study.arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>().join(", ")) ". Intervals are 95 %: patients are "
            "resampled with all of their cases (" (analysis.plan.samples) " samples), the readers kept; the multi-reader analysis also "
            "takes readers as a sample of more."
            @if study.design.kind == DesignKind::Parallel {
                " No reader reads two arms here: arms are compared with readers as the unit (Welch's t)."
            }
        }
        @for warning in of.warnings { p.warning { strong { "Note: " } (warning) } }
    };
    page(&format!("Reader study: {}", study.title), label, &lead, &sections)
}

fn question_body(of: &StudyPage<'_>, question: &QuestionAnalysis, label: Label) -> maud::Markup {
    html! {
        h3 { "Readers, their mean and the system" }
        (readers::figures(of, question, label))
        (readers::against_system(question, label))
        h3 { "Differences between arms" }
        (merits::differences(question, label))
        h3 { "Do readers agree?" }
        (rest::agreement(question, label))
        @if !question.changes.is_empty() {
            h3 { "What the answer changed" }
            (change::changes(question, label))
        }
        @if question.automation.iter().any(|one| one.altered.readings + one.own_errors.readings > 0) {
            h3 { "Do readers follow wrong answers?" }
            (change::automation(question, label))
        }
        h3 { "Learning and fatigue" }
        (rest::drift(&format!("{}-drift", question.name), &question.drift, label,
            "Change of the share of right grades over 100 readings of a session; readers are the clusters."))
    }
}
