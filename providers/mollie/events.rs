//! Next-gen events: <https://docs.mollie.com/reference/webhooks-new>. With a *snapshot* payload the
//! object stands inside, with a *simple* one it is asked for.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::payment::{self, Address, Amount, BASE, Chargeback, KEY, Payment, Refund};
use crate::ask::{Ask, Auth};
use crate::notice::{Kind, Line, Notice, Ref};
use crate::read::{self, Envelope, Event, Id, Reading, Unread, filled};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "payment.paid",
    "payment.failed",
    "payment.expired",
    "payment.canceled",
    "payment-link.paid",
    "sales-invoice.paid",
    "refund.refunded",
    "refund.failed",
    "refund.canceled",
    "chargeback.received",
    "chargeback.reversed",
];

/// Names of questions.
const ENTITY: &str = "entity";
const PAYMENTS: &str = "payments";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    id: Id,
    #[serde(rename = "type")]
    event_type: Id,
    created_at: String,
    #[serde(rename = "_embedded")]
    embedded: Option<Inside<Mode>>,
}

#[derive(Deserialize)]
struct Inside<T> {
    entity: Option<T>,
}

#[derive(Deserialize)]
struct Mode {
    mode: Option<String>,
}

/// Where the object of an event is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pointer {
    entity_id: Id,
    #[serde(rename = "_embedded")]
    embedded: Option<Inside<serde::de::IgnoredAny>>,
    #[serde(rename = "_links")]
    links: Option<Links>,
}

#[derive(Deserialize)]
struct Links {
    entity: Option<Link>,
}

#[derive(Deserialize)]
struct Link {
    href: Option<String>,
}

/// The payments of a link.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "_embedded")]
    embedded: ListedPayments,
}

#[derive(Deserialize)]
struct ListedPayments {
    payments: Vec<Payment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SalesInvoice {
    id: Id,
    total_amount: Option<Amount>,
    recipient: Option<Address>,
    lines: Vec<InvoiceLine>,
}

#[derive(Deserialize)]
struct InvoiceLine {
    description: Option<String>,
    quantity: u32,
}

/// The one event of a delivery.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let frame: Frame = read::json(body)?;
    let mode = frame.embedded.and_then(|inside| inside.entity).and_then(|entity| entity.mode);
    Ok(Envelope {
        id: Some(frame.id.into()),
        event_type: frame.event_type.into(),
        occurred_at: Some(read::rfc3339("createdAt", &frame.created_at)?),
        live: mode.map(|mode| mode == "live"),
        body: body.to_vec(),
        content: None,
        recurs: false,
    })
}

pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    if !EVENTS.contains(&event.event_type) {
        return Ok(Vec::new());
    }
    let pointer: Pointer = read::json(event.body)?;
    if event.event_type == "payment-link.paid" {
        let known = event.answers.contains_key(PAYMENTS);
        let ask = (!known).then(|| of_link(&pointer.entity_id)).transpose()?;
        return Ok(ask.into_iter().collect());
    }
    let embedded = pointer.embedded.as_ref().is_some_and(|inside| inside.entity.is_some());
    if !embedded && !event.answers.contains_key(ENTITY) {
        let path = pointer.path(event.event_type)?;
        return Ok(vec![Ask::get(ENTITY, BASE, path, Auth::Bearer(KEY))]);
    }
    if !event.event_type.starts_with("payment.") {
        return Ok(Vec::new());
    }
    match entity::<Payment>(event)? {
        Some(payment) => payment::asks(&payment, event.answers),
        None => Ok(Vec::new()),
    }
}

/// Reads one event.
///
/// Not read, on purpose: payments that are not paid yet, and `dispute.*` (beta), which tell of
/// what `chargeback.*` does.
pub(super) fn event(event: &Event<'_>) -> Reading {
    let at = event.occurred_at;
    match event.event_type {
        "payment.paid" | "payment.failed" | "payment.expired" | "payment.canceled" => {
            payment::notices(&there::<Payment>(event)?, at, event.answers)
        }
        "payment-link.paid" => link(event),
        "sales-invoice.paid" => sales_invoice(at, &there(event)?),
        "refund.refunded" | "refund.failed" | "refund.canceled" => {
            Ok(there::<Refund>(event)?.notice(at, None)?.into_iter().collect())
        }
        "chargeback.received" | "chargeback.reversed" => {
            there::<Chargeback>(event)?.notices(at, None)
        }
        _ => Ok(Vec::new()),
    }
}

/// What to ask for the payments of a link.
pub(crate) fn of_link(id: &Id) -> Result<Ask, Unread> {
    let path = format!("/v2/payment-links/{}/payments", id.segment("entityId")?);
    Ok(Ask::get(PAYMENTS, BASE, path, Auth::Bearer(KEY)))
}

/// The payments of a link, which also come as events of their own: the same payments.
pub(crate) fn link(event: &Event<'_>) -> Reading {
    let Some(listed) = read::answered::<Listed>(event.answers, PAYMENTS)? else {
        return Err(Unread::Format(NOT_FOUND.to_owned()));
    };
    let each = listed.embedded.payments.iter();
    let each = each.map(|payment| payment::notices(payment, event.occurred_at, event.answers));
    Ok(each.collect::<Result<Vec<_>, Unread>>()?.into_iter().flatten().collect())
}

fn sales_invoice(at: DateTime<Utc>, invoice: &SalesInvoice) -> Reading {
    let payment = Ref::invoice(&invoice.id);
    let lines = invoice.lines.iter().enumerate().filter_map(|(position, line)| {
        Some(Line {
            line: Line::at(&payment, position),
            alias: Vec::new(),
            item: vec![filled(line.description.as_deref())?],
            quantity: line.quantity,
            period: None,
        })
    });
    let lines: Vec<Line> = lines.collect();
    if lines.is_empty() {
        return Err(Unread::value("lines", "an invoice without lines that say what they are"));
    }
    let amount = invoice.total_amount.as_ref().map(|total| total.money("totalAmount.value"));
    let kind = Kind::Paid { payment: payment.clone(), amount: amount.transpose()?, lines };
    let customer = invoice.recipient.as_ref().map(Address::customer);
    let customer = customer.filter(|customer| !customer.is_empty());
    Ok(vec![Notice { refs: vec![payment], occurred_at: at, line: None, kind, customer }])
}

fn there<T: DeserializeOwned>(event: &Event<'_>) -> Result<T, Unread> {
    entity(event)?.ok_or_else(|| Unread::Format(NOT_FOUND.to_owned()))
}

/// As it was sent, else as it was fetched.
fn entity<T: DeserializeOwned>(event: &Event<'_>) -> Result<Option<T>, Unread> {
    #[derive(Deserialize)]
    struct Told<T> {
        #[serde(rename = "_embedded")]
        embedded: Option<Inside<T>>,
    }
    let told: Told<T> = read::json(event.body)?;
    match told.embedded.and_then(|inside| inside.entity) {
        Some(entity) => Ok(Some(entity)),
        None => read::answered(event.answers, ENTITY),
    }
}

impl Pointer {
    /// Where Mollie says that the object is, within its own API.
    fn path(&self, event_type: &str) -> Result<String, Unread> {
        let link = self.links.as_ref().and_then(|links| links.entity.as_ref());
        let Some(href) = link.and_then(|link| link.href.as_deref()) else {
            if !event_type.starts_with("payment.") {
                let words = "a simple payload without a link to its object";
                return Err(Unread::Format(words.to_owned()));
            }
            return Ok(format!("/v2/payments/{}", self.entity_id.segment("entityId")?));
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
        let path = href.strip_prefix(BASE).filter(|path| path.starts_with("/v2/"));
        let path = path.filter(|path| path.bytes().all(plain));
        let elsewhere = || Unread::value("_links.entity.href", "not an address of Mollie's API");
        path.map(str::to_owned).ok_or_else(elsewhere)
    }
}

const NOT_FOUND: &str = "the event does not carry its object and Mollie's API does not know it: set \
                         `api_key` to a key of the same profile and mode, or choose the snapshot \
                         payload for this webhook";
