//! Checks across rows, made before any training or scoring.

use std::collections::BTreeMap;

use super::{Manifest, Row};
use crate::{Problem, Protocol};

/// What a check of a whole manifest found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Must be mended.
    pub errors: Vec<Problem>,
    /// Reference grades that medicine excludes together: to be mended, too,
    /// unless the caller keeps such pairs out.
    pub impossible: Vec<Problem>,
    /// Worth a look.
    pub warnings: Vec<Problem>,
}

impl Findings {
    /// Adds the findings of another check.
    pub fn extend(&mut self, other: Findings) {
        self.errors.extend(other.errors);
        self.impossible.extend(other.impossible);
        self.warnings.extend(other.warnings);
    }
}

/// Where a row stands, for a sentence about another row.
fn place(row: &Row) -> String {
    row.line.map_or_else(|| format!("pair {}", row.pair_id), |line| format!("row {line}"))
}

/// Rows that contradict one another or the protocol: grades that medicine
/// excludes together, a patient in two cohorts; ROIs too small for a joint.
#[must_use]
pub fn check_rows(manifest: &Manifest, protocol: &Protocol) -> Findings {
    let small = manifest.rows.iter().flat_map(|row| small_rois(row, protocol));
    let mut findings = Findings { warnings: small.collect(), ..Findings::default() };
    let invalid = manifest.rows.iter().filter(|row| row.is_invalid(protocol));
    findings.impossible.extend(invalid.map(|row| invalid_grades(row, protocol)));
    let mut first_rows: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in &manifest.rows {
        let Some(patient) = row.patient_id.as_deref() else {
            continue;
        };
        let first = *first_rows.entry(patient).or_insert(row);
        if first.cohort != row.cohort {
            let what = format!(
                "patient {patient} is in cohort {}, and in {} in {}",
                row.cohort,
                first.cohort,
                place(first)
            );
            findings.errors.push(
                row.problem("cohort", what)
                    .hint("a patient belongs to one cohort, else test figures are worthless"),
            );
        }
    }
    findings
}

fn small_rois(row: &Row, protocol: &Protocol) -> Vec<Problem> {
    let views = row.views.iter().zip(protocol.modalities());
    let small = views.filter(|(view, _)| !view.roi.holds_a_joint());
    small
        .map(|(view, modality)| {
            let (width, height) = (view.roi.width(), view.roi.height());
            let what = format!("the ROI is {width} x {height} pixels: too small for a joint");
            row.problem(&format!("{}_left", modality.name), what)
        })
        .collect()
}

fn invalid_grades(row: &Row, protocol: &Protocol) -> Problem {
    let grades: Vec<String> = protocol
        .measurements()
        .iter()
        .zip(&row.grades)
        .map(|(measurement, grade)| {
            let grade = grade.map_or_else(|| "-".to_owned(), |grade| grade.to_string());
            format!("{} {grade}", measurement.name.replace('_', " "))
        })
        .collect();
    let column = protocol.measurements().last().map_or("", |last| &last.name);
    let what = format!("{} is not possible in protocol {}", grades.join(" with "), protocol.name());
    row.problem(column, what).hint("grade it again, or keep such pairs out with --allow-invalid")
}

/// The same image under more than one pair, found by content.
///
/// `digests[row][modality]` identifies the bytes of an image; `None` where it
/// could not be read. An image that stands for different grades or patients is
/// an error, and so is one used as two modalities; a mere repeat is a warning.
#[must_use]
pub fn check_duplicates<D: Ord + Copy>(
    manifest: &Manifest,
    protocol: &Protocol,
    digests: &[Vec<Option<D>>],
) -> Findings {
    let mut findings = Findings::default();
    let mut first_use: BTreeMap<D, (usize, usize)> = BTreeMap::new();
    for (position, row_digests) in digests.iter().enumerate().take(manifest.rows.len()) {
        for (modality, digest) in row_digests.iter().enumerate() {
            let Some(digest) = *digest else { continue };
            let &mut (first, first_modality) =
                first_use.entry(digest).or_insert((position, modality));
            if (first, first_modality) == (position, modality) {
                continue;
            }
            let (a, b) = (&manifest.rows[first], &manifest.rows[position]);
            let what = format!(
                "the same image as the {} image of pair {} in {}",
                protocol.modalities()[first_modality].name,
                a.pair_id,
                place(a)
            );
            let problem = |what: String| b.problem(&protocol.modalities()[modality].name, what);
            if first == position || modality != first_modality {
                findings.errors.push(
                    problem(what).hint("a pair has one image of each modality; is a path wrong?"),
                );
            } else if a.grades != b.grades {
                findings.errors.push(
                    problem(format!("{what}, with other grades")).hint("keep one of the two pairs"),
                );
            } else if a.patient_id != b.patient_id || a.cohort != b.cohort {
                findings.errors.push(
                    problem(format!("{what}, of another patient or cohort"))
                        .hint("keep one of the two pairs"),
                );
            } else {
                findings.warnings.push(problem(what));
            }
        }
    }
    findings
}

/// Pairs of this cohort that lack a reference grade.
#[must_use]
pub fn missing_grades(manifest: &Manifest, cohort: &str, protocol: &Protocol) -> Vec<Problem> {
    let mut problems = Vec::new();
    for row in manifest.rows.iter().filter(|row| row.cohort == cohort) {
        for (measurement, grade) in protocol.measurements().iter().zip(&row.grades) {
            if grade.is_none() {
                problems.push(
                    row.problem(&measurement.name, format!("pair {} has no grade", row.pair_id))
                        .hint("training needs every grade; take the pair out or grade it"),
                );
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::ViewRef;
    use crate::{Origin, Roi};

    fn row(pair: &str, patient: &str, cohort: &str, grades: [u8; 2]) -> Row {
        let roi = Roi::new([0, 0, 9, 9]).unwrap();
        let view = ViewRef { path: format!("{pair}.png"), roi };
        Row {
            line: None,
            pair_id: pair.into(),
            patient_id: Some(patient.into()),
            cohort: cohort.into(),
            origin: Origin::Clinical,
            unit: None,
            side: None,
            hospital: None,
            device: None,
            views: vec![view.clone(), view],
            doppler_mode: None,
            grades: grades.map(Some).to_vec(),
            sex: None,
            age: None,
            operator: None,
            visit: None,
            fold: None,
            extra: BTreeMap::new(),
        }
    }

    /// A manifest with a blank line between any two rows.
    fn manifest(mut rows: Vec<Row>) -> Manifest {
        for (position, row) in rows.iter_mut().enumerate() {
            row.line = Some(2 + 2 * position);
        }
        Manifest { rows }
    }

    #[test]
    fn flow_without_synovium_is_an_error_with_its_row() {
        let manifest =
            manifest(vec![row("a", "p", "train", [1, 0]), row("b", "p", "train", [0, 2])]);
        let findings = check_rows(&manifest, &Protocol::eoss());
        assert_eq!((findings.errors.len(), findings.impossible.len()), (0, 1));
        let problem = findings.impossible[0].to_string();
        assert!(problem.starts_with(
            "row 4, column vascularity: synovial hypertrophy 0 with vascularity 2 is not possible"
        ), "{problem}");
    }

    #[test]
    fn a_patient_in_two_cohorts_is_an_error() {
        let manifest =
            manifest(vec![row("a", "p", "train", [1, 0]), row("b", "p", "external", [1, 0])]);
        let errors = check_rows(&manifest, &Protocol::eoss()).errors;
        assert_eq!(errors[0].row, Some(4));
        assert!(errors[0].what.ends_with("in train in row 2"), "{}", errors[0]);
    }

    #[test]
    fn one_image_with_two_grades_is_an_error_and_a_repeat_a_warning() {
        let eoss = Protocol::eoss();
        let digests = vec![vec![Some(1), Some(2)], vec![Some(1), Some(3)]];
        let two = manifest(vec![row("a", "p", "train", [1, 0]), row("b", "p", "train", [2, 0])]);
        assert_eq!(check_duplicates(&two, &eoss, &digests).errors.len(), 1);
        let same = manifest(vec![row("a", "p", "train", [1, 0]), row("b", "p", "train", [1, 0])]);
        let findings = check_duplicates(&same, &eoss, &digests);
        assert_eq!((findings.errors.len(), findings.warnings.len()), (0, 1));
        let swapped = vec![vec![Some(1), Some(2)], vec![Some(2), Some(3)]];
        assert_eq!(check_duplicates(&same, &eoss, &swapped).errors.len(), 1);
    }
}
