//! Accounts: connections to payment providers, and their secrets.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::sample::Step;
use keywright_providers::{
    ALL, Credentials, Inlet, Provider, Reject, Request, Sample, Scene, Secret, Setting, Settings,
    by_kind,
};
use serde_json::Value;

use super::catalogue::{self, Items, Products};
use super::check::{either, from_file};
use super::fault::{Key, Report, did_you_mean};
use super::hidden::Hidden;
use super::section::{Table, fields, kind, section, table};
use super::settings::AccountSettings;
use super::{Account, Deliver};

/// Under this name support's own acts are kept.
const RESERVED: &str = "support";

const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
const TOLERANCE_MAX: TimeDelta = TimeDelta::days(1);

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
    let (mut keys, mut own, mut own_names) = (BTreeMap::new(), Settings::new(), Vec::new());
    if let Some(provider) = provider {
        for setting in provider.facts().settings {
            own_names.push(setting.name);
            let text = own_setting(report, key, setting, &mut written);
            match text {
                Some(text) if setting.secret => {
                    let secret = Secret::new(text.expose());
                    keys.extend(
                        report
                            .take(&key.at(setting.name), secret)
                            .map(|secret| (setting.name.to_owned(), secret)),
                    );
                }
                Some(text) => {
                    own.insert(setting.name.to_owned(), text.expose().to_owned());
                }
                None => {}
            }
        }
    } else {
        // Which further keys there are depends on the kind, which is not known.
        written.retain(|name, _| fields::<AccountSettings>().contains(&name.as_str()));
    }
    let settings: AccountSettings = section(report, key, written, &own_names);
    let secrets = secrets(report, key, &settings);
    let tolerance = match settings.tolerance.map(|interval| interval.fixed()) {
        None => TOLERANCE,
        Some(Some(length)) if length > TimeDelta::zero() && length <= TOLERANCE_MAX => length,
        Some(_) => {
            report.add(&key.at("tolerance"), "must be longer than nothing and at most P1D");
            TOLERANCE
        }
    };
    let deliver = settings.deliver.unwrap_or_default();
    let provider = provider?;
    let facts = provider.facts();
    if deliver.in_answer() && !facts.fulfils {
        let message = format!("cannot be: {} takes no keys in an answer; write email", facts.title);
        report.add(&key.at("deliver"), message);
    }
    let credentials = Credentials { secrets, keys, tolerance };
    deaf(report, key, provider, &credentials, deliver);
    let mode = settings.mode.unwrap_or_default();
    let account =
        Account { name: name.to_owned(), provider, credentials, settings: own, mode, deliver };
    Some((account, settings.products))
}

fn provider(
    report: &mut Report<'_>,
    key: &Key,
    written: Option<&Value>,
) -> Option<&'static dyn Provider> {
    let kinds: Vec<&str> = ALL.iter().map(|provider| provider.facts().kind).collect();
    let there_are = || format!("there are {}", kinds.join(", "));
    match written {
        Some(Value::String(text)) => {
            let provider = by_kind(text);
            if provider.is_none() {
                let hint = did_you_mean(text, kinds.iter().copied());
                report.add(key, format!("is no kind that is built in{hint}; {}", there_are()));
            }
            provider
        }
        Some(other) => {
            report.add(key, format!("is {}; write a text in quotes; {}", kind(other), there_are()));
            None
        }
        None => {
            report.add(key, format!("is missing; {}", there_are()));
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
    let (place, file_name) = (key.at(setting.name), format!("{}_file", setting.name));
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

/// All that stand there: in the list, alone, and in the file, a line each.
fn secrets(report: &mut Report<'_>, key: &Key, settings: &AccountSettings) -> Vec<Secret> {
    let mut found: Vec<(Key, Hidden)> = Vec::new();
    for (index, text) in settings.secrets.iter().flatten().enumerate() {
        found.push((key.at("secrets").index(index), text.clone()));
    }
    found.extend(settings.secret.iter().map(|text| (key.at("secret"), text.clone())));
    if let Some(path) = &settings.secret_file {
        let place = key.at("secret_file");
        if let Some(text) = from_file(report, &place, path) {
            let lines = text.expose().split('\n').map(|line| line.trim_end_matches('\r'));
            found.extend(lines.map(|line| (place.clone(), Hidden::from(line.to_owned()))));
        }
    }
    found
        .iter()
        .filter_map(|(place, text)| report.take(place, Secret::new(text.expose())))
        .collect()
}

/// Could a delivery be authentic here at all? A purchase is made up and signed with another
/// secret: an account that has what its kind needs finds the signature wrong; one that has not
/// says so.
fn deaf(
    report: &mut Report<'_>,
    key: &Key,
    provider: &'static dyn Provider,
    credentials: &Credentials,
    deliver: Deliver,
) {
    let facts = provider.facts();
    let purchase = foreign_purchase(provider);
    let hears = |inlet: Inlet| {
        purchase.iter().filter(|sample| sample.inlet == inlet).any(|sample| {
            let request = Request {
                inlet,
                method: "POST",
                query: &sample.query,
                headers: &sample.headers,
                body: &sample.body,
            };
            provider.verify(&request, credentials, PROBED_AT).err() != Some(Reject::NoSecret)
        })
    };
    let (webhook, fulfil) = (hears(Inlet::Webhook), hears(Inlet::Fulfil));
    if !webhook && !fulfil {
        let message = format!(
            "is missing or of another form than {} uses, so no delivery could be verified; paste \
             the secret that it shows, or name a file in secret_file",
            facts.title
        );
        report.add(&key.at("secrets"), message);
    } else if deliver.in_answer() && facts.fulfils && !fulfil {
        let secrets = facts.settings.iter().filter(|setting| setting.secret);
        let names: Vec<&str> = secrets.map(|setting| setting.name).collect();
        let message = format!(
            "needs a secret by which {} asks for keys; set {}",
            facts.title,
            if names.is_empty() { "secrets".to_owned() } else { names.join(" or ") }
        );
        report.add(&key.at("deliver"), message);
    }
}

const PROBED_AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// What this kind sends for a purchase, signed with a secret that is nobody's.
fn foreign_purchase(provider: &'static dyn Provider) -> Vec<Sample> {
    const NOBODYS: &str = "whsec_a2V5d3JpZ2h0cHJvYmVrZXl3cmlnaHRwcm9iZQ==";
    let scene = Scene {
        step: Step::Purchase,
        tag: "check".to_owned(),
        cycle: 0,
        at: PROBED_AT,
        period_start: PROBED_AT,
        period_end: PROBED_AT + TimeDelta::days(30),
        item: "item".to_owned(),
        item_next: "item".to_owned(),
        quantity: 1,
        email: "buyer@example.com".to_owned(),
        name: "Buyer".to_owned(),
        company: None,
        country: "DE".to_owned(),
        locale: "de".to_owned(),
        live: true,
        subscription: true,
        amount_minor: 100,
        currency: "EUR".to_owned(),
    };
    let nobodys: Vec<Secret> = Secret::new(NOBODYS).into_iter().collect();
    let keys = provider.facts().settings.iter().filter(|setting| setting.secret);
    let keys = keys
        .flat_map(|setting| nobodys.iter().map(|secret| (setting.name.to_owned(), secret.clone())));
    let credentials =
        Credentials { keys: keys.collect(), secrets: nobodys.clone(), tolerance: TOLERANCE };
    let samples = provider.samples(&scene).into_iter();
    samples.map(|sample| provider.sign(sample, &credentials, PROBED_AT)).collect()
}

/// Two accounts with one secret would each take what is meant for the other. The key to a
/// provider's API (`api_...`) opens nothing here; accounts may share it.
fn own_secrets_only(
    report: &mut Report<'_>,
    key: &Key,
    account: &Account,
    seen: &mut HashMap<String, String>,
) {
    let credentials = &account.credentials;
    let keys = credentials.keys.iter().filter(|(name, _)| !name.starts_with("api_"));
    let keys = keys.map(|(name, secret)| (name.as_str(), secret));
    let secrets = credentials.secrets.iter().map(|secret| ("secrets", secret));
    for (name, secret) in secrets.chain(keys) {
        let owner = seen.entry(secret.expose().to_owned()).or_insert_with(|| account.name.clone());
        if *owner != account.name {
            let message = format!("has a secret of account {owner}; each needs its own");
            report.add(&key.at(name), message);
        }
    }
}
