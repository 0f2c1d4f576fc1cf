//! The answers of a study as tables for other programs: a long CSV with its
//! codebook, and a data dictionary for REDCap.

use jiff::Timestamp;

use super::{StudyAnswer, StudyProtocol};
use crate::{Grade, Origin, Protocol, table};

/// Why a case cannot be graded: the word that stands in the table, and what it means.
pub type Reasons<'a> = &'a [(&'a str, &'a str)];

/// Every answer, a row each, in the order given. Columns: [`codebook_csv`].
#[must_use]
pub fn answers_csv(
    protocol: &Protocol,
    study: &StudyProtocol,
    answers: &[StudyAnswer],
    origin: Origin,
) -> String {
    let limit = study.design.seconds_a_case;
    let mut rows = vec![columns(protocol, &[]).into_iter().map(|column| column.name).collect()];
    for (number, answer) in answers.iter().enumerate() {
        let mut row = vec![
            (number + 1).to_string(),
            answer.reader.clone(),
            answer.case.clone(),
            answer.arm.clone(),
            answer.session.map_or_else(String::new, |session| session.to_string()),
            answer.position.to_string(),
            u8::from(answer.repeat).to_string(),
            u8::from(answer.altered).to_string(),
            answer.seconds.map_or_else(String::new, |seconds| format!("{seconds:.3}")),
            limit.map_or_else(String::new, |limit| u8::from(answer.is_over(limit)).to_string()),
            answer.submitted.map_or_else(String::new, date_and_time),
        ];
        for given in [&answer.before, &answer.grades, &answer.shown] {
            row.extend(cells(protocol, given.as_deref()));
        }
        row.extend([answer.cannot.clone().unwrap_or_default(), origin.to_string()]);
        rows.push(row);
    }
    table::write(rows.into_iter())
}

/// What each column of [`answers_csv`] holds: name, meaning, values.
#[must_use]
pub fn codebook_csv(protocol: &Protocol, study: &StudyProtocol, reasons: Reasons<'_>) -> String {
    let mut rows = vec![["column", "meaning", "values"].map(str::to_owned).to_vec()];
    for column in columns(protocol, reasons) {
        let values = match column.name.as_str() {
            "reader" => names(study.readers.iter().map(|reader| &reader.name)),
            "arm" => names(study.arms.iter().map(|arm| &arm.name)),
            _ => column.choices.clone(),
        };
        rows.push(vec![column.name, column.label, values]);
    }
    table::write(rows.into_iter())
}

/// The same columns as a REDCap data dictionary (REDCap's "Data Dictionary"
/// upload format: 18 columns, the record's name first).
#[must_use]
pub fn redcap_csv(protocol: &Protocol, reasons: Reasons<'_>) -> String {
    const HEADER: [&str; 18] = [
        "Variable / Field Name",
        "Form Name",
        "Section Header",
        "Field Type",
        "Field Label",
        "Choices, Calculations, OR Slider Labels",
        "Field Note",
        "Text Validation Type OR Show Slider Number",
        "Text Validation Min",
        "Text Validation Max",
        "Identifier?",
        "Branching Logic (Show field only if...)",
        "Required Field?",
        "Custom Alignment",
        "Question Number (surveys only)",
        "Matrix Group Name",
        "Matrix Ranking?",
        "Field Annotation",
    ];
    let mut rows = vec![HEADER.map(str::to_owned).to_vec()];
    for column in columns(protocol, reasons) {
        let mut row = vec![String::new(); HEADER.len()];
        row[0].clone_from(&column.name);
        row[1] = "reading".to_owned();
        row[3] = if column.choices.is_empty() { "text" } else { "radio" }.to_owned();
        row[4].clone_from(&column.label);
        row[5].clone_from(&column.choices);
        row[7] = column.validation.to_owned();
        row[12] = if column.is_required { "y" } else { "" }.to_owned();
        rows.push(row);
    }
    table::write(rows.into_iter())
}

struct Column {
    name: String,
    label: String,
    /// `0, no | 1, yes`, as REDCap writes choices; empty for free text.
    choices: String,
    /// REDCap's validation of free text.
    validation: &'static str,
    is_required: bool,
}

fn columns(protocol: &Protocol, reasons: Reasons<'_>) -> Vec<Column> {
    let plain = |name: &str, label: &str, validation: &'static str| Column {
        name: name.to_owned(),
        label: label.to_owned(),
        choices: String::new(),
        validation,
        is_required: true,
    };
    let yes_no = |name: &str, label: &str| Column {
        choices: "0, no | 1, yes".to_owned(),
        ..plain(name, label, "")
    };
    let mut all = vec![
        plain("record_id", "Number of the reading in this table", "integer"),
        plain("reader", "The reader's name in the study", ""),
        plain("case_id", "The case", ""),
        plain("arm", "The arm: what was shown", ""),
        Column {
            is_required: false,
            ..plain("session", "Which of the reader's sessions, from 1", "integer")
        },
        plain("position", "Place in the reader's session, from 1", "integer"),
        yes_no("is_repeat", "Whether the reader had read the case in this session before"),
        yes_no("is_altered", "Whether the answer shown was altered on purpose"),
        Column {
            is_required: false,
            ..plain("seconds", "Seconds of work, idle times left out", "number")
        },
        Column {
            is_required: false,
            ..yes_no("is_over_time", "Whether it took longer than the protocol gives a case")
        },
        Column {
            is_required: false,
            ..plain("submitted_utc", "When it was submitted (UTC)", "datetime_seconds_ymd")
        },
    ];
    let moments = [
        ("before", "before the system's answer was shown"),
        ("final", "submitted"),
        ("shown", "shown as the system's"),
    ];
    for (moment, meaning) in moments {
        for measurement in protocol.measurements() {
            let name = format!("{}_{moment}", measurement.name);
            let label = format!("Grade of {}, {meaning}", measurement.name.replace('_', " "));
            let choices = choices(measurement.grades);
            all.push(Column { choices, is_required: false, ..plain(&name, &label, "") });
        }
        if let Some(grades) = protocol.combined_grades() {
            let (name, label) =
                (format!("combined_{moment}"), format!("Combined grade, {meaning}"));
            let choices = choices(grades);
            all.push(Column { choices, is_required: false, ..plain(&name, &label, "") });
        }
    }
    let reasons: Vec<String> =
        reasons.iter().map(|(word, meaning)| format!("{word}, {meaning}")).collect();
    all.push(Column {
        choices: reasons.join(" | "),
        is_required: false,
        ..plain("cannot_grade", "Why the case could not be graded", "")
    });
    all.push(Column {
        choices: "clinical, patients | phantom, simulated joints | canned, made-up answers"
            .to_owned(),
        ..plain("origin", "Where images and answers come from; only clinical is about patients", "")
    });
    all
}

/// `2026-12-01 13:05:09` of milliseconds since 1970, as REDCap takes it; empty beyond
/// the years that a calendar has.
fn date_and_time(milliseconds: i64) -> String {
    let time = Timestamp::from_millisecond(milliseconds);
    time.map_or_else(|_| String::new(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

fn choices(grades: u8) -> String {
    let all: Vec<String> = (0..grades).map(|grade| format!("{grade}, grade {grade}")).collect();
    all.join(" | ")
}

fn names<'a>(all: impl Iterator<Item = &'a String>) -> String {
    all.map(String::as_str).collect::<Vec<_>>().join(" | ")
}

/// Grades of each measurement and combined; empty where there are none.
fn cells(protocol: &Protocol, grades: Option<&[Grade]>) -> Vec<String> {
    let measurements = protocol.measurements().len();
    let mut cells: Vec<String> = match grades {
        Some(grades) => grades.iter().map(ToString::to_string).collect(),
        None => vec![String::new(); measurements],
    };
    if protocol.combined_grades().is_some() {
        let combined = grades.and_then(|grades| protocol.combined(grades));
        cells.push(combined.map_or_else(String::new, |grade| grade.to_string()));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    const CROSSOVER: &str = include_str!("../../../../configs/studies/crossover.toml");

    fn answers() -> Vec<StudyAnswer> {
        vec![StudyAnswer {
            reader: "R1".to_owned(),
            case: "pair, with a comma".to_owned(),
            arm: "assisted".to_owned(),
            session: Some(2),
            before: Some(vec![1, 1]),
            grades: Some(vec![2, 1]),
            cannot: None,
            shown: None,
            altered: false,
            repeat: true,
            position: 7,
            seconds: Some(12.5),
            submitted: Some(1_796_130_309_999),
        }]
    }

    #[test]
    fn answers_are_a_row_each() {
        let mut study = StudyProtocol::from_toml(CROSSOVER).unwrap();
        study.design.seconds_a_case = None;
        let text = answers_csv(&Protocol::eoss(), &study, &answers(), Origin::Phantom);
        let expected = "record_id,reader,case_id,arm,session,position,is_repeat,is_altered,seconds,\
            is_over_time,submitted_utc,\
            synovial_hypertrophy_before,vascularity_before,combined_before,\
            synovial_hypertrophy_final,vascularity_final,combined_final,\
            synovial_hypertrophy_shown,vascularity_shown,combined_shown,cannot_grade,origin\n\
            1,R1,\"pair, with a comma\",assisted,2,7,1,0,12.500,,2026-12-01 13:05:09,1,1,1,2,1,2,,,,,phantom\n";
        assert_eq!(text, expected);
        study.design.seconds_a_case = Some(12);
        let over = answers_csv(&Protocol::eoss(), &study, &answers(), Origin::Phantom);
        assert!(over.contains(",12.500,1,2026-12-01"), "{over}");
        let none =
            StudyAnswer { grades: None, cannot: Some("motion".into()), ..answers().remove(0) };
        let text = answers_csv(&Protocol::eoss(), &study, &[none], Origin::Canned);
        assert!(text.ends_with("1,1,1,,,,,,,motion,canned\n"), "{text}");
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date_and_time(0), "1970-01-01 00:00:00");
        assert_eq!(date_and_time(951_782_400_000), "2000-02-29 00:00:00");
        assert_eq!(date_and_time(-1), "1969-12-31 23:59:59");
        assert_eq!(date_and_time(4_107_542_400_000), "2100-03-01 00:00:00");
        assert_eq!(date_and_time(i64::MAX), "");
    }

    #[test]
    fn codebook_and_dictionary_name_the_same_columns() {
        let eoss = Protocol::eoss();
        let study = StudyProtocol::from_toml(CROSSOVER).unwrap();
        let first = |text: &str| -> Vec<String> {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            reader.records().map(|row| row.unwrap()[0].to_owned()).collect()
        };
        let reasons = [("blurred", "grayscale blurred"), ("other", "another reason")];
        let header = answers_csv(&eoss, &study, &[], Origin::Clinical);
        let columns: Vec<&str> = header.trim().split(',').collect();
        assert_eq!(first(&codebook_csv(&eoss, &study, &reasons)), columns);
        let told = "blurred, grayscale blurred | other, another reason";
        assert!(codebook_csv(&eoss, &study, &reasons).contains(told));
        let dictionary = redcap_csv(&eoss, &reasons);
        assert_eq!(first(&dictionary), columns);
        // REDCap takes small letters, digits and _, a letter first; choices as "code, label | ...".
        for name in columns {
            assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
        }
        let mut reader = csv::Reader::from_reader(dictionary.as_bytes());
        for row in reader.records().map(Result::unwrap) {
            assert_eq!(row.len(), 18);
            assert!(["text", "radio"].contains(&&row[3]), "{row:?}");
            assert_eq!(row[3] == *"radio", row[5].contains(" | "), "{row:?}");
        }
    }
}
