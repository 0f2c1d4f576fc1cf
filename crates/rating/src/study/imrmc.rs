//! Tables for iMRMC, the FDA's program for multi-reader multi-case studies
//! (github.com/DIDSR/iMRMC, user manual 4.1.1 "Study Raw Data" and 4.1.3
//! "Possible Formatting Errors"; R package `iMRMC`, `dfMRMC_example`).
//!
//! iMRMC knows cases with and without disease. So each cut-off of each measurement
//! makes a table of its own: the truth is whether the reference grade lies above
//! it, the score is the grade that the reader gave. The modality is the arm.
//!
//! Where a name of a pair is one that iMRMC would misread, all cases are written as
//! codes, and a key says which is which ([`Names`]).

use std::collections::{BTreeMap, BTreeSet};

use super::analysis::{Question, Study};
use crate::{Grade, Problem, table};

/// One row: `readerID, caseID, modalityID, score`. Rows of the truth have `truth` as
/// reader and modality and the score 0 or 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImrmcRow {
    /// The reader, or `truth`.
    pub reader: String,
    /// The case.
    pub case: String,
    /// The arm, or `truth`.
    pub modality: String,
    /// The grade given, 0 or more; of the truth 1 above the cut-off, else 0.
    pub score: Grade,
}

/// The word for rows of the truth.
const TRUTH: &str = "truth";

/// Whether iMRMC reads this name as it is: not `truth`, not `-1`, no comma, quotation
/// mark or line break, no blanks at its ends.
#[must_use]
pub fn can_read(name: &str) -> bool {
    let odd = name.contains([',', '"', '\n', '\r']) || name.trim() != name || name.is_empty();
    !odd && name.to_lowercase() != TRUTH && name != "-1"
}

/// How readers, cases and arms are written: as they are, or, where iMRMC would misread
/// one of a kind, all of that kind as codes with their number (`case-001`, the first of
/// the study's).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    readers: Coded,
    cases: Coded,
    arms: Coded,
}

/// Codes by name; empty where names are written as they are.
type Coded = BTreeMap<String, String>;

impl Names {
    /// The names of a study.
    #[must_use]
    pub fn of(study: &Study<'_>) -> Names {
        Names {
            readers: coded("reader", study.readers.iter().map(|reader| &reader.name)),
            cases: coded("case", study.cases.iter().map(|case| &case.case)),
            arms: coded("arm", study.arms.iter()),
        }
    }

    /// The key of the codes as CSV with the header `kind,name,written_as`; `None` where
    /// every name is written as it is.
    #[must_use]
    pub fn key_csv(&self) -> Option<String> {
        let all = [("case", &self.cases), ("reader", &self.readers), ("arm", &self.arms)];
        if all.iter().all(|(_, names)| names.is_empty()) {
            return None;
        }
        let codes = all.into_iter().flat_map(|(kind, names)| {
            names.iter().map(move |(name, code)| {
                [kind, name.as_str(), code.as_str()].map(str::to_owned).to_vec()
            })
        });
        let header = ["kind", "name", "written_as"].map(str::to_owned).to_vec();
        Some(table::write(std::iter::once(header).chain(codes)))
    }
}

fn coded<'n>(kind: &str, names: impl Iterator<Item = &'n String> + Clone) -> Coded {
    if names.clone().all(|name| can_read(name)) {
        return Coded::new();
    }
    let numbered = names.zip(1..);
    numbered.map(|(name, number)| (name.clone(), format!("{kind}-{number:03}"))).collect()
}

fn written(names: &Coded, name: &str) -> String {
    names.get(name).map_or(name, String::as_str).to_owned()
}

/// The rows for "is the grade of this measurement greater than `above`?": the
/// truth of each case that somebody graded, in the order of cases, then the
/// answers in theirs. Cases without a reference grade, readings that could not be
/// graded, repeats and readings of altered answers are left out.
///
/// # Errors
/// A measurement the protocol does not have (or `combined`, where it has none).
pub fn rows(
    study: &Study<'_>,
    names: &Names,
    measurement: &str,
    above: Grade,
) -> Result<Vec<ImrmcRow>, Problem> {
    let question = Question::named(study.protocol, measurement)?;
    let usable = study.answers.iter().filter(|answer| !answer.repeat && !answer.altered);
    let mut answers = Vec::new();
    let mut read = BTreeSet::new();
    let truths: std::collections::BTreeMap<&str, Grade> = study
        .cases
        .iter()
        .filter_map(|case| Some((case.case.as_str(), question.truth(study.protocol, case)?)))
        .collect();
    for answer in usable {
        let given = answer.grades.as_deref().and_then(|all| question.given(study.protocol, all));
        let (Some(score), true) = (given, truths.contains_key(answer.case.as_str())) else {
            continue;
        };
        read.insert(answer.case.as_str());
        answers.push(ImrmcRow {
            reader: written(&names.readers, &answer.reader),
            case: written(&names.cases, &answer.case),
            modality: written(&names.arms, &answer.arm),
            score,
        });
    }
    let truth = |case: &super::StudyCase| {
        let grade = truths.get(case.case.as_str()).filter(|_| read.contains(case.case.as_str()))?;
        Some(ImrmcRow {
            reader: TRUTH.to_owned(),
            case: written(&names.cases, &case.case),
            modality: TRUTH.to_owned(),
            score: Grade::from(*grade > above),
        })
    };
    Ok(study.cases.iter().filter_map(truth).chain(answers).collect())
}

/// The rows as iMRMC's own file (`.imrmc`): the description, the sizes N0 (cases not
/// above the cut-off), N1 (above), NR (readers) and NM (arms), `BEGIN DATA:`, then a
/// row a line, commas without spaces. Line breaks of the description become blanks.
#[must_use]
pub fn file(rows: &[ImrmcRow], description: &str) -> String {
    let (truth, answers): (Vec<&ImrmcRow>, Vec<&ImrmcRow>) =
        rows.iter().partition(|row| row.reader == TRUTH);
    let with = |score: Grade| truth.iter().filter(|row| row.score == score).count();
    let readers: BTreeSet<&str> = answers.iter().map(|row| row.reader.as_str()).collect();
    let arms: BTreeSet<&str> = answers.iter().map(|row| row.modality.as_str()).collect();
    let mut text = description.replace(['\r', '\n'], " ");
    let sizes = [("N0", with(0)), ("N1", with(1)), ("NR", readers.len()), ("NM", arms.len())];
    for (name, size) in sizes {
        text.push_str(&format!("\n{name}:{size}"));
    }
    text.push_str("\nBEGIN DATA:\n");
    text.push_str(&lines(rows));
    text
}

/// The rows as CSV with the header `readerID,caseID,modalityID,score`, as the R
/// package's data frame has its columns.
#[must_use]
pub fn csv(rows: &[ImrmcRow]) -> String {
    format!("readerID,caseID,modalityID,score\n{}", lines(rows))
}

fn lines(rows: &[ImrmcRow]) -> String {
    let line =
        |row: &ImrmcRow| format!("{},{},{},{}\n", row.reader, row.case, row.modality, row.score);
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Protocol;
    use crate::study::{Reader, StudyAnswer, StudyCase};

    fn case(name: &str, truth: Option<Grade>) -> StudyCase {
        StudyCase {
            case: name.to_owned(),
            patient: "p".to_owned(),
            truth: vec![truth, Some(0)],
            system: None,
        }
    }

    fn answer(reader: &str, case: &str, arm: &str, grade: Option<Grade>) -> StudyAnswer {
        StudyAnswer {
            reader: reader.to_owned(),
            case: case.to_owned(),
            arm: arm.to_owned(),
            session: None,
            before: None,
            grades: grade.map(|grade| vec![grade, 0]),
            cannot: None,
            shown: None,
            altered: false,
            repeat: false,
            position: 1,
            seconds: None,
            submitted: None,
        }
    }

    fn rows_of(answers: &[StudyAnswer]) -> Result<Vec<ImrmcRow>, Problem> {
        rows_with(["c1", "c2", "c3", "c4"], "R1", answers).map(|(rows, _)| rows)
    }

    fn rows_with(
        cases: [&str; 4],
        reader: &str,
        answers: &[StudyAnswer],
    ) -> Result<(Vec<ImrmcRow>, Names), Problem> {
        let [c1, c2, c3, c4] = cases;
        let cases = [case(c1, Some(2)), case(c2, Some(0)), case(c3, None), case(c4, Some(3))];
        let names = |names: [&str; 2]| names.map(str::to_owned);
        let arms = names(["unaided", "assisted"]);
        let readers = names([reader, "R2"]).map(|name| Reader { name, years: None, group: None });
        let protocol = Protocol::eoss();
        let study =
            Study { protocol: &protocol, arms: &arms, readers: &readers, cases: &cases, answers };
        let names = Names::of(&study);
        Ok((rows(&study, &names, "synovial_hypertrophy", 1)?, names))
    }

    #[test]
    fn a_file_as_the_manual_describes_it() {
        let again = StudyAnswer { repeat: true, ..answer("R1", "c1", "assisted", Some(0)) };
        let wrong = StudyAnswer { altered: true, ..answer("R2", "c2", "assisted", Some(3)) };
        let rows = rows_of(&[
            answer("R1", "c1", "unaided", Some(1)),
            answer("R1", "c2", "unaided", Some(0)),
            answer("R1", "c3", "unaided", Some(0)),
            answer("R2", "c4", "unaided", None),
            answer("R1", "c1", "assisted", Some(3)),
            again,
            wrong,
        ])
        .unwrap();
        assert_eq!(
            file(&rows, "phantom\nSH > 1"),
            "phantom SH > 1\nN0:1\nN1:1\nNR:1\nNM:2\nBEGIN DATA:\n\
             truth,c1,truth,1\ntruth,c2,truth,0\n\
             R1,c1,unaided,1\nR1,c2,unaided,0\nR1,c1,assisted,3\n"
        );
        assert!(csv(&rows).starts_with("readerID,caseID,modalityID,score\ntruth,c1,truth,1\n"));
    }

    #[test]
    fn names_it_would_misread_are_written_as_codes_with_a_key() {
        for name in ["truth", "Truth", "-1", "R,1", " R1", "", "R\"1"] {
            assert!(!can_read(name), "{name}");
        }
        let all = [
            answer("truth", "knee, left", "unaided", Some(1)),
            answer("R2", "c2", "unaided", Some(0)),
        ];
        let cases = ["knee, left", "c2", "c3", "c4"];
        let (rows, names) = rows_with(cases, "truth", &all).unwrap();
        let text = lines(&rows);
        assert_eq!(
            text,
            "truth,case-001,truth,1\ntruth,case-002,truth,0\n\
             reader-001,case-001,unaided,1\nreader-002,case-002,unaided,0\n"
        );
        let key = names.key_csv().unwrap();
        assert!(key.starts_with("kind,name,written_as\ncase,c2,case-002\n"), "{key}");
        assert!(key.contains("case,\"knee, left\",case-001\n"), "{key}");
        assert!(key.contains("reader,truth,reader-001\n") && !key.contains("arm"), "{key}");
        let (_, plain) = rows_with(["c1", "c2", "c3", "c4"], "R1", &[]).unwrap();
        assert_eq!(plain.key_csv(), None);
    }
}
