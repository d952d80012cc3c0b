//! One event to notices.
//!
//! An event says where to look; what the API says is what is read. So an event of a payment that
//! went past due and was paid before it was asked for tells of the payment.

use serde::de::DeserializeOwned;

use super::payload::Account;
use super::{invoice, subscription, transaction};
use crate::notice::{Kind, Notice};
use crate::read::{self, Event, Reading, Unread};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "subscription.created",
    "subscription.updated",
    "subscription.canceled",
    "subscription.reactivated",
    "subscription.expired",
    "subscription.paused",
    "subscription.resumed",
    "charge_invoice.paid",
    "charge_invoice.past_due",
    "charge_invoice.failed",
    "invoice.closed",
    "invoice.past_due",
    "payment.failed",
    "payment.refunded",
    "payment.voided",
    "payment.transaction_status_updated",
    "account.updated",
];

/// What an event makes us look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    Subscription,
    Invoice,
    Transaction,
    Account,
}

impl Looks {
    /// The name of the question.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Subscription => "subscription",
            Self::Invoice => "invoice",
            Self::Transaction => "transaction",
            Self::Account => "account",
        }
    }

    /// Where the API keeps it.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Subscription => "subscriptions",
            Self::Invoice => "invoices",
            Self::Transaction => "transactions",
            Self::Account => "accounts",
        }
    }
}

/// What to look at for an event of that type; `None` where it is of no interest.
///
/// Not read, on purpose: `subscription.renewed` and `charge_invoice.created` (sent before the
/// money is there), `payment.succeeded` (its invoice tells), `credit_invoice.*` and
/// `credit_payment.*` (the money that goes back is told by `payment.refunded`).
pub(super) fn looks(event_type: &str) -> Option<Looks> {
    if !EVENTS.contains(&event_type) {
        return None;
    }
    Some(match event_type.split_once('.')?.0 {
        "subscription" => Looks::Subscription,
        "charge_invoice" | "invoice" => Looks::Invoice,
        "payment" => Looks::Transaction,
        _ => Looks::Account,
    })
}

/// Reads one event.
///
/// # Errors
/// [`Unread`], also where the API knows nothing of what the event names.
pub(super) fn event(event: &Event<'_>) -> Reading {
    match looks(event.event_type) {
        None => Ok(Vec::new()),
        Some(Looks::Subscription) => {
            let verb = event.event_type.split_once('.').unwrap_or_default().1;
            subscription::told(event.occurred_at, verb, &told(event, Looks::Subscription)?)
        }
        Some(Looks::Invoice) => invoice::told(event.occurred_at, &told(event, Looks::Invoice)?),
        Some(Looks::Transaction) => transaction::told(event, &told(event, Looks::Transaction)?),
        // An account that is gone has nothing to tell.
        Some(Looks::Account) => {
            let account: Option<Account> = read::answered(event.answers, Looks::Account.name())?;
            Ok(account.map(|account| customer(event, &account)).into_iter().collect())
        }
    }
}

fn told<T: DeserializeOwned>(event: &Event<'_>, looks: Looks) -> Result<T, Unread> {
    let answer = read::answered(event.answers, looks.name())?;
    answer.ok_or_else(|| Unread::value(looks.name(), "Recurly's API knows no such thing"))
}

fn customer(event: &Event<'_>, account: &Account) -> Notice {
    Notice {
        refs: Vec::new(),
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Customer,
        customer: Some(account.customer()),
    }
}
