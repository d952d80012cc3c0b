//! Events: as they came, and where they stand.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::store::schema::{events, payloads};
use crate::store::types::{At, Dedupe, Digest, EventStatus, Json, MaybeAt};

/// Where a list goes on: below this id, newest first. `None`: at the top.
pub type Cursor = Option<i64>;

/// No event is kept whose time of arrival is further than this behind that of an earlier one: the
/// intake refuses to work under such a clock. So a time leads to a range of ids.
pub const RECEIVED_BEHIND_MAX: TimeDelta = TimeDelta::days(1);

/// An event that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub account: String,
    pub kind: String,
    pub provider_event_id: Option<String>,
    /// What a repetition is known by: [`crate::store::dedupe`].
    pub dedupe: Dedupe,
    /// Of what stays the same when the provider sends the event again: [`Digest::of_event`].
    pub content_digest: Digest,
    pub event_type: String,
    pub received_at: DateTime<Utc>,
    pub occurred_at: DateTime<Utc>,
    pub live: Option<bool>,
    pub headers: Value,
    pub body: Vec<u8>,
}

impl NewEvent {
    /// Was it pulled from the provider's list?
    #[must_use]
    pub fn pulled(&self) -> bool {
        self.headers.get(PULLED).is_some()
    }

    /// The name of this telling, where its event is known with another content already.
    #[must_use]
    pub fn second_name(&self) -> Dedupe {
        crate::store::second_name(self.dedupe, &self.content_digest)
    }
}

/// What became of an event that was to be kept. In every case it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The row that holds it.
    pub id: i64,
    pub outcome: Outcome,
}

/// An event that is here, by the name that its repetitions are known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct Known {
    pub dedupe: Dedupe,
    pub id: i64,
    pub content_digest: Digest,
}

/// Among the headers of an event: it was pulled from this list of the provider, and not sent by it.
/// What was sent never has it.
pub const PULLED: &str = "Keywright-Pulled";

/// Among the headers of an event: why its delivery could not be parted into events, so that it is all of
/// it. What was sent never has it.
pub const UNREAD: &str = "Keywright-Unread";

/// Why an event is `pending` that is the second telling of one: it was sent *and* pulled, and
/// reads otherwise. Both may be right (a provider writes its list for another version of its API),
/// so what they say is compared before anything else.
pub const TOLD_AGAIN: &str = "told_again";

/// Was it known?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Fresh,
    /// The same event with the same content is there already.
    Duplicate,
    /// The same event came with another content before: stored beside it as `failed`.
    Conflict,
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct EventRow {
    pub id: i64,
    pub account: String,
    pub kind: String,
    pub provider_event_id: Option<String>,
    pub dedupe: Dedupe,
    pub content_digest: Digest,
    pub event_type: String,
    pub status: EventStatus,
    /// A stable word for why it failed, waits or is ignored.
    pub reason: Option<String>,
    /// The same for people.
    pub message: Option<String>,
    #[diesel(deserialize_as = At)]
    pub received_at: DateTime<Utc>,
    #[diesel(deserialize_as = At)]
    pub occurred_at: DateTime<Utc>,
    pub live: Option<bool>,
    /// How often it was claimed.
    pub attempts: i32,
    #[diesel(deserialize_as = At)]
    pub next_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeAt)]
    pub claimed_until: Option<DateTime<Utc>>,
    /// Grows with every claim; whoever settles shows the one he was given.
    pub fence: i64,
    /// Claims in a row, up to the one before, that ran out without a word.
    pub lapsed: i32,
    pub sale_id: Option<i64>,
    #[diesel(deserialize_as = Json)]
    pub headers: Value,
    /// `None`: purged. Lists leave it out too: they carry `None` always.
    #[diesel(select_expression = payloads::body.nullable())]
    pub body: Option<Vec<u8>>,
    /// What the provider's API answered about it, in the form that `apply` writes. Lists leave it
    /// out.
    #[diesel(select_expression = payloads::answers.nullable())]
    pub answers: Option<Vec<u8>>,
}

/// How an event ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub status: EventStatus,
    pub reason: Option<String>,
    pub message: Option<String>,
    pub sale_id: Option<i64>,
    /// The mode, where only reading told it. `None` leaves what is stored.
    pub live: Option<bool>,
}

/// Which events. Everything that is `Some` must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    pub status: Option<EventStatus>,
    pub account: Option<String>,
    pub event_type: Option<String>,
    pub reason: Option<String>,
    /// An exact word: a provider's event id, a reference with or without its `order:`, an e-mail
    /// address, a key.
    pub q: Option<String>,
    /// Received at or after.
    pub since: Option<DateTime<Utc>>,
    /// Received before.
    pub until: Option<DateTime<Utc>>,
    pub sale_id: Option<i64>,
}

/// What stands open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventCounts {
    pub pending: i64,
    pub failed: i64,
    pub waiting: i64,
    /// When the oldest pending one was received.
    pub oldest_pending: Option<DateTime<Utc>>,
}
