//! The default, the file and the environment, laid over each other by the `config` crate.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat};
use serde_json::Value;

use super::DEFAULT;
use super::fault::{Fault, Faults, Key};
use super::standard::{self, Meant};

/// `KEYWRIGHT__MAIL__SMTP_URL` is `mail.smtp_url`.
const PREFIX: &str = "keywright";
const SEPARATOR: &str = "__";

/// Largest file that is read: a configuration, or a secret.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What was written, before anything is known of its meaning.
pub(super) struct Layers {
    file: PathBuf,
    /// Everything, the later layer over the earlier one.
    merged: Value,
    /// What the file alone says.
    written: toml::Table,
    /// The variables of the environment, by the key that they set.
    variables: BTreeMap<Vec<String>, String>,
    /// Variables that look like ours and set nothing.
    strays: Vec<String>,
}

impl Layers {
    pub(super) fn read(
        file: &Path,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Faults> {
        let fault = |message: String| {
            let origin = file.display().to_string();
            Faults(vec![Fault { origin, key: String::new(), message }])
        };
        let text = read_file(file).map_err(|error| {
            let hint = match error.kind() {
                ErrorKind::NotFound => "; `keywright init` writes one to begin with",
                _ => "",
            };
            fault(format!("cannot be read ({error}){hint}"))
        })?;
        let written: toml::Table =
            toml::from_str(&text).map_err(|error| fault(not_toml(&text, &error)))?;
        let Variables { by_key: variables, values, strays } =
            ours(environment, &written).map_err(|fault| Faults(vec![fault]))?;
        let mut merged: Value = config::Config::builder()
            .add_source(File::from_str(DEFAULT, FileFormat::Toml))
            .add_source(File::from_str(&text, FileFormat::Toml))
            .add_source(
                Environment::with_prefix(PREFIX)
                    .prefix_separator(SEPARATOR)
                    .separator(SEPARATOR)
                    .source(Some(values)),
            )
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|_| fault("cannot be read together with its variables".to_owned()))?;
        variables
            .keys()
            .filter_map(|names| item(names))
            .for_each(|item| respell(&mut merged, item));
        Ok(Self { file: file.to_owned(), merged, written, variables, strays })
    }

    /// What holds at that key.
    pub(super) fn value(&self, key: &Key) -> Option<&Value> {
        key.names.iter().try_fold(&self.merged, |value, name| value.get(name))
    }

    /// The names of all tables.
    pub(super) fn names(&self) -> Vec<String> {
        self.merged.as_object().map(|root| root.keys().cloned().collect()).unwrap_or_default()
    }

    /// The file, or the variable that set this key or one above it.
    pub(super) fn origin(&self, key: &Key) -> String {
        self.variable(key).map_or_else(|| self.file.display().to_string(), str::to_owned)
    }

    pub(super) fn is_variable(&self, key: &Key) -> bool {
        self.variable(key).is_some()
    }

    /// Did somebody say this, or is it only the default?
    pub(super) fn is_said(&self, key: &Key) -> bool {
        self.is_written(key) || self.is_variable(key)
    }

    fn is_written(&self, key: &Key) -> bool {
        let Some((first, rest)) = key.names.split_first() else { return true };
        self.written.get(first).is_some_and(|value| {
            rest.iter().try_fold(value, |value, name| value.get(name)).is_some()
        })
    }

    /// The variable that names this table or something in it, where the file has no such table.
    pub(super) fn variable_alone(&self, key: &Key) -> Option<&str> {
        let mut within = self.variables.iter().filter(|(names, _)| names.starts_with(&key.names));
        let (_, variable) = within.next()?;
        (!self.is_written(key)).then_some(variable)
    }

    /// The names of the file's own tables below this key.
    pub(super) fn names_written(&self, key: &str) -> impl Iterator<Item = &str> {
        let table = self.written.get(key).and_then(toml::Value::as_table);
        table.into_iter().flat_map(|table| table.keys()).map(String::as_str)
    }

    /// Variables that look like ours and set nothing, each in a sentence.
    pub(super) fn strays(&self) -> Vec<String> {
        self.strays.clone()
    }

    fn variable(&self, key: &Key) -> Option<&str> {
        (1..=key.names.len())
            .filter_map(|length| self.variables.get(key.names.get(..length)?))
            .next_back()
            .map(String::as_str)
    }
}

/// Reads a text file, bounded.
pub(super) fn read_file(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_BYTES_MAX) {
        let message = format!("it is larger than {} MiB", FILE_BYTES_MAX / 1024 / 1024);
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, message));
    }
    String::from_utf8(bytes).map_err(|_| {
        std::io::Error::new(ErrorKind::InvalidData, "it is not UTF-8; save it as UTF-8")
    })
}

/// The variables that are meant for us.
struct Variables {
    /// By the key that each sets.
    by_key: BTreeMap<Vec<String>, String>,
    /// By name, with their values.
    values: HashMap<String, String>,
    strays: Vec<String>,
}

/// The variables that are meant for us. One whose value cannot be read is the error.
fn ours(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    written: &toml::Table,
) -> Result<Variables, Fault> {
    let (mut by_key, mut values, mut strays) = (BTreeMap::new(), HashMap::new(), Vec::new());
    let mut given = standard::Given::new();
    for (name, value) in environment {
        let Some(name) = name.to_str() else { continue };
        if name.starts_with(standard::PREFIX) {
            given.extend(value.into_string().map(|value| (name.to_owned(), value)));
            continue;
        }
        let lower = name.to_lowercase();
        let Some(path) = lower.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(SEPARATOR))
        else {
            strays.extend(stray(name));
            continue;
        };
        let value = value.into_string().map_err(|_| {
            let message = "is not UTF-8; write it again".to_owned();
            Fault { origin: name.to_owned(), key: String::new(), message }
        })?;
        let mut names: Vec<String> = path.split(SEPARATOR).map(str::to_owned).collect();
        if let [table, given, ..] = names.as_mut_slice()
            && let Some(meant) = meant(written, table, given)
        {
            *given = meant;
        }
        values.insert([&[PREFIX.to_owned()], names.as_slice()].concat().join(SEPARATOR), value);
        // What stands on an order line is spelled by the provider; every other key is ours.
        if item(&names).is_some()
            && let (Some(last), Some(spelled)) = (names.last_mut(), name.rsplit(SEPARATOR).next())
        {
            spelled.clone_into(last);
        }
        by_key.insert(names, name.to_owned());
    }
    let path = |key: &str| vec!["telemetry".to_owned(), key.to_owned()];
    let in_file =
        |key: &str| written.get("telemetry").is_some_and(|table| table.get(key).is_some());
    let meant = standard::meant(&given, |key| in_file(key) || by_key.contains_key(&path(key)))?;
    for Meant { variable, key, value } in meant {
        values.insert([&[PREFIX.to_owned()], path(key).as_slice()].concat().join(SEPARATOR), value);
        by_key.insert(path(key), variable.to_owned());
    }
    strays.sort();
    Ok(Variables { by_key, values, strays })
}

/// A variable that was meant for us and sets nothing: `KEYWRIGHT_MAIL__SMTP_URL`. Kubernetes makes
/// some of this look for a service that is called keywright.
fn stray(name: &str) -> Option<String> {
    const WHOLE: [&str; 3] = ["CONFIG", "LOG", "SCREENSHOTS"];
    const BEGINNINGS: [&str; 4] = ["BENCH_", "TEST_", "SERVICE_", "PORT"];
    let rest = name.strip_prefix("KEYWRIGHT_")?;
    if WHOLE.contains(&rest) || BEGINNINGS.iter().any(|begin| rest.starts_with(begin)) {
        return None;
    }
    Some(format!(
        "{name} sets nothing: the variable of a value begins with KEYWRIGHT and two underscores, \
         as in KEYWRIGHT__{rest}"
    ))
}

/// The account and the item of a key such as `providers.stripe.products.price_1Pro`.
fn item(names: &[String]) -> Option<(&str, &str)> {
    match names {
        [providers, account, products, item]
            if providers == "providers" && products == "products" =>
        {
            Some((account, item))
        }
        _ => None,
    }
}

/// Gives an item of the environment back its letters, which are all small there.
fn respell(merged: &mut Value, (account, item): (&str, &str)) {
    let items = merged.pointer_mut(&format!("/providers/{account}/products"));
    if let Some(items) = items.and_then(Value::as_object_mut)
        && let Some(product) = items.remove(&item.to_lowercase())
    {
        items.insert(item.to_owned(), product);
    }
}

/// The product or account that a variable means: most shells take no `-` in a variable's name,
/// so `_` stands for it there.
fn meant(written: &toml::Table, table: &str, given: &str) -> Option<String> {
    let names = written.get(table)?.as_table()?;
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let exact = names.keys().find(|name| *name == given);
    exact.or_else(|| names.keys().find(|name| plain(name) == plain(given))).cloned()
}

/// Where the text stops being TOML. The line itself is not told: it may hold a secret.
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("is not TOML at line {line}, column {column}: {}", error.message())
}
