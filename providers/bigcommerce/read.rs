//! An order's state to notices. Callbacks come late and in any order, so what counts is how the
//! order stands when it is fetched, never the status that a callback tells.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

use super::callback::{About, CUSTOMER, ORDER, PRODUCTS, about};
use super::payload::{Order, Person, Product};
use crate::notice::{DisputeState, Kind, Line, Notice, Ref, ReturnedLine};
use crate::read::{Event, Reading, Unread, decimal, json, paid_by};

/// The setting that wants the money taken, not only reserved.
pub(super) const DEMAND_CAPTURED: &str = "demand_captured";

/// What a status means for licenses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unpaid,
    Paid,
    Refunded,
    Canceled,
    Disputed,
}

/// <https://developer.bigcommerce.com/docs/rest-management/orders/order-status>
fn state(status_id: u32) -> State {
    match status_id {
        // Shipped, partially shipped, awaiting pickup, awaiting shipment, completed, awaiting
        // fulfilment, partially refunded.
        2 | 3 | 8 | 9 | 10 | 11 | 14 => State::Paid,
        4 => State::Refunded,
        5 | 6 => State::Canceled,
        13 => State::Disputed,
        // Incomplete, pending, awaiting payment, manual verification required, and what is to come.
        _ => State::Unpaid,
    }
}

/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    match about(event)? {
        About::Nothing => Ok(Vec::new()),
        About::Customer { id } => {
            let Some(person) = fetched::<Person>(event, CUSTOMER)? else { return Ok(Vec::new()) };
            if person.id != id {
                return Err(Unread::value("customer.id", "another customer than asked for"));
            }
            Ok(vec![Notice {
                refs: Vec::new(),
                occurred_at: event.occurred_at,
                line: None,
                kind: Kind::Customer,
                customer: Some(person.told()),
            }])
        }
        About::Order { id, left } => {
            let Some(told) = fetched::<Order>(event, ORDER)? else { return Ok(Vec::new()) };
            if told.id != id {
                return Err(Unread::value("order.id", "another order than asked for"));
            }
            let products: Vec<Product> = fetched(event, PRODUCTS)?.unwrap_or_default();
            let captured = event.settings.get(DEMAND_CAPTURED).is_some_and(|word| word == "yes");
            order(event.occurred_at, &told, &products, left.map(state), captured)
        }
    }
}

/// `None`: there is no such thing (any more), or it is empty (204).
fn fetched<T: DeserializeOwned>(event: &Event<'_>, name: &str) -> Result<Option<T>, Unread> {
    let answer = event.answers.get(name).ok_or_else(|| {
        Unread::Format(format!("BigCommerce was not asked for the {name}; is api_token set?"))
    })?;
    let there = answer.found() && !answer.body.is_empty();
    there.then(|| json(&answer.body)).transpose()
}

fn order(
    at: DateTime<Utc>,
    order: &Order,
    products: &[Product],
    left: Option<State>,
    demand_captured: bool,
) -> Reading {
    let state = state(order.status_id);
    let lines = lines(products)?;
    // What was cancelled or declined before it was paid is no matter of ours.
    let was_paid = || order.is_captured() || left.is_some_and(|left| left != State::Unpaid);
    let counts = match state {
        State::Unpaid => false,
        State::Paid | State::Disputed => !demand_captured || order.is_captured(),
        State::Refunded => true,
        State::Canceled => was_paid(),
    };
    if !counts || lines.is_empty() {
        return Ok(Vec::new());
    }
    let name = Ref::order(&order.id);
    let notice = |kind| Notice {
        refs: vec![name.clone()],
        occurred_at: at,
        line: None,
        kind,
        customer: order.customer(),
    };
    let amount = money("order.total_inc_tax", &order.total_inc_tax, order)?;
    let paid = Kind::Paid { payment: name.clone(), amount: Some(amount), lines };
    // Only who leaves that it is unpaid tells of the payment itself.
    let paid_at = match order.placed_at()?.filter(|_| left != Some(State::Unpaid)) {
        Some(placed) => paid_by(placed, at),
        None => at,
    };
    let mut told = vec![Notice { occurred_at: paid_at, ..notice(paid) }];
    told.extend(refunded(order, products, state)?.map(notice));
    let disputed =
        |state| Kind::Disputed { dispute: name.to_string(), payment: name.clone(), state };
    let closed = left == Some(State::Disputed);
    told.extend(match state {
        State::Disputed => Some(notice(disputed(DisputeState::Opened))),
        State::Paid if closed => Some(notice(disputed(DisputeState::Won))),
        State::Refunded | State::Canceled if closed => Some(notice(disputed(DisputeState::Lost))),
        _ => None,
    });
    Ok(told)
}

/// All that went back so far, as the order shows it: a running total, and the units of each line.
/// Told again it only grows, so one name does for all of an order's refunds.
fn refunded(order: &Order, products: &[Product], state: State) -> Result<Option<Kind>, Unread> {
    let total = order.refunded_amount.as_ref();
    let total = total.map(|text| money("order.refunded_amount", text, order)).transpose()?;
    let total = total.filter(|total| total.minor > 0);
    let full = matches!(state, State::Refunded | State::Canceled);
    let units = |product: &Product| match product.quantity_refunded.filter(|units| *units > 0) {
        None if product.is_refunded => Some(None),
        None => None,
        units => Some(units),
    };
    let lines: Vec<ReturnedLine> = products
        .iter()
        .filter_map(|product| {
            Some(ReturnedLine { line: (&product.id).into(), quantity: units(product)? })
        })
        .collect();
    let name = Ref::order(&order.id);
    let any = full || total.is_some() || !lines.is_empty();
    Ok(any.then(|| Kind::Refunded {
        refund: name.to_string(),
        payment: name,
        amount: None,
        total,
        full,
        lines,
    }))
}

fn money(
    path: &str,
    text: &crate::read::Scalar,
    order: &Order,
) -> Result<crate::notice::Money, Unread> {
    decimal(path, text.as_str(), order.currency_code.as_str())
}

fn lines(products: &[Product]) -> Result<Vec<Line>, Unread> {
    let sold = products.iter().enumerate().filter(|(_, product)| product.quantity > 0);
    sold.map(|(position, product)| {
        let item = product.items();
        if item.is_empty() {
            let path = format!("products[{position}]");
            return Err(Unread::value(path, "a line without variant, SKU and product"));
        }
        let line = String::from(&product.id);
        Ok(Line { line, alias: Vec::new(), item, quantity: product.quantity, period: None })
    })
    .collect()
}
