//! What is wrong with a description, and the reader that finds all of it at once.

use serde_json::{Map, Value};

/// One thing that is wrong with a description. It never holds what was written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key, from the description's own table down: `["events", "order.paid", "notice"]`.
    pub path: Vec<String>,
    /// What is wrong; what would be right.
    pub message: String,
    /// The names that there are, where one of them was meant, and the word that is none of them.
    pub meant: Option<Meant>,
}

/// A word that is none of those known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    pub word: String,
    pub known: Vec<&'static str>,
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, path: Vec<String>, message: impl Into<String>) {
        self.0.push(Fault { path, message: message.into(), meant: None });
    }

    fn unknown(&mut self, path: Vec<String>, message: &str, word: &str, known: Vec<&'static str>) {
        let meant = Some(Meant { word: word.to_owned(), known });
        self.0.push(Fault { path, message: message.to_owned(), meant });
    }
}

/// A table of the description, with the way to it.
#[derive(Debug, Clone)]
pub(super) struct Table<'a> {
    path: Vec<String>,
    fields: &'a Map<String, Value>,
}

impl<'a> Table<'a> {
    /// What stands at `path`; a fault where it is no table.
    pub(super) fn of(path: Vec<String>, value: &'a Value, faults: &mut Faults) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self { path, fields }),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => {
                faults.add(path, "is no table; write one, as the guide of this kind shows");
                None
            }
        }
    }

    /// The way to a key.
    pub(super) fn at(&self, name: &str) -> Vec<String> {
        self.path.iter().cloned().chain([name.to_owned()]).collect()
    }

    /// The table itself.
    pub(super) fn here(&self) -> Vec<String> {
        self.path.clone()
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.fields.iter()
    }

    /// The table under that key, where there is one.
    pub(super) fn table(&self, name: &str, faults: &mut Faults) -> Option<Self> {
        Self::of(self.at(name), self.get(name)?, faults)
    }

    /// Every key that is none of these.
    pub(super) fn only(&self, known: &[&'static str], faults: &mut Faults) {
        for name in self.fields.keys().filter(|name| !known.contains(&name.as_str())) {
            faults.unknown(self.at(name), "is not a known key", name, known.to_vec());
        }
    }

    /// A text that says something.
    pub(super) fn text(&self, name: &str, faults: &mut Faults) -> Option<&'a str> {
        match self.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text),
            Value::String(_) => {
                faults.add(self.at(name), "is blank; write a text, or leave the key out");
                None
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => {
                faults.add(self.at(name), "is no text; write it in quotes");
                None
            }
        }
    }

    /// One of a few words; the first of them where nothing is written.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &str,
        words: &[(&'static str, T)],
        faults: &mut Faults,
    ) -> Option<T> {
        let Some(word) = self.text(name, faults) else {
            return words.first().map(|(_, meaning)| *meaning);
        };
        self.word(name, word, words, faults)
    }

    /// As [`Table::choice`], of a word that must be there.
    pub(super) fn chosen<T: Copy>(
        &self,
        name: &str,
        words: &[(&'static str, T)],
        faults: &mut Faults,
    ) -> Option<T> {
        if !self.has(name) {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            faults.add(self.at(name), format!("is missing; there are {}", known.join(", ")));
        }
        let word = self.text(name, faults)?;
        self.word(name, word, words, faults)
    }

    fn word<T: Copy>(
        &self,
        name: &str,
        word: &str,
        words: &[(&'static str, T)],
        faults: &mut Faults,
    ) -> Option<T> {
        let found = words.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let known = words.iter().map(|(known, _)| *known).collect();
            faults.unknown(self.at(name), "is none of the words that there are", word, known);
        }
        found
    }

    /// A text, or a list of them.
    pub(super) fn texts(&self, name: &str, faults: &mut Faults) -> Option<Vec<&'a str>> {
        let values = match self.get(name)? {
            Value::Array(values) => values.as_slice(),
            value @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_)) => std::slice::from_ref(value),
        };
        let texts: Option<Vec<&str>> =
            values.iter().map(|value| value.as_str().filter(|text| !text.is_empty())).collect();
        if texts.is_none() {
            faults.add(self.at(name), "is no text; write one in quotes, or a list of them");
        }
        texts
    }
}
