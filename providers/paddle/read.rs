//! One event to notices.

use serde::de::DeserializeOwned;

use super::payload::Told;
use super::{adjustment, customer, subscription, transaction};
use crate::read::{self, Event, Reading, Unread};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "transaction.completed",
    "transaction.payment_failed",
    "subscription.created",
    "subscription.trialing",
    "subscription.updated",
    "subscription.canceled",
    "subscription.past_due",
    "subscription.paused",
    "subscription.resumed",
    "adjustment.created",
    "adjustment.updated",
    "customer.created",
    "customer.updated",
    "customer.imported",
    "address.created",
    "address.updated",
    "address.imported",
    "business.created",
    "business.updated",
    "business.imported",
];

/// Reads one event.
///
/// Not read, on purpose: `transaction.paid` (the same payment as `transaction.completed`, sent
/// before the subscription is known), `transaction.past_due` (with `subscription.past_due`),
/// `subscription.activated` (after a payment that tells itself), and `subscription.imported`
/// (a migration, no sale; its renewals are read).
///
/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    let at = event.occurred_at;
    match event.event_type {
        "transaction.completed" => transaction::completed(event, &data(event)?),
        "transaction.payment_failed" => Ok(transaction::payment_failed(at, &data(event)?)),
        "subscription.created" => subscription::created(at, &data(event)?),
        "subscription.trialing" => subscription::trialing(at, &data(event)?),
        "subscription.updated" => subscription::updated(at, &data(event)?),
        "subscription.canceled" => subscription::canceled(at, &data(event)?),
        "subscription.past_due" => Ok(subscription::past_due(at, &data(event)?)),
        "subscription.paused" => Ok(subscription::paused(at, &data(event)?)),
        "subscription.resumed" => Ok(subscription::resumed(at, &data(event)?)),
        "adjustment.created" | "adjustment.updated" => adjustment::told(at, &data(event)?),
        "customer.created" | "customer.updated" | "customer.imported" => {
            Ok(customer::person(at, data(event)?))
        }
        "address.created" | "address.updated" | "address.imported" => {
            Ok(customer::address(at, data(event)?))
        }
        "business.created" | "business.updated" | "business.imported" => {
            Ok(customer::business(at, data(event)?))
        }
        _ => Ok(Vec::new()),
    }
}

fn data<T: DeserializeOwned>(event: &Event<'_>) -> Result<T, Unread> {
    Ok(read::json::<Told<T>>(event.body)?.data)
}
