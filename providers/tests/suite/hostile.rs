//! Authentic but hostile: signed by the provider, and still not what anyone expects. Such an
//! event may be unread; it never panics and never becomes a notice that ties strangers.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use keywright_providers::Provider;
use serde_json::Value;

use crate::fixture::Fixture;
use crate::subject::Subject;
use crate::told::{Told, faults, tell};

/// How many bodies are made of one fixture by each way of spoiling it, at most.
const BODIES_MAX: usize = 200;

/// How many of all fixtures of a kind: a kind with many is not looked at more closely.
const BODIES_OF_A_KIND: usize = 1_000;

/// The share of one fixture.
fn share(subject: &Subject<'_>) -> usize {
    let fixtures = subject.accepted().count().max(1);
    (BODIES_OF_A_KIND / fixtures).clamp(1, BODIES_MAX)
}

/// Stands where a value is to be replaced by raw text.
const MARK: &str = "@@a value stood here@@";

/// A frame that is cut off is unreadable, and says so.
pub(crate) fn cut_frames(subject: &Subject<'_>) -> Vec<String> {
    let bodies = share(subject);
    subject.each(|provider, fixture| {
        let is_json = serde_json::from_slice::<Value>(&fixture.body).is_ok();
        let step = (fixture.body.len() / bodies).max(1);
        let mut found = BTreeSet::new();
        for length in (0..fixture.body.len()).step_by(step) {
            let body = fixture.body[..length].to_vec();
            match survives(provider, fixture, body, &mut found) {
                Some(Told::Events(_)) if is_json => {
                    found.insert(format!("{length} bytes of JSON were read as a whole"));
                }
                _ => {}
            }
        }
        found.into_iter().collect()
    })
}

/// Every value missing, of every other type, and extreme.
pub(crate) fn spoiled_values(subject: &Subject<'_>) -> Vec<String> {
    let bodies = share(subject);
    subject.each(|provider, fixture| {
        let Ok(document) = serde_json::from_slice::<Value>(&fixture.body) else {
            return spoiled_fields(provider, fixture, bodies);
        };
        let paths = paths(&document);
        // Chosen before they are made: making one costs more than reading it.
        let all = || paths.iter().flat_map(|path| (0..WAYS).map(move |way| (path, way)));
        let step = (paths.len() * WAYS / bodies).max(1) | 1;
        let mut found = BTreeSet::new();
        for (path, way) in all().step_by(step) {
            if let Some(body) = spoiled(&document, path, way) {
                let mut faults = BTreeSet::new();
                survives(provider, fixture, body.into_bytes(), &mut faults);
                found.extend(faults.iter().map(|fault| format!("{path}, way {way}: {fault}")));
            }
        }
        found.into_iter().collect()
    })
}

/// Every field of a form missing, doubled, empty and extreme.
fn spoiled_fields(provider: &dyn Provider, fixture: &Fixture, bodies: usize) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(&fixture.body) else { return Vec::new() };
    let fields: Vec<&str> = text.split('&').collect();
    let ways = FIELD_VALUES.len() + 2;
    let all = || (0..fields.len()).flat_map(|index| (0..ways).map(move |way| (index, way)));
    let step = (fields.len() * ways / bodies).max(1) | 1;
    let mut found = BTreeSet::new();
    for (index, way) in all().step_by(step) {
        let mut spoiled: Vec<String> = fields.iter().map(|&field| field.to_owned()).collect();
        let name = fields[index].split('=').next().unwrap_or_default().to_owned();
        match way.checked_sub(FIELD_VALUES.len()) {
            None => spoiled[index] = format!("{name}={}", FIELD_VALUES[way]),
            Some(0) => drop(spoiled.remove(index)),
            Some(_) => spoiled.push(fields[index].to_owned()),
        }
        let mut faults = BTreeSet::new();
        survives(provider, fixture, spoiled.join("&").into_bytes(), &mut faults);
        found.extend(faults.iter().map(|fault| format!("{name}, way {way}: {fault}")));
    }
    found.into_iter().collect()
}

/// What may stand in a field where something else is expected.
const FIELD_VALUES: [&str; 12] = [
    "",
    "%20",
    "%00",
    "%FF",
    "-1",
    "0",
    "1e9",
    "99999999999999999999",
    "9999-99-99",
    "<script>",
    "%C3%A4%E2%82%AC",
    "null",
];

/// No format at all.
pub(crate) fn noise(subject: &Subject<'_>) -> Vec<String> {
    let bodies = share(subject).min(64);
    subject.each(|provider, fixture| {
        let mut found = BTreeSet::new();
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        for length in 0..bodies {
            let body = (0..length * 8).map(|_| chance.byte()).collect();
            survives(provider, fixture, body, &mut found);
        }
        for _ in 0..bodies {
            let mut body = fixture.body.clone();
            for _ in 0..4 {
                let position = chance.below(body.len());
                if let Some(byte) = body.get_mut(position) {
                    *byte = chance.byte();
                }
            }
            survives(provider, fixture, body, &mut found);
        }
        let deep = |open: &str, close: &str| [open.repeat(10_000), close.repeat(10_000)].concat();
        for body in
            ["null", "[]", "{}", "\"\"", "0", "\u{feff}{}", &deep("[", "]"), &deep("{\"a\":", "}")]
        {
            survives(provider, fixture, body.as_bytes().to_vec(), &mut found);
        }
        found.into_iter().collect()
    })
}

/// Signs, verifies, takes apart and reads; what went wrong goes to `found`.
fn survives(
    provider: &dyn Provider,
    fixture: &Fixture,
    body: Vec<u8>,
    found: &mut BTreeSet<String>,
) -> Option<Told> {
    let shown = || String::from_utf8_lossy(&body).chars().take(3_000).collect::<String>();
    let run = || tell(provider, &fixture.signed_anew(provider, body.clone()));
    let Ok(told) = catch_unwind(AssertUnwindSafe(run)) else {
        found.insert(format!("panics on {}", shown()));
        return None;
    };
    match &told {
        // Form schemes sign fields; where there are none, there is no signature.
        Told::Refused(_) | Told::Unreadable(_) => {}
        Told::Events(events) => {
            let wrong = events.iter().flat_map(|event| event.notices()).flat_map(faults).next();
            found.extend(wrong);
        }
    }
    Some(told)
}

/// JSON pointers to every value but the whole.
pub(crate) fn paths(document: &Value) -> Vec<String> {
    fn walk(value: &Value, path: &str, into: &mut Vec<String>) {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(fields) => fields.iter().map(|(name, v)| (escape(name), v)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, v)| (index.to_string(), v)).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        for (step, child) in children {
            let path = format!("{path}/{step}");
            walk(child, &path, into);
            into.push(path);
        }
    }
    fn escape(name: &str) -> String {
        name.replace('~', "~0").replace('/', "~1")
    }
    let mut found = Vec::new();
    walk(document, "", &mut found);
    found
}

/// Raw texts to stand in a value's place: other types and extremes.
const RAW: [&str; 24] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e308",
    "1e999",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"x\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"-262143-01-01T00:00:00Z\"",
    "\"9999-12-31T23:59:60Z\"",
    "\"-99999999999999999999\"",
    "\"1.005\"",
    "[]",
    "{}",
    "[null]",
    "{\"id\":null}",
];

/// How many ways there are of spoiling one value.
pub(crate) const WAYS: usize = RAW.len() + 7;

/// The document with that value spoiled in that way, if it can be.
pub(crate) fn spoiled(document: &Value, path: &str, way: usize) -> Option<String> {
    let original = document.pointer(path)?;
    let itself = || original.to_string();
    let raw = match way.checked_sub(RAW.len()) {
        None => RAW[way].to_owned(),
        Some(0) => return without(document, path),
        Some(1) => ["[".repeat(200), "]".repeat(200)].concat(),
        Some(2) => format!("\"{}\"", "é".repeat(5_000)),
        Some(3) => format!("[{0},{0}]", itself()),
        Some(4) => format!("{{\"id\":{0},\"id\":{0}}}", itself()),
        Some(5) => Value::String(itself()).to_string(),
        Some(_) => {
            let fields = original.as_object()?;
            let twice: Vec<String> = fields.iter().chain(fields).map(pair).collect();
            format!("{{{}}}", twice.join(","))
        }
    };
    Some(replaced(document, path, &raw))
}

fn pair((name, value): (&String, &Value)) -> String {
    format!("{}:{value}", Value::String(name.clone()))
}

fn replaced(document: &Value, path: &str, raw: &str) -> String {
    let mut document = document.clone();
    *document.pointer_mut(path).unwrap() = Value::String(MARK.to_owned());
    document.to_string().replace(&format!("\"{MARK}\""), raw)
}

/// The document without that field; nothing for an element of an array.
fn without(document: &Value, path: &str) -> Option<String> {
    let (parent, name) = path.rsplit_once('/')?;
    let mut document = document.clone();
    let fields = document.pointer_mut(parent)?.as_object_mut()?;
    fields.remove(&name.replace("~1", "/").replace("~0", "~"))?;
    Some(document.to_string())
}

/// The same chance in every run (xorshift), so that a failure can be seen again.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % bound.max(1)
    }
}
