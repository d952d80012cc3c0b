//! Between the rules' types and the store's rows.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use keywright_providers::Notice;
use keywright_providers::notice::{Customer, Kind, Ref, Thing};
use serde::Serialize;
use serde_json::{Value, json as object};
use sha2::{Digest as _, Sha256};

use crate::rules::customer::Details;
use crate::rules::difference::{Entry, Held, Owed};
use crate::rules::fold::{Folded, Told};
use crate::rules::hook::{HookEvent, message_id};
use crate::rules::license::State;
use crate::store::rows::{
    CustomerRow, EventRow, LicenseRow, NewHistory, NewHook, NewMail, NewNotice, NoticeRow,
};
use crate::store::types::{LicenseState, MailStatus};
use crate::store::{self, StoreError};

/// Where a new license comes from.
pub(super) struct Origin<'a> {
    pub(super) sale_id: i64,
    pub(super) account: &'a str,
    pub(super) live: bool,
    pub(super) order: Option<&'a str>,
    pub(super) subscription: Option<&'a str>,
    pub(super) customer: &'a Customer,
}

pub(super) fn new_notices(told: &[Told]) -> Vec<NewNotice> {
    told.iter()
        .map(|told| NewNotice {
            digest: told.digest.into(),
            occurred_at: told.notice.occurred_at,
            // Our own types always have a JSON form.
            body: serde_json::to_string(&told.notice).unwrap_or_default(),
        })
        .collect()
}

/// What stored notices tell.
pub(crate) fn told(rows: &[NoticeRow]) -> Result<Vec<Told>, StoreError> {
    rows.iter()
        .map(|row| {
            let notice = store::json(&row.body, "notices.body", row.id)?;
            Ok(Told { notice, digest: row.digest.0, event_id: row.event_id })
        })
        .collect()
}

pub(super) fn details(row: &CustomerRow) -> Result<Details, StoreError> {
    store::json(&row.details, "customers.details", &row.provider_id)
}

pub(super) fn held(row: &LicenseRow) -> Result<Held, StoreError> {
    Ok(Held {
        id: row.id.clone(),
        slot: slot(row).to_owned(),
        key: row.key.clone(),
        product: row.product.clone(),
        state: state(row.state),
        starts_at: row.starts_at,
        expires_at: row.expires_at,
        valid_until: row.valid_until,
        max_activations: u32::try_from(row.max_activations).unwrap_or(0),
        quantity: u32::try_from(row.quantity).unwrap_or(0),
        features: store::json(&row.features, "licenses.features", &row.id)?,
        flags: store::json(&row.flags, "licenses.flags", &row.id)?,
        merged_into: row.merged_into.clone(),
    })
}

/// A slot given up to another license of the same purchase.
pub(super) fn set_aside(slot: &str, id: &str) -> String {
    format!("{slot}~{id}")
}

/// The slot as the fold names it.
pub(super) fn slot(row: &LicenseRow) -> &str {
    row.slot.strip_suffix(&format!("~{}", row.id)).unwrap_or(&row.slot)
}

/// As it is held now. `aside`: its slot is another's.
pub(super) fn updated(
    row: &LicenseRow,
    held: &Held,
    aside: bool,
    now: DateTime<Utc>,
) -> LicenseRow {
    let slot = if aside { set_aside(&held.slot, &held.id) } else { held.slot.clone() };
    LicenseRow {
        slot,
        product: held.product.clone(),
        state: stored_state(held.state),
        starts_at: held.starts_at,
        expires_at: held.expires_at,
        valid_until: held.valid_until,
        max_activations: stored(held.max_activations),
        quantity: stored(held.quantity),
        features: json(&held.features),
        flags: json(&held.flags),
        merged_into: held.merged_into.clone(),
        updated_at: now,
        ..row.clone()
    }
}

pub(super) fn created(held: &Held, origin: &Origin<'_>, now: DateTime<Utc>) -> LicenseRow {
    LicenseRow {
        id: held.id.clone(),
        sale_id: origin.sale_id,
        slot: held.slot.clone(),
        account: origin.account.to_owned(),
        live: origin.live,
        key: held.key.clone(),
        product: held.product.clone(),
        state: stored_state(held.state),
        starts_at: held.starts_at,
        expires_at: held.expires_at,
        valid_until: held.valid_until,
        max_activations: stored(held.max_activations),
        quantity: stored(held.quantity),
        features: json(&held.features),
        flags: json(&held.flags),
        email: origin.customer.email.as_deref().map(str::to_lowercase),
        customer: json(origin.customer),
        order_ref: origin.order.map(ToOwned::to_owned),
        subscription_ref: origin.subscription.map(ToOwned::to_owned),
        merged_into: None,
        sequence: 0,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// What every license of a sale says of its customer and order.
pub(super) struct Address {
    email: Option<String>,
    customer: Value,
    order: Option<String>,
    subscription: Option<String>,
}

impl Address {
    pub(super) fn new(folded: &Folded, customer: &Customer) -> Self {
        Self {
            email: customer.email.as_deref().map(str::to_lowercase),
            customer: json(customer),
            order: folded.order.clone(),
            subscription: folded.subscription.clone(),
        }
    }

    /// The license with it; `None` where nothing is new.
    pub(super) fn tell(&self, row: &LicenseRow, now: DateTime<Utc>) -> Option<LicenseRow> {
        let Self { email, customer, order, subscription } = self;
        let known = (&row.email, &row.customer, &row.order_ref, &row.subscription_ref);
        (known != (email, customer, order, subscription)).then(|| LicenseRow {
            email: email.clone(),
            customer: customer.clone(),
            order_ref: order.clone(),
            subscription_ref: subscription.clone(),
            updated_at: now,
            ..row.clone()
        })
    }
}

pub(super) fn new_history(
    entry: &Entry,
    event: &EventRow,
    told_by: Option<&ToldBy<'_>>,
    now: DateTime<Utc>,
) -> NewHistory {
    let mut detail = entry.detail.clone();
    if let (Some(reason), Some(fields)) = (told_by.and_then(|by| by.reason), detail.as_object_mut())
    {
        fields.insert("reason".to_owned(), reason.into());
    }
    NewHistory {
        subject: format!("license:{}", entry.license_id),
        at: now,
        action: entry.action.to_owned(),
        cause_event: Some(event.id),
        actor: told_by.map(|told| told.by.to_owned()),
        detail,
    }
}

/// The mail's identity is fixed here: whoever sends it, and however often it is tried.
pub(crate) fn new_mail(
    owed: &Owed,
    sale_id: i64,
    customer: &Customer,
    domain: &str,
    now: DateTime<Utc>,
) -> NewMail {
    NewMail {
        key: owed.key.clone(),
        template: owed.template.to_owned(),
        license_id: Some(owed.license_id.clone()),
        sale_id: Some(sale_id),
        recipient: customer.email.clone(),
        locale: customer.locale.clone(),
        status: MailStatus::Queued,
        next_at: now,
        message_id: mail_identity(&owed.key, domain),
        dated_at: now,
        data: owed.data.clone(),
        created_at: now,
    }
}

/// The Message-ID of the mail for one purpose: the same, whoever owes it.
pub(crate) fn mail_identity(key: &str, domain: &str) -> String {
    let name = HEXLOWER.encode(Sha256::digest(key).get(..16).unwrap_or_default());
    format!("<{name}@{domain}>")
}

/// That a license expired, once for each end that it had.
pub(crate) fn expired(license_id: &str, end: DateTime<Utc>) -> NewHook {
    let key = format!("license:{license_id}:expired:{}", end.to_rfc3339());
    NewHook {
        message_id: message_id(key.as_bytes()),
        key,
        event_type: HookEvent::Expired,
        license_id: license_id.to_owned(),
        dated_at: end,
    }
}

/// A reference as it is stored: `subscription:sub_1`.
pub(super) fn reference(text: &str) -> Option<Ref> {
    let (thing, id) = text.split_once(':')?;
    let thing: Thing = serde_json::from_value(object!(thing)).ok()?;
    Some(Ref::new(thing, id))
}

pub(super) fn json<T: Serialize>(value: &T) -> Value {
    // Our own types always have a JSON form.
    serde_json::to_value(value).unwrap_or_default()
}

fn stored(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The rules' word for a stored state.
pub(crate) fn state(state: LicenseState) -> State {
    match state {
        LicenseState::Active => State::Active,
        LicenseState::Pending => State::Pending,
        LicenseState::Suspended => State::Suspended,
        LicenseState::Revoked => State::Revoked,
    }
}

fn stored_state(state: State) -> LicenseState {
    match state {
        State::Active => LicenseState::Active,
        State::Pending => LicenseState::Pending,
        State::Suspended => LicenseState::Suspended,
        State::Revoked => LicenseState::Revoked,
    }
}

/// Who of support did it, and why.
pub(super) struct ToldBy<'a> {
    by: &'a str,
    reason: Option<&'a str>,
}

pub(super) fn told_by(notices: &[Notice]) -> Option<ToldBy<'_>> {
    notices.iter().find_map(|notice| match &notice.kind {
        Kind::Adjusted { by, reason, .. } => Some(ToldBy { by, reason: reason.as_deref() }),
        _ => None,
    })
}
