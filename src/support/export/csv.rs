//! CSV as RFC 4180 has it, that no spreadsheet takes for a formula and no terminal for a command.

use std::borrow::Cow;

/// What may stand in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Text, whoever wrote it.
    Text(Cow<'a, str>),
    /// A number of ours, and the like: stays as it is.
    Plain(String),
    Empty,
}

/// One record with its line end.
#[must_use]
pub fn record<'a>(cells: impl IntoIterator<Item = Cell<'a>>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| cell.written()).collect();
    format!("{}\r\n", cells.join(","))
}

impl Cell<'_> {
    fn written(self) -> String {
        match self {
            Self::Text(text) => quoted(harmless(&text)),
            Self::Plain(text) => text,
            Self::Empty => String::new(),
        }
    }
}

/// The text with a leading apostrophe where a spreadsheet would calculate, and with a picture in
/// place of each control character but tab, carriage return and line feed.
fn harmless(text: &str) -> String {
    let picture = |c: char| match u32::from(c) {
        0x09 | 0x0a | 0x0d => c,
        control @ 0..=0x1f => {
            char::from_u32(0x2400 + control).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        0x7f => '\u{2421}',
        0x80..=0x9f => char::REPLACEMENT_CHARACTER,
        _ => c,
    };
    let apostrophe = if is_formula(text) { "'" } else { "" };
    apostrophe.chars().chain(text.chars().map(picture)).collect()
}

/// A spreadsheet may drop white space and marks that nobody sees before it looks, and in some
/// countries it takes wide signs for narrow ones.
fn is_formula(text: &str) -> bool {
    if text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let unseen = |c: char| c.is_whitespace() || c.is_control() || is_mark(c);
    text.trim_start_matches(unseen).starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// Of no width.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn quoted(text: String) -> String {
    if text.contains(['"', ',', ';', '\r', '\n', '\t']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads records as RFC 4180 has them, written independently of the above.
    fn read(csv: &str) -> Vec<Vec<String>> {
        let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
        let mut chars = csv.chars().peekable();
        let mut inside = false;
        while let Some(c) = chars.next() {
            match (inside, c) {
                (true, '"') if chars.peek() == Some(&'"') => cell.extend(chars.next()),
                (true, '"') => inside = false,
                (true, c) => cell.push(c),
                (false, '"') => {
                    assert_eq!(cell, "", "a quote begins a cell or stands in a quoted one");
                    inside = true;
                }
                (false, ',') => record.push(std::mem::take(&mut cell)),
                (false, '\r') => {
                    assert_eq!(chars.next(), Some('\n'));
                    record.push(std::mem::take(&mut cell));
                    records.push(std::mem::take(&mut record));
                }
                (false, c) => cell.push(c),
            }
        }
        assert!(!inside && cell.is_empty() && record.is_empty(), "the last record has its end");
        records
    }

    fn text(text: &str) -> Cell<'_> {
        Cell::Text(text.into())
    }

    #[test]
    fn cells_are_written_as_every_reader_knows_them() {
        for (cell, written) in [
            ("plain", "plain"),
            ("", ""),
            ("Doe, Jane", "\"Doe, Jane\""),
            ("the \"best\"", "\"the \"\"best\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("a;b", "\"a;b\""),
            (" padded ", "\" padded \""),
            ("Ünïcode 漢字", "Ünïcode 漢字"),
            ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
        ] {
            assert_eq!(record([text(cell)]), format!("{written}\r\n"));
        }
        let cells = [text("a"), Cell::Empty, Cell::Plain("-3".to_owned())];
        assert_eq!(record(cells), "a,,-3\r\n");
    }

    #[test]
    fn nothing_is_calculated() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("=HYPERLINK(\"http://evil\",\"x\")", "\"'=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("\n=1", "\"'\n=1\""),
            ("  =1", "'  =1"),
            ("\u{feff}=1", "'\u{feff}=1"),
            ("＝1", "'＝1"),
            ("\0=1", "'␀=1"),
        ] {
            assert_eq!(record([text(cell)]), format!("{written}\r\n"), "{cell:?}");
        }
    }

    #[test]
    fn no_control_reaches_a_terminal() {
        let written = record([text("a\u{1b}]0;title\u{7}b\u{7f}c\u{9b}2Jd")]);
        assert_eq!(written, "\"a␛]0;title␇b␡c\u{fffd}2Jd\"\r\n");
    }

    proptest! {
        #[test]
        fn every_reader_gets_the_same_cells_back(
            rows in prop::collection::vec(prop::collection::vec(any::<String>(), 1..5), 0..5),
        ) {
            let csv: String = rows.iter().map(|row| record(row.iter().map(|one| text(one)))).collect();
            let harmless: Vec<Vec<String>> =
                rows.iter().map(|row| row.iter().map(|one| harmless(one)).collect()).collect();
            prop_assert_eq!(read(&csv), harmless);
        }

        #[test]
        fn whatever_is_written_there_it_is_text(wrong in "[=+@\t\r\n '\"\u{0}\u{feff}-]{0,4}.{0,6}") {
            let csv = record([text(&wrong)]);
            let cell = read(&csv).remove(0).remove(0);
            let begins = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            prop_assert!(!begins.starts_with(['=', '+', '-', '@']), "{:?}", cell);
            prop_assert!(!cell.starts_with(['\t', '\r', '\n']));
            let kept = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n');
            prop_assert!(cell.chars().all(kept));
            // Nothing but the apostrophe was put in, and nothing is lost but controls.
            let bare = if is_formula(&wrong) { cell.strip_prefix('\'').unwrap() } else { &cell };
            prop_assert_eq!(wrong.chars().count(), bare.chars().count());
            for (then, now) in wrong.chars().zip(bare.chars()) {
                prop_assert!(then == now || !kept(then), "{then:?} became {now:?}");
            }
        }
    }
}
