//! Changes as sentences.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::rules::difference::{Difference, Entry};

/// One thing that changes for a license.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub license_id: String,
    pub action: String,
    pub text: String,
}

/// One mail that becomes owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailOwed {
    pub license_id: String,
    pub template: String,
}

/// What a difference changes, a sentence each.
#[must_use]
pub fn changes(difference: &Difference) -> Vec<Change> {
    let change = |entry: &Entry| Change {
        license_id: entry.license_id.clone(),
        action: entry.action.to_owned(),
        text: history(entry.action, &entry.detail),
    };
    difference.history.iter().map(change).collect()
}

/// An entry of the history as a sentence, with its reason.
#[must_use]
pub fn history(action: &str, detail: &Value) -> String {
    let sentence = history_alone(action, detail);
    match reason(detail) {
        Some(reason) => format!("{sentence} ({reason})"),
        None => sentence,
    }
}

/// Why, where whoever did it said so.
#[must_use]
pub fn reason(detail: &Value) -> Option<String> {
    detail.get("reason").and_then(Value::as_str).map(str::to_owned)
}

/// An entry of the history as a sentence, without its reason.
#[must_use]
pub fn history_alone(action: &str, detail: &Value) -> String {
    match action {
        "issued" => match expiry(detail, "expires_at") {
            Some(expiry) => format!("issued for {}, {expiry}", word(detail, "product")),
            None => format!("issued for {}", word(detail, "product")),
        },
        "renewed" | "shortened" => format!("{action}: {}", dates(detail)),
        "changed" => changed(detail),
        "flagged" => format!("flags: {} → {}", list(detail, "from"), list(detail, "to")),
        "merged" => format!("merged into license {}", word(detail, "into")),
        "resent" => match word(detail, "to") {
            "corrected" => "key sent again, to a corrected address".to_owned(),
            _ => "key sent again".to_owned(),
        },
        "begun" => match expiry(detail, "expires_at") {
            Some(expiry) => format!("its time began, {expiry}"),
            None => "its time began".to_owned(),
        },
        "mail_retried" => "the mail was put back in the queue".to_owned(),
        "hook_retried" => "the message was put back in the queue".to_owned(),
        "events_replayed" => events_replayed(detail),
        "reloaded" => {
            format!("configuration reloaded; {} events tried again", number(detail, "replayed"))
        }
        "token_made" => format!("token of the role {} made", word(detail, "role")),
        "token_revoked" => "token revoked".to_owned(),
        "key_made" => "signing key made".to_owned(),
        "key_retired" => "signing key retired".to_owned(),
        "mail_held" => "mail and hooks put on hold".to_owned(),
        "mail_released" => "mail and hooks released".to_owned(),
        "exported" => format!("{} exported", word(detail, "what")),
        "clock_trusted" => format!(
            "clock trusted again; {} events of a time that has not come were dated anew",
            number(detail, "events")
        ),
        "backup_begun" => "backup begun".to_owned(),
        "activated" => "activated on a machine".to_owned(),
        "deactivated" => "a machine gave its seat back".to_owned(),
        "activation_released" => "an activation was released".to_owned(),
        "personal_data_shown" => "its personal data was looked at".to_owned(),
        "signed_in" => "signed in to the console".to_owned(),
        "user_made" => format!("user of the role {} made", word(detail, "role")),
        "user_revoked" => "user revoked".to_owned(),
        "password_set" => "password set".to_owned(),
        other => other.replace('_', " "),
    }
}

/// A time within a sentence: seconds are nobody's question.
#[must_use]
pub fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A length of time in one unit: `24 h`, `3 days`.
#[must_use]
pub fn length(time: TimeDelta) -> String {
    match (time.num_days(), time.num_hours(), time.num_minutes()) {
        (days, ..) if days >= 2 => format!("{days} days"),
        (_, hours, _) if hours >= 1 => format!("{hours} h"),
        (_, _, minutes) => format!("{minutes} min"),
    }
}

/// `12 events were tried again: failed, unknown_product, of shop`.
fn events_replayed(detail: &Value) -> String {
    let chosen = detail.get("filter").unwrap_or(&Value::Null);
    let words = ["status", "reason", "type"].iter().map(|name| word(chosen, name).to_owned());
    let mut of: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    match word(chosen, "account") {
        "" => {}
        account => of.push(format!("of {account}")),
    }
    let count = number(detail, "count");
    match of.join(", ") {
        nothing if nothing.is_empty() => format!("{count} events were tried again"),
        of => format!("{count} events were tried again: {of}"),
    }
}

/// Only what differs: `quantity 1 → 5`.
fn changed(detail: &Value) -> String {
    let pairs = ["product", "quantity", "max_activations"].iter().filter_map(|name| {
        let (old, new) = (detail.get(name)?.get(0)?, detail.get(name)?.get(1)?);
        (old != new).then(|| format!("{} {} → {}", name.replace('_', " "), plain(old), plain(new)))
    });
    match pairs.collect::<Vec<_>>().join(", ") {
        nothing if nothing.is_empty() => "changed".to_owned(),
        pairs => format!("changed: {pairs}"),
    }
}

fn dates(detail: &Value) -> String {
    let date = |name| detail.get(name).and_then(Value::as_str).unwrap_or("none");
    format!("{} → {}", date("from"), date("to"))
}

fn expiry(detail: &Value, name: &str) -> Option<String> {
    match detail.get(name)? {
        Value::String(date) => Some(format!("until {date}")),
        Value::Null if word(detail, "state") == "pending" => {
            Some("from its first activation".to_owned())
        }
        _ => Some("without an end".to_owned()),
    }
}

fn list(detail: &Value, name: &str) -> String {
    let words = detail.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    match words.iter().map(plain).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "none".to_owned(),
        words => words,
    }
}

fn word<'a>(detail: &'a Value, name: &str) -> &'a str {
    detail.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(detail: &Value, name: &str) -> i64 {
    detail.get(name).and_then(Value::as_i64).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_entry_reads_as_a_sentence() {
        for (action, detail, sentence) in [
            (
                "issued",
                json!({ "product": "acme-pro", "state": "active", "expires_at": "2027-01-31T00:00:00Z" }),
                "issued for acme-pro, until 2027-01-31T00:00:00Z",
            ),
            (
                "issued",
                json!({ "product": "acme-pro", "state": "active", "expires_at": null }),
                "issued for acme-pro, without an end",
            ),
            (
                "issued",
                json!({ "product": "acme-pro", "state": "pending", "expires_at": null }),
                "issued for acme-pro, from its first activation",
            ),
            (
                "renewed",
                json!({ "from": "2027-01-31T00:00:00Z", "to": "2028-01-31T00:00:00Z", "reason": "sorry" }),
                "renewed: 2027-01-31T00:00:00Z → 2028-01-31T00:00:00Z (sorry)",
            ),
            (
                "shortened",
                json!({ "from": null, "to": "2027-01-31T00:00:00Z" }),
                "shortened: none → 2027-01-31T00:00:00Z",
            ),
            (
                "changed",
                json!({ "product": ["a", "b"], "quantity": [1, 1], "max_activations": [2, 10] }),
                "changed: product a → b, max activations 2 → 10",
            ),
            (
                "flagged",
                json!({ "from": [], "to": ["past_due", "trial"] }),
                "flags: none → past_due, trial",
            ),
            ("merged", json!({ "into": "0192" }), "merged into license 0192"),
            ("resent", json!({ "to": "corrected" }), "key sent again, to a corrected address"),
            ("revoked", json!({ "from": "active", "to": "revoked" }), "revoked"),
            (
                "begun",
                json!({ "expires_at": "2027-01-31T00:00:00Z" }),
                "its time began, until 2027-01-31T00:00:00Z",
            ),
            ("activated", json!({ "activation_id": "a-1" }), "activated on a machine"),
            (
                "events_replayed",
                json!({ "count": 3, "reason": "mapped it" }),
                "3 events were tried again (mapped it)",
            ),
            ("token_made", json!({ "role": "admin" }), "token of the role admin made"),
            ("exported", json!({ "what": "licenses" }), "licenses exported"),
            ("deactivated", json!({ "activation_id": "a-1" }), "a machine gave its seat back"),
            ("personal_data_shown", json!({}), "its personal data was looked at"),
        ] {
            assert_eq!(history(action, &detail), sentence);
        }
    }
}
