//! What people and programs read of the store. Ids are texts; times are UTC.

use chrono::{DateTime, SecondsFormat, Utc};
use keywright_providers::notice::Customer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::apply;
use crate::rules::license::status;
use crate::store::rows::{
    ActivationRow, EventRow, HistoryRow, HookRow, LicenseRow, MailRow, TokenRow,
};
use crate::store::types::MailStatus;
use crate::store::{self, StoreError};

/// Part of a list, and where the next part begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// `None`: there is no more.
    pub next_cursor: Option<String>,
}

/// An event as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    pub id: String,
    pub account: String,
    pub kind: String,
    pub provider_event_id: Option<String>,
    #[serde(rename = "type")]
    pub event_type: String,
    pub status: String,
    /// A stable word for why it failed, waits or is ignored.
    pub reason: Option<String>,
    /// The same for people.
    pub message: Option<String>,
    pub received_at: DateTime<Utc>,
    pub occurred_at: DateTime<Utc>,
    pub attempts: i32,
    pub sale_id: Option<String>,
    pub live: Option<bool>,
    /// Grows whenever it is worked on; send it back to change only what was seen.
    pub version: i64,
}

/// An event with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventWhole {
    #[serde(flatten)]
    pub event: EventView,
    pub headers: Value,
    /// A JSON value where the body is JSON, else its text; `{"base64": "..."}` where it is no
    /// text; null where it was purged.
    pub body: Value,
    pub notices: Vec<Value>,
    /// What was done to it, and what it did to licenses.
    pub history: Vec<HistoryView>,
}

/// A license at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseView {
    pub id: String,
    pub key: String,
    pub product: String,
    pub status: String,
    pub starts_at: DateTime<Utc>,
    /// The end of what was paid. `None`: perpetual, or not begun.
    pub expires_at: Option<DateTime<Utc>>,
    /// With buffer and grace.
    pub valid_until: Option<DateTime<Utc>>,
    pub customer: CustomerView,
    pub quantity: i32,
    pub max_activations: i32,
    /// Seats in use.
    pub activations: usize,
    pub sale_id: String,
    pub order: Option<String>,
    pub subscription: Option<String>,
    pub flags: Vec<String>,
    pub live: bool,
    pub account: String,
    /// Grows with every change; send it back to change only what was seen.
    pub version: i64,
}

/// A license with its whole life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseWhole {
    #[serde(flatten)]
    pub license: LicenseView,
    pub history: Vec<HistoryView>,
    /// The chain of notices that gave the date.
    pub explanation: Vec<StepView>,
}

/// What was given by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// The first license.
    #[serde(flatten)]
    pub license: LicenseView,
    /// All of them: a bundle and a quantity give several.
    pub licenses: Vec<LicenseView>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerView {
    pub email: Option<String>,
    pub name: Option<String>,
    pub company: Option<String>,
    pub country: Option<String>,
    pub locale: Option<String>,
}

/// One entry of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryView {
    pub at: DateTime<Utc>,
    pub action: String,
    /// The same for people.
    pub text: String,
    /// The event that led to it.
    pub cause: Option<CauseView>,
    /// Who did it, where a person did.
    pub actor: Option<String>,
    pub detail: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseView {
    pub event_id: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub account: String,
    pub provider_event_id: Option<String>,
    pub occurred_at: DateTime<Utc>,
}

/// One step on the way to the expiry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    pub at: DateTime<Utc>,
    pub event_id: String,
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    pub text: String,
    /// The expiry after it.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A machine that holds, or held, a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActivationView {
    pub id: String,
    pub fingerprint: String,
    pub name: Option<String>,
    pub platform: Option<String>,
    pub version: Option<String>,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
    /// `None`: it holds a seat.
    pub released_at: Option<DateTime<Utc>>,
}

/// A mail as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailView {
    pub id: String,
    pub template: String,
    /// `None`: not known yet; the mail waits for it.
    pub to: Option<String>,
    pub status: String,
    pub attempts: i32,
    pub error: Option<String>,
    pub license_id: Option<String>,
    /// It may have gone out twice.
    pub in_doubt: bool,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// A message to one of the vendor's own hooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookView {
    pub id: String,
    /// As in `[hooks.NAME]`.
    pub hook: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub license_id: String,
    pub status: String,
    pub attempts: i32,
    pub error: Option<String>,
    /// The `webhook-id`, by which the receiver knows a repetition.
    pub message_id: String,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// Of the next try, while it is queued.
    pub next_at: Option<DateTime<Utc>>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// A mail with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailWhole {
    #[serde(flatten)]
    pub mail: MailView,
    pub message_id: String,
    /// The message as it goes out, once it was written.
    pub message: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenView {
    pub id: String,
    pub name: String,
    pub role: String,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A time as people and programs read it.
#[must_use]
pub fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

impl<T> Page<T> {
    /// A list that was asked for `limit` + 1 entries.
    pub(super) fn cut(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(cursor);
        Self { items, next_cursor }
    }

    pub(super) fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(view).collect(), next_cursor: self.next_cursor }
    }
}

impl From<&EventRow> for EventView {
    fn from(row: &EventRow) -> Self {
        Self {
            id: row.id.to_string(),
            account: row.account.clone(),
            kind: row.kind.clone(),
            provider_event_id: row.provider_event_id.clone(),
            event_type: row.event_type.clone(),
            status: row.status.as_str().to_owned(),
            reason: row.reason.clone(),
            message: row.message.clone(),
            received_at: row.received_at,
            occurred_at: row.occurred_at,
            attempts: row.attempts,
            sale_id: row.sale_id.map(|id| id.to_string()),
            live: row.live,
            version: row.fence,
        }
    }
}

impl LicenseView {
    /// With that many seats held.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub(crate) fn new(
        row: &LicenseRow,
        activations: i64,
        at: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let customer: Customer = store::json(&row.customer, "licenses.customer", &row.id)?;
        Ok(Self {
            id: row.id.clone(),
            key: row.key.clone(),
            product: row.product.clone(),
            status: status(apply::state(row.state), row.valid_until, at).as_str().to_owned(),
            starts_at: row.starts_at,
            expires_at: row.expires_at,
            valid_until: row.valid_until,
            customer: customer.into(),
            quantity: row.quantity,
            max_activations: row.max_activations,
            activations: usize::try_from(activations).unwrap_or_default(),
            sale_id: row.sale_id.to_string(),
            order: row.order_ref.clone(),
            subscription: row.subscription_ref.clone(),
            flags: store::json(&row.flags, "licenses.flags", &row.id)?,
            live: row.live,
            account: row.account.clone(),
            version: row.version,
        })
    }
}

impl From<Customer> for CustomerView {
    fn from(customer: Customer) -> Self {
        let Customer { provider_id: _, email, name, company, country, locale } = customer;
        Self { email, name, company, country, locale }
    }
}

impl HistoryView {
    pub(super) fn new(row: &HistoryRow, cause: Option<&EventRow>) -> Self {
        Self {
            at: row.at,
            action: row.action.clone(),
            text: super::words::history(&row.action, &row.detail),
            cause: cause.map(CauseView::from),
            actor: row.actor.clone(),
            detail: row.detail.clone(),
        }
    }
}

impl From<&EventRow> for CauseView {
    fn from(row: &EventRow) -> Self {
        Self {
            event_id: row.id.to_string(),
            event_type: row.event_type.clone(),
            account: row.account.clone(),
            provider_event_id: row.provider_event_id.clone(),
            occurred_at: row.occurred_at,
        }
    }
}

impl From<ActivationRow> for ActivationView {
    fn from(row: ActivationRow) -> Self {
        Self {
            id: row.id,
            fingerprint: row.fingerprint,
            name: row.name,
            platform: row.platform,
            version: row.version,
            first_at: row.first_at,
            last_at: row.last_at,
            released_at: row.released_at,
        }
    }
}

impl From<&MailRow> for MailView {
    fn from(row: &MailRow) -> Self {
        Self {
            id: row.id.to_string(),
            template: row.template.clone(),
            to: row.recipient.clone(),
            status: row.status.as_str().to_owned(),
            attempts: row.attempts,
            error: row.error.clone(),
            license_id: row.license_id.clone(),
            in_doubt: row.in_doubt,
            created_at: row.created_at,
            sent_at: row.sent_at,
        }
    }
}

impl From<&HookRow> for HookView {
    fn from(row: &HookRow) -> Self {
        Self {
            id: row.id.to_string(),
            hook: row.hook.clone().unwrap_or_default(),
            event_type: row.event_type.clone(),
            license_id: row.license_id.clone(),
            status: row.status.as_str().to_owned(),
            attempts: row.attempts,
            error: row.error.clone(),
            message_id: row.message_id.clone(),
            timestamp: row.dated_at,
            next_at: (row.status == MailStatus::Queued).then_some(row.next_at),
            sent_at: row.sent_at,
        }
    }
}

impl From<TokenRow> for TokenView {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            role: row.role.as_str().to_owned(),
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        }
    }
}
