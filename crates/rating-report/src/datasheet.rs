//! The datasheet of the data, in Markdown.
//!
//! After Gebru T, Morgenstern J, Vecchione B, et al. Datasheets for datasets.
//! Commun ACM 2021;64(12):86-92, <https://doi.org/10.1145/3458723>: why the data
//! exist, what they hold, how they were collected and prepared, what they may be
//! used for. What the manifest says is counted; the rest is asked.

mod columns;

use std::fmt::Write;

use rating::Protocol;
use rating::evaluate::{Census, Evaluation, Spread};
use rating::words::counted;

use columns::{ACQUISITION, by_cohort, column};

use crate::label::Label;
use crate::markdown::{plain, table, to_fill_in};
use crate::{combined_last, spoken};

/// Everything in a datasheet.
#[derive(Debug, Clone, Copy)]
pub struct Datasheet<'a> {
    /// Holds the manifest in numbers.
    pub evaluation: &'a Evaluation,
    /// What its grades mean.
    pub protocol: &'a Protocol,
    /// BLAKE3 of the manifest file, in hex.
    pub manifest_hash: &'a str,
    /// What the bundle's training data hash to, where a bundle is given.
    pub trained_on: Option<&'a str>,
}

/// The datasheet as Markdown. Headings are fixed: the reporting checklists
/// name them.
#[must_use]
pub fn datasheet(sheet: &Datasheet<'_>) -> String {
    let label = Label::new(sheet.evaluation.origin);
    let mut text = format!(
        "# {}Datasheet\n\n**Research use only, not for diagnosis.** {}\n\
         Counted from the manifest; what it does not say is for you to fill in.\n",
        label.prefix(),
        label.sentence_with_stop(),
    );
    let sections: [(&str, String); 9] = [
        ("Why the data exist", to_fill_in(&["Purpose", "Who made them", "Who paid"])),
        ("Counts", counts(sheet)),
        ("Grade mix", grade_mix(sheet)),
        ("Acquisition", acquisition(sheet)),
        ("Patients", patients(sheet)),
        ("Split", split(sheet)),
        ("What is missing", missing(sheet)),
        ("Provenance", provenance(sheet)),
        (
            "Use and sharing",
            to_fill_in(&[
                "What the data must not be used for",
                "Who may have them",
                "Licence",
                "Who maintains them",
            ]),
        ),
    ];
    for (title, body) in sections {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n## {title}\n\n{body}");
    }
    text
}

/// How many patients; some may be unknown.
fn patients_of(cohort: &Census) -> String {
    match cohort.pairs_without_patient {
        0 => cohort.patients.to_string(),
        pairs => format!(
            "{}, and {} of unknown patients",
            cohort.patients,
            counted(pairs, "pair", "pairs")
        ),
    }
}

fn counts(sheet: &Datasheet<'_>) -> String {
    let origin =
        format!("\nOrigin: {}. One pair is {}.\n\n", sheet.evaluation.origin, images(sheet));
    let asked = [
        "Who could take part, who could not",
        "How pairs were left out before this manifest",
        "Why this number is enough",
    ];
    by_cohort(sheet, &["pairs", "patients"], |cohort| {
        vec![cohort.pairs.to_string(), patients_of(cohort)]
    }) + &origin
        + &to_fill_in(&asked)
}

/// "one grayscale and one doppler image of a joint, with an ROI on each".
fn images(sheet: &Datasheet<'_>) -> String {
    let names: Vec<String> = sheet
        .protocol
        .modalities()
        .iter()
        .map(|modality| format!("one {} image", plain(&spoken(&modality.name))))
        .collect();
    format!("{}, with an ROI on each", names.join(" and "))
}

fn grade_mix(sheet: &Datasheet<'_>) -> String {
    let mut text = String::new();
    let Some(cohort) = sheet.evaluation.census.values().next() else { return text };
    for (name, mix) in combined_last(&cohort.grades) {
        let grades: Vec<String> = (0..mix.counts.len()).map(|grade| grade.to_string()).collect();
        let head: Vec<&str> = grades.iter().map(String::as_str).chain(["no grade"]).collect();
        let _ = writeln!(text, "Reference grades, {}, pairs:\n", plain(&spoken(name)));
        text += &by_cohort(sheet, &head, |cohort| {
            let mix = cohort.grades.get(name);
            let cells = mix.map(|mix| mix.counts.iter().chain([&mix.missing]));
            cells.into_iter().flatten().map(ToString::to_string).collect()
        });
        text.push('\n');
    }
    text + &to_fill_in(&[
        "Who gave the reference grades, how differences were settled",
        "What the graders knew",
    ])
}

fn acquisition(sheet: &Datasheet<'_>) -> String {
    let tables: String = ACQUISITION.map(|it| column(sheet, it, "pairs")).concat();
    tables
        + &to_fill_in(&[
            "Dates",
            "Settings of the machines (frequency, PRF, gain, wall filter)",
            "Who scanned, with what experience",
            "Who drew the ROIs",
        ])
}

fn patients(sheet: &Datasheet<'_>) -> String {
    let head = ["patients", "with age", "youngest", "median age", "oldest"];
    let ages = by_cohort(sheet, &head, |cohort| {
        let ages = cohort.age.map_or_else(
            || ["0", "-", "-", "-"].map(str::to_owned).to_vec(),
            |age| {
                let years = [age.range[0], age.median, age.range[1]];
                let years = years.map(|years| format!("{years:.0}"));
                [vec![age.n.to_string()], years.to_vec()].concat()
            },
        );
        [vec![patients_of(cohort)], ages].concat()
    });
    let duration = of_patients(sheet, "disease duration, years", |it| it.disease_duration_years);
    let activity = of_patients(sheet, "DAS28", |cohort| cohort.das28);
    let mut asked = vec!["Diagnosis and how it was made"];
    asked.extend(duration.is_none().then_some("Disease duration"));
    asked.extend(activity.is_none().then_some("Disease activity"));
    asked.extend(["Treatment", "Consent and ethics approval"]);
    ages + "\n"
        + &column(sheet, ("sex", |cohort| &cohort.sex), "patients")
        + &[duration, activity].into_iter().flatten().collect::<String>()
        + &to_fill_in(&asked)
}

/// What `patients.csv` says of the patients; `None` where it says nothing of anybody.
fn of_patients(
    sheet: &Datasheet<'_>,
    name: &str,
    of: impl Fn(&Census) -> Option<Spread>,
) -> Option<String> {
    let is_said = sheet.evaluation.census.values().any(|cohort| of(cohort).is_some());
    let head = ["patients with it", "least", "median", "greatest"];
    let told = |cohort: &Census| match of(cohort) {
        None => ["0", "-", "-", "-"].map(str::to_owned).to_vec(),
        Some(it) => {
            let values = [it.range[0], it.median, it.range[1]].map(|value| format!("{value:.1}"));
            [vec![it.n.to_string()], values.to_vec()].concat()
        }
    };
    is_said.then(|| format!("From `patients.csv`, {name}:\n\n{}\n", by_cohort(sheet, &head, told)))
}

fn split(sheet: &Datasheet<'_>) -> String {
    let names: Vec<String> = sheet.evaluation.census.keys().map(|name| plain(name)).collect();
    format!(
        "Cohorts: {}. `rating check` refuses a patient who stands in two cohorts, and names images that stand under \
         two pairs. Folds of the training cohort are by patient, drawn from the study seed unless the manifest fixes \
         them.\n\n{}",
        names.join(", "),
        to_fill_in(&["How pairs were assigned to cohorts"])
    )
}

fn missing(sheet: &Datasheet<'_>) -> String {
    let mut rows = Vec::new();
    for (name, cohort) in &sheet.evaluation.census {
        let mut add = |what: String, count: String| {
            if count != "0" {
                rows.push(vec![name.clone(), what, count]);
            }
        };
        for (measurement, mix) in combined_last(&cohort.grades) {
            add(format!("pairs without a grade, {}", spoken(measurement)), mix.missing.to_string());
        }
        add("pairs without a patient".to_owned(), cohort.pairs_without_patient.to_string());
        for (column, counted) in ACQUISITION {
            add(format!("pairs without {column}"), counted(cohort).not_given.to_string());
        }
        add("patients without sex".to_owned(), cohort.sex.not_given.to_string());
        let with_age = cohort.age.map_or(0, |age| age.n);
        add(
            "patients without age".to_owned(),
            cohort.patients.saturating_sub(with_age).to_string(),
        );
    }
    let text = match rows.as_slice() {
        [] => "Nothing that is counted above.\n".to_owned(),
        rows => table(&["cohort", "what", "how many"], rows),
    };
    text + "\n" + &to_fill_in(&["Why it is missing"])
}

fn provenance(sheet: &Datasheet<'_>) -> String {
    let mut text = format!("- manifest, BLAKE3 of the file (`b3sum`): `{}`\n", sheet.manifest_hash);
    if let Some(hash) = sheet.trained_on {
        let _ = writeln!(
            text,
            "- training data of the bundle, BLAKE3 of the rows it learned from: `{hash}`"
        );
    }
    let _ = writeln!(
        text,
        "- protocol: {} ({})",
        plain(sheet.protocol.name()),
        plain(sheet.protocol.title())
    );
    text + "- software: `rating evaluate`, version "
        + env!("CARGO_PKG_VERSION")
        + "\n"
        + &to_fill_in(&["Where the images come from", "De-identification"])
}
