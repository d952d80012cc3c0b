//! Is it he? An address found in whatever was sent, and taken out of what is kept.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// What stands in place of a text that named him.
pub(super) const ERASED: &str = "(erased)";

/// How a character begins that a JSON tells by its number: `\u0040`.
const ESCAPE: &str = "\\u";

/// One person, by his address.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// In lower case, as licenses have it.
    pub(super) email: String,
}

impl Person {
    pub(super) fn new(email: &str) -> Self {
        Self { email: email.trim().to_lowercase() }
    }

    /// Is this his address, alone?
    pub(super) fn is(&self, address: &str) -> bool {
        address.trim().to_lowercase() == self.email
    }

    /// Does a text name him, be it written as in an address or in a JSON that stands in it?
    /// `nada@example.com` does not name `ada@example.com`.
    pub(super) fn in_text(&self, text: &str) -> bool {
        let plain = percent_decode_str(text).decode_utf8_lossy();
        self.stands_in(text)
            || (text.contains('%') && self.stands_in(&plain))
            || (plain.contains(ESCAPE) && self.stands_in(&unescaped(&plain)))
    }

    /// Does any text in it name him?
    pub(super) fn in_value(&self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
            Value::String(text) => self.in_text(text),
            Value::Array(items) => items.iter().any(|item| self.in_value(item)),
            Value::Object(fields) => {
                fields.iter().any(|(name, value)| self.in_text(name) || self.in_value(value))
            }
        }
    }

    /// Does a body name him, whatever its form?
    pub(super) fn in_bytes(&self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        self.in_text(&text)
            // What stands in a text of a JSON may be escaped twice.
            || (text.contains(ESCAPE)
                && serde_json::from_slice(bytes).is_ok_and(|value| self.in_value(&value)))
    }

    /// Is one of these named in it, as a whole text?
    pub(super) fn any_in(value: &Value, names: &BTreeSet<String>) -> bool {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
            Value::String(text) => names.contains(text),
            Value::Array(items) => items.iter().any(|item| Self::any_in(item, names)),
            Value::Object(fields) => fields.values().any(|value| Self::any_in(value, names)),
        }
    }

    /// An answer about him that is kept, without him: every text that names him, whoever is told
    /// as the customer, and where a mail went to.
    pub(super) fn out_of(&self, value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) if self.in_text(text) => ERASED.clone_into(text),
            Value::String(_) => {}
            Value::Array(items) => items.iter_mut().for_each(|item| self.out_of(item)),
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    match value {
                        Value::Object(_) if name == "customer" => *value = Map::new().into(),
                        Value::String(to) if name == "to" => ERASED.clone_into(to),
                        value => self.out_of(value),
                    }
                }
            }
        }
    }

    /// As a word of its own.
    fn stands_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        text.match_indices(&self.email).any(|(at, found)| {
            let (before, after) = (text.get(..at), text.get(at + found.len()..));
            before.is_none_or(begins_anew) && after.is_none_or(is_over)
        })
    }
}

/// A text with the characters that its escapes stand for. Pairs, which no address needs, stay.
fn unescaped(text: &str) -> String {
    let mut parts = text.split(ESCAPE);
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number = part.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match (number.and_then(char::from_u32), part.get(4..)) {
            (Some(meant), Some(rest)) => {
                plain.push(meant);
                plain += rest;
            }
            (None, _) | (_, None) => {
                plain += ESCAPE;
                plain += part;
            }
        }
    }
    plain
}

/// Can an address begin behind this?
fn begins_anew(before: &str) -> bool {
    let mut last = before.chars().rev();
    match last.next() {
        // A line's end as JSON writes it, in a text that is no JSON as a whole.
        Some('n' | 'r' | 't') if last.next() == Some('\\') => true,
        Some(c) => !(c.is_alphanumeric() || "._+-%".contains(c)),
        None => true,
    }
}

/// Has an address ended before this?
fn is_over(after: &str) -> bool {
    let mut next = after.chars();
    match next.next() {
        // The end of a sentence, not of one more label.
        Some('.') => !next.next().is_some_and(char::is_alphanumeric),
        Some(c) => !(c.is_alphanumeric() || c == '-'),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ada() -> Person {
        Person::new(" Ada@Example.com ")
    }

    #[test]
    fn an_address_is_found_in_whatever_was_sent() {
        for body in [
            r#"{"email":"ada@example.com"}"#,
            r#"{"email":"ADA@EXAMPLE.COM"}"#,
            r#"{"email":"ada\u0040example.com"}"#,
            r#"{"note":"Hello\nada@example.com."}"#,
            r#"{"to":"Ada <ada@example.com>"}"#,
            r#"{"ada@example.com":1}"#,
            r#"{"inner":"{\"email\":\"ada@example.com\"}"}"#,
            r#"{"email":"ada@example\u002ecom"}"#,
            r#"{"email":"\u0061da\u0040\u0065xample.com\u003e"}"#,
            r#"{"inner":"{\"email\":\"ada\\u0040example.com\"}"}"#,
            r#"said {"email":"ada\u0040example.com"} and \u00"#,
            "email=ada%40example.com&name=Ada",
            "data=%7B%22email%22%3A%22ada%5Cu0040example%2Ecom%22%7D",
            "a=1&email=ada@example.com",
            "<email>ada@example.com</email>",
        ] {
            assert!(ada().in_bytes(body.as_bytes()), "{body}");
        }
        assert!(ada().in_bytes(b"\xff\xfe ada@example.com"), "no text at all");
    }

    #[test]
    fn nobody_else_is_taken_for_him() {
        for body in [
            "nada@example.com",
            "x.ada@example.com",
            "ada+tag@example.com",
            "ada@example.com.au",
            "ada@example.community",
            "ada@example.co",
            "email=nada%40example.com",
            "email=%6eada%40example.com",
            r#"{"email":"n\u0061da@example.com"}"#,
            "",
        ] {
            assert!(!ada().in_bytes(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn a_kept_answer_goes_on_without_him() {
        let mut answer = json!({
            "id": "0192", "to": "ada@second.example", "status": "sent to ada@example.com",
            "customer": { "email": "ada@example.com", "name": "Ada" },
            "licenses": [{ "id": "0193", "customer": { "name": "Ada" }, "note": null }],
        });
        ada().out_of(&mut answer);
        assert_eq!(
            answer,
            json!({
                "id": "0192", "to": "(erased)", "status": "(erased)", "customer": {},
                "licenses": [{ "id": "0193", "customer": {}, "note": null }],
            })
        );
    }
}
