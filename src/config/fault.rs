//! What is wrong with a configuration, and what would be right.

use std::fmt;

use thiserror::Error;

use super::layers::Layers;

/// Every fault of a configuration, a line each.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", .0.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Faults(pub Vec<Fault>);

/// One key that is wrong. The message never holds a value that could be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, or the variable of the environment.
    pub origin: String,
    /// The path of the key; empty where it is about the whole file.
    pub key: String,
    /// What is wrong; what would be right.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.origin, self.message),
            key => write!(f, "{}: {key}: {}", self.origin, self.message),
        }
    }
}

/// The path of a key: `providers.stripe.secrets[1]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) names: Vec<String>,
    index: Option<usize>,
}

impl Key {
    pub(super) fn of(names: &[&str]) -> Self {
        Self { names: names.iter().map(|&name| name.to_owned()).collect(), index: None }
    }

    pub(super) fn at(&self, name: &str) -> Self {
        let mut names = self.names.clone();
        names.push(name.to_owned());
        Self { names, index: None }
    }

    pub(super) fn index(&self, index: usize) -> Self {
        Self { names: self.names.clone(), index: Some(index) }
    }
}

impl fmt::Display for Key {
    /// As TOML writes it: a name that is not bare stands in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.names.iter().enumerate() {
            let dot = if position == 0 { "" } else { "." };
            let bare = !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            if bare {
                write!(f, "{dot}{name}")?;
            } else {
                write!(f, "{dot}{name:?}")?;
            }
        }
        self.index.map_or(Ok(()), |index| write!(f, "[{index}]"))
    }
}

/// Collects faults while a configuration is checked: all of them, the first of each key.
pub(super) struct Report<'a> {
    pub(super) layers: &'a Layers,
    faults: Vec<Fault>,
}

impl<'a> Report<'a> {
    pub(super) fn new(layers: &'a Layers) -> Self {
        Self { layers, faults: Vec::new() }
    }

    /// The second fault of one key would only be an echo of the first.
    pub(super) fn add(&mut self, key: &Key, message: impl Into<String>) {
        let origin = self.layers.variable_alone(key).map(str::to_owned);
        let fault = Fault {
            origin: origin.unwrap_or_else(|| self.layers.origin(key)),
            key: key.to_string(),
            message: message.into(),
        };
        if self.faults.iter().all(|known| known.key != fault.key) {
            self.faults.push(fault);
        }
    }

    /// The value, or its fault under that key.
    pub(super) fn take<T, E: fmt::Display>(
        &mut self,
        key: &Key,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|error| self.add(key, error.to_string())).ok()
    }

    /// The value, where nothing at all was wrong.
    pub(super) fn close<T>(mut self, value: Option<T>) -> Result<T, Faults> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => {
                self.faults.sort_by(|a, b| (&a.origin, &a.key).cmp(&(&b.origin, &b.key)));
                Err(Faults(self.faults))
            }
        }
    }
}

/// The known name that is nearest to a wrong one, as `; did you mean x?`, else nothing.
pub(crate) fn did_you_mean<'n>(wrong: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wrong.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.78)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| format!("; did you mean {name}?"))
        .unwrap_or_default()
}
