//! Charge invoices: what money came for, or did not.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::payload::{Address, Invoice, LineItem, add_on_line, plan_line};
use crate::notice::{Customer, Kind, Line, Notice, Period, Ref};
use crate::read::{self, Reading, Unread, filled};

/// Paid: a payment of its lines, since it was closed. Past due or given up: a failed one.
///
/// # Errors
/// [`Unread`] for amounts and times that cannot be, and for more lines than the API shows.
pub(super) fn told(at: DateTime<Utc>, invoice: &Invoice) -> Reading {
    if invoice.kind.as_deref() == Some("credit") {
        return Ok(Vec::new());
    }
    if invoice.has_more_line_items == Some(true) {
        let message = "more than the API shows at once; give these licenses by hand";
        return Err(Unread::value("invoice.line_items", message));
    }
    match invoice.state.as_str() {
        "paid" => Ok(vec![paid(at, invoice)?]),
        "past_due" | "failed" => {
            let lines = lines(invoice)?.into_iter().filter(|line| line.period.is_some());
            let failed = |line: Line| notice(at, invoice, Some(line.line), Kind::PaymentFailed);
            Ok(lines.map(failed).collect())
        }
        _ => Ok(Vec::new()),
    }
}

fn paid(at: DateTime<Utc>, invoice: &Invoice) -> Result<Notice, Unread> {
    let closed = invoice.closed_at.as_deref().map(|text| read::rfc3339("invoice.closed_at", text));
    let lines = lines(invoice)?;
    let kind = if lines.is_empty() {
        // Prorations, fees and usage: a refund of them shall find their sale all the same.
        Kind::Linked
    } else {
        let currency = invoice.currency.as_str();
        let amount = read::decimal("invoice.total", invoice.total.as_str(), currency)?;
        let payment = Ref::invoice(invoice.id.as_str());
        Kind::Paid { payment, amount: Some(amount), lines }
    };
    Ok(notice(closed.transpose()?.unwrap_or(at), invoice, None, kind))
}

/// What the charges of an invoice are for: plans and add-ons of subscriptions, and what was sold
/// once. Of several charges for one line the one that reaches farthest counts.
fn lines(invoice: &Invoice) -> Result<Vec<Line>, Unread> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for (position, item) in invoice.line_items.iter().enumerate() {
        let Some((name, codes)) = named(item) else { continue };
        if prorates(invoice, item) {
            continue;
        }
        let line = Line {
            line: name.clone(),
            alias: Vec::new(),
            item: codes,
            quantity: item.quantity.unwrap_or(1),
            period: period(item, position)?,
        };
        let end = |line: &Line| line.period.map(|period| period.end);
        if lines.get(&name).is_none_or(|known| end(known) < end(&line)) {
            lines.insert(name, line);
        }
    }
    Ok(lines.into_values().collect())
}

/// The line and its codes; none for a credit, a fee, and what has no code.
fn named(item: &LineItem) -> Option<(String, Vec<String>)> {
    if item.kind.as_deref().is_some_and(|kind| kind != "charge") {
        return None;
    }
    match (item.origin.as_deref(), &item.subscription_id) {
        (Some("plan"), Some(subscription)) => {
            let code = filled(item.plan_code.as_deref())?;
            Some((plan_line(subscription), vec![code]))
        }
        (Some("add_on"), Some(subscription)) => {
            let code = filled(item.add_on_code.as_deref())?;
            Some((add_on_line(subscription, &code), vec![code]))
        }
        (Some("one_time" | "debit") | None, None) => {
            let codes = [&item.item_code, &item.external_sku, &item.product_code];
            let mut codes: Vec<String> =
                codes.into_iter().filter_map(|code| filled(code.as_deref())).collect();
            codes.dedup();
            (!codes.is_empty()).then(|| ((&item.id).into(), codes))
        }
        _ => None,
    }
}

/// Recurly says the rate since 2017; without one, what the invoice is for decides.
fn prorates(invoice: &Invoice, item: &LineItem) -> bool {
    match item.proration_rate {
        Some(rate) => rate < 1.0,
        None => matches!(invoice.origin.as_deref(), Some("immediate_change" | "termination")),
    }
}

fn period(item: &LineItem, position: usize) -> Result<Option<Period>, Unread> {
    let path = |field: &str| format!("invoice.line_items[{position}].{field}");
    let Some(end) = item.end_date.as_deref().filter(|_| item.subscription_id.is_some()) else {
        return Ok(None);
    };
    let start = item.start_date.as_deref();
    let start = start.map(|text| read::rfc3339(&path("start_date"), text)).transpose()?;
    Ok(Some(Period { start, end: read::rfc3339(&path("end_date"), end)? }))
}

fn notice(at: DateTime<Utc>, invoice: &Invoice, line: Option<String>, kind: Kind) -> Notice {
    let of_items = invoice.line_items.iter().filter_map(|item| item.subscription_id.as_ref());
    let ids = invoice.subscription_ids.iter().flatten().chain(of_items);
    let mut refs: Vec<Ref> = ids.map(|id| Ref::subscription(id.as_str())).collect();
    refs.sort();
    refs.dedup();
    refs.push(Ref::invoice(invoice.id.as_str()));
    let country = invoice.address.as_ref().and_then(Address::country);
    let customer = invoice.account.as_ref().map(|account| account.customer());
    let customer = customer.map(|known| Customer { country: country.or(known.country), ..known });
    Notice { refs, occurred_at: at, line, kind, customer }
}
