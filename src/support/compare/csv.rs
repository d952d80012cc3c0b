//! Records of a CSV file, one after the other: separated by `,` `;` a tab or `|`, in quotes or
//! not, with line breaks in quotes, with or without a byte order mark.

use std::io::BufRead;

/// The longest record, in bytes. A quote that is never closed must not read the whole file.
const RECORD_BYTES_MAX: usize = 1024 * 1024;

const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// A reader that counts lines.
pub(super) struct Lines<R> {
    input: R,
    /// Of the last line that was read, from 1.
    pub(super) number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, number: 0 }
    }

    /// The next line with its end. What is no UTF-8 in it is replaced: names may be, ids are not.
    pub(super) fn next(&mut self) -> Result<Option<String>, String> {
        let mut bytes = Vec::new();
        loop {
            let (end, used) = {
                let buffer = self.input.fill_buf().map_err(|error| error.to_string())?;
                let end = buffer.iter().position(|byte| *byte == b'\n');
                let part = buffer.split_at(end.map_or(buffer.len(), |end| end + 1)).0;
                bytes.extend_from_slice(part);
                (end.is_some() || part.is_empty(), part.len())
            };
            self.input.consume(used);
            if bytes.len() > RECORD_BYTES_MAX {
                return Err(format!("line {}: is longer than a megabyte", self.number + 1));
            }
            if end {
                break;
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if self.number == 1 {
            if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
                return Err("the file is UTF-16; save it as UTF-8".to_owned());
            }
            if bytes.starts_with(b"\xef\xbb\xbf") {
                bytes.drain(..3);
            }
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The next record that is not empty, from the line on that is given first, and its text.
    pub(super) fn record(&mut self, separator: char) -> Result<Option<(u64, Vec<String>)>, String> {
        loop {
            let Some(mut text) = self.next()? else { return Ok(None) };
            let line = self.number;
            let fields = loop {
                if let Some(fields) = fields(&text, separator) {
                    break fields;
                }
                match self.next()? {
                    Some(more) if text.len() + more.len() <= RECORD_BYTES_MAX => text += &more,
                    Some(_) | None => {
                        return Err(format!("line {line}: a quote is opened and not closed"));
                    }
                }
            };
            if !text.trim().is_empty() {
                return Ok(Some((line, fields)));
            }
        }
    }
}

/// The separator of a head: as `sep=;` says, else the one that stands there most.
pub(super) fn separator(head: &str) -> char {
    if let Some(said) = head.trim().strip_prefix("sep=").and_then(|rest| rest.chars().next()) {
        return said;
    }
    let mut quoted = false;
    let outside = head.chars().filter(|c| {
        quoted ^= *c == '"';
        !quoted
    });
    let outside: Vec<char> = outside.collect();
    let count = |separator: &char| outside.iter().filter(|c| *c == separator).count();
    // Of equals the last counts as the most: so the usual one stands last.
    let most = SEPARATORS.into_iter().rev().max_by_key(count);
    most.unwrap_or(',')
}

/// The fields of one record. `None`: it ends inside of quotes. A quote in the middle of a field
/// (`5" disk`) is a letter like any other.
pub(super) fn fields(record: &str, separator: char) -> Option<Vec<String>> {
    let (mut fields, mut field) = (Vec::new(), String::new());
    let (mut quoted, mut begun) = (false, false);
    let mut chars = record.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                field.push('"');
                chars.next();
            }
            '"' if quoted => quoted = false,
            '"' if !begun => (quoted, begun) = (true, true),
            c if c == separator && !quoted => {
                fields.push(std::mem::take(&mut field));
                begun = false;
            }
            c => {
                begun |= !c.is_whitespace();
                field.push(c);
            }
        }
    }
    fields.push(field);
    (!quoted).then(|| fields.into_iter().map(|field| field.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(bytes: &[u8], separator: char) -> Result<Vec<(u64, Vec<String>)>, String> {
        let mut lines = Lines::new(bytes);
        let mut records = Vec::new();
        while let Some(record) = lines.record(separator)? {
            records.push(record);
        }
        Ok(records)
    }

    #[test]
    fn quotes_breaks_and_marks_are_read_as_people_mean_them() {
        let file = b"\xef\xbb\xbfid;name\r\n\r\n1;\"Ada; \"\"the\"\"\n Countess\"\r\n 2 ;\xfc5\" x";
        let record = |line: u64, fields: [&str; 2]| (line, fields.map(str::to_owned).to_vec());
        assert_eq!(
            records(file, ';').unwrap(),
            [
                record(1, ["id", "name"]),
                record(3, ["1", "Ada; \"the\"\n Countess"]),
                record(5, ["2", "\u{fffd}5\" x"]),
            ]
        );
    }

    #[test]
    fn a_quote_that_is_not_closed_is_named_by_its_line() {
        let told = records(b"id,name\n1,\"Ada\n2,Bob\n", ',').unwrap_err();
        assert_eq!(told, "line 2: a quote is opened and not closed");
        let long = format!("id\n{}", "x".repeat(RECORD_BYTES_MAX + 1));
        assert_eq!(records(long.as_bytes(), ',').unwrap_err(), "line 2: is longer than a megabyte");
        let utf16 = records(b"\xff\xfei\0d\0", ',').unwrap_err();
        assert_eq!(utf16, "the file is UTF-16; save it as UTF-8");
    }

    #[test]
    fn the_separator_is_the_one_that_stands_there_most() {
        for (head, separator_of_it) in [
            ("id,email,date", ','),
            ("id;\"a,b,c,d\";date", ';'),
            ("id\temail", '\t'),
            ("id|email|date", '|'),
            ("id", ','),
            ("sep=;", ';'),
        ] {
            assert_eq!(separator(head), separator_of_it, "{head}");
        }
    }
}
