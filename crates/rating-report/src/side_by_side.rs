//! The page of a comparison of score files.

mod forest;

use maud::{Markup, html};
use rating::evaluate::comparison::{ComparedFile, Comparison, Part};
use rating::words::counted;

use crate::demo::{Fact, facts};
use crate::label::Label;
use crate::page::{Section, page, wide};
use crate::training;

/// The comparison as a self-contained HTML page: for each cohort and for all
/// together every figure of each file, its difference from the first file, a
/// forest plot of the differences, and the tests.
#[must_use]
pub fn comparison_page(comparison: &Comparison, facts_of: &[Fact]) -> String {
    let label = Label::new(comparison.origin);
    let mut sections = vec![Section {
        id: "files".into(),
        title: "What is compared".into(),
        body: files(comparison, label),
    }];
    let together = comparison.together.iter();
    let together = together.map(|part| ("All test cohorts together".to_owned(), part));
    let mut cohorts: Vec<(String, &Part)> = comparison
        .cohorts
        .iter()
        .map(|(name, part)| (format!("Cohort {}", training::named(name, part.role)), part))
        .collect();
    cohorts.sort_by_key(|(_, part)| part.role.is_training());
    for (number, (title, part)) in together.chain(cohorts).enumerate() {
        let id = format!("part-{}", number + 1);
        let body = part_body(&id, part, comparison, label);
        sections.push(Section { id, title, body });
    }
    sections.push(about(comparison));
    sections.push(Section {
        id: "facts".into(),
        title: "How this page was made".into(),
        body: facts(facts_of, label),
    });
    let others: Vec<&str> = others(comparison).map(|file| file.name.as_str()).collect();
    let lead = html! {
        p {
            "Do the grades of " (others.join(", ")) " differ from those of " strong { (reference(comparison)) }
            "? Figures against the reference grades, on the pairs that every file scores, protocol "
            (comparison.protocol) "."
        }
    };
    page("Comparison of scores", label, &lead, &sections)
}

/// The name of the file that the others are compared with.
fn reference(comparison: &Comparison) -> &str {
    comparison.files.first().map_or("-", |file| &file.name)
}

fn others(comparison: &Comparison) -> impl Iterator<Item = &ComparedFile> {
    comparison.files.iter().skip(1)
}

fn files(comparison: &Comparison, label: Label) -> Markup {
    let table = html! {
        table {
            caption {
                (label.opening())
                "Pairs that not every file scores count nowhere; the first few are named."
            }
            thead { tr {
                th.words scope="col" { "scores" }
                th.words scope="col" { "role" }
                th scope="col" { "pairs scored" }
                th scope="col" { "left out" }
                th.words scope="col" { "such as" }
                th scope="col" { "conflicts" }
                th.words scope="col" { "bundle" }
            } }
            tbody { @for (number, file) in comparison.files.iter().enumerate() {
                tr {
                    th scope="row" { (file.name) }
                    td.words { (if number == 0 { "the others are compared with it" } else { "compared" }) }
                    td { (file.pairs) }
                    td { (file.left_out) }
                    td.words { (left_out(file)) }
                    td { (file.conflicts) }
                    td.words { @for bundle in &file.bundles { span.code { (bundle.get(..12).unwrap_or(bundle)) } " " } }
                }
            } }
        }
    };
    wide("What is compared", &table)
}

/// The first pairs left out, and that there are more.
fn left_out(file: &ComparedFile) -> String {
    let names = file.first_left_out.join(", ");
    if file.left_out > file.first_left_out.len() { names + ", ..." } else { names }
}

fn part_body(id: &str, part: &Part, comparison: &Comparison, label: Label) -> Markup {
    let patients = match part.patients {
        Some(patients) => counted(patients, "patient", "patients"),
        None => "an unknown number of patients; pairs of one patient are not independent, so there are no intervals".to_owned(),
    };
    html! {
        (training::warning(part.role))
        p {
            (counted(part.pairs, "pair that every file scores, ", "pairs that every file scores, "))
            (part.invalid_reference) " of them left out because the reference grades exclude each other; "
            (patients) "."
        }
        @for shown in forest::FIGURES {
            h3 { (shown.title) }
            (forest::table(id, shown, part, comparison, label))
        }
    }
}

fn about(comparison: &Comparison) -> Section {
    let first = reference(comparison);
    let family = format!(
        "p corrected by Holm's method for all {} tests on this page{}. Below 0.05, the chance of any false alarm on the whole page is at most 5 %.",
        comparison.tests,
        match comparison.cohorts.values().any(|part| comparison.is_apart(part)) {
            true =>
                "; those on pairs that the networks learned from are corrected among themselves",
            false => "",
        }
    );
    let mcnemar = format!(
        "Exact test of exact agreement: of the pairs that only one of two files grades as the reference does, does either have more? Below p: those of {first}, then those of the file."
    );
    let difference = format!(
        "The file minus {first}. The interval draws patients with all of their pairs, the same {} samples for every file and figure of a part.",
        comparison.bootstrap_samples
    );
    let terms = [
        ("Difference", difference.as_str()),
        ("McNemar", mcnemar.as_str()),
        (
            "Wilcoxon",
            "Signed rank test of the distances from the reference grade, pair by pair; exact where up to 50 pairs differ.",
        ),
        ("DeLong", "Test of two areas under the curve on the same pairs."),
        ("p", "Of each test alone, two-sided."),
        ("p (Holm)", family.as_str()),
        (
            "p or interval?",
            "The tests take pairs for independent. Joints of one patient are not, so p is too small where patients have several; the interval allows for it. A difference is to be believed where the interval leaves out 0 as well.",
        ),
        ("-", "Not defined; the note says why. It never stands for 0."),
    ];
    let body = html! {
        dl.words { @for (term, meaning) in terms { dt { (term) } dd { (meaning) } } }
    };
    Section { id: "about".into(), title: "How to read this page".into(), body }
}
