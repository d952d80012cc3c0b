//! Values held against the part of JSON Schema that the API's description uses.
//!
//! Stricter than the standard in one thing: a field that no schema names is a fault, unless its
//! schema says that there may be others. So nothing is served that the description does not tell.

use std::collections::BTreeSet;

use chrono::DateTime;
use serde_json::{Map, Value};

/// The schemas of a document, which refer to each other.
pub(crate) struct Schemas<'a>(pub(crate) &'a Value);

/// What was found of one value.
#[derive(Default)]
struct Found<'a> {
    /// The fields that some schema names.
    named: BTreeSet<&'a str>,
    faults: Vec<String>,
}

impl<'a> Schemas<'a> {
    /// What a reference means; what is none means itself.
    #[track_caller]
    pub(crate) fn meant(&self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(name) => self.0.pointer(name.trim_start_matches('#')).unwrap_or_else(|| {
                panic!("{name} refers to nothing");
            }),
            None => value,
        }
    }

    /// Everything in which a value is not as its schema says; `at` names it.
    pub(crate) fn faults(&self, schema: &'a Value, value: &'a Value, at: &str) -> Vec<String> {
        let mut found = Found::default();
        self.part(schema, value, at, &mut found);
        let open = schema.get("type").is_none() && !composed(schema);
        if let (Value::Object(fields), false) = (value, open) {
            let unnamed = fields.keys().filter(|name| !found.named.contains(name.as_str()));
            found.faults.extend(unnamed.map(|name| format!("{at}.{name} is not described")));
        }
        found.faults
    }

    fn part(&self, schema: &'a Value, value: &'a Value, at: &str, found: &mut Found<'a>) {
        let words = schema.as_object().unwrap_or_else(|| panic!("{at}: no schema: {schema}"));
        for (word, rule) in words {
            match word.as_str() {
                "$ref" => self.part(self.meant(schema), value, at, found),
                "allOf" => {
                    list(rule).iter().for_each(|part| self.part(part, value, at, found));
                }
                "oneOf" => self.one_of(list(rule), value, at, found),
                "properties" => self.properties(rule, value, at, found),
                "additionalProperties" => self.others(words, rule, value, at, found),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        found.faults.extend(self.faults(rule, item, &format!("{at}[{index}]")));
                    }
                }
                plain => {
                    found.faults.extend(fault(plain, rule, value).map(|why| format!("{at} {why}")))
                }
            }
        }
    }

    fn one_of(&self, schemas: &'a [Value], value: &'a Value, at: &str, found: &mut Found<'a>) {
        let faults: Vec<_> = schemas.iter().map(|schema| self.faults(schema, value, at)).collect();
        let fitting = faults.iter().filter(|faults| faults.is_empty()).count();
        if fitting != 1 {
            found.faults.push(format!("{at} is {fitting} of {} forms: {faults:?}", schemas.len()));
        }
        found.named.extend(value.as_object().into_iter().flat_map(Map::keys).map(String::as_str));
    }

    fn properties(&self, rule: &'a Value, value: &'a Value, at: &str, found: &mut Found<'a>) {
        for (name, schema) in rule.as_object().unwrap() {
            found.named.insert(name);
            if let Some(inner) = value.get(name) {
                found.faults.extend(self.faults(schema, inner, &format!("{at}.{name}")));
            }
        }
    }

    /// Fields that are not named beside it.
    fn others(
        &self,
        words: &'a Map<String, Value>,
        rule: &'a Value,
        value: &'a Value,
        at: &str,
        found: &mut Found<'a>,
    ) {
        let named = |name: &str| words.get("properties").is_some_and(|of| of.get(name).is_some());
        for (name, inner) in value.as_object().into_iter().flatten() {
            match rule {
                _ if named(name) => {}
                Value::Bool(false) => {}
                Value::Bool(true) => drop(found.named.insert(name)),
                schema => {
                    found.named.insert(name);
                    found.faults.extend(self.faults(schema, inner, &format!("{at}.{name}")));
                }
            }
        }
    }
}

fn composed(schema: &Value) -> bool {
    ["$ref", "allOf", "oneOf", "properties"].iter().any(|word| schema.get(word).is_some())
}

fn list(rule: &Value) -> &[Value] {
    rule.as_array().unwrap()
}

/// What a word says of a value alone. A word that is not known here would go unchecked.
fn fault(word: &str, rule: &Value, value: &Value) -> Option<String> {
    let right = match word {
        "type" => match rule {
            Value::Array(kinds) => kinds.iter().any(|kind| is(kind, value)),
            kind => is(kind, value),
        },
        "required" => {
            let missing = |name: &Value| value.get(name.as_str().unwrap()).is_none();
            !value.is_object() || !list(rule).iter().any(missing)
        }
        "enum" => list(rule).contains(value),
        "const" => rule == value,
        "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
        "minLength" => value.as_str().is_none_or(|text| count(text) >= rule.as_u64().unwrap()),
        "maxLength" => value.as_str().is_none_or(|text| count(text) <= rule.as_u64().unwrap()),
        "format" => {
            assert_eq!(rule, "date-time", "the only format that is checked");
            let utc =
                |text: &str| text.ends_with('Z') && DateTime::parse_from_rfc3339(text).is_ok();
            value.as_str().is_none_or(utc)
        }
        "description" | "default" | "contentMediaType" => true,
        other => panic!("{other} is a word of JSON Schema that is not checked here"),
    };
    (!right).then(|| format!("is {value}, and {word} says {rule}"))
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is a type that is not checked here"),
    }
}

fn count(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_as_described_is_found() {
        let document = json!({ "schemas": {
            "Named": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string", "maxLength": 3 }, "at": { "type": ["string", "null"], "format": "date-time" } } },
            "Told": { "allOf": [{ "$ref": "#/schemas/Named" }, { "type": "object", "properties": {
                "kind": { "enum": ["a", "b"] }, "parts": { "type": "array", "items": { "$ref": "#/schemas/Named" } },
                "more": { "type": "object", "additionalProperties": { "type": "integer" } }, "any": {} } }] },
            "Either": { "oneOf": [{ "$ref": "#/schemas/Named" }, { "type": "null" }] },
        } });
        let faults = |name: &str, value: Value| {
            Schemas(&document).faults(&document["schemas"][name], &value, "it").len()
        };
        for right in [
            json!({ "name": "ann" }),
            json!({ "name": "ann", "at": null, "kind": "a", "parts": [{ "name": "b" }] }),
            json!({ "name": "ann", "at": "2027-01-31T00:00:00Z", "more": { "x": 1 }, "any": { "y": [] } }),
        ] {
            assert_eq!(faults("Told", right.clone()), 0, "{right}");
        }
        for wrong in [
            json!({}),
            json!({ "name": "anna" }),
            json!({ "name": 7 }),
            json!({ "name": "ann", "at": "2027-01-31" }),
            json!({ "name": "ann", "at": "2027-01-31T00:00:00+01:00" }),
            json!({ "name": "ann", "kind": "c" }),
            json!({ "name": "ann", "parts": [{}] }),
            json!({ "name": "ann", "parts": [{ "name": "b", "other": 1 }] }),
            json!({ "name": "ann", "more": { "x": "1" } }),
            json!({ "name": "ann", "other": 1 }),
        ] {
            assert_eq!(faults("Told", wrong.clone()), 1, "{wrong}");
        }
        assert_eq!(faults("Either", Value::Null) + faults("Either", json!({ "name": "ann" })), 0);
        assert_eq!((faults("Either", json!(7)), faults("Either", json!({ "nam": "ann" }))), (1, 1));
    }
}
