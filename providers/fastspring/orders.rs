//! Orders, charges and returns: where money moves.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::notice::{Customer, Kind, Line, Notice, Period, Ref, ReturnedLine};
use crate::read::{Event, Reading, Unread};

use super::expandable::Expandable;
use super::names::{
    Occurrences, addon_line, order_line, order_refs, payment_refs, subscription_line, tidy,
};
use super::payload::{Charge, Item, Order, Return, Subscription, is_zero, money};
use super::people::Account;
use super::subscriptions::{self, quantity};

/// `order.completed`: the first payment of whatever was ordered. Renewals do not send it.
pub(super) fn completed(event: &Event<'_>, order: &Order) -> Reading {
    let (id, reference) = (order.id(), order.reference());
    let mut refs = payment_refs(id, reference);
    let payment = payment(id, reference, "data.order")?;
    let mut paid = Vec::new();
    let mut notices = Vec::new();
    let customer = Some(order.buyer());
    let told = |line, kind, refs: &[Ref]| Notice {
        refs: refs.to_vec(),
        occurred_at: event.occurred_at,
        line,
        kind,
        customer: customer.clone(),
    };
    refs.extend(order.items.iter().filter_map(|item| item.owner(None)).map(Ref::subscription));
    refs.sort();
    refs.dedup();
    for (mut line, item) in lines(order, None)? {
        let subscription = item.subscription.as_ref().and_then(Expandable::object);
        let until = paid_until(subscription, "data.items.subscription")?;
        line.period = period(event, until);
        if !item.is_free_trial() {
            paid.push(line);
            continue;
        }
        // Without expansion nothing tells the trial's end here: `subscription.activated` does.
        let Some(until) = until else { continue };
        let tried = Line { period: None, ..line.clone() };
        let kind = Kind::Trial { until, lines: vec![tried] };
        notices.push(told(Some(line.line.clone()), kind, &refs));
        // The request for those keys could not tell a trial from a payment and gave the whole
        // interval; the same payment with its true end corrects that.
        if item.has_keys() {
            paid.push(line);
        }
    }
    if !paid.is_empty() {
        let amount = money("data.total", order.total.as_ref(), order.currency.as_deref())?;
        notices.push(told(None, Kind::Paid { payment, amount, lines: paid }, &refs));
    }
    if notices.is_empty() {
        notices.push(told(None, Kind::Linked, &refs));
    }
    Ok(notices)
}

/// `subscription.charge.completed`: a renewal, or the difference for a change of plan.
pub(super) fn charged(event: &Event<'_>, charge: &Charge) -> Reading {
    let subscription_id = subscription_id(&charge.subscription)?;
    let subscription = charge.subscription.object();
    let order = charge.order.object();
    let (id, reference) = match &charge.order {
        Expandable::Id(id) => (tidy(id), None),
        Expandable::Object(order) => (order.id(), order.reference()),
    };
    let mut refs = vec![Ref::subscription(subscription_id)];
    if let Some((initial_id, initial_reference)) = subscription.map(Subscription::initial_order) {
        refs.extend(order_refs(initial_id, initial_reference));
    }
    refs.extend(payment_refs(id, reference));
    refs.sort();
    refs.dedup();

    let kind = if order.is_some_and(Order::is_proration) {
        match subscription {
            Some(subscription) => {
                Kind::Changed { lines: subscriptions::lines(subscription)?, whole: true }
            }
            None => Kind::Linked,
        }
    } else {
        let until = paid_until(subscription, "data.subscription")?;
        let period = period(event, until);
        let lines = charged_lines(order, subscription, subscription_id)?;
        Kind::Paid {
            payment: payment(id, reference, "data.order")?,
            amount: money("data.total", charge.total.as_ref(), charge.currency.as_deref())?,
            lines: lines.into_iter().map(|line| Line { period, ..line }).collect(),
        }
    };
    let customer = charge_customer(charge, order, subscription);
    Ok(vec![Notice { refs, occurred_at: event.occurred_at, line: None, kind, customer }])
}

/// `return.created`: a refund, or a chargeback; money went back in either case.
pub(super) fn returned(event: &Event<'_>, back: &Return) -> Reading {
    // Not carried out, or not yet.
    if back.completed == Some(false) {
        return Ok(vec![]);
    }
    let refund = tidy(&back.id).ok_or_else(|| Unread::value("data.return", "it is empty"))?;
    let (id, reference) = (back.original.id(), back.original.reference());
    let currency = Some(back.currency.as_str());
    let told = back.total_return.as_ref().or(back.total.as_ref());
    let amount = money("data.totalReturn", told, currency)?
        .ok_or_else(|| Unread::value("data.totalReturn", "the return tells no amount"))?;
    let original = back.original.object().and_then(|order| order.total.as_ref());
    let original = money("data.original.total", original, currency)?;
    let full =
        original.is_some_and(|original| original.minor > 0 && amount.minor >= original.minor);
    let kind = Kind::Refunded {
        refund: refund.to_owned(),
        payment: payment(id, reference, "data.original")?,
        amount: Some(amount),
        total: None,
        full,
        lines: reference.map_or(vec![], |reference| returned_lines(back, reference)),
    };
    Ok(vec![Notice {
        refs: payment_refs(id, reference),
        occurred_at: event.occurred_at,
        line: None,
        kind,
        customer: None,
    }])
}

/// The lines that the return names as given back; a part of the price gives none back.
fn returned_lines(back: &Return, reference: &str) -> Vec<ReturnedLine> {
    let mut products = Occurrences::default();
    let items = back.items.as_deref().unwrap_or_default().iter();
    items
        .filter_map(|item| {
            let product = item.product.path();
            let line = order_line(reference, product, products.before(product));
            let whole = item.refund_type.as_deref()?.to_ascii_lowercase().contains("full");
            let quantity = item.quantity.filter(|quantity| *quantity > 0)?;
            whole.then_some(ReturnedLine { line, quantity: Some(quantity) })
        })
        .collect()
}

/// The lines of an order, or those of one subscription in it, each with its item.
fn lines<'a>(order: &'a Order, only: Option<&'a str>) -> Result<Vec<(Line, &'a Item)>, Unread> {
    let scope = order.reference().or_else(|| order.id()).unwrap_or_default();
    let (mut products, mut owners) = (Occurrences::default(), Occurrences::default());
    let mut addons = Occurrences::default();
    let mut lines = Vec::new();
    for item in &order.items {
        let product = item.product.path();
        let in_order = order_line(scope, product, products.before(product));
        let owner = item.owner(only);
        if only.is_some() && owner != only {
            continue;
        }
        let addon = item.is_addon == Some(true);
        let name = match owner {
            Some(id) if !addon && owners.before(id) == 0 => Some(subscription_line(id)),
            Some(id) => Some(addon_line(id, product, addons.before((id, product)))),
            None => None,
        };
        let (line, alias) = match name {
            Some(name) => (name, vec![in_order]),
            None => (in_order, vec![]),
        };
        let quantity = quantity(Some(item.quantity))?;
        let item_names = subscriptions::item(&item.product, item.sku.as_deref())?;
        lines.push((Line { line, alias, item: item_names, quantity, period: None }, item));
    }
    Ok(lines)
}

/// What a charge renews, as far as the vendor lets FastSpring say.
fn charged_lines(
    order: Option<&Order>,
    subscription: Option<&Subscription>,
    subscription_id: &str,
) -> Result<Vec<Line>, Unread> {
    let ordered = order.map_or(Ok(vec![]), |order| lines(order, Some(subscription_id)))?;
    if !ordered.is_empty() {
        return Ok(ordered.into_iter().map(|(line, _)| line).collect());
    }
    if let Some(subscription) = subscription {
        return subscriptions::lines(subscription);
    }
    let line = subscription_line(subscription_id);
    Ok(vec![Line { line, alias: vec![], item: vec![], quantity: 1, period: None }])
}

fn charge_customer(
    charge: &Charge,
    order: Option<&Order>,
    subscription: Option<&Subscription>,
) -> Option<Customer> {
    let account = charge.account.as_ref().or_else(|| subscription?.account.as_ref());
    let account = account.map(Expandable::<Account>::customer);
    let expanded = account.as_ref().is_some_and(|customer| customer.email.is_some());
    if expanded { account } else { order.map(Order::buyer).or(account) }
}

fn paid_until(
    subscription: Option<&Subscription>,
    path: &str,
) -> Result<Option<DateTime<Utc>>, Unread> {
    subscription.map_or(Ok(None), |subscription| subscription.paid_until(path))
}

/// An end that is not after the event is the one of the period before: then none is known.
fn period(event: &Event<'_>, until: Option<DateTime<Utc>>) -> Option<Period> {
    let end = until.filter(|until| *until > event.occurred_at)?;
    Some(Period { start: None, end })
}

/// The payment that an order is.
fn payment(id: Option<&str>, reference: Option<&str>, path: &str) -> Result<Ref, Unread> {
    let payment = id.map(Ref::payment).or_else(|| reference.map(Ref::invoice));
    payment.ok_or_else(|| Unread::value(path, "neither an id nor a reference of the order"))
}

fn subscription_id(subscription: &Expandable<Subscription>) -> Result<&str, Unread> {
    let id = match subscription {
        Expandable::Id(id) => tidy(id),
        Expandable::Object(subscription) => subscription.id(),
    };
    id.ok_or_else(|| Unread::value("data.subscription", "no id of the subscription"))
}

impl Order {
    /// FastSpring has no word of its own for it: the kind of transaction or the prorated parts of
    /// an item tell.
    fn is_proration(&self) -> bool {
        let kind = self.acquisition_transaction_type.as_deref().unwrap_or_default();
        kind.contains("PRORAT") || self.items.iter().any(Item::is_prorated)
    }
}

impl Item {
    fn is_prorated(&self) -> bool {
        let parts = [
            &self.prorated_item_change_amount,
            &self.prorated_item_prorated_charge,
            &self.prorated_item_credit_amount,
        ];
        parts.iter().any(|part| !is_zero(part.as_ref()))
    }

    /// The subscription that the item belongs to.
    fn owner<'a>(&'a self, otherwise: Option<&'a str>) -> Option<&'a str> {
        match &self.subscription {
            Some(Expandable::Id(id)) => tidy(id),
            Some(Expandable::Object(subscription)) => subscription.id(),
            None => otherwise,
        }
    }

    /// Nothing was paid and nothing was waived: a subscription on trial.
    fn is_free_trial(&self) -> bool {
        let free = is_zero(self.subtotal.as_ref());
        match &self.subscription {
            Some(Expandable::Object(subscription)) => free && subscription.is_trial(),
            Some(Expandable::Id(_)) => free && is_zero(self.discount.as_ref()),
            None => false,
        }
    }

    /// Were keys made for it during the order?
    fn has_keys(&self) -> bool {
        let of_one = |list: &Value| {
            let delivered = list.as_array().map(Vec::as_slice).unwrap_or_default();
            delivered.iter().any(|entry| entry.get("license").is_some_and(Value::is_string))
        };
        let fulfillments = self.fulfillments.as_ref().and_then(Value::as_object);
        fulfillments.is_some_and(|by_name| by_name.values().any(of_one))
    }
}
