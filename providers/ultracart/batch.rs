//! A delivery to its events: `{"events": [{"order_refund": {...}}, ...]}`; and what must be asked
//! because of one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::payload::Sent;
use super::{form, read};
use crate::ask::{Ask, Auth};
use crate::read::{Envelope, Event, Id, Unread, json};

/// The secret setting with which orders are fetched.
pub(super) const API_KEY: &str = "api_key";
/// The name of the question.
pub(super) const ORDER: &str = "order";

/// The type under which an element is kept that is not an event.
pub(super) const UNKNOWN: &str = "unknown";

const EXPAND: &str = "auto_order,billing,customer_profile,item,payment,summary";

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// The events of a batch, each with its exact slice of the delivery.
///
/// # Errors
/// [`Unread::Content`] where it is not `{"events": [...]}`.
pub(super) fn envelopes(body: &[u8]) -> Result<Vec<Envelope>, Unread> {
    let batch: Option<Batch<'_>> =
        std::str::from_utf8(body).ok().and_then(|text| serde_json::from_str(text).ok());
    let batch = batch.ok_or_else(|| Unread::Content {
        path: "events".to_owned(),
        message: "expected an object with a list of events; leave `compress_events` off".to_owned(),
    })?;
    Ok(batch.events.iter().map(|element| envelope(element.get())).collect())
}

/// Whatever is no event is kept as it is, so that it stops no other one of its batch.
///
/// An event of an order says little more than where to look: how the order stands is fetched, so
/// the same bytes may mean something new.
fn envelope(element: &str) -> Envelope {
    let named: Option<BTreeMap<String, Sent>> = serde_json::from_str(element).ok();
    let only = named.filter(|named| named.len() == 1);
    let Some((name, sent)) = only.and_then(|mut named| named.pop_first()) else {
        return Envelope::new(UNKNOWN, element.as_bytes());
    };
    Envelope {
        live: sent.is_test().map(|test| !test),
        recurs: read::fetches(&name),
        ..Envelope::new(name, element.as_bytes())
    }
}

/// What stands in an element under the name of its event.
///
/// # Errors
/// [`Unread`].
pub(super) fn object<T: serde::de::DeserializeOwned>(event: &Event<'_>) -> Result<T, Unread> {
    let mut named: BTreeMap<String, T> = json(event.body)?;
    named.remove(event.event_type).ok_or_else(|| Unread::Content {
        path: event.event_type.to_owned(),
        message: "the event is missing".to_owned(),
    })
}

/// The order that an event is about: its own, the newest that a subscription made, or the one that
/// began it.
///
/// # Errors
/// [`Unread`] where it names none.
pub(super) fn order_of(event: &Event<'_>) -> Result<Id, Unread> {
    let sent: Sent = object(event)?;
    let id = sent.order().ok_or_else(|| {
        let path = format!("{}.order_id", event.event_type);
        Unread::value(path, "the event names no order")
    })?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !id.as_str().bytes().all(plain) {
        return Err(Unread::value(format!("{}.order_id", event.event_type), "no order's number"));
    }
    Ok(id)
}

/// # Errors
/// As [`order_of`].
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let known = event.answers.contains_key(ORDER);
    if event.event_type == form::EVENT_TYPE || !read::fetches(event.event_type) || known {
        return Ok(Vec::new());
    }
    let path = path(order_of(event)?.as_str());
    let auth = Auth::Header { name: "x-ultracart-simple-key", prefix: "", setting: API_KEY };
    let headers = vec![("X-UltraCart-Api-Version", "2017-03-01".to_owned())];
    Ok(vec![Ask { headers, ..Ask::get(ORDER, "https://secure.ultracart.com", path, auth) }])
}

pub(super) fn path(order: &str) -> String {
    format!("/rest/v2/order/orders/{order}?_expand={EXPAND}")
}
