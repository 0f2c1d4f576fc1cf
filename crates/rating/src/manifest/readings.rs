//! `readings.csv`: what each reader said about each pair.

use std::collections::BTreeMap;

use crate::table::{Row, Stream};
use crate::{Grade, Problem, Protocol};

/// Grades by pair, then reader, in the order of the protocol's measurements;
/// `None` for a measurement the reader did not grade.
pub type Readings = BTreeMap<String, BTreeMap<String, Vec<Option<Grade>>>>;

/// The columns, all of them needed.
const COLUMNS: [&str; 6] = ["pair_id", "reader_id", "stage", "measurement", "grade", "time"];

/// The readings that each reader made alone, before any discussion (stage `first`).
///
/// # Errors
/// The first problem, with row and column: a column that is missing or not known; a
/// measurement or grade the protocol does not have; a measurement that a reader
/// graded twice.
pub fn first(bytes: &[u8], protocol: &Protocol) -> Result<Readings, Problem> {
    let mut stream = Stream::open(bytes)?;
    for column in &stream.columns {
        if !COLUMNS.contains(&column.as_str()) {
            return Err(Problem::new("unknown column").in_column(column).at_row(1));
        }
    }
    for column in COLUMNS {
        if !stream.columns.iter().any(|known| known == column) {
            return Err(Problem::new("the column is missing").in_column(column).at_row(1));
        }
    }
    let mut readings = Readings::new();
    while let Some(row) = stream.next() {
        keep(&mut readings, &row?, protocol)?;
    }
    Ok(readings)
}

fn keep(readings: &mut Readings, row: &Row<'_>, protocol: &Protocol) -> Result<(), Problem> {
    if row.needed("stage")? != "first" {
        return Ok(());
    }
    let name = row.needed("measurement")?;
    let position = protocol.measurement(name).ok_or_else(|| {
        row.problem("measurement", format!("protocol {} has no {name}", protocol.name()))
    })?;
    let measurement = &protocol.measurements()[position];
    let grade = row.grade("grade", row.needed("grade")?, measurement.grades)?;
    let (pair, reader) = (row.needed("pair_id")?, row.needed("reader_id")?);
    let of_pair = readings.entry(pair.to_owned()).or_default();
    let of_reader = of_pair.entry(reader.to_owned());
    let grades = of_reader.or_insert_with(|| vec![None; protocol.measurements().len()]);
    if grades[position].replace(grade).is_some() {
        let what = format!("{reader} has graded {name} of pair {pair} in a row before");
        return Err(row.problem("measurement", what));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "pair_id,reader_id,stage,measurement,grade,time\n";

    #[test]
    fn first_readings_are_kept_by_pair_and_reader_whatever_the_order_of_columns() {
        let eoss = Protocol::eoss();
        let text = "reader_id,pair_id,grade,measurement,stage,time\n\
                    R1,a,2,sh,first,\nR1,a,1,vascularity,first,\nR2,a,3,sh,first,\nR1,a,0,sh,consensus,\n";
        let readings = first(text.as_bytes(), &eoss).unwrap();
        assert_eq!(readings["a"]["R1"], [Some(2), Some(1)]);
        assert_eq!(readings["a"]["R2"], [Some(3), None]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, told) in [
            (
                "pair_id,reader_id,stage,measurement,grade\n".to_owned(),
                "column time: the column is",
            ),
            (HEADER.replace("grade", "score"), "column score: unknown column"),
            (format!("{HEADER}a,R1,first,liver,1,\n"), "row 2, column measurement: protocol eoss"),
            (format!("{HEADER}a,R1,first,sh,4,\n"), "row 2, column grade: grade 4 is outside 0-3"),
            (format!("{HEADER}a,R1,first,sh,1,\na,R1,first,sh,2,\n"), "row 3, column measurement"),
        ] {
            let problem = first(text.as_bytes(), &Protocol::eoss()).unwrap_err().to_string();
            assert!(problem.contains(told), "{problem}");
        }
    }
}
