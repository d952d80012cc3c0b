//! The secrets of an account: where they come from, and whether they are of any use.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use keywright_providers::sample::Step;
use keywright_providers::{Credentials, Inlet, Provider, Reject, Sample, Scene, Secret};

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
    let purchase = foreign_purchase(provider);
    let hears = |inlet: Inlet| {
        purchase.iter().filter(|sample| sample.inlet == inlet).any(|sample| {
            provider.verify(&sample.request(), credentials, PROBED_AT).err()
                != Some(Reject::NoSecret)
        })
    };
    let nothing = credentials.secrets.is_empty() && credentials.keys.is_empty();
    let (webhook, fulfil) = match nothing {
        true => (false, false),
        false => (hears(Inlet::Webhook), hears(Inlet::Fulfil)),
    };
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
fn foreign_purchase(provider: &dyn Provider) -> Vec<Sample> {
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
    };
    let nobodys: Vec<Secret> = Secret::new(NOBODYS).into_iter().collect();
    let keys = provider.facts().settings.iter().filter(|setting| setting.secret);
    let keys = keys
        .flat_map(|setting| nobodys.iter().map(|secret| (setting.name.to_owned(), secret.clone())));
    let example = provider.facts().made_up_credentials(NOBODYS);
    let credentials = Credentials { keys: keys.chain(example.keys).collect(), ..example };
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
