//! Reading and writing `manifest.csv`.

use std::collections::{BTreeMap, BTreeSet};

use super::{DopplerMode, Manifest, Row, Side, ViewRef, has_doppler, roi_columns};
use crate::{Grade, Origin, Problem, Protocol, Roi};

const ALWAYS: [&str; 8] =
    ["pair_id", "patient_id", "cohort", "origin", "joint", "side", "hospital", "device"];
const OPTIONAL: [&str; 5] = ["sex", "age", "operator", "visit", "fold"];

/// Columns that every manifest of this protocol has, in the order we write.
fn required_columns(protocol: &Protocol) -> Vec<String> {
    let mut columns: Vec<String> = ALWAYS.map(str::to_owned).to_vec();
    columns.extend(protocol.modalities().iter().map(|modality| modality.name.clone()));
    columns.extend(protocol.modalities().iter().flat_map(|modality| roi_columns(&modality.name)));
    if has_doppler(protocol) {
        columns.push("doppler_mode".to_owned());
    }
    columns
}

fn grade_columns(protocol: &Protocol) -> impl Iterator<Item = &str> {
    protocol.measurements().iter().map(|measurement| measurement.name.as_str())
}

pub(super) fn parse(bytes: &[u8], protocol: &Protocol) -> Result<Manifest, Vec<Problem>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = match reader.headers() {
        Ok(header) => header.iter().map(|name| name.trim().to_owned()).collect::<Vec<_>>(),
        Err(error) => return Err(vec![csv_problem(&error)]),
    };
    check_header(&header, protocol)?;

    let mut rows = Vec::new();
    let mut problems = Vec::new();
    let mut rows_of_ids: BTreeMap<String, usize> = BTreeMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(csv_problem(&error));
                continue;
            }
        };
        let line = record.position().map_or(0, |position| position.line() as usize);
        if record.len() != header.len() {
            problems.push(
                Problem::new(format!("{} fields, the header has {}", record.len(), header.len()))
                    .at_row(line)
                    .hint("a comma in a field needs quotes around the field"),
            );
            continue;
        }
        let cells = Cells { header: &header, record: &record };
        match row(&cells, protocol) {
            Ok(row) => {
                if let Some(first) = rows_of_ids.insert(row.pair_id.clone(), line) {
                    problems.push(
                        Problem::new(format!("pair {} stands in row {first} already", row.pair_id))
                            .at_row(line)
                            .in_column("pair_id"),
                    );
                }
                rows.push(row);
            }
            Err(found) => problems.extend(found.into_iter().map(|problem| problem.at_row(line))),
        }
    }
    if rows.is_empty() && problems.is_empty() {
        problems.push(Problem::new("the manifest has no rows"));
    }
    if problems.is_empty() { Ok(Manifest { rows }) } else { Err(problems) }
}

fn csv_problem(error: &csv::Error) -> Problem {
    let problem = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => {
            Problem::new("text that is not UTF-8").hint("save the table as UTF-8 CSV")
        }
        _ => Problem::new(format!("not a CSV table: {error}")),
    };
    match error.position() {
        Some(position) => problem.at_row(position.line() as usize),
        None => problem,
    }
}

fn check_header(header: &[String], protocol: &Protocol) -> Result<(), Vec<Problem>> {
    let required = required_columns(protocol);
    let known: BTreeSet<&str> = required
        .iter()
        .map(String::as_str)
        .chain(grade_columns(protocol))
        .chain(OPTIONAL)
        .collect();
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for name in header {
        if !seen.insert(name.as_str()) {
            problems.push(Problem::new("the column stands twice").in_column(name));
        } else if !known.contains(name.as_str()) && !name.starts_with("x_") {
            let hint = match name.as_str() {
                "combined" => "the combined grade is derived from the others, remove the column",
                _ => "columns of your own begin with x_",
            };
            problems.push(Problem::new("unknown column").in_column(name).hint(hint));
        }
    }
    for name in required.iter().filter(|name| !seen.contains(name.as_str())) {
        problems.push(Problem::new("the column is missing").in_column(name));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.into_iter().map(|problem| problem.at_row(1)).collect())
    }
}

/// One record, by column name.
struct Cells<'a> {
    header: &'a [String],
    record: &'a csv::StringRecord,
}

impl Cells<'_> {
    /// The trimmed cell, `None` when it is empty or the column is not there.
    fn get(&self, column: &str) -> Option<&str> {
        let position = self.header.iter().position(|name| name == column)?;
        let cell = self.record.get(position)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    fn text(&self, column: &str) -> Option<String> {
        self.get(column).map(str::to_owned)
    }

    fn needed(&self, column: &str) -> Result<&str, Problem> {
        self.get(column).ok_or_else(|| Problem::new("the cell is empty").in_column(column))
    }
}

/// Reads one row; all its problems at once.
fn row(cells: &Cells<'_>, protocol: &Protocol) -> Result<Row, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut keep = |problem: Problem| problems.push(problem);

    let pair_id = name(cells, "pair_id").map_err(&mut keep).ok();
    let cohort = name(cells, "cohort").map_err(&mut keep).ok();
    let origin = origin(cells).map_err(&mut keep).ok();
    let unit = unit(cells, protocol).map_err(&mut keep).ok();
    let words = [("left", Side::Left), ("right", Side::Right)];
    let side = one_of(cells, "side", &words).map_err(&mut keep).ok();
    let words = [("cdus", DopplerMode::Cdus), ("pdus", DopplerMode::Pdus)];
    let doppler_mode = one_of(cells, "doppler_mode", &words).map_err(&mut keep).ok();
    let age = age(cells).map_err(&mut keep).ok();
    let fold = fold(cells).map_err(&mut keep).ok();
    let mut views = Vec::new();
    for modality in protocol.modalities() {
        views.extend(view(cells, &modality.name).map_err(&mut keep));
    }
    let mut grades = Vec::new();
    for measurement in protocol.measurements() {
        grades.extend(grade(cells, &measurement.name, measurement.grades).map_err(&mut keep));
    }
    let extra = cells
        .header
        .iter()
        .filter(|column| column.starts_with("x_"))
        .filter_map(|column| Some((column.clone(), cells.text(column)?)))
        .collect();

    if let (
        true,
        Some(pair_id),
        Some(cohort),
        Some(origin),
        Some(unit),
        Some(side),
        Some(doppler_mode),
        Some(age),
        Some(fold),
    ) = (problems.is_empty(), pair_id, cohort, origin, unit, side, doppler_mode, age, fold)
    {
        return Ok(Row {
            pair_id,
            patient_id: cells.text("patient_id"),
            cohort,
            origin,
            unit,
            side,
            hospital: cells.text("hospital"),
            device: cells.text("device"),
            views,
            doppler_mode,
            grades,
            sex: cells.text("sex"),
            age,
            operator: cells.text("operator"),
            visit: cells.text("visit"),
            fold,
            extra,
        });
    }
    Err(problems)
}

/// A name that may become part of a file name.
fn name(cells: &Cells<'_>, column: &str) -> Result<String, Problem> {
    let name = cells.needed(column)?;
    let plain = name != "."
        && name != ".."
        && !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | ':'));
    if plain {
        return Ok(name.to_owned());
    }
    Err(Problem::new(format!("{name:?} cannot be a name"))
        .in_column(column)
        .hint("no slashes, colons or control characters"))
}

fn origin(cells: &Cells<'_>) -> Result<Origin, Problem> {
    let word = cells.needed("origin")?;
    Origin::from_word(word).ok_or_else(|| {
        Problem::new(format!("{word:?} is not an origin"))
            .in_column("origin")
            .hint("clinical, phantom or canned")
    })
}

fn unit(cells: &Cells<'_>, protocol: &Protocol) -> Result<Option<String>, Problem> {
    let Some(word) = cells.get("joint") else {
        return Ok(None);
    };
    // The first proximal joint of the thumb is often written PIP1.
    let word = if word == "PIP1" { "IP1" } else { word };
    let compact = word.replace(' ', "");
    let found = protocol
        .units()
        .iter()
        .find(|unit| unit.as_str() == word || unit.eq_ignore_ascii_case(&compact));
    match found {
        Some(unit) => Ok(Some(unit.clone())),
        None => Err(Problem::new(format!("{word:?} is not in protocol {}", protocol.name()))
            .in_column("joint")
            .hint(format!("one of {}", protocol.units().join(", ")))),
    }
}

fn one_of<T: Copy>(
    cells: &Cells<'_>,
    column: &str,
    words: &[(&str, T)],
) -> Result<Option<T>, Problem> {
    let Some(word) = cells.get(column) else {
        return Ok(None);
    };
    match words.iter().find(|(known, _)| *known == word) {
        Some((_, value)) => Ok(Some(*value)),
        None => {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            Err(Problem::new(format!("{word:?} is not known"))
                .in_column(column)
                .hint(known.join(" or ")))
        }
    }
}

fn age(cells: &Cells<'_>) -> Result<Option<f64>, Problem> {
    let Some(text) = cells.get("age") else {
        return Ok(None);
    };
    match text.parse::<f64>() {
        Ok(years) if (0.0..=150.0).contains(&years) => Ok(Some(years)),
        _ => Err(Problem::new(format!("{text:?} is not an age in years")).in_column("age")),
    }
}

fn fold(cells: &Cells<'_>) -> Result<Option<u8>, Problem> {
    let Some(text) = cells.get("fold") else {
        return Ok(None);
    };
    match text.parse::<u8>() {
        Ok(fold) if fold >= 1 => Ok(Some(fold)),
        _ => Err(Problem::new(format!("{text:?} is not a fold"))
            .in_column("fold")
            .hint("folds count from 1")),
    }
}

fn view(cells: &Cells<'_>, modality: &str) -> Result<ViewRef, Problem> {
    let path = cells.needed(modality)?.to_owned();
    let mut sides = [0; 4];
    for (side, column) in sides.iter_mut().zip(roi_columns(modality)) {
        let text = cells.needed(&column)?;
        *side = text.parse().map_err(|_| {
            Problem::new(format!("{text:?} is not a whole number of pixels")).in_column(column)
        })?;
    }
    let roi = Roi::new(sides).map_err(|problem| problem.in_column(format!("{modality}_left")))?;
    Ok(ViewRef { path, roi })
}

fn grade(cells: &Cells<'_>, column: &str, grades: u8) -> Result<Option<Grade>, Problem> {
    let Some(text) = cells.get(column) else {
        return Ok(None);
    };
    match text.parse::<Grade>() {
        Ok(grade) if grade < grades => Ok(Some(grade)),
        Ok(grade) => {
            Err(Problem::new(format!("grade {grade} is outside 0-{}", grades - 1))
                .in_column(column))
        }
        Err(_) => Err(Problem::new(format!("{text:?} is not a grade"))
            .in_column(column)
            .hint(format!("a whole number from 0 to {}", grades - 1))),
    }
}

pub(super) fn to_csv(manifest: &Manifest, protocol: &Protocol) -> String {
    let mut columns = required_columns(protocol);
    columns.extend(grade_columns(protocol).map(str::to_owned));
    for column in OPTIONAL {
        let is_used = manifest.rows.iter().any(|row| !cell(row, column, protocol).is_empty());
        columns.extend(is_used.then(|| column.to_owned()));
    }
    let extra: BTreeSet<&String> = manifest.rows.iter().flat_map(|row| row.extra.keys()).collect();
    columns.extend(extra.into_iter().cloned());

    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let records = manifest
        .rows
        .iter()
        .map(|row| columns.iter().map(|column| cell(row, column, protocol)).collect::<Vec<_>>());
    for record in std::iter::once(columns.clone()).chain(records) {
        writer.write_record(&record).expect("writing to memory");
    }
    let bytes = writer.into_inner().expect("writing to memory");
    String::from_utf8(bytes).expect("text in, text out")
}

/// What a row has in a column, empty where it has nothing.
fn cell(row: &Row, column: &str, protocol: &Protocol) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    match column {
        "pair_id" => row.pair_id.clone(),
        "patient_id" => text(&row.patient_id),
        "cohort" => row.cohort.clone(),
        "origin" => row.origin.to_string(),
        "joint" => text(&row.unit),
        "side" => row.side.map(|side| side.word().to_owned()).unwrap_or_default(),
        "hospital" => text(&row.hospital),
        "device" => text(&row.device),
        "doppler_mode" => row.doppler_mode.map(|mode| mode.word().to_owned()).unwrap_or_default(),
        "sex" => text(&row.sex),
        "age" => row.age.map(|age| age.to_string()).unwrap_or_default(),
        "operator" => text(&row.operator),
        "visit" => text(&row.visit),
        "fold" => row.fold.map(|fold| fold.to_string()).unwrap_or_default(),
        _ => image_or_grade_cell(row, column, protocol)
            .or_else(|| row.extra.get(column).cloned())
            .unwrap_or_default(),
    }
}

fn image_or_grade_cell(row: &Row, column: &str, protocol: &Protocol) -> Option<String> {
    for (modality, view) in protocol.modalities().iter().zip(&row.views) {
        if column == modality.name {
            return Some(view.path.clone());
        }
        let side = roi_columns(&modality.name).iter().position(|name| name == column);
        if let Some(side) = side {
            return Some(view.roi.sides()[side].to_string());
        }
    }
    let position = grade_columns(protocol).position(|name| name == column)?;
    Some(row.grades.get(position)?.map(|grade| grade.to_string()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "pair_id,patient_id,cohort,origin,joint,side,hospital,device,grayscale,doppler,\
        grayscale_left,grayscale_top,grayscale_right,grayscale_bottom,\
        doppler_left,doppler_top,doppler_right,doppler_bottom,doppler_mode,\
        synovial_hypertrophy,vascularity,sex,x_note\n";

    fn parse_rows(rows: &str) -> Result<Manifest, Vec<Problem>> {
        parse(format!("{HEADER}{rows}").as_bytes(), &Protocol::eoss())
    }

    const GOOD: &str =
        "a,p1,train,clinical,MCP 2,left,H,D,a.png,b.png,1,2,30,40,5,6,70,80,cdus,2,1,f,\"x, y\"\n";

    #[test]
    fn a_row_is_read_and_written_back() {
        let manifest = parse_rows(GOOD).unwrap();
        let row = &manifest.rows[0];
        assert_eq!(row.unit.as_deref(), Some("MCP2"));
        assert_eq!(row.views[1].roi.sides(), [5, 6, 70, 80]);
        assert_eq!(row.grades, [Some(2), Some(1)]);
        assert_eq!(row.extra["x_note"], "x, y");
        let eoss = Protocol::eoss();
        assert_eq!(parse(manifest.to_csv(&eoss).as_bytes(), &eoss).unwrap(), manifest);
    }

    #[test]
    fn every_problem_names_its_row_and_column() {
        for (from, to, column, what) in [
            (",2,1,f,", ",4,1,f,", "synovial_hypertrophy", "grade 4 is outside 0-3"),
            (",2,1,f,", ",2,x,f,", "vascularity", "not a grade"),
            (",1,2,30,40,", ",1,2,1,40,", "grayscale_left", "empty or inverted"),
            (",1,2,30,40,", ",1,2,,40,", "grayscale_right", "empty"),
            ("left", "up", "side", "not known"),
            ("MCP 2", "knee", "joint", "not in protocol"),
            ("clinical", "real", "origin", "not an origin"),
            ("a,p1", "../a,p1", "pair_id", "cannot be a name"),
        ] {
            let problems = parse_rows(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert_eq!(problems[0].row, Some(2), "{problems:?}");
            assert_eq!(problems[0].column.as_deref(), Some(column), "{problems:?}");
            assert!(problems[0].what.contains(what), "{problems:?}");
        }
    }

    #[test]
    fn pairs_named_twice_and_unknown_columns_are_errors() {
        let problems = parse_rows(&format!("{GOOD}{GOOD}")).unwrap_err();
        assert!(problems[0].to_string().contains("row 3, column pair_id"), "{problems:?}");

        let text = format!("{HEADER}{GOOD}").replacen("sex", "gender", 1);
        let problems = parse(text.as_bytes(), &Protocol::eoss()).unwrap_err();
        assert!(problems[0].to_string().contains("row 1, column gender: unknown column"));
    }

    #[test]
    fn an_empty_grade_is_missing_not_zero() {
        let manifest = parse_rows(&GOOD.replacen(",2,1,f,", ",2,,f,", 1)).unwrap();
        assert_eq!(manifest.rows[0].grades, [Some(2), None]);
        assert_eq!(manifest.rows[0].all_grades(), None);
    }

    #[test]
    fn a_short_record_is_an_error() {
        let problems = parse_rows("a,p1\n").unwrap_err();
        assert!(problems[0].what.contains("2 fields"), "{problems:?}");
    }
}
