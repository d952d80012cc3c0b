//! The vendor's own hooks: where they are, and what they are told.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use keywright_providers::scheme::{KeyText, standard_webhooks_sign};
use keywright_providers::{Sample, Secret};
use serde_json::Value;

use super::Hook;
use super::check::either;
use super::fault::{Key, Report, did_you_mean};
use super::hidden::Hidden;
use super::section::{Table, kind, section, table};
use super::settings::HookSettings;
use super::urls::callable;
use crate::rules::hook::HookEvent;

/// Reads `[hooks]`.
pub(super) fn hooks(report: &mut Report<'_>) -> BTreeMap<String, Hook> {
    let root = Key::of(&["hooks"]);
    let mut hooks = BTreeMap::new();
    for (name, value) in table(report, &root) {
        let key = root.at(&name);
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 64 || !name.chars().all(named) {
            report.add(&key, "is no hook name; write 1 to 64 lower-case letters, digits, - or _");
        }
        let Value::Object(written) = value else {
            report.add(&key, format!("is {}; write a table, [{key}]", kind(&value)));
            continue;
        };
        hooks.extend(hook(report, &key, &name, written).map(|hook| (name, hook)));
    }
    hooks
}

fn hook(report: &mut Report<'_>, key: &Key, name: &str, written: Table) -> Option<Hook> {
    let settings: HookSettings = section(report, key, written, &[]);
    let url = address(report, &key.at("url"), settings.url.as_deref());
    let (secret_key, file_key) = (key.at("secret"), key.at("secret_file"));
    let file = (&file_key, settings.secret_file.as_deref());
    let text = either(report, (&secret_key, settings.secret), file);
    let place = if settings.secret_file.is_some() { &file_key } else { &secret_key };
    let secret = secret(report, place, text.as_ref());
    let events = match settings.events {
        None => HookEvent::ALL.into(),
        Some(names) => events(report, &key.at("events"), &names),
    };
    Some(Hook { name: name.to_owned(), url: url?, secret: secret?, events })
}

fn address(report: &mut Report<'_>, key: &Key, written: Option<&str>) -> Option<url::Url> {
    const RIGHT: &str = "write https://HOST/PATH (http only for this very machine), without a user";
    let Some(text) = written else {
        report.add(key, format!("is missing; {RIGHT}"));
        return None;
    };
    let url = callable(text);
    if url.is_none() {
        report.add(key, format!("is no address that can be called; {RIGHT}"));
    }
    url
}

/// One that Standard Webhooks can sign with: `whsec_` and the base64 of at least 16 bytes.
fn secret(report: &mut Report<'_>, key: &Key, text: Option<&Hidden>) -> Option<Secret> {
    const RIGHT: &str = "make one with: echo \"whsec_$(openssl rand -base64 32)\"";
    let Some(text) = text else {
        report.add(key, format!("is missing, so nothing could be signed; {RIGHT}"));
        return None;
    };
    let signs = |secret: &Secret| {
        let probe = Sample::json("probe", &Value::Null);
        let signed = standard_webhooks_sign(probe, secret, KeyText::Base64, DateTime::UNIX_EPOCH);
        signed.header("webhook-signature").is_some()
    };
    let secret = Secret::new(text.expose()).ok();
    let secret = secret.filter(|secret| secret.expose().starts_with("whsec_") && signs(secret));
    if secret.is_none() {
        report.add(key, format!("is no whsec_ secret of at least 16 bytes; {RIGHT}"));
    }
    secret
}

fn events(report: &mut Report<'_>, key: &Key, names: &[String]) -> BTreeSet<HookEvent> {
    if names.is_empty() {
        report.add(key, "is empty, so nothing would ever be told; leave it out to be told all");
    }
    let mut events = BTreeSet::new();
    for (index, name) in names.iter().enumerate() {
        match name.parse::<HookEvent>() {
            Ok(event) => {
                events.insert(event);
            }
            Err(_) => {
                let known = HookEvent::ALL.map(HookEvent::as_str);
                let hint = did_you_mean(name, known);
                let there_are = known.join(", ");
                report.add(&key.index(index), format!("is none of {there_are}{hint}"));
            }
        }
    }
    events
}
