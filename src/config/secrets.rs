//! The secrets of an account: where they come from, and whether they are of any use.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::sample::Step;
use keywright_providers::{Credentials, Inlet, Provider, Reject, Sample, Scene, Secret, Settings};

use super::check::from_file;
use super::fault::{Key, Report};
use super::hidden::Hidden;
use super::settings::AccountSettings;
use super::{Account, Deliver};

/// All that stand there: in the list, alone, and in the file, a line each; and whether some were
/// too weak to be taken. `bytes_min` is the shortest that this kind of provider gives.
pub(super) fn secrets(
    report: &mut Report<'_>,
    key: &Key,
    settings: &AccountSettings,
    bytes_min: usize,
) -> (Vec<Secret>, bool) {
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
    let strong = found
        .iter()
        .filter_map(|(place, text)| report.take(place, Secret::with_min(text.expose(), bytes_min)))
        .collect::<Vec<_>>();
    let weak = strong.len() < found.len();
    (strong, weak)
}

/// Could a delivery be authentic here at all? A purchase is made up and signed with another
/// secret: an account that has what its kind needs finds the signature wrong; one that has not
/// says so.
pub(super) fn deaf(
    report: &mut Report<'_>,
    key: &Key,
    provider: &dyn Provider,
    credentials: &Credentials,
    deliver: Deliver,
) {
    let facts = provider.facts();
    let purchase = foreign_purchase(provider, credentials);
    let hears_with = |credentials: &Credentials, inlet: Inlet| {
        purchase.iter().filter(|sample| sample.inlet == inlet).any(|sample| {
            provider.verify(&sample.request(), credentials, PROBED_AT).err()
                != Some(Reject::NoSecret)
        })
    };
    let hears = |inlet: Inlet| hears_with(credentials, inlet);
    let nothing = credentials.secrets.is_empty() && credentials.keys.is_empty();
    let (webhook, fulfil) = match nothing {
        true => (false, false),
        false => (hears(Inlet::Webhook), hears(Inlet::Fulfil)),
    };
    if !webhook && !fulfil {
        let in_digits = Credentials { secrets: nobodys(), ..credentials.clone() };
        let wrong = if credentials.secrets.is_empty() {
            "is missing or of another form than"
        } else if hears_with(&in_digits, Inlet::Webhook) {
            "is not written in hexadecimal digits, as"
        } else {
            "is of another form than"
        };
        let message = format!(
            "{wrong} {} uses, so no delivery could be verified; paste the secret that it shows, or \
             name a file in secret_file",
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

/// A secret that is nobody's. Hexadecimal digits: every kind takes them for a secret of its own.
fn nobodys() -> Vec<Secret> {
    const DIGITS: &str = "5f0c2a9e41d07b3856e2f9140c8ab7d35f0c2a9e41d07b3856e2f9140c8ab7d3";
    Secret::new(DIGITS).into_iter().collect()
}

/// What this kind sends for a purchase, signed with a secret that is nobody's. What else proves it
/// (a password beside the signature) is the account's own, so that the secret is looked at.
fn foreign_purchase(provider: &dyn Provider, own: &Credentials) -> Vec<Sample> {
    let scene = Scene {
        step: Step::Purchase,
        tag: "check".to_owned(),
        cycle: 0,
        at: PROBED_AT,
        period_start: PROBED_AT,
        period_end: PROBED_AT + TimeDelta::days(30),
        item: "item".to_owned(),
        item_next: "item".to_owned(),
        item_first: "item".to_owned(),
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
        settings: Settings::new(),
    };
    let secrets = nobodys();
    let settings = provider.facts().settings.iter().filter(|setting| setting.secret);
    let keys = settings
        .flat_map(|setting| secrets.iter().map(|secret| (setting.name.to_owned(), secret.clone())));
    let example = provider.facts().made_up_credentials(secrets.first().map_or("", Secret::expose));
    let credentials = Credentials {
        keys: keys.chain(example.keys).chain(own.keys.clone()).collect(),
        settings: example.settings.into_iter().chain(own.settings.clone()).collect(),
        ..example
    };
    let samples = provider.samples(&scene).into_iter();
    samples.map(|sample| provider.sign(sample, &credentials, PROBED_AT)).collect()
}

/// Two accounts with one secret would each take what is meant for the other. The key to a
/// provider's API (`api_...`) opens nothing here, and that by which `trigger` signs (`trigger_...`)
/// neither; accounts may share them.
pub(super) fn own_secrets_only(
    report: &mut Report<'_>,
    key: &Key,
    account: &Account,
    seen: &mut HashMap<String, String>,
) {
    let credentials = &account.credentials;
    let shared = |name: &str| name.starts_with("api_") || name.starts_with("trigger_");
    let keys = credentials.keys.iter().filter(|(name, _)| !shared(name));
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
