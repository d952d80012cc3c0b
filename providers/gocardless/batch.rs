//! A delivery to its events, each with the bytes that it came in.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::read::{self, Envelope, Id, Unread};

#[derive(Deserialize)]
struct Delivery {
    events: Vec<Box<RawValue>>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    /// Set where it was sent by hand, from the dashboard.
    is_test: Option<bool>,
}

#[derive(Deserialize)]
struct Frame {
    id: Id,
    created_at: String,
    resource_type: Id,
    action: Id,
}

/// Up to 250 events. One that cannot be read stops no other.
pub(super) fn envelopes(body: &[u8]) -> Result<Vec<Envelope>, Unread> {
    let delivery: Delivery = read::json(body)?;
    let test = delivery.meta.as_ref().is_some_and(|meta| meta.is_test == Some(true));
    Ok(delivery.events.iter().map(|event| envelope(event.get(), test)).collect())
}

fn envelope(event: &str, test: bool) -> Envelope {
    let unknown = Envelope {
        id: None,
        event_type: "unknown".to_owned(),
        occurred_at: None,
        live: test.then_some(false),
        body: event.as_bytes().to_vec(),
        content: None,
        recurs: false,
    };
    let Ok(frame) = read::json::<Frame>(event.as_bytes()) else { return unknown };
    let Ok(occurred_at) = read::rfc3339("created_at", &frame.created_at) else { return unknown };
    Envelope {
        id: Some(frame.id.into()),
        event_type: format!("{}.{}", frame.resource_type, frame.action),
        occurred_at: Some(occurred_at),
        content: Some(read::compact(event)),
        ..unknown
    }
}
