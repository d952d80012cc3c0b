//! Accounts: connections to payment providers.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use keywright_providers::secret::SECRET_BYTES_MIN;
use keywright_providers::{
    ALL, Credentials, FIVE_MINUTES, Handle, Provider, Secret, Setting, Settings, Takes, by_kind,
    custom,
};
use serde_json::Value;

use super::Account;
use super::catalogue::{self, Items, Products};
use super::check::either;
use super::described::described;
use super::fault::{Key, Report, did_you_mean};
use super::hidden::Hidden;
use super::secrets::{deaf, own_secrets_only, secrets};
use super::section::{Table, kind, section, table};
use super::settings::AccountSettings;
use super::urls::callable;

/// The setting that leads questions to another address than the provider's own.
const API_URL: &str = "api_url";

/// Under this name support's own acts are kept.
const RESERVED: &str = "support";

/// Some providers sign once and try again for days.
const TOLERANCE_MAX: TimeDelta = TimeDelta::days(7);

/// Reads `[providers]`: the accounts, and what their items mean.
pub(super) fn accounts(
    report: &mut Report<'_>,
    products: &Products,
) -> (BTreeMap<String, Account>, Items) {
    let root = Key::of(&["providers"]);
    let (mut accounts, mut items, mut seen) =
        (BTreeMap::new(), Items::new(), HashMap::<String, String>::new());
    for (name, value) in table(report, &root) {
        let key = root.at(&name);
        name_is_right(report, &key, &name);
        let Value::Object(written) = value else {
            report.add(&key, format!("is {}; write a table, [{key}]", kind(&value)));
            continue;
        };
        if !written.contains_key("kind") && report.layers.variable_alone(&key).is_some() {
            let hint = did_you_mean(&name, report.layers.names_written("providers"));
            let hint = match hint.as_str() {
                "" => "; write it there, or set its kind by a variable, too",
                hint => hint,
            };
            report.add(&key, format!("is no account of the file{hint}"));
            continue;
        }
        let Some((account, written_items)) = account(report, &key, &name, written) else {
            continue;
        };
        own_secrets_only(report, &key, &account, &mut seen);
        let mut known = BTreeMap::new();
        for (item, value) in written_items {
            let key = key.at("products").at(&item);
            let offer = catalogue::offer(report, &key, value, products);
            known.extend(offer.map(|offer| (item, offer)));
        }
        items.insert(name.clone(), known);
        accounts.insert(name, account);
    }
    (accounts, items)
}

fn name_is_right(report: &mut Report<'_>, key: &Key, name: &str) {
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(named) {
        report.add(key, "is no account name; write 1 to 64 lower-case letters, digits, - or _");
    }
    if name == RESERVED {
        report.add(key, "is a reserved name; choose another, as in stripe-eu");
    }
}

fn account(
    report: &mut Report<'_>,
    key: &Key,
    name: &str,
    mut written: Table,
) -> Option<(Account, BTreeMap<String, Value>)> {
    let provider = provider(report, &key.at("kind"), written.get("kind"));
    let handle = provider.and_then(|built_in| handle(report, key, built_in, &mut written));
    let (mut keys, mut own, mut own_names) = (BTreeMap::new(), Settings::new(), Vec::new());
    if let Some(provider) = provider {
        for setting in provider.facts().settings {
            own_names.push(setting.name);
            let text = own_setting(report, key, setting, &mut written);
            match text {
                Some(text) if setting.secret => {
                    let secret = Secret::with_min(text.expose(), bytes_min(setting));
                    keys.extend(
                        report
                            .take(&key.at(setting.name), secret)
                            .map(|secret| (setting.name.to_owned(), secret)),
                    );
                }
                Some(text) if is_placeholder(text.expose()) => {
                    let message = format!("is a placeholder; write {}", setting.help);
                    report.add(&key.at(setting.name), message);
                    own.insert(setting.name.to_owned(), text.expose().to_owned());
                }
                Some(text) if setting.name == API_URL && callable(text.expose()).is_none() => {
                    let message = "is no address that can be asked; write https://HOST (http \
                                   only for this very machine), or leave it out";
                    report.add(&key.at(API_URL), message);
                }
                Some(text) => {
                    value_is_known(report, &key.at(setting.name), setting, text.expose());
                    own.insert(setting.name.to_owned(), text.expose().to_owned());
                }
                None => {}
            }
        }
    } else {
        // Which of these are right depends on the kind, which is not known.
        for setting in ALL.iter().flat_map(|provider| provider.facts().settings) {
            written.remove(setting.name);
            written.remove(&file_key(setting));
        }
        written.remove(custom::TABLE);
    }
    let settings: AccountSettings = section(report, key, written, &own_names);
    let bytes_min = provider.map_or(SECRET_BYTES_MIN, |provider| provider.facts().secret_bytes_min);
    let (secrets, weak) = secrets(report, key, &settings, bytes_min);
    let usual = provider.map_or(FIVE_MINUTES, |provider| provider.facts().tolerance);
    let tolerance = match settings.tolerance.map(|interval| interval.fixed()) {
        None => usual,
        Some(Some(length)) if length > TimeDelta::zero() && length <= TOLERANCE_MAX => length,
        Some(_) => {
            report.add(&key.at("tolerance"), "must be longer than nothing and at most P7D");
            usual
        }
    };
    let deliver = settings.deliver.unwrap_or_default();
    let provider = handle?;
    let facts = provider.facts();
    if deliver.in_answer() && !facts.fulfils {
        let message = format!("cannot be: {} takes no keys in an answer; write email", facts.title);
        report.add(&key.at("deliver"), message);
    }
    let credentials = Credentials { secrets, keys, settings: own, tolerance };
    if !weak {
        deaf(report, key, &*provider, &credentials, deliver);
    }
    let mode = settings.mode.unwrap_or_default();
    let account = Account { name: name.to_owned(), provider, credentials, mode, deliver };
    Some((account, settings.products))
}

/// The provider itself; one that is described, as its account describes it.
fn handle(
    report: &mut Report<'_>,
    key: &Key,
    built_in: &'static dyn Provider,
    written: &mut Table,
) -> Option<Handle> {
    if built_in.facts().kind != custom::KIND {
        return Some(Handle::BuiltIn(built_in));
    }
    described(report, &key.at(custom::TABLE), written.remove(custom::TABLE))
}

fn provider(
    report: &mut Report<'_>,
    key: &Key,
    written: Option<&Value>,
) -> Option<&'static dyn Provider> {
    let kinds: Vec<&str> = ALL.iter().map(|provider| provider.facts().kind).collect();
    let there_are = kinds.join(", ");
    match written {
        Some(Value::String(text)) => {
            let provider = by_kind(text);
            if provider.is_none() {
                let hint = did_you_mean(text, kinds.iter().copied());
                let message = format!("is no kind that is built in ({there_are}){hint}");
                report.add(key, message);
            }
            provider
        }
        Some(other) => {
            let message = format!("is {}; write a text in quotes ({there_are})", kind(other));
            report.add(key, message);
            None
        }
        None => {
            report.add(key, format!("is missing; write which provider this is ({there_are})"));
            None
        }
    }
}

/// Takes one setting of the kind out of the table: as written, or from its file.
fn own_setting(
    report: &mut Report<'_>,
    key: &Key,
    setting: &Setting,
    written: &mut Table,
) -> Option<Hidden> {
    let (place, file_name) = (key.at(setting.name), file_key(setting));
    let mut text = |name: &str| match written.remove(name)? {
        Value::String(text) => Some(Hidden::from(text)),
        Value::Number(number) => Some(Hidden::from(number.to_string())),
        Value::Bool(value) => Some(Hidden::from(value.to_string())),
        other @ (Value::Null | Value::Array(_) | Value::Object(_)) => {
            report.add(&key.at(name), format!("is {}; write a text in quotes", kind(&other)));
            None
        }
    };
    let value = text(setting.name);
    // A path is no secret, but it goes the same way.
    let file = if setting.secret { text(&file_name) } else { None };
    let file = (&key.at(&file_name), file.as_ref().map(|path| path.expose().as_ref()));
    let value = either(report, (&place, value), file);
    if value.is_none() && setting.required {
        report.add(&place, format!("is missing: {}", setting.help));
    }
    value
}

/// What opens the provider's API was made there, or chosen by the vendor in its forms, and proves
/// nothing here: it is as long as the provider lets it be.
fn bytes_min(setting: &Setting) -> usize {
    if setting.name.starts_with("api_") { 0 } else { SECRET_BYTES_MIN }
}

/// As the guides write what a reader has to put there.
fn is_placeholder(text: &str) -> bool {
    text.ends_with("...") || text.contains("YOUR-")
}

/// A plain setting with a typing error would be read as if it were not set.
fn value_is_known(report: &mut Report<'_>, place: &Key, setting: &Setting, text: &str) {
    if setting.takes.fits(text) {
        return;
    }
    match setting.takes {
        Takes::Text => {
            report.add(place, format!("is blank; leave it out, or write {}", setting.help))
        }
        Takes::OneOf(words) => {
            let hint = did_you_mean(text, words.iter().copied());
            let message = format!("is none of the words it knows: {}{hint}", words.join(", "));
            report.add(place, message);
        }
        Takes::Like { form, .. } => report.add(place, format!("does not fit; write {form}")),
    }
}

/// The key that names a file with the value.
fn file_key(setting: &Setting) -> String {
    format!("{}_file", setting.name)
}
