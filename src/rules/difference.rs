//! The difference: what the fold says against what is stored, as writes, history and mail owed.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::fold::{Folded, License};
use super::license::{Flag, State};

/// A license as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub id: String,
    pub slot: String,
    pub key: String,
    pub product: String,
    pub state: State,
    pub starts_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
    pub max_activations: u32,
    pub quantity: u32,
    pub features: Vec<String>,
    pub flags: BTreeSet<Flag>,
    /// Another license of the same purchase, which this one's key now stands for.
    pub merged_into: Option<String>,
}

/// What there is to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    pub created: Vec<Held>,
    pub updated: Vec<Held>,
    pub history: Vec<Entry>,
    pub mail: Vec<Owed>,
}

/// One entry of a license's history. No personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub license_id: String,
    pub action: &'static str,
    pub detail: Value,
}

/// A mail that is owed, once for its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub key: String,
    pub template: &'static str,
    pub license_id: String,
    pub data: Value,
}

/// Compares. `make` gives a new license its id and key; `stored` are the sale's licenses, oldest
/// first.
#[must_use]
pub fn difference(
    stored: &[Held],
    folded: &Folded,
    make: impl Fn(&License) -> (String, String),
) -> Difference {
    let mut difference = Difference::default();
    let mut free: Vec<&Held> = stored.iter().filter(|held| held.merged_into.is_none()).collect();
    let mut matched: Vec<(&License, Option<&Held>)> = Vec::new();
    for license in &folded.licenses {
        let exact = free.iter().position(|held| held.slot == license.slot);
        let named = || free.iter().position(|held| license.names.contains(&held.slot));
        let held = exact.or_else(named).map(|index| free.remove(index));
        matched.push((license, held));
    }
    // With a line that nobody mapped the fold does not see all: what it misses stays as it is.
    if folded.problems.is_empty() {
        for (license, held) in matched.iter_mut().filter(|(_, held)| held.is_none()) {
            let renamed = free.iter().position(|held| held.product == license.product.id);
            *held = renamed.map(|index| free.remove(index));
        }
        for spare in free {
            let same = |license: &License| license.names.contains(&spare.slot);
            if let Some((_, Some(into))) = matched.iter().find(|(license, _)| same(license)) {
                difference.merge(spare, &into.id);
            }
        }
    }
    for (license, held) in matched {
        match held {
            None => difference.create(license, &make),
            Some(held) => difference.update(held, license),
        }
    }
    difference
}

impl Difference {
    /// Nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn create(&mut self, license: &License, make: impl Fn(&License) -> (String, String)) {
        let (id, key) = make(license);
        let held = held(license, id, key);
        self.entry(
            &held,
            "issued",
            json!({
                "product": held.product,
                "state": held.state,
                "expires_at": held.expires_at.map(text),
            }),
        );
        self.owe_issued(&held);
        self.created.push(held);
    }

    fn update(&mut self, old: &Held, license: &License) {
        let new = held(license, old.id.clone(), old.key.clone());
        if new == *old {
            return;
        }
        if new.state != old.state {
            let action = match (old.state, new.state) {
                (_, State::Revoked) => "revoked",
                (_, State::Suspended) => "suspended",
                (State::Pending, State::Active) => "activated",
                (_, State::Active | State::Pending) => "reinstated",
            };
            self.entry(&new, action, json!({ "from": old.state, "to": new.state }));
            self.owe_issued(&new);
        }
        self.dates(old, &new);
        if (&new.product, new.quantity, new.max_activations, &new.features)
            != (&old.product, old.quantity, old.max_activations, &old.features)
        {
            self.entry(
                &new,
                "changed",
                json!({
                    "product": [old.product, new.product],
                    "quantity": [old.quantity, new.quantity],
                    "max_activations": [old.max_activations, new.max_activations],
                }),
            );
        }
        if new.flags != old.flags {
            self.entry(&new, "flagged", json!({ "from": old.flags, "to": new.flags }));
        }
        self.updated.push(new);
    }

    fn dates(&mut self, old: &Held, new: &Held) {
        if new.expires_at == old.expires_at {
            return;
        }
        let dates = json!({ "from": old.expires_at.map(text), "to": new.expires_at.map(text) });
        // A perpetual license has no date and outlasts every date.
        let later = match (old.expires_at, new.expires_at) {
            (Some(old), Some(new)) => new > old,
            (Some(_), None) => true,
            (None, _) => old.state == State::Pending,
        };
        self.entry(new, if later { "renewed" } else { "shortened" }, dates);
        if let (true, State::Active, State::Active, Some(from)) =
            (later, old.state, new.state, old.expires_at)
        {
            let date = new.expires_at.map_or_else(|| "perpetual".to_owned(), text);
            self.mail.push(Owed {
                key: format!("license:{}:renewed:{date}", new.id),
                template: "renewed",
                license_id: new.id.clone(),
                data: json!({ "previous_expires_at": text(from) }),
            });
        }
    }

    fn merge(&mut self, spare: &Held, into: &str) {
        let merged = Held { merged_into: Some(into.to_owned()), ..spare.clone() };
        self.entry(&merged, "merged", json!({ "into": into }));
        self.updated.push(merged);
    }

    fn owe_issued(&mut self, held: &Held) {
        if matches!(held.state, State::Active | State::Pending) {
            self.mail.push(Owed {
                key: format!("license:{}:issued", held.id),
                template: "issued",
                license_id: held.id.clone(),
                data: json!({}),
            });
        }
    }

    fn entry(&mut self, held: &Held, action: &'static str, detail: Value) {
        self.history.push(Entry { license_id: held.id.clone(), action, detail });
    }
}

fn held(license: &License, id: String, key: String) -> Held {
    Held {
        id,
        slot: license.slot.clone(),
        key,
        product: license.product.id.clone(),
        state: license.state,
        starts_at: license.starts_at,
        expires_at: license.expires_at,
        valid_until: license.valid_until,
        max_activations: license.max_activations,
        quantity: license.quantity,
        features: license.product.features.clone(),
        flags: license.flags.clone(),
        merged_into: None,
    }
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
