//! One table of the configuration read into its struct. Nothing in it can stop the reading:
//! each wrong key becomes a fault and is left out, so that all faults are told at once.

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};
use serde_path_to_error::{Segment, Track};

use super::fault::{Key, Report, did_you_mean};

/// A table as written.
pub(super) type Table = Map<String, Value>;

/// The table at that key; none where there is nothing or something else.
pub(super) fn table(report: &mut Report<'_>, key: &Key) -> Table {
    match report.layers.value(key) {
        None => Table::new(),
        Some(Value::Object(table)) => table.clone(),
        Some(other) => {
            let message = format!("is {}; write a table, [{key}]", kind(other));
            report.add(key, message);
            Table::new()
        }
    }
}

/// Reads a table into `T`, whose fields are all optional. `also` names further known keys that
/// were taken out before.
pub(super) fn section<T: DeserializeOwned + Default>(
    report: &mut Report<'_>,
    key: &Key,
    mut table: Table,
    also: &[&str],
) -> T {
    // TOML has no null: this was nan or inf, and would pass for a key that is not there.
    table.retain(|name, value| {
        if value.is_null() {
            report.add(&key.at(name), format!("is {}; no key takes this", kind(value)));
        }
        !value.is_null()
    });
    let mut table = Value::Object(table);
    // Each turn converts or removes one value, so this ends.
    loop {
        let (mut unknown, mut track) = (Vec::new(), Track::new());
        let mut note = |path: serde_ignored::Path<'_>| unknown.push(path.to_string());
        let traced = serde_path_to_error::Deserializer::new(&table, &mut track);
        let error = match T::deserialize(serde_ignored::Deserializer::new(traced, &mut note)) {
            Ok(value) => {
                let known: Vec<&str> = fields::<T>().iter().chain(also).copied().collect();
                for name in unknown {
                    let nearest = did_you_mean(&name, known.iter().copied());
                    let message = if nearest.is_empty() {
                        format!("is not a known key; there are {}", known.join(", "))
                    } else {
                        format!("is not a known key{nearest}")
                    };
                    report.add(&key.at(&name), message);
                }
                return value;
            }
            Err(error) => error,
        };
        let Some((name, index)) = place(&track.path()) else {
            report.add(key, explain(&error, &table));
            return T::default();
        };
        let place = index.map_or(key.at(&name), |index| key.at(&name).index(index));
        let Some(value) = table.get(&name) else {
            report.add(&place, explain(&error, &Value::Null));
            return T::default();
        };
        let text = value.as_str().filter(|_| report.layers.is_variable(&place));
        match text.and_then(|text| read_text(text, &error)) {
            Some(read) => put(&mut table, &name, read),
            None => {
                let found = index.and_then(|index| value.get(index)).unwrap_or(value);
                let message = match texts::<T>(&error, &table, &name, index) {
                    Some(right) => format!("is {}; write {right}", kind(found)),
                    None => explain(&error, found),
                };
                report.add(&place, message);
                if let Value::Object(table) = &mut table {
                    table.remove(&name);
                }
            }
        }
    }
}

/// A variable of the environment is text; where that was not wanted, it stands for a number, a
/// truth value, or a list with commas.
fn read_text(text: &str, error: &serde_json::Error) -> Option<Value> {
    let error = error.to_string();
    let text = text.trim();
    match error.strip_prefix("invalid type: string ")?.rsplit_once(", expected ")?.1 {
        "a sequence" => Some(text.split(',').map(|item| Value::from(item.trim())).collect()),
        "a boolean" => text.parse::<bool>().ok().map(Value::from),
        "u32" => text.parse::<u32>().ok().map(Value::from),
        "f64" => serde_json::Number::from_f64(text.parse().ok()?).map(Value::from),
        _ => None,
    }
}

/// The key of the table at which reading stopped, and the place in its list.
fn place(path: &serde_path_to_error::Path) -> Option<(String, Option<usize>)> {
    let mut segments = path.iter();
    let name = segments.find_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { .. } | Segment::Enum { .. } | Segment::Unknown => None,
    })?;
    let index = segments.find_map(|segment| match segment {
        Segment::Seq { index } => Some(*index),
        Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => None,
    });
    Some((name, index))
}

fn put(table: &mut Value, name: &str, value: Value) {
    if let Some(place) = table.get_mut(name) {
        *place = value;
    }
}

/// Where a text of a certain form was wanted and something else stands: what would be right. Asked
/// of the type itself, by the fault that it finds in a blank text.
fn texts<T: DeserializeOwned>(
    error: &serde_json::Error,
    table: &Value,
    name: &str,
    index: Option<usize>,
) -> Option<String> {
    let error = error.to_string();
    let wanted = error.strip_prefix("invalid type: ")?.rsplit_once(", expected ")?.1;
    if !matches!(wanted, "a string" | "string or map") {
        return None;
    }
    let mut table = table.clone();
    let value = table.get_mut(name)?;
    let value = if let Some(index) = index { value.get_mut(index)? } else { value };
    *value = Value::String(String::new());
    let mut track = Track::new();
    let again = T::deserialize(serde_path_to_error::Deserializer::new(&table, &mut track))
        .err()?
        .to_string();
    if place(&track.path())? != (name.to_owned(), index) {
        return None;
    }
    match again.split_once(", expected ") {
        Some((_, choices)) => {
            let words: Vec<_> =
                choices.split('`').skip(1).step_by(2).map(|word| format!("{word:?}")).collect();
            Some(words.join(" or "))
        }
        None => again.split_once("; write ").map(|(_, right)| format!("a text in quotes: {right}")),
    }
}

/// serde's words without the value, which may be a secret that was put in a wrong place.
fn explain(error: &serde_json::Error, found: &Value) -> String {
    let text = error.to_string();
    if text.starts_with("invalid ") {
        let expected = text.rsplit_once("expected ").map_or("another value", |(_, words)| words);
        return format!("is {}; write {}", kind(found), plain(expected));
    }
    if let (Some(word), Some((_, choices))) = (found.as_str(), text.split_once(", expected ")) {
        let words: Vec<&str> = choices.split('`').skip(1).step_by(2).collect();
        let nearest = did_you_mean(word, words.iter().copied());
        return format!("is none of {}{nearest}", words.join(", "));
    }
    text
}

/// What a value is, in the words of a person who writes TOML.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "not a number",
        Value::Bool(_) => "a truth value",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

fn plain(expected: &str) -> &str {
    match expected {
        "a string" | "path string" => "a text in quotes",
        "a sequence" => "a list, as in [\"a\", \"b\"]",
        "a boolean" => "true or false",
        "u32" => "a whole number, not negative",
        "f64" => "a number, as in 0.5",
        "a map" => "a table",
        other => other,
    }
}

/// The names of a struct's fields, asked of the struct itself, so that no list can be out of
/// date.
pub(crate) fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    struct Ask<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Ask<'_> {
        type Error = serde::de::value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom("not a struct"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            *self.0 = fields;
            Err(Self::Error::custom("only asked"))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
            option unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier
            ignored_any
        }
    }

    let mut fields: &'static [&'static str] = &[];
    // Always an error: nothing was there to be read.
    drop(T::deserialize(Ask(&mut fields)));
    fields
}
