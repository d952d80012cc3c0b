//! What needs a person: counted by kind, without anybody's name in it.
//!
//! It is answered from indexes alone, within milliseconds however much is stored, so that the
//! console's first page, the figures and the digest may ask for it as often as they like.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use serde::Serialize;

use super::{Failure, Support};
use crate::pull::gap::{self, Gap};
use crate::rules::silence;
use crate::store::rows::{self, EventTrouble, HookTrouble, Tally};
use crate::store::types::EventStatus;
use crate::store::{StoreError, Tx};

/// What waits for something that is not known yet is nobody's concern before it is this old.
const WAITING_LONG: TimeDelta = TimeDelta::days(1);

/// So long a sale may lack its address: some providers tell it in another event.
const ADDRESS_LATE: TimeDelta = TimeDelta::hours(1);

/// So many licenses that were paid in vain are named.
pub(super) const PAID_IN_VAIN_MAX: usize = 50;

/// Under which the last event of each day stands in the store.
const DAYS: &str = "event_days";

/// What needs a person at one moment. All is well when every list is empty and every count zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attention {
    pub at: DateTime<Utc>,
    /// Failed events by account and reason.
    pub failed: Vec<OpenEvents>,
    /// Events that wait for more than a day, by account and reason.
    pub waiting: Vec<OpenEvents>,
    /// Mails that were given up; not those whose cause is gone.
    pub mail_failed: Count,
    /// Sales whose mail waits for more than an hour, because nobody has told an address.
    pub without_address: Count,
    /// Licenses that a person suspended or revoked, and that somebody goes on paying for: so many
    /// at most, the longest paid first.
    pub paid_in_vain: Vec<PaidInVain>,
    /// Messages that hooks did not take, by hook.
    pub hooks_failed: Vec<OpenHook>,
    /// Configured accounts that have been silent for much longer than is usual for them.
    pub silent: Vec<Silent>,
    /// Configured accounts whose events were found in the provider's list, and never told.
    pub missed: Vec<MissedEvents>,
}

/// How many, and since when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub count: usize,
    /// There are more: counting stopped at [`crate::store::rows::COUNT_MAX`].
    pub more: bool,
    pub oldest: Option<DateTime<Utc>>,
}

/// Events of one account that stand open for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenEvents {
    pub account: String,
    pub reason: String,
    #[serde(flatten)]
    pub count: Count,
}

/// What one hook did not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenHook {
    pub hook: String,
    #[serde(flatten)]
    pub count: Count,
}

/// A license that nobody may use, and that was paid for after a person had so decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaidInVain {
    pub license_id: String,
    /// The first of those payments.
    pub since: DateTime<Utc>,
}

/// An account that is silent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Silent {
    pub account: String,
    pub last_event_at: DateTime<Utc>,
    /// So long a silence would still be usual.
    pub usual_days: i64,
}

/// An account that is not told everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissedEvents {
    pub account: String,
    #[serde(flatten)]
    pub gap: Gap,
}

impl Attention {
    /// Nothing needs a person.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        // All fields by name: a new one does not compile until it is thought of here.
        let Self {
            at: _,
            failed,
            waiting,
            mail_failed,
            without_address,
            paid_in_vain,
            hooks_failed,
            silent,
            missed,
        } = self;
        failed.is_empty()
            && waiting.is_empty()
            && mail_failed.count == 0
            && without_address.count == 0
            && paid_in_vain.is_empty()
            && hooks_failed.is_empty()
            && silent.is_empty()
            && missed.is_empty()
    }
}

impl Support {
    /// What needs a person now.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn attention(&self) -> Result<Attention, Failure> {
        let (now, books) = (self.clock.now(), self.shelf.now());
        self.read("attention", move |tx| {
            let accounts = books.config.accounts.keys().map(String::as_str);
            Ok(Attention {
                at: now,
                failed: open(tx.event_troubles(EventStatus::Failed, now)?),
                waiting: open(tx.event_troubles(EventStatus::Waiting, now - WAITING_LONG)?),
                mail_failed: tx.outbox_given_up()?.into(),
                without_address: tx.sales_without_address(now - ADDRESS_LATE)?.into(),
                paid_in_vain: paid_in_vain(tx, now)?,
                hooks_failed: tx.hook_troubles()?.into_iter().map(OpenHook::from).collect(),
                silent: silent(tx, accounts.clone(), now)?,
                missed: missed(tx, accounts, now)?,
            })
        })
        .await
    }

    /// Notes where each day of the last weeks ended among the events, unless that was noted: from
    /// it [`Support::attention`] knows what is usual. To be called now and then; costs next to
    /// nothing on all but the first call of a day.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn attention_note_days(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        let known = self.read("event days", |tx| Ok(days(tx)?)).await?;
        let wanted: Vec<DateTime<Utc>> = midnights(now).collect();
        if wanted.iter().all(|midnight| known.contains_key(midnight)) {
            return Ok(());
        }
        self.write("event days", move |tx| {
            let mut noted = BTreeMap::new();
            for midnight in &wanted {
                let id = match known.get(midnight) {
                    Some(id) => *id,
                    None => tx.event_id_before(*midnight)?,
                };
                noted.insert(*midnight, id);
            }
            // A map of times and numbers always has a JSON form.
            let text = serde_json::to_string(&noted).unwrap_or_default();
            Ok(tx.meta_put(DAYS, &text)?)
        })
        .await
    }
}

/// The accounts of these that have been quiet for too long.
pub(super) fn silent<'a>(
    tx: &mut Tx<'_>,
    accounts: impl Iterator<Item = &'a str>,
    now: DateTime<Utc>,
) -> Result<Vec<Silent>, StoreError> {
    let borders: Vec<i64> = days(tx)?.into_values().collect();
    let mut silent = Vec::new();
    for account in accounts {
        let Some(last_event_at) = tx.event_last_heard(account)? else { continue };
        // No patience is shorter than a day.
        if now - last_event_at <= TimeDelta::days(1) {
            continue;
        }
        let heard = tx.event_heard_between(account, &borders)?;
        let patience = silence::patience(&heard).filter(|patience| now - last_event_at > *patience);
        if let Some(patience) = patience {
            let usual_days = patience.num_days();
            silent.push(Silent { account: account.to_owned(), last_event_at, usual_days });
        }
    }
    Ok(silent)
}

/// The accounts of these that were not told everything.
pub(super) fn missed<'a>(
    tx: &mut Tx<'_>,
    accounts: impl Iterator<Item = &'a str>,
    now: DateTime<Utc>,
) -> Result<Vec<MissedEvents>, StoreError> {
    let mut missed = Vec::new();
    for account in accounts {
        let gap = gap::find(tx, account, now)?;
        missed.extend(gap.map(|gap| MissedEvents { account: account.to_owned(), gap }));
    }
    Ok(missed)
}

fn paid_in_vain(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<Vec<PaidInVain>, StoreError> {
    let rows = tx.licenses_paid_in_vain(now, PAID_IN_VAIN_MAX)?;
    let seen = |rows::PaidInVain { license_id, since }| PaidInVain { license_id, since };
    Ok(rows.into_iter().map(seen).collect())
}

/// The last event before each midnight, as far as that was noted.
fn days(tx: &mut Tx<'_>) -> Result<BTreeMap<DateTime<Utc>, i64>, StoreError> {
    let text = tx.meta_get(DAYS)?;
    // What cannot be read is noted anew.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// The midnights that bound the days looked back on, oldest first; the last is today's.
fn midnights(now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    let today = now.with_time(NaiveTime::MIN).single();
    (0..=u64::from(silence::DAYS))
        .rev()
        .filter_map(move |back| today?.checked_sub_days(Days::new(back)))
}

fn open(troubles: Vec<EventTrouble>) -> Vec<OpenEvents> {
    let open = |EventTrouble { account, reason, tally }| OpenEvents {
        account,
        reason,
        count: Count::from(tally),
    };
    troubles.into_iter().map(open).collect()
}

impl From<Tally> for Count {
    fn from(Tally { count, more, oldest }: Tally) -> Self {
        Self { count, more, oldest }
    }
}

impl From<HookTrouble> for OpenHook {
    fn from(HookTrouble { hook, tally }: HookTrouble) -> Self {
        Self { hook, count: tally.into() }
    }
}
