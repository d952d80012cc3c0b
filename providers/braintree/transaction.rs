//! Transactions: of a subscription's history, and single sales by bank transfer.

use chrono::{DateTime, Utc};

use super::{ITEM_FIELD, QUANTITY_ADD_ON};
use crate::notice::{Customer, Kind, Line, Money, Notice, Ref};
use crate::read::{self, Element, Event, Id, Reading, Unread, country, filled, full_name};

/// A single sale, or a refund of one. Cards are not told of, and what a subscription is charged,
/// its own events tell.
///
/// # Errors
/// [`Unread`] for an amount or quantity that cannot be.
pub(super) fn settled(event: &Event<'_>, transaction: &Element) -> Reading {
    if transaction.get("type") == Some("credit") {
        return Ok(refunded(transaction)?.into_iter().collect());
    }
    let field = event.settings.get(ITEM_FIELD).map(|name| name.replace('_', "-"));
    let field = field.map(|name| format!("custom-fields/{name}"));
    let item = field.as_ref().and_then(|path| transaction.told(path));
    let (Some(item), Some(field), None) = (item, field, transaction.get("subscription-id")) else {
        return Ok(Vec::new());
    };
    let payment = Ref::payment(id(transaction, "id")?.as_str());
    let line = Line {
        line: Line::at(&payment, 0),
        alias: Vec::new(),
        item: vec![item],
        quantity: quantity(transaction, &format!("{field}-quantity"))?.unwrap_or(1),
        period: None,
    };
    let amount = Some(amount(transaction)?);
    let kind = Kind::Paid { payment: payment.clone(), amount, lines: vec![line] };
    let at = created_at(transaction)?.unwrap_or(event.occurred_at);
    Ok(vec![notice(at, vec![payment], transaction, kind)])
}

/// A credit that takes back a sale.
///
/// # Errors
/// [`Unread`] for an amount that cannot be.
pub(super) fn refunded(credit: &Element) -> Result<Option<Notice>, Unread> {
    if credit.get("refunded-transaction-id").is_none() || !stands(credit) {
        return Ok(None);
    }
    let payment = Ref::payment(id(credit, "refunded-transaction-id")?.as_str());
    back(credit, payment).map(Some)
}

/// A sale that was taken back before it was settled.
///
/// # Errors
/// [`Unread`] for an amount that cannot be.
pub(super) fn voided(sale: &Element) -> Result<Notice, Unread> {
    let payment = Ref::payment(id(sale, "id")?.as_str());
    back(sale, payment)
}

fn back(transaction: &Element, payment: Ref) -> Result<Notice, Unread> {
    let kind = Kind::Refunded {
        refund: id(transaction, "id")?.into(),
        payment: payment.clone(),
        amount: Some(amount(transaction)?),
        total: None,
        full: false,
        lines: Vec::new(),
    };
    let at = created_at(transaction)?.ok_or_else(|| missing("created-at"))?;
    Ok(notice(at, vec![payment], transaction, kind))
}

/// Money came, or will: it was neither declined, nor taken back.
pub(super) fn stands(transaction: &Element) -> bool {
    let came = [
        "authorized",
        "submitted_for_settlement",
        "settlement_pending",
        "settlement_confirmed",
        "settling",
        "settled",
    ];
    transaction.get("status").is_some_and(|status| came.contains(&status))
}

pub(super) fn notice(
    at: DateTime<Utc>,
    refs: Vec<Ref>,
    transaction: &Element,
    kind: Kind,
) -> Notice {
    let customer = Some(customer(transaction)).filter(|customer| !customer.is_empty());
    Notice { refs, occurred_at: at, line: None, kind, customer }
}

pub(super) fn customer(transaction: &Element) -> Customer {
    let company = transaction.told("customer/company");
    Customer {
        provider_id: transaction.get("customer/id").and_then(Id::new).map(String::from),
        email: transaction.told("customer/email"),
        name: full_name(
            transaction.get("customer/first-name"),
            transaction.get("customer/last-name"),
        ),
        company: company.or_else(|| transaction.told("billing/company")),
        country: country(transaction.get("billing/country-code-alpha2")),
        locale: None,
    }
}

pub(super) fn amount(transaction: &Element) -> Result<Money, Unread> {
    let currency = read::Currency::new(transaction.need("currency-iso-code")?);
    let currency = currency.ok_or_else(|| Unread::value("currency-iso-code", "not a currency"))?;
    read::decimal("amount", transaction.need("amount")?, currency.as_str())
}

pub(super) fn created_at(transaction: &Element) -> Result<Option<DateTime<Utc>>, Unread> {
    transaction.get("created-at").map(|text| read::rfc3339("created-at", text)).transpose()
}

pub(super) fn id(element: &Element, path: &str) -> Result<Id, Unread> {
    Id::new(element.need(path)?).ok_or_else(|| Unread::value(path, "this can be no id"))
}

/// How many were bought, by the add-on that counts them.
///
/// # Errors
/// [`Unread`] for what is no number.
pub(super) fn units(event: &Event<'_>, element: &Element) -> Result<Option<u32>, Unread> {
    let Some(wanted) = event.settings.get(QUANTITY_ADD_ON).and_then(|id| filled(Some(id))) else {
        return Ok(None);
    };
    let add_ons = element.child("add-ons").into_iter().flat_map(|add_ons| &add_ons.children);
    let counts = add_ons.filter(|add_on| add_on.get("id") == Some(&wanted));
    counts.map(|add_on| quantity(add_on, "quantity")).next().transpose().map(Option::flatten)
}

fn quantity(element: &Element, path: &str) -> Result<Option<u32>, Unread> {
    element.get(path).map(|text| read::quantity(path, text)).transpose()
}

pub(super) fn missing(path: &str) -> Unread {
    Unread::Content { path: path.to_owned(), message: "the element is missing or empty".to_owned() }
}
