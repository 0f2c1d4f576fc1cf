//! The page of one evaluation.

use maud::{Markup, html};
use rating::evaluate::{Cohort, Evaluation, Tasks, WithoutProbabilities};
use rating::words::{counted, word};

use crate::errors::{self, ErrorExamples};
use crate::label::Label;
use crate::page::{Section, page};
use crate::{
    agreement, calibration, census, checklist, confusion, cut_offs, flow, patient_level, subgroups,
    tasks, training, yardsticks,
};

/// The evaluation as a self-contained HTML page: for each cohort agreement,
/// confusion matrices, ROC curves and the figures of the binary tasks.
#[must_use]
pub fn evaluation_page(evaluation: &Evaluation) -> String {
    evaluation_page_with(evaluation, None)
}

/// The same with pairs that the commonest errors happened to.
#[must_use]
pub fn evaluation_page_with(
    evaluation: &Evaluation,
    examples: Option<&ErrorExamples<'_>>,
) -> String {
    let label = Label::new(evaluation.origin);
    let lead = html! {
        p {
            "Predicted grades against reference grades, protocol " (evaluation.protocol) ", "
            (counted(evaluation.cohorts.len(), "cohort", "cohorts")) "."
            @if let Some(name) = learned_from(evaluation) {
                " From the pairs of cohort " (name) " the networks learned: their figures are optimistic and stand by themselves."
            }
        }
    };
    let mut sections = sections(evaluation, label);
    sections.push(errors::section(evaluation, examples, label));
    sections.push(about(evaluation));
    let anchors: Vec<&str> = sections.iter().map(|section| section.id.as_str()).collect();
    let checklists = checklist::section(&anchors, label);
    sections.push(checklists);
    page("Evaluation", label, &lead, &sections)
}

/// The cohort that the networks learned from, where it has scores.
fn learned_from(evaluation: &Evaluation) -> Option<&str> {
    let cohorts = evaluation.cohorts.iter();
    cohorts.filter(|(_, cohort)| cohort.role.is_training()).map(|(name, _)| name.as_str()).next()
}

/// A section for each cohort, and one for all tests together where there are several.
pub(crate) fn sections(evaluation: &Evaluation, label: Label) -> Vec<Section> {
    let samples = evaluation.bootstrap_samples;
    let who = html! {
        h3 { "What became of the pairs" }
        (flow::diagram(evaluation, label))
        @if let Some(without) = &evaluation.without_probabilities { (without_probabilities(without)) }
        h3 { "Characteristics" }
        (census::table(&evaluation.census, label))
    };
    let mut sections =
        vec![Section { id: "who".into(), title: "Pairs and patients".into(), body: who }];
    for (number, (name, cohort)) in training::tests_first(&evaluation.cohorts).iter().enumerate() {
        let id = format!("cohort-{}", number + 1);
        let body = cohort_body(&id, name, cohort, samples, label);
        let title = format!("Cohort {}", training::named(name, cohort.role));
        sections.push(Section { id, title, body });
    }
    if evaluation.pooled.len() > 1 {
        let title = "Binary tasks of all test cohorts together".into();
        sections.push(Section { id: "pooled".into(), title, body: pooled(evaluation, label) });
    }
    if let Some(validation) = &evaluation.validation {
        let all = validation.values().flat_map(|tasks| tasks.values());
        let are_known = all.into_iter().any(|task| task.auc_interval.is_some());
        let resampling = resampling(are_known, samples);
        let body = html! {
            p {
                "Each pair of the training data, by the networks that were not trained on its fold. These figures are optimistic: "
                "the same fold chose the epoch and the threshold of its networks."
            }
            (binary_tasks("validation", validation, &resampling, label))
        };
        let title = "Binary tasks of the validation folds".into();
        sections.push(Section { id: "validation".into(), title, body });
    }
    if let Some(body) = yardsticks::table(evaluation, label) {
        sections.push(Section { id: "yardsticks".into(), title: "Yardsticks".into(), body });
    }
    sections
}

/// The binary tasks of all test cohorts.
fn pooled(evaluation: &Evaluation, label: Label) -> Markup {
    let cohorts = evaluation.pooled.iter().filter_map(|name| evaluation.cohorts.get(name));
    let are_known = cohorts.into_iter().all(|cohort| cohort.patients.is_some());
    let resampling = resampling(are_known, evaluation.bootstrap_samples);
    html! {
        p {
            "Cohorts " (evaluation.pooled.join(" and ")) "."
            @if let Some(name) = learned_from(evaluation) {
                " Cohort " (name) " is left out: the networks learned from its pairs."
            }
        }
        (binary_tasks("pooled", &evaluation.tasks, &resampling, label))
    }
}

/// Which pairs the file of probabilities leaves out.
fn without_probabilities(without: &WithoutProbabilities) -> Markup {
    html! {
        p {
            "Of " (counted(without.pairs, "scored pair", "scored pairs")) " the probabilities of single networks "
            "are not at hand (" (word(without.pairs, "it is", "the first is")) " " (without.first) "); figures of single networks "
            "are left out wherever such a pair counts."
        }
    }
}

/// How intervals clustered by patient were made, or that there are none.
fn resampling(are_patients_known: bool, samples: usize) -> String {
    match are_patients_known {
        true => format!("patients resampled, {samples} samples"),
        false => "none by resampling, because patients are unknown".to_owned(),
    }
}

fn binary_tasks(id: &str, tasks: &Tasks, resampling: &str, label: Label) -> Markup {
    html! {
        h3 { "ROC curves" }
        (tasks::curves(tasks, resampling, label))
        h3 { "Binary tasks" }
        (tasks::table(&format!("{id}-tasks"), tasks, resampling, label))
        h3 { "Calibration" }
        (calibration::section(&format!("{id}-calibration"), tasks, resampling, label))
    }
}

fn cohort_body(id: &str, name: &str, cohort: &Cohort, samples: usize, label: Label) -> Markup {
    let resampling = resampling(cohort.patients.is_some(), samples);
    html! {
        (training::warning(cohort.role))
        p { (census(cohort)) }
        h3 { "Agreement with the reference" }
        (agreement::table(&format!("{id}-agreement"), name, cohort, samples, label))
        h3 { "How the votes became grades" }
        (agreement::decisions(&format!("{id}-decisions"), cohort, label))
        h3 { "Confusion matrices" }
        (confusion::matrices(cohort, label))
        h3 { "Grades as yes-or-no answers" }
        (cut_offs::table(&format!("{id}-cut-offs"), cohort, &resampling, label))
        (binary_tasks(id, &cohort.tasks, &resampling, label))
        h3 { "Subgroups" }
        (subgroups::table(&format!("{id}-subgroups"), &cohort.subgroups, &resampling, label))
        @if let Some(patients) = &cohort.patient_level {
            h3 { "Whole patients" }
            (patient_level::section(&format!("{id}-patients"), patients, label))
        }
    }
}

/// Who is in the cohort and who is left out, in a sentence.
fn census(cohort: &Cohort) -> String {
    let patients = match cohort.patients {
        Some(patients) => counted(patients, "patient", "patients"),
        None => "an unknown number of patients".to_owned(),
    };
    let conflicts = match cohort.conflicts {
        0 => "no conflict between the models and the protocol".to_owned(),
        some => counted(some, "conflict", "conflicts") + " between the models and the protocol",
    };
    format!(
        "{} evaluated, of {patients}; {} without a score, {} left out because the reference grades exclude each other; {conflicts}.",
        counted(cohort.pairs - cohort.left_out.len(), "pair", "pairs"),
        cohort.without_score,
        cohort.invalid_reference,
    )
}

/// What the words mean and where the scores come from.
pub(crate) fn about(evaluation: &Evaluation) -> Section {
    let terms = [
        (
            "Accuracy (PEA), close agreement (PCA)",
            "Percent of pairs graded exactly as the reference; within one grade of it.",
        ),
        (
            "Kappa",
            "Agreement beyond chance: unweighted, and weighted by the distance of the grades or by its square. The word below the linear kappa is Altman's.",
        ),
        (
            "PABAK, AC1, AC2",
            "Agreement beyond chance where one grade is much more frequent than the others and kappa falls although few pairs differ: PABAK as if all grades were equally frequent (of four grades also named S), Gwet's AC1 unweighted, AC2 linearly weighted.",
        ),
        (
            "Majority vote, MULTITUDE",
            "The same votes decided measurement by measurement, or together under the protocol's rules. \"Gained\" is the difference in accuracy on the same pairs.",
        ),
        (
            "Conflict",
            "All votes together leave no combination of grades that medicine allows. People are shown no grade; in the figures such a pair counts with the grades of the paper's rule, and beside that it is left out.",
        ),
        ("-", "Not defined; the note says why. It never stands for 0."),
    ];
    let body = html! {
        dl.words {
            @for (term, meaning) in terms { dt { (term) } dd { (meaning) } }
        }
        h3 { "Source" }
        p {
            (evaluation.bootstrap_samples) " bootstrap samples"
            @if let Some(seed) = evaluation.bootstrap_seed { ", seed " (seed) }
            "."
        }
        p { "Protocol " (evaluation.protocol) ", origin " (evaluation.origin) ", schema " (evaluation.schema) "." }
        @for bundle in evaluation.bundles.iter().filter(|bundle| !bundle.is_empty()) {
            p { "Bundle " span.code { (bundle) } }
        }
    };
    Section { id: "about".into(), title: "How to read this page".into(), body }
}
