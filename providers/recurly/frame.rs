//! The signature, what stands in an event, and what is asked because of it.
//!
//! `{"id", "object_type", "event_type", "event_time", "site_id", "uuid"}`: the id is that of the
//! object, and an event has none. Four of the fields together name it.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::API_KEY;
use super::payload::Transaction;
use super::read::{Looks, looks};
use crate::read::{self, Envelope, Event, Id, Unread};
use crate::reject::Reject;
use crate::scheme;
use crate::{Ask, Auth};

const BASE: &str = "https://v3.recurly.com";
const VERSION: &str = "application/vnd.recurly.v2021-02-25";
/// The name of the one question of a second round: the payment that a refund takes back.
pub(super) const ORIGINAL: &str = "original";

#[derive(Deserialize)]
struct Frame {
    id: Id,
    object_type: Id,
    event_type: Id,
    event_time: String,
}

/// `<milliseconds>,<hex>[,<hex>]`: two while a key is being replaced.
pub(super) struct Signature<'a> {
    pub(super) timestamp: &'a str,
    pub(super) signed_at: DateTime<Utc>,
    pub(super) candidates: Vec<&'a str>,
}

impl<'a> Signature<'a> {
    pub(super) fn parse(header: &'a str) -> Result<Self, Reject> {
        let (timestamp, candidates) = header.split_once(',').ok_or(Reject::Malformed)?;
        let signed_at = scheme::unix_milliseconds(timestamp)?;
        Ok(Self { timestamp, signed_at, candidates: candidates.split(',').collect() })
    }
}

/// The one event of a delivery.
///
/// # Errors
/// [`Unread`] where a part of the frame is missing or the time is no time.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let frame: Frame = read::json(body)?;
    let event_type = format!("{}.{}", frame.object_type, frame.event_type);
    Ok(Envelope {
        id: Some(format!("{event_type}/{}/{}", frame.id, frame.event_time)),
        occurred_at: Some(read::rfc3339("event_time", &frame.event_time)?),
        event_type,
        live: None,
        body: body.to_vec(),
        content: None,
        recurs: false,
    })
}

/// The object that the event names; and of a refund, the payment that it takes back.
///
/// # Errors
/// [`Unread`] for an id that can be none of Recurly's.
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let Some(looks) = looks(event.event_type) else {
        return Ok(Vec::new());
    };
    if !event.answers.contains_key(looks.name()) {
        let id = read::json::<Frame>(event.body)?.id;
        return Ok(vec![ask(looks.name(), looks.folder(), &id)?]);
    }
    if looks != Looks::Transaction || event.answers.contains_key(ORIGINAL) {
        return Ok(Vec::new());
    }
    let transaction: Option<Transaction> = read::answered(event.answers, looks.name())?;
    let original =
        transaction.filter(Transaction::is_refund).and_then(|t| t.original_transaction_id);
    original.map(|id| ask(ORIGINAL, looks.folder(), &id)).into_iter().collect()
}

fn ask(name: &str, folder: &str, id: &Id) -> Result<Ask, Unread> {
    let step = id.segment("id")?;
    let auth = Auth::BasicUser { user: API_KEY, password: "" };
    let mut ask = Ask::get(name, BASE, format!("/{folder}/{step}"), auth);
    ask.headers.push(("Accept", VERSION.to_owned()));
    Ok(ask)
}
