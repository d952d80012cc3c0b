//! Paddle's entities, with only the fields that are used.
//!
//! <https://developer.paddle.com/webhooks/transactions/transaction-completed>,
//! `/subscriptions/subscription-updated`, `/adjustments/adjustment-updated`,
//! `/customers/customer-updated`, `/addresses/address-updated`, `/businesses/business-updated`.
//! `custom_data` is not among them: the checkout lets a buyer write it.

use std::num::NonZeroU32;

use serde::Deserialize;

use crate::notice::{Customer, Line, Ref};
use crate::read::{Currency, Id};

/// An event, as far as its reader needs it: the error path then begins with `data`.
#[derive(Deserialize)]
pub(super) struct Told<T> {
    pub(super) data: T,
}

#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) id: Id,
    pub(super) origin: Origin,
    pub(super) customer_id: Option<Id>,
    pub(super) subscription_id: Option<Id>,
    pub(super) currency_code: Currency,
    pub(super) billing_period: Option<TimePeriod>,
    pub(super) items: Vec<TransactionItem>,
    pub(super) details: Option<Details>,
}

/// How a transaction came to be. An unknown one is refused: whether it extends is not guessed.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Origin {
    Web,
    Api,
    SubscriptionRecurring,
    SubscriptionUpdate,
    SubscriptionCharge,
    SubscriptionPaymentMethodChange,
}

impl Origin {
    /// A checkout, an invoice or a renewal: what is paid so, lasts for a time. What a change of the
    /// plan or a single charge costs does not.
    pub(super) fn covers_time(self) -> bool {
        match self {
            Self::Web | Self::Api | Self::SubscriptionRecurring => true,
            Self::SubscriptionUpdate
            | Self::SubscriptionCharge
            | Self::SubscriptionPaymentMethodChange => false,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct TransactionItem {
    pub(super) price: Price,
    pub(super) quantity: NonZeroU32,
    /// Set where only a part of a period is billed, after a change of the plan.
    pub(super) proration: Option<Presence>,
}

#[derive(Deserialize)]
pub(super) struct Price {
    pub(super) id: Id,
    pub(super) product_id: Option<Id>,
    /// `null`: sold once.
    pub(super) billing_cycle: Option<Presence>,
    pub(super) trial_period: Option<Presence>,
}

/// An object of which only matters that it is there.
#[derive(Deserialize)]
pub(super) struct Presence {}

#[derive(Deserialize)]
pub(super) struct Details {
    pub(super) totals: Option<Totals>,
    #[serde(default)]
    pub(super) line_items: Vec<LineItem>,
}

/// Amounts in minor units, as strings.
#[derive(Deserialize)]
pub(super) struct Totals {
    pub(super) subtotal: Option<String>,
    pub(super) total: Option<String>,
    /// After credit from the customer's balance: the money that came.
    pub(super) grand_total: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct LineItem {
    pub(super) id: Option<Id>,
    pub(super) price_id: Option<Id>,
    pub(super) totals: Option<Totals>,
}

#[derive(Deserialize)]
pub(super) struct TimePeriod {
    pub(super) starts_at: Option<String>,
    pub(super) ends_at: String,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    pub(super) status: SubscriptionStatus,
    pub(super) customer_id: Option<Id>,
    /// The purchase that the subscription came from; only in `subscription.created`.
    pub(super) transaction_id: Option<Id>,
    #[serde(default)]
    pub(super) items: Vec<SubscriptionItem>,
    pub(super) current_billing_period: Option<TimePeriod>,
    pub(super) scheduled_change: Option<ScheduledChange>,
    pub(super) canceled_at: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum SubscriptionStatus {
    Active,
    Trialing,
    PastDue,
    Paused,
    Canceled,
}

#[derive(Deserialize)]
pub(super) struct SubscriptionItem {
    pub(super) price: Price,
    pub(super) quantity: NonZeroU32,
    /// `false` for a charge that is billed once.
    pub(super) recurring: Option<bool>,
    pub(super) trial_dates: Option<TimePeriod>,
}

#[derive(Deserialize)]
pub(super) struct ScheduledChange {
    pub(super) action: String,
    pub(super) effective_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Adjustment {
    pub(super) id: Id,
    pub(super) action: Action,
    pub(super) status: AdjustmentStatus,
    /// Absent from events of before 2025; then the amounts decide.
    #[serde(rename = "type")]
    pub(super) extent: Option<Extent>,
    pub(super) transaction_id: Id,
    pub(super) subscription_id: Option<Id>,
    pub(super) customer_id: Option<Id>,
    pub(super) currency_code: Currency,
    #[serde(default)]
    pub(super) items: Vec<AdjustmentItem>,
    pub(super) totals: AdjustmentTotals,
}

/// What an adjustment does. An unknown one is refused: it may be money.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    Refund,
    Credit,
    CreditReverse,
    Chargeback,
    ChargebackReverse,
    ChargebackWarning,
    ChargebackWarningReverse,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum AdjustmentStatus {
    PendingApproval,
    Approved,
    Rejected,
    Reversed,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Extent {
    Full,
    Partial,
    /// Of an item only: its tax, or an unused part of its period.
    Tax,
    Proration,
}

#[derive(Deserialize)]
pub(super) struct AdjustmentItem {
    pub(super) item_id: Option<Id>,
    #[serde(rename = "type")]
    pub(super) extent: Option<Extent>,
}

#[derive(Deserialize)]
pub(super) struct AdjustmentTotals {
    pub(super) total: String,
}

impl Price {
    /// One line of this price; price before product, since it is the more specific.
    pub(super) fn line(&self, line: String, quantity: NonZeroU32) -> Line {
        let item = std::iter::once(&self.id).chain(&self.product_id).cloned().map(String::from);
        Line {
            line,
            item: item.collect(),
            quantity: quantity.get(),
            period: None,
            alias: Vec::new(),
        }
    }
}

/// The name of a recurring line. Paddle's line item ids differ from one transaction to the next,
/// so the position among the recurring items of the subscription names it.
pub(super) fn recurring_line(subscription: &Id, position: usize) -> String {
    Line::at(&Ref::subscription(subscription.as_str()), position)
}

/// All that most events say of the customer; the address comes with `customer.*`.
pub(super) fn customer(id: Option<&Id>) -> Option<Customer> {
    id.map(|id| Customer { provider_id: Some(id.as_str().to_owned()), ..Customer::default() })
}
