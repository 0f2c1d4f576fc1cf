//! Whose grades an arm learns, gives or is judged by.

use rating::manifest::Row;
use rating::{Grade, Problem, Protocol};
use rating_net::experiment::Grader;

use crate::data::ManifestFile;
use crate::failure::Failure;
use crate::readings;

/// The grades of every row, in the protocol's order; `None` where the grader
/// gave none.
///
/// # Errors
/// A reader who read nothing; a measurement or column that does not exist; a
/// cell that is no grade of its measurement.
pub fn grades(
    grader: &Grader,
    file: &ManifestFile,
    protocol: &Protocol,
) -> Result<Vec<Vec<Option<Grade>>>, Failure> {
    let rows = &file.manifest.rows;
    match grader {
        Grader::Reference => Ok(rows.iter().map(|row| row.grades.clone()).collect()),
        Grader::Reader(reader) => of_reader(reader, file, protocol),
        Grader::Columns(columns) => {
            if let Some(name) = columns.keys().find(|name| protocol.measurement(name).is_none()) {
                let what = format!("the protocol has no measurement {name:?}");
                return Err(Problem::new(what).in_column("columns").into());
            }
            let read = |row: &Row| {
                let cell = |name: &String, grades| {
                    columns.get(name).map_or(Ok(None), |column| cell(row, column, grades))
                };
                protocol
                    .measurements()
                    .iter()
                    .map(|known| cell(&known.name, known.grades))
                    .collect()
            };
            let read: Result<_, Problem> = rows.iter().map(read).collect();
            Ok(read.map_err(|problem| problem.in_file(&file.name))?)
        }
    }
}

fn of_reader(
    reader: &str,
    file: &ManifestFile,
    protocol: &Protocol,
) -> Result<Vec<Vec<Option<Grade>>>, Failure> {
    let path = file.beside("readings.csv");
    let mut readings = readings::first(protocol, &path)?;
    let nothing = vec![None; protocol.measurements().len()];
    let of_row = |row: &Row| readings.get_mut(&row.pair_id)?.remove(reader);
    let found: Vec<_> = file.manifest.rows.iter().map(of_row).collect();
    if found.iter().all(Option::is_none) {
        return Err(Problem::new(format!("no first reading of {reader:?}"))
            .in_file(path.display().to_string())
            .hint("the column reader_id has the names of the readers")
            .into());
    }
    Ok(found.into_iter().map(|grades| grades.unwrap_or_else(|| nothing.clone())).collect())
}

/// A grade in a column `x_*`; `None` where the cell is empty.
fn cell(row: &Row, column: &str, grades: u8) -> Result<Option<Grade>, Problem> {
    let Some(text) = row.extra.get(column) else {
        return Err(row.problem(column, "there is no such column x_*"));
    };
    if text.is_empty() {
        return Ok(None);
    }
    let grade = text.parse().ok().filter(|&grade: &Grade| grade < grades);
    grade.map(Some).ok_or_else(|| {
        row.problem(column, format!("{text:?} is no grade from 0 to {}", grades.saturating_sub(1)))
    })
}
