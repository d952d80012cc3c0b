//! The rows of an export, one at a time: CSV with a head, or a JSON object a line.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde_json::{Map, Value};

use super::columns::{Meaning, Named, is_unpaid};
use super::csv::{Lines, fields, separator};
use super::when::When;

/// One row, as far as it is of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// From 1, as an editor counts.
    pub(super) line: u64,
    /// Order, subscription, payment: as many as stand there.
    pub(super) references: Vec<String>,
    pub(super) email: Option<String>,
    pub(super) date: Option<When>,
    pub(super) expires: Option<When>,
    /// False: by its status or a negative amount, no money stayed.
    pub(super) paid: bool,
}

/// A file that is being read.
pub(super) struct Rows<R> {
    lines: Lines<R>,
    form: Form,
    named: Named,
    /// The first line, where it is a row.
    first: Option<String>,
}

enum Form {
    Csv { separator: char, width: usize, places: BTreeMap<Meaning, usize> },
    Json,
}

/// Why a row, or the whole file, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// This row; the others can.
    Row(String),
    File(String),
}

impl<R: BufRead> Rows<R> {
    /// # Errors
    /// What is wrong with its head.
    pub(super) fn open(input: R, named: Named) -> Result<Self, String> {
        let mut lines = Lines::new(input);
        let head = loop {
            let line = lines.next()?.ok_or("the file is empty")?;
            if !line.trim().is_empty() {
                break line;
            }
        };
        match head.trim_start().chars().next() {
            Some('{') => Ok(Self { lines, form: Form::Json, named, first: Some(head) }),
            Some('[') => Err("the file is one JSON array; write one object a line".to_owned()),
            _ => {
                let separator = separator(&head);
                let head = match head.trim().starts_with("sep=") {
                    true => lines.next()?.ok_or("the file has no head")?,
                    false => head,
                };
                let columns = fields(&head, separator)
                    .ok_or("the head opens a quote and does not close it")?;
                let places = named.places(&columns)?;
                known(places.keys(), &columns)?;
                let form = Form::Csv { separator, width: columns.len(), places };
                Ok(Self { lines, form, named, first: None })
            }
        }
    }

    /// Has it the dates of payments? Of JSON nobody knows before its end.
    pub(super) fn dated(&self) -> bool {
        match &self.form {
            Form::Csv { places, .. } => places.contains_key(&Meaning::Date),
            Form::Json => true,
        }
    }

    /// The next row. `None`: that was all.
    pub(super) fn next(&mut self) -> Option<Result<Row, Fault>> {
        match &self.form {
            Form::Csv { separator, width, places } => {
                let (line, fields) = match self.lines.record(*separator) {
                    Ok(record) => record?,
                    Err(fault) => return Some(Err(Fault::File(fault))),
                };
                let (count, width) = (fields.len(), *width);
                if count > width {
                    let fault = format!("line {line}: has {count} fields, the head has {width}");
                    return Some(Err(Fault::Row(fault)));
                }
                let found = |meaning| fields.get(*places.get(&meaning)?).cloned();
                Some(row(line, found).map_err(Fault::Row))
            }
            Form::Json => self.next_json(),
        }
    }

    fn next_json(&mut self) -> Option<Result<Row, Fault>> {
        loop {
            let line = match self.first.take() {
                Some(line) => line,
                None => match self.lines.next() {
                    Ok(line) => line?,
                    Err(fault) => return Some(Err(Fault::File(fault))),
                },
            };
            if line.trim().is_empty() {
                continue;
            }
            let number = self.lines.number;
            let fault = |error: String| Fault::Row(format!("line {number}: {error}"));
            return Some(match serde_json::from_str::<Map<String, Value>>(&line) {
                Err(error) => Err(fault(format!("is no JSON object ({error})"))),
                Ok(object) => self.json(number, &object).map_err(Fault::Row),
            });
        }
    }

    fn json(&self, line: u64, object: &Map<String, Value>) -> Result<Row, String> {
        let (mut names, mut values) = (Vec::new(), Vec::new());
        flat(object, "", &mut |name, value| {
            names.push(name);
            values.push(value);
        });
        // A key that is named and not there is only missing in this row.
        let places = self.named.places(&names).unwrap_or_default();
        row(line, |meaning| values.get(*places.get(&meaning)?).cloned())
    }
}

/// Nothing to know a sale by is a fault of the head.
fn known<'a>(
    mut meanings: impl Iterator<Item = &'a Meaning>,
    columns: &[String],
) -> Result<(), String> {
    let ties = |meaning: &Meaning| match meaning {
        Meaning::Order | Meaning::Subscription | Meaning::Payment | Meaning::Email => true,
        Meaning::Date | Meaning::Expires | Meaning::Status | Meaning::Amount => false,
    };
    if meanings.any(ties) {
        return Ok(());
    }
    Err(format!(
        "no column tells which order a row is of; name one with --columns order=NAME; there are: {}",
        columns.join(", ")
    ))
}

/// One row out of its values.
fn row(line: u64, found: impl Fn(Meaning) -> Option<String>) -> Result<Row, String> {
    let filled = |meaning| found(meaning).filter(|text| !text.is_empty());
    let when = |meaning| {
        let text = filled(meaning);
        let when = text.map(|text| When::parse(&text)).transpose();
        when.map_err(|fault| format!("line {line}: {fault}"))
    };
    let references = [Meaning::Order, Meaning::Subscription, Meaning::Payment];
    let references: Vec<String> = references.into_iter().filter_map(filled).collect();
    let email = filled(Meaning::Email);
    if references.is_empty() && email.is_none() {
        return Err(format!("line {line}: has neither an order nor an e-mail address"));
    }
    let negative = filled(Meaning::Amount).is_some_and(|amount| amount.starts_with(['-', '(']));
    let unpaid = filled(Meaning::Status).is_some_and(|status| is_unpaid(&status));
    let (date, expires) = (when(Meaning::Date)?, when(Meaning::Expires)?);
    Ok(Row { line, references, email, date, expires, paid: !negative && !unpaid })
}

/// Texts and numbers, also of objects inside: `customer.email`.
fn flat(object: &Map<String, Value>, before: &str, found: &mut impl FnMut(String, String)) {
    for (name, value) in object {
        match value {
            Value::String(text) => found(format!("{before}{name}"), text.trim().to_owned()),
            Value::Number(number) => found(format!("{before}{name}"), number.to_string()),
            Value::Object(inner) if before.is_empty() => flat(inner, &format!("{name}."), found),
            Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Null => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, named: &str) -> Result<Vec<Result<Row, Fault>>, String> {
        let mut rows = Rows::open(text.as_bytes(), named.parse().unwrap())?;
        let mut all = Vec::new();
        while let Some(row) = rows.next() {
            let ends = matches!(row, Err(Fault::File(_)));
            all.push(row);
            if ends {
                break;
            }
        }
        Ok(all)
    }

    #[test]
    fn csv_and_json_lines_tell_the_same() {
        let csv = "Order ID;E-Mail;Date;Expires;Status\n\
                   42;ann@example.com;2026-01-31;31.01.2027;paid\n";
        let json = r#"{"order_id": 42, "date": "2026-01-31", "expires": "2027-01-31",
            "customer": {"email": "ann@example.com"}, "status": "paid", "tags": [1]}"#
            .replace('\n', " ");
        let row = Row {
            line: 2,
            references: vec!["42".to_owned()],
            email: Some("ann@example.com".to_owned()),
            date: Some(When::parse("2026-01-31").unwrap()),
            expires: Some(When::parse("2027-01-31").unwrap()),
            paid: true,
        };
        assert_eq!(read(csv, "").unwrap(), [Ok(row.clone())]);
        assert_eq!(read(&json, "").unwrap(), [Ok(Row { line: 1, ..row })]);
    }

    #[test]
    fn a_bad_row_stops_no_other_and_is_named_by_its_line() {
        let csv = "order,date,amount\n1,soon,5\n2,2026-01-31,-5\n,,\n3,2026-01-31,5,6\n4\n";
        let told = read(csv, "").unwrap();
        let faults: Vec<String> = told
            .iter()
            .filter_map(|row| match row {
                Err(Fault::Row(fault)) => Some(fault.clone()),
                _ => None,
            })
            .collect();
        assert!(faults[0].starts_with("line 2: \"soon\" is no date"), "{faults:?}");
        assert_eq!(
            faults[1..],
            [
                "line 4: has neither an order nor an e-mail address",
                "line 5: has 4 fields, the head has 3",
            ]
        );
        let rows: Vec<&Row> = told.iter().flatten().collect();
        let seen: Vec<_> = rows.iter().map(|row| (row.line, row.paid)).collect();
        assert_eq!(seen, [(3, false), (6, true)]);
    }

    #[test]
    fn a_file_that_is_no_table_is_refused_with_what_would_be_right() {
        for (text, named, told) in [
            ("", "", "the file is empty"),
            ("[{\"order\":1}]", "", "the file is one JSON array; write one object a line"),
            ("Name,Town\nAnn,Ulm\n", "", "no column tells which order a row is of"),
            ("Order\n1\n", "expires=Ends", "expires: there is no column \"Ends\""),
        ] {
            let fault = read(text, named).unwrap_err();
            assert!(fault.starts_with(told), "{fault}");
        }
        assert!(read("sep=;\norder;date\n7;2026-01-31\n", "").unwrap()[0].is_ok());
    }
}
