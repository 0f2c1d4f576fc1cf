//! `patients.csv`: what is known about patients beside their joints.

use std::collections::BTreeMap;

use crate::Problem;
use crate::table::Table;

/// One patient's row.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Patient {
    /// Years since the diagnosis.
    pub disease_duration_years: Option<f64>,
    /// Disease activity score of 28 joints.
    pub das28: Option<f64>,
}

/// Patients by name.
pub type PatientFile = BTreeMap<String, Patient>;

/// Reads `patients.csv`: `patient_id, disease_duration_years, das28, x_*`; the
/// numbers may be missing.
///
/// # Errors
/// Every problem found, each with row and column; the caller adds the file.
pub fn parse(bytes: &[u8]) -> Result<PatientFile, Vec<Problem>> {
    let table = Table::read(bytes)?;
    let mut problems = unknown_columns(&table.columns);
    let mut patients = PatientFile::new();
    for row in table.rows() {
        let number = |column: &str| {
            let number: Option<f64> = row.optional(column)?;
            match number {
                Some(value) if !(value.is_finite() && value >= 0.0) => {
                    Err(row.problem(column, format!("{value} is not a number from 0")))
                }
                number => Ok(number),
            }
        };
        let patient = || -> Result<(String, Patient), Problem> {
            let name = row.needed("patient_id")?.to_owned();
            let disease_duration_years = number("disease_duration_years")?;
            Ok((name, Patient { disease_duration_years, das28: number("das28")? }))
        };
        match patient() {
            Err(problem) => problems.push(problem),
            Ok((name, patient)) => {
                if patients.insert(name.clone(), patient).is_some() {
                    problems.push(row.problem("patient_id", format!("{name} stands twice")));
                }
            }
        }
    }
    if problems.is_empty() { Ok(patients) } else { Err(problems) }
}

fn unknown_columns(columns: &[String]) -> Vec<Problem> {
    let known = ["patient_id", "disease_duration_years", "das28"];
    let mut problems = Vec::new();
    for column in columns {
        if !known.contains(&column.as_str()) && !column.starts_with("x_") {
            let hint = "columns of your own begin with x_";
            problems.push(Problem::new("unknown column").in_column(column).at_row(1).hint(hint));
        }
    }
    if !columns.iter().any(|column| column == known[0]) {
        problems.push(Problem::new("the column is missing").in_column(known[0]).at_row(1));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_missing() {
        let text = "patient_id,das28,x_note\na,3.2,new\nb,,\n";
        let patients = parse(text.as_bytes()).unwrap();
        assert_eq!(patients["a"], Patient { das28: Some(3.2), ..Patient::default() });
        assert_eq!(patients["b"], Patient::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let text = "patient_id,das28,colour\na,-1,\n,2,\nb,1,\nb,1,\n";
        let problems = parse(text.as_bytes()).unwrap_err();
        let rows: Vec<_> = problems.iter().map(|problem| problem.row).collect();
        assert_eq!(rows, [Some(1), Some(2), Some(3), Some(5)], "{problems:?}");
        assert!(parse(b"name\na\n").is_err());
    }
}
