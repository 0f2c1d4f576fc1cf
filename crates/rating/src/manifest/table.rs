//! Reading and writing `manifest.csv`.

use std::collections::{BTreeSet, HashMap};

use super::{DopplerMode, Manifest, Row, Side, ViewRef, has_doppler, roi_columns};
use crate::table::{self, Row as Cells, Stream};
use crate::{Origin, Problem, Protocol, Roi};

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

/// Hands every row on, in the order of the file; a row in error is left out.
pub(super) fn parse(
    bytes: &[u8],
    protocol: &Protocol,
    mut keep: impl FnMut(Row),
) -> Result<(), Vec<Problem>> {
    let mut table = Stream::open(bytes).map_err(|problem| vec![problem])?;
    check_header(&table.columns, protocol)?;

    let mut problems = Vec::new();
    let mut rows_of_ids: HashMap<Box<str>, usize> = HashMap::new();
    while let Some(cells) = table.next() {
        let row = cells.map_err(|problem| vec![problem]).and_then(|cells| row(&cells, protocol));
        match row {
            Ok(row) => {
                let line = row.line.unwrap_or_default();
                let id = row.pair_id.as_str().into();
                if let Some(first) = rows_of_ids.insert(id, line) {
                    let what = format!("pair {} stands in row {first} already", row.pair_id);
                    problems.push(row.problem("pair_id", what));
                }
                keep(row);
            }
            Err(found) => problems.extend(found),
        }
    }
    if rows_of_ids.is_empty() && problems.is_empty() {
        problems.push(Problem::new("the manifest has no rows"));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
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
    for name in header {
        if !known.contains(name.as_str()) && !name.starts_with("x_") {
            let hint = match name.as_str() {
                "combined" => "the combined grade is derived from the others, remove the column",
                _ => "columns of your own begin with x_",
            };
            problems.push(Problem::new("unknown column").in_column(name).hint(hint));
        }
    }
    for name in required.iter().filter(|name| !header.contains(name)) {
        problems.push(Problem::new("the column is missing").in_column(name));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.into_iter().map(|problem| problem.at_row(1)).collect())
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
    let side = cells.one_of("side", &words).map_err(&mut keep).ok();
    let words = [("cdus", DopplerMode::Cdus), ("pdus", DopplerMode::Pdus)];
    let doppler_mode = cells.one_of("doppler_mode", &words).map_err(&mut keep).ok();
    let age = age(cells).map_err(&mut keep).ok();
    let fold = fold(cells).map_err(&mut keep).ok();
    let mut views = Vec::new();
    for modality in protocol.modalities() {
        views.extend(view(cells, &modality.name).map_err(&mut keep));
    }
    let mut grades = Vec::new();
    for measurement in protocol.measurements() {
        let name = &measurement.name;
        let grade = cells.get(name).map(|text| cells.grade(name, text, measurement.grades));
        grades.extend(grade.transpose().map_err(&mut keep));
    }
    let own = cells.beginning("x_");
    let extra = own.map(|(column, cell)| (column.to_owned(), cell.to_owned())).collect();
    let text = |column: &str| cells.get(column).map(str::to_owned);

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
            line: Some(cells.line),
            pair_id,
            patient_id: text("patient_id"),
            cohort,
            origin,
            unit,
            side,
            hospital: text("hospital"),
            device: text("device"),
            views,
            doppler_mode,
            grades,
            sex: text("sex"),
            age,
            operator: text("operator"),
            visit: text("visit"),
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
    Err(cells
        .problem(column, format!("{name:?} cannot be a name"))
        .hint("no slashes, colons or control characters"))
}

fn origin(cells: &Cells<'_>) -> Result<Origin, Problem> {
    let word = cells.needed("origin")?;
    Origin::from_word(word).ok_or_else(|| {
        cells
            .problem("origin", format!("{word:?} is not an origin"))
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
        None => Err(cells
            .problem("joint", format!("{word:?} is not in protocol {}", protocol.name()))
            .hint(format!("one of {}", protocol.units().join(", ")))),
    }
}

fn age(cells: &Cells<'_>) -> Result<Option<f64>, Problem> {
    let Some(text) = cells.get("age") else {
        return Ok(None);
    };
    match text.parse::<f64>() {
        Ok(years) if (0.0..=150.0).contains(&years) => Ok(Some(years)),
        _ => Err(cells.problem("age", format!("{text:?} is not an age in years"))),
    }
}

fn fold(cells: &Cells<'_>) -> Result<Option<u8>, Problem> {
    let Some(text) = cells.get("fold") else {
        return Ok(None);
    };
    match text.parse::<u8>() {
        Ok(fold) if fold >= 1 => Ok(Some(fold)),
        _ => {
            Err(cells.problem("fold", format!("{text:?} is not a fold")).hint("folds count from 1"))
        }
    }
}

fn view(cells: &Cells<'_>, modality: &str) -> Result<ViewRef, Problem> {
    let path = cells.needed(modality)?.to_owned();
    let mut sides = [0; 4];
    for (side, column) in sides.iter_mut().zip(roi_columns(modality)) {
        let text = cells.needed(&column)?;
        *side = text.parse().map_err(|_| {
            cells.problem(&column, format!("{text:?} is not a whole number of pixels"))
        })?;
    }
    let roi = Roi::new(sides)
        .map_err(|problem| problem.at_row(cells.line).in_column(format!("{modality}_left")))?;
    Ok(ViewRef { path, roi })
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

    let records = manifest
        .rows
        .iter()
        .map(|row| columns.iter().map(|column| cell(row, column, protocol)).collect());
    table::write(std::iter::once(columns.clone()).chain(records))
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

    fn parse(bytes: &[u8], protocol: &Protocol) -> Result<Manifest, Vec<Problem>> {
        Manifest::parse(bytes, protocol)
    }

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
