//! Subscription contracts: told only to the app that owns them.
//!
//! - <https://shopify.dev/docs/api/admin-graphql/latest/objects/SubscriptionContract>
//! - <https://shopify.dev/docs/api/admin-graphql/latest/objects/SubscriptionBillingAttempt>

use chrono::{DateTime, Utc};

use super::payload::{Attempt, Contract};
use super::read::only_line;
use crate::notice::{Customer, Kind, Line, Notice, Ref};
use crate::read::{Id, Reading, Unread};

/// How a contract stands. An active one ties the order that began it to the contract: the payment
/// of that order is for the contract's line too, whatever the order says stands on it.
pub(super) fn contract(at: DateTime<Utc>, contract: &Contract) -> Reading {
    let id = contract.id().ok_or_else(|| missing("id", "the contract's own id"))?;
    let of = |kind| Notice { customer: customer(contract), ..about(at, &id, kind) };
    Ok(match contract.status.to_ascii_lowercase().as_str() {
        "active" => {
            let begun = contract.origin_order_id.as_ref().map(|order| paid(at, &id, order));
            let begun = begun.map(|notice| Notice { customer: customer(contract), ..notice });
            begun.into_iter().chain([of(Kind::Uncanceled)]).collect()
        }
        // A pause stops the billing and takes nothing of what was paid.
        "paused" | "cancelled" | "expired" => vec![of(Kind::Canceled { at: None })],
        "failed" => vec![of(Kind::PaymentFailed), of(Kind::Canceled { at: None })],
        _ => Vec::new(),
    })
}

/// A renewal: the order that it made is another payment for the contract's line. What the order
/// costs and sells, the order itself tells.
pub(super) fn billed(at: DateTime<Utc>, attempt: &Attempt) -> Reading {
    if attempt.ready == Some(false) {
        return Ok(Vec::new());
    }
    let contract = contract_of(attempt)?;
    let order = attempt.order();
    let order = order.ok_or_else(|| missing("order_id", "the order that the renewal made"))?;
    Ok(vec![paid(at, &contract, &order)])
}

pub(super) fn declined(at: DateTime<Utc>, attempt: &Attempt) -> Reading {
    Ok(vec![about(at, &contract_of(attempt)?, Kind::PaymentFailed)])
}

fn contract_of(attempt: &Attempt) -> Result<Id, Unread> {
    let contract = attempt.contract();
    contract.ok_or_else(|| missing("subscription_contract_id", "the contract that was billed"))
}

/// A contract has one license: the one of the only line of each of its orders.
fn paid(at: DateTime<Utc>, contract: &Id, order: &Id) -> Notice {
    let payment = Ref::order(order);
    let line = Line {
        line: line(contract),
        alias: vec![only_line(order)],
        item: Vec::new(),
        quantity: 1,
        period: None,
    };
    let refs = vec![Ref::subscription(contract), payment.clone()];
    let kind = Kind::Paid { payment, amount: None, lines: vec![line] };
    Notice { refs, occurred_at: at, line: None, kind, customer: None }
}

/// What befalls a contract is no matter of what else was bought with it.
fn about(at: DateTime<Utc>, contract: &Id, kind: Kind) -> Notice {
    let refs = vec![Ref::subscription(contract)];
    Notice { refs, occurred_at: at, line: Some(line(contract)), kind, customer: None }
}

fn line(contract: &Id) -> String {
    Line::at(&Ref::subscription(contract), 0)
}

fn customer(contract: &Contract) -> Option<Customer> {
    let provider_id = Some(String::from(contract.customer_id.as_ref()?));
    Some(Customer { provider_id, ..Customer::default() })
}

fn missing(path: &str, what: &str) -> Unread {
    Unread::value(path, format!("{what} is needed"))
}
