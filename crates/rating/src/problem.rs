//! What is wrong with something a person gave us: what, where, what to do.

use std::fmt;

/// One thing wrong with an input, as one line for people:
/// `manifest.csv, row 7, column joint: what (hint: what to do)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// What is wrong, as a sentence without a full stop.
    pub what: String,
    /// The file, as the person named it.
    pub file: Option<String>,
    /// The line of the file, counted from 1; the header of a table is row 1.
    pub row: Option<usize>,
    /// The column of a table or the key of a configuration.
    pub column: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem that has no place yet.
    pub fn new(what: impl Into<String>) -> Problem {
        Problem { what: what.into(), file: None, row: None, column: None, hint: None }
    }

    /// The same, in this file. A file already named stays: the innermost
    /// place is the one to mend.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Problem {
        self.file.get_or_insert_with(|| file.into());
        self
    }

    /// The same, on this line (from 1).
    #[must_use]
    pub fn at_row(mut self, row: usize) -> Problem {
        self.row = Some(row);
        self
    }

    /// The same, in this column or under this key.
    #[must_use]
    pub fn in_column(mut self, column: impl Into<String>) -> Problem {
        self.column = Some(column.into());
        self
    }

    /// The same, with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut places = Vec::new();
        places.extend(self.file.clone());
        places.extend(self.row.map(|row| format!("row {row}")));
        places.extend(self.column.as_ref().map(|column| format!("column {column}")));
        if !places.is_empty() {
            write!(f, "{}: ", places.join(", "))?;
        }
        f.write_str(&self.what)?;
        match &self.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_one_line_with_place_and_hint() {
        let problem = Problem::new("grade 4 is outside 0-3")
            .in_column("synovial_hypertrophy")
            .at_row(3)
            .in_file("manifest.csv")
            .in_file("outer.csv")
            .hint("use 0, 1, 2 or 3");
        assert_eq!(
            problem.to_string(),
            "manifest.csv, row 3, column synovial_hypertrophy: grade 4 is outside 0-3 \
             (hint: use 0, 1, 2 or 3)"
        );
    }
}
