//! The difference: what the fold says against what is stored, as writes, history and mail owed.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::fold::{Folded, License};
use super::license::{Flag, State};
use super::product::Notify;

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

/// A date that moves by less is set right (a second event knows the period to the second, or by
/// another clock) and not renewed: no mail says so.
const WORTH_A_MAIL: TimeDelta = TimeDelta::days(1);

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
/// first (of sales that just became one: those of all of them).
///
/// A license is known by its slot, else by another name of its line, else (where the line went by
/// another name before the configuration or the reading of events changed) by its product. One
/// that is left over is told twice: its key stands for the other license from then on. One that
/// nothing stands for any more is revoked.
///
/// `updated` begins with those that give up their slots to another, so that written in its order
/// no two licenses ever hold one slot.
#[must_use]
pub fn difference(
    stored: &[Held],
    folded: &Folded,
    make: impl Fn(&License) -> (String, String),
) -> Difference {
    let mut free: Vec<&Held> = stored.iter().filter(|held| held.merged_into.is_none()).collect();
    let mut held: Vec<Option<&Held>> = vec![None; folded.licenses.len()];
    let by_name = |license: &License, held: &Held| license.names.contains(&held.slot);
    let by_product = |license: &License, held: &Held| held.product == license.product.id;
    pair_by_slot(&folded.licenses, &mut held, &mut free);
    pair(&folded.licenses, &mut held, &mut free, by_name);
    let mut difference = Difference::default();
    // With a line that nobody mapped the fold does not see all: what it misses stays as it is.
    if folded.problems.is_empty() {
        pair(&folded.licenses, &mut held, &mut free, by_product);
        let pairs: Vec<(&License, &Held)> = folded
            .licenses
            .iter()
            .zip(&held)
            .filter_map(|(license, held)| Some((license, (*held)?)))
            .collect();
        let mut gone: Vec<&Held> = Vec::new();
        for spare in free {
            let stands_for = |fits: &dyn Fn(&License, &Held) -> bool| {
                pairs.iter().find(|(license, _)| fits(license, spare)).map(|(_, held)| *held)
            };
            let twin = || gone.iter().copied().find(|twin| twin.slot == spare.slot);
            let into = stands_for(&by_name).or_else(|| stands_for(&by_product)).or_else(twin);
            match into {
                Some(into) => difference.merge(spare, into, stored),
                None => gone.push(spare),
            }
        }
        gone.into_iter().for_each(|spare| difference.withdraw(spare));
    }
    for (license, held) in folded.licenses.iter().zip(held) {
        match held {
            None => difference.create(license, stored, &make),
            Some(held) => difference.update(held, license),
        }
    }
    difference
}

/// Gives each license the first free one of its slot. By far the most find theirs so, and an order
/// may have a thousand.
fn pair_by_slot<'a>(licenses: &[License], held: &mut [Option<&'a Held>], free: &mut Vec<&'a Held>) {
    let mut by_slot: HashMap<&str, &'a Held> = HashMap::with_capacity(free.len());
    for one in free.iter().copied() {
        by_slot.entry(&one.slot).or_insert(one);
    }
    let mut taken: HashSet<&str> = HashSet::with_capacity(free.len());
    for (license, held) in licenses.iter().zip(held) {
        *held = by_slot.remove(license.slot.as_str());
        taken.extend(held.map(|held| held.id.as_str()));
    }
    free.retain(|one| !taken.contains(one.id.as_str()));
}

/// Gives each license that has none yet the first free one that fits.
fn pair<'a>(
    licenses: &[License],
    held: &mut [Option<&'a Held>],
    free: &mut Vec<&'a Held>,
    fits: impl Fn(&License, &Held) -> bool,
) {
    for (license, held) in licenses.iter().zip(held).filter(|(_, held)| held.is_none()) {
        let found = free.iter().position(|held| fits(license, held));
        *held = found.map(|index| free.remove(index));
    }
}

impl Difference {
    /// Nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn create(
        &mut self,
        license: &License,
        stored: &[Held],
        make: impl Fn(&License) -> (String, String),
    ) {
        let (id, key) = unused(license, stored, make);
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
        self.owe_payment_failed(None, &held, license);
        self.created.push(held);
    }

    fn update(&mut self, old: &Held, license: &License) {
        let new = held(license, old.id.clone(), old.key.clone());
        if new == *old {
            return;
        }
        self.state(old, &new, license);
        self.dates(old, &new);
        if (&new.product, new.quantity, new.max_activations, &new.features)
            != (&old.product, old.quantity, old.max_activations, &old.features)
        {
            let detail = json!({
                "product": [old.product, new.product],
                "quantity": [old.quantity, new.quantity],
                "max_activations": [old.max_activations, new.max_activations],
            });
            self.entry(&new, "changed", detail);
        }
        self.owe_payment_failed(Some(old), &new, license);
        if new.flags != old.flags {
            self.entry(&new, "flagged", json!({ "from": old.flags, "to": new.flags }));
        }
        self.updated.push(new);
    }

    fn state(&mut self, old: &Held, new: &Held, license: &License) {
        if new.state == old.state {
            return;
        }
        let mut detail = json!({ "from": old.state, "to": new.state });
        let action = match (old.state, new.state) {
            (_, State::Revoked) => "revoked",
            (_, State::Suspended) => "suspended",
            (State::Pending, State::Active) => {
                detail = json!({ "expires_at": new.expires_at.map(text) });
                "begun"
            }
            (_, State::Active | State::Pending) => "reinstated",
        };
        self.entry(new, action, detail);
        // Whoever held it as active or pending was mailed; whoever did not may be now.
        if matches!(old.state, State::Suspended | State::Revoked) {
            self.owe_issued(new);
        }
        self.owe_revoked(new, license);
    }

    fn dates(&mut self, old: &Held, new: &Held) {
        let activated = (old.state, new.state) == (State::Pending, State::Active);
        if new.expires_at == old.expires_at || activated {
            return;
        }
        // A perpetual license has no date and outlasts every date; a pending one has none yet.
        let moved = match (old.expires_at, new.expires_at) {
            (Some(old), Some(new)) => new - old,
            (Some(_), None) if new.state != State::Pending => TimeDelta::MAX,
            (None, Some(_)) if old.state == State::Pending => TimeDelta::MAX,
            (Some(_) | None, _) => TimeDelta::MIN,
        };
        let later = moved > TimeDelta::zero();
        let dates = json!({ "from": old.expires_at.map(text), "to": new.expires_at.map(text) });
        self.entry(new, if later { "renewed" } else { "shortened" }, dates);
        if let (State::Active | State::Suspended, Some(from)) = (new.state, old.expires_at)
            && old.state != State::Pending
            && moved >= WORTH_A_MAIL
        {
            let date = new.expires_at.map_or_else(|| "perpetual".to_owned(), text);
            // Where it was revoked, the day is not one that its holder knows.
            let known = old.state != State::Revoked;
            self.mail.push(Owed {
                key: format!("license:{}:renewed:{date}", new.id),
                template: "renewed",
                license_id: new.id.clone(),
                data: match known {
                    true => json!({ "previous_expires_at": text(from) }),
                    false => json!({}),
                },
            });
        }
    }

    /// The key of `spare`, and every key that stood for it, stands for `into`.
    fn merge(&mut self, spare: &Held, into: &Held, stored: &[Held]) {
        let stood = |held: &&Held| held.merged_into.as_ref() == Some(&spare.id);
        for merged in std::iter::once(spare).chain(stored.iter().filter(stood)) {
            let merged = Held { merged_into: Some(into.id.clone()), ..merged.clone() };
            self.entry(&merged, "merged", json!({ "into": into.id }));
            self.updated.push(merged);
        }
    }

    /// Nothing that was told stands for it any more.
    fn withdraw(&mut self, spare: &Held) {
        if spare.state == State::Revoked {
            return;
        }
        let new = Held { state: State::Revoked, ..spare.clone() };
        self.entry(&new, "withdrawn", json!({ "from": spare.state, "to": new.state }));
        self.updated.push(new);
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

    /// Once per episode: the end of what was paid stays the same until it is over. Wherever in the
    /// order of events the failure was told, the episode has the same name.
    fn owe_payment_failed(&mut self, old: Option<&Held>, new: &Held, license: &License) {
        let past_due = |held: &Held| held.flags.contains(&Flag::PastDue);
        let begins = past_due(new) && !old.is_some_and(past_due) && new.state == State::Active;
        if begins && license.product.notify.contains(&Notify::PaymentFailed) {
            let end = new.expires_at.map_or_else(|| "perpetual".to_owned(), text);
            self.mail.push(Owed {
                key: format!("license:{}:payment_failed:{end}", new.id),
                template: "payment_failed",
                license_id: new.id.clone(),
                data: json!({}),
            });
        }
    }

    /// Once, to whoever held it. Who disputes a payment is told by his bank.
    fn owe_revoked(&mut self, new: &Held, license: &License) {
        let disputed = new.flags.contains(&Flag::Disputed);
        let wanted = license.product.notify.contains(&Notify::Revoked);
        if new.state == State::Revoked && !disputed && wanted {
            self.mail.push(Owed {
                key: format!("license:{}:revoked", new.id),
                template: "revoked",
                license_id: new.id.clone(),
                data: json!({}),
            });
        }
    }

    fn entry(&mut self, held: &Held, action: &'static str, detail: Value) {
        self.history.push(Entry { license_id: held.id.clone(), action, detail });
    }
}

/// An id and a key that no stored license has. They are made from the slot; the one that had the
/// slot before may have moved to another, and keeps what it was given.
fn unused(
    license: &License,
    stored: &[Held],
    make: impl Fn(&License) -> (String, String),
) -> (String, String) {
    let used = |id: &str, key: &str| stored.iter().any(|held| held.id == id || held.key == key);
    let (mut id, mut key) = make(license);
    for turn in 1..=stored.len() {
        if !used(&id, &key) {
            break;
        }
        let slot = format!("{}+{turn}", license.slot);
        (id, key) = make(&License { slot, ..license.clone() });
    }
    (id, key)
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
