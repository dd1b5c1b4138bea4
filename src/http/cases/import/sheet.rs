//! A register as rows of named cells (RFC 4180). What is not exactly that is refused with its line:
//! a shifted column would put one person's number beside another's name.

use std::collections::BTreeMap;

use super::column::Column;
use super::report::{Code, Found};

/// Rows at most.
pub(super) const ROWS_AT_MOST: usize = 2_000;

/// Columns at most; more than there are names for.
const COLUMNS_AT_MOST: usize = 64;

/// One row.
pub(super) struct Row {
    /// The line of the file on which it begins, the heading being 1.
    pub(super) line: u64,
    /// The cells that are not empty.
    pub(super) cells: BTreeMap<Column, String>,
}

/// The rows of a register, in order; empty lines are passed over.
///
/// # Errors
/// Everything that is wrong with the form of the file.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, Vec<Found>> {
    if let Some(fault) = misquoted(text) {
        return Err(vec![fault]);
    }
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = reader.records().filter_map(Result::ok);
    let Some(heading) = records.next() else {
        return Err(vec![Found::of_file(Code::EmptyFile)]);
    };
    let columns = columns(&heading)?;
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    for record in records {
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == ROWS_AT_MOST {
            return Err(vec![Found::of_row(line, Code::TooManyRows)]);
        }
        if record.len() != columns.len() {
            let counts = format!("{} ≠ {}", record.len(), columns.len());
            faults.push(Found::of_row(line, Code::CellCount).saying(counts));
        }
        let cells = columns.iter().copied().zip(record.iter());
        let cells = cells.filter_map(|(column, cell)| Some((column, content(cell)?)));
        rows.push(Row { line, cells: cells.collect() });
    }
    if rows.is_empty() {
        faults.push(Found::of_file(Code::EmptyFile));
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// Counts lines. The reader's own count is one behind after a CRLF, and before empty lines.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first row that begins at this byte or, past empty lines, after it.
    fn of(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(found) = self.text.get(self.at)
            && (self.at < start || matches!(found, b'\r' | b'\n'))
        {
            let next = self.text.get(self.at + 1);
            let ends = *found == b'\n' || (*found == b'\r' && next != Some(&b'\n'));
            self.line += u64::from(ends);
            self.at += 1;
        }
        self.line
    }
}

/// What a cell holds. An apostrophe before a sign is how a sheet keeps text from being a formula.
fn content(cell: &str) -> Option<String> {
    let cell = cell.trim();
    let guarded = cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
    let cell = guarded.unwrap_or(cell);
    (!cell.is_empty()).then(|| cell.to_owned())
}

/// The columns that the first line names.
fn columns(heading: &csv::StringRecord) -> Result<Vec<Column>, Vec<Found>> {
    if heading.len() > COLUMNS_AT_MOST {
        let count = format!("{} > {COLUMNS_AT_MOST}", heading.len());
        return Err(vec![Found::of_row(1, Code::TooManyColumns).saying(count)]);
    }
    let mut columns = Vec::new();
    let mut faults = Vec::new();
    for (at, text) in heading.iter().enumerate() {
        match Column::of_heading(text) {
            Some(column) if columns.contains(&column) => {
                faults.push(Found::of_cell(1, column, Code::DuplicateColumn));
            }
            Some(column) => columns.push(column),
            None => {
                let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
                let place = format!("{}: {shown}", at + 1);
                faults.push(Found::of_row(1, Code::UnknownColumn).saying(place));
            }
        }
    }
    for column in Column::REQUIRED {
        if !columns.contains(&column) {
            faults.push(Found::of_cell(1, column, Code::MissingColumn));
        }
    }
    if faults.is_empty() { Ok(columns) } else { Err(faults) }
}

/// Where a character of a file stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    CellStart,
    Plain,
    Quoted,
    AfterQuote,
}

/// The first quotation mark that is out of place. The reader itself would let it pass, and take
/// half of the file for one cell.
fn misquoted(text: &str) -> Option<Found> {
    let mut place = Place::CellStart;
    let (mut line, mut opened) = (1, 1);
    for c in text.chars() {
        place = match (place, c) {
            (Place::CellStart, '"') => {
                opened = line;
                Place::Quoted
            }
            (Place::Quoted, '"') => Place::AfterQuote,
            (Place::Quoted, _) | (Place::AfterQuote, '"') => Place::Quoted,
            (_, ',' | '\n' | '\r') => Place::CellStart,
            (Place::Plain, '"') | (Place::AfterQuote, _) => {
                return Some(Found::of_row(line, Code::QuoteOutOfPlace));
            }
            (Place::CellStart | Place::Plain, _) => Place::Plain,
        };
        if c == '\n' {
            line += 1;
        }
    }
    (place == Place::Quoted).then(|| Found::of_row(opened, Code::QuoteNotClosed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADING: &str = "登记号,受理方式,申请人类型,申请人,所需信息\n";

    type Expected = &'static [(Option<u64>, Code)];

    fn faults(text: &str) -> Vec<(Option<u64>, Code)> {
        let found = rows(text).err().unwrap_or_default();
        found.iter().map(|found| (found.row, Code::parse(&found.code).unwrap())).collect()
    }

    #[test]
    fn rows_are_read_with_their_lines() {
        let text = format!("{HEADING}1,a,b,c,\"x\"\"y\nz\"\n\n,,,,\n2,a,b,c,'=1\n3,a,b,c,d");
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let rows = rows(&text).ok().unwrap();
            let found: Vec<_> = rows
                .iter()
                .map(|row| (row.line, row.cells[&Column::Subject].replace('\r', "")))
                .collect();
            let expected = [(2, "x\"y\nz"), (6, "=1"), (7, "d")];
            assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
        }
    }

    #[test]
    fn what_is_not_a_register_is_refused_with_its_line() {
        let wide = format!("{}\n", ",".repeat(9_999));
        let long = format!("{HEADING}{}", "1,a,b,c,d\n".repeat(ROWS_AT_MOST + 1));
        let counts = format!("{HEADING}1,a,b,c\n2,a,b,c,d,e\n");
        let open = format!("{HEADING}1,a,b,c,\"d\n2,a,b,c,d\n");
        let inch = format!("{HEADING}1,a,b,c,5\"\n");
        let behind = format!("{HEADING}1,a,b,c,\"d\"e\n");
        let twice = "登记号,登记号,受理方式,申请人类型,申请人,所需信息\n";
        let height = "登记号,受理方式,申请人类型,申请人,身高\n";
        let cases: [(&str, Expected); 10] = [
            ("", &[(None, Code::EmptyFile)]),
            (HEADING, &[(None, Code::EmptyFile)]),
            (&wide, &[(Some(1), Code::TooManyColumns)]),
            (&long, &[(Some(2_002), Code::TooManyRows)]),
            (&counts, &[(Some(2), Code::CellCount), (Some(3), Code::CellCount)]),
            (&open, &[(Some(2), Code::QuoteNotClosed)]),
            (&inch, &[(Some(2), Code::QuoteOutOfPlace)]),
            (&behind, &[(Some(2), Code::QuoteOutOfPlace)]),
            (twice, &[(Some(1), Code::DuplicateColumn)]),
            (height, &[(Some(1), Code::UnknownColumn), (Some(1), Code::MissingColumn)]),
        ];
        for (text, expected) in cases {
            assert_eq!(faults(text), expected, "{}", text.chars().take(80).collect::<String>());
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[登记号受理方式申请人\",\r\n'=\u{0}a1]{0,200}") {
            let _ = rows(&text);
            let _ = rows(&format!("{HEADING}{text}"));
        }

        #[test]
        fn what_a_writer_writes_is_read(subject in "\\PC{1,40}") {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["1", "a", "b", "c", &subject]).unwrap();
            let line = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read = rows(&format!("{HEADING}{line}")).ok().unwrap();
            prop_assert_eq!(read[0].cells.get(&Column::Subject).cloned(), content(&subject));
        }
    }
}
