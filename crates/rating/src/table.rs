//! Tables as people and programs write them: CSV with a header row.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::{Grade, Problem};

/// Bytes of the longest field: names and remarks are shorter, and what is said of
/// a field is read by people.
const LONGEST: usize = 10_000;

/// A table that is read record by record, in the memory of one.
pub(crate) struct Stream<'b> {
    /// Names of the columns, trimmed.
    pub columns: Vec<String>,
    bytes: &'b [u8],
    reader: csv::Reader<&'b [u8]>,
    record: csv::StringRecord,
}

impl<'b> Stream<'b> {
    /// Reads the header; a byte-order mark is skipped.
    ///
    /// # Errors
    /// A header that is not UTF-8 or not CSV, that names a column twice or has
    /// something else than commas between the names; nothing.
    pub fn open(bytes: &'b [u8]) -> Result<Stream<'b>, Problem> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let header = reader.headers().map_err(|error| csv_problem(&error))?;
        let columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        if columns.iter().all(String::is_empty) {
            return Err(Problem::new("the table is empty").hint("its first row names the columns"));
        }
        if let ([_], Some(separator)) = (columns.as_slice(), other_separator(bytes)) {
            return Err(Problem::new(format!("the columns are separated by {separator}"))
                .at_row(1)
                .hint("save the table as CSV with commas"));
        }
        let mut seen = BTreeSet::new();
        let mut named = columns.iter().filter(|name| !name.is_empty());
        if let Some(name) = named.find(|&name| !seen.insert(name)) {
            return Err(Problem::new("the column stands twice").in_column(name).at_row(1));
        }
        Ok(Stream { columns, bytes, reader, record: csv::StringRecord::new() })
    }

    /// The next record, `None` after the last one.
    ///
    /// # Errors
    /// Text that is not UTF-8 or not CSV; not one field for each column. The
    /// record after it can still be read.
    pub fn next(&mut self) -> Option<Result<Row<'_>, Problem>> {
        match self.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(csv_problem(&error))),
        }
        let line = self.record.position().map_or(0, |position| first_line(self.bytes, position));
        if let Some(at) = self.record.iter().position(|field| field.len() > LONGEST) {
            let what =
                format!("a field of {} bytes; {LONGEST} are possible", self.record[at].len());
            let column = self.columns.get(at).map_or("", String::as_str);
            return Some(Err(Problem::new(what).at_row(line).in_column(column)));
        }
        if self.record.len() == self.columns.len() {
            return Some(Ok(Row { columns: &self.columns, record: &self.record, line }));
        }
        let (fields, columns) = (self.record.len(), self.columns.len());
        Some(Err(Problem::new(format!("{fields} fields, the header has {columns}"))
            .at_row(line)
            .hint("a comma in a field needs quotes around the field")))
    }
}

/// The records of a small table, all at hand.
pub(crate) struct Table {
    /// Names of the columns, trimmed.
    pub columns: Vec<String>,
    records: Vec<(usize, csv::StringRecord)>,
}

impl Table {
    /// Reads a whole table.
    ///
    /// # Errors
    /// As [`Stream`], for every record.
    pub fn read(bytes: &[u8]) -> Result<Table, Vec<Problem>> {
        let mut stream = Stream::open(bytes).map_err(|problem| vec![problem])?;
        let mut records = Vec::new();
        let mut problems = Vec::new();
        while let Some(row) = stream.next() {
            match row {
                Ok(row) => records.push((row.line, row.record.clone())),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            Ok(Table { columns: stream.columns, records })
        } else {
            Err(problems)
        }
    }

    /// The records, in the order of the file.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|(line, record)| Row {
            columns: &self.columns,
            record,
            line: *line,
        })
    }
}

/// The line a record starts in. The reader counts blank lines before a record
/// as part of it.
fn first_line(bytes: &[u8], position: &csv::Position) -> usize {
    let rest = bytes.get(position.byte() as usize..).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    position.line() as usize + blank.filter(|&&byte| byte == b'\n').count()
}

/// What stands between the columns of a table that has one column when it is read
/// with commas. A column whose own name holds the sign is none: its name is quoted,
/// or its first record does not hold as many.
fn other_separator(bytes: &[u8]) -> Option<&'static str> {
    [(b';', "\";\""), (b'\t', "tabs")].into_iter().find_map(|(sign, name)| {
        let mut reader =
            csv::ReaderBuilder::new().delimiter(sign).flexible(true).from_reader(bytes);
        let columns = reader.byte_headers().ok()?.len();
        let first = reader.byte_records().next().and_then(Result::ok);
        let agrees = first.is_none_or(|record| record.len() == columns);
        (columns > 1 && agrees).then_some(name)
    })
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

/// One record, by column name.
pub(crate) struct Row<'a> {
    columns: &'a [String],
    record: &'a csv::StringRecord,
    /// The line it starts in, from 1.
    pub line: usize,
}

impl<'a> Row<'a> {
    /// The trimmed cell, `None` when it is empty or the column is not there.
    pub fn get(&self, column: &str) -> Option<&'a str> {
        let position = self.columns.iter().position(|name| name == column)?;
        let cell = self.record.get(position)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    /// Cells of the columns whose name begins so, with their names.
    pub fn beginning(&self, start: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let named = self.columns.iter().filter(move |name| name.starts_with(start));
        named.filter_map(|name| Some((name.as_str(), self.get(name)?)))
    }

    /// A problem in this row.
    pub fn problem(&self, column: &str, what: impl Into<String>) -> Problem {
        Problem::new(what).at_row(self.line).in_column(column)
    }

    /// The cell, which must not be empty.
    pub fn needed(&self, column: &str) -> Result<&'a str, Problem> {
        self.get(column).ok_or_else(|| self.problem(column, "the cell is empty or missing"))
    }

    /// The cell as a value.
    pub fn parsed<T: FromStr>(&self, column: &str) -> Result<T, Problem> {
        let text = self.needed(column)?;
        text.parse().map_err(|_| self.problem(column, format!("{text:?} cannot be read")))
    }

    /// The cell as a value, `None` when it is empty.
    pub fn optional<T: FromStr>(&self, column: &str) -> Result<Option<T>, Problem> {
        self.get(column).map(|_| self.parsed(column)).transpose()
    }

    /// The cell as a share or probability; `NaN` and `inf` are numbers to the
    /// parser, but to nobody else.
    pub fn fraction(&self, column: &str) -> Result<f64, Problem> {
        let value: f64 = self.parsed(column)?;
        if (0.0..=1.0).contains(&value) {
            return Ok(value);
        }
        Err(self.problem(column, format!("{value} is outside 0-1")))
    }

    /// The cell as a share or probability, `None` when it is empty.
    pub fn optional_fraction(&self, column: &str) -> Result<Option<f64>, Problem> {
        self.get(column).map(|_| self.fraction(column)).transpose()
    }

    /// The cell as a number that counts from 1.
    pub fn count(&self, column: &str) -> Result<u8, Problem> {
        match self.parsed(column)? {
            0 => Err(self.problem(column, format!("{column}s count from 1"))),
            number => Ok(number),
        }
    }

    /// A text of this cell as one of `grades` grades.
    pub fn grade(&self, column: &str, text: &str, grades: u8) -> Result<Grade, Problem> {
        let most = grades - 1;
        match text.parse::<Grade>() {
            Ok(grade) if grade <= most => Ok(grade),
            Ok(grade) => Err(self.problem(column, format!("grade {grade} is outside 0-{most}"))),
            Err(_) => Err(self
                .problem(column, format!("{text:?} is not a grade"))
                .hint(format!("a whole number from 0 to {most}"))),
        }
    }

    /// The cell as one of these words, `None` when it is empty.
    pub fn one_of<T: Copy>(&self, column: &str, words: &[(&str, T)]) -> Result<Option<T>, Problem> {
        let Some(word) = self.get(column) else { return Ok(None) };
        if let Some((_, value)) = words.iter().find(|(known, _)| *known == word) {
            return Ok(Some(*value));
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Err(self.problem(column, format!("{word:?} is not known")).hint(known.join(" or ")))
    }
}

/// Writes records as CSV.
pub(crate) fn write(records: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.write_record(&record).expect("writing to memory");
    }
    String::from_utf8(writer.into_inner().expect("writing to memory")).expect("text in, text out")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_know_the_line_they_start_in() {
        let text = "a,b\r\n1,\"two\r\nlines\"\r\n\r\n\r\n3,4\n\n5,6\n";
        let table = Table::read(text.as_bytes()).ok().unwrap();
        let lines: Vec<usize> = table.rows().map(|row| row.line).collect();
        assert_eq!(lines, [2, 6, 8]);
    }

    #[test]
    fn a_record_of_another_length_is_named() {
        let problems = Table::read(b"\xef\xbb\xbfa,b\n\n1\n1,2\n").err().unwrap();
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].to_string().starts_with("row 3: 1 fields, the header has 2"),
            "{}",
            problems[0]
        );
    }

    #[test]
    fn another_separator_is_named_and_a_sign_in_a_name_is_none() {
        let refused = |text: &str| {
            let problems = Table::read(text.as_bytes()).err().unwrap();
            assert_eq!(problems.len(), 1, "{problems:?}");
            problems[0].to_string()
        };
        for (text, sign) in [
            ("a;b;c\n1;2;3\n", "\";\""),
            ("\"a\";\"b\"\n\"1\";\"0,5\"\n", "\";\""),
            ("a;b\n", "\";\""),
            ("a\tb\n1\t2\n", "tabs"),
        ] {
            let told = refused(text);
            assert!(told.starts_with(&format!("row 1: the columns are separated by {sign}")));
            assert!(told.contains("with commas"), "{told}");
        }
        for text in ["\"a;b\"\n1\n", "a;b\n1\n", "a;b,c\n1;2,3\n", "a\n1;2\n"] {
            assert!(Table::read(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_field_nobody_could_read_is_refused_without_being_repeated() {
        let long = "x".repeat(LONGEST + 1);
        let text = format!("a,b\n1,{long}\n");
        let problems = Table::read(text.as_bytes()).err().unwrap();
        assert_eq!(
            problems[0].to_string(),
            "row 2, column b: a field of 10001 bytes; 10000 are possible"
        );
        assert!(Table::read(b"a,,\n1,2,3\n").is_ok());
    }
}
