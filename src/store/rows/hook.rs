//! What the vendor's hooks are owed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::rules::hook::HookEvent;
use crate::store::schema::hooks_outbox;
use crate::store::types::{At, MailStatus, MaybeAt};

/// Something to tell to whichever hooks there are. Its identity is fixed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHook {
    /// One a cause: `license:ID:history:3`, `license:ID:expired:DATE`.
    pub key: String,
    pub event_type: HookEvent,
    pub license_id: String,
    /// The `webhook-id`.
    pub message_id: String,
    /// When it happened.
    pub dated_at: DateTime<Utc>,
}

/// A message to one hook; or one that has no address yet.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = hooks_outbox)]
pub struct HookRow {
    pub id: i64,
    pub key: String,
    /// As in `[hooks.NAME]`. `None`: which hooks are told is not decided yet.
    pub hook: Option<String>,
    pub event_type: String,
    pub license_id: String,
    pub status: MailStatus,
    pub attempts: i32,
    #[diesel(deserialize_as = At)]
    pub next_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeAt)]
    pub claimed_until: Option<DateTime<Utc>>,
    /// Grows with every claim; whoever settles shows the one he was given.
    pub fence: i64,
    pub error: Option<String>,
    pub message_id: String,
    #[diesel(deserialize_as = At)]
    pub dated_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeAt)]
    pub sent_at: Option<DateTime<Utc>>,
    /// The body, from the first try until it was taken. It does not change meanwhile.
    pub message: Option<Vec<u8>>,
}

/// Which messages to hooks. Everything that is `Some` must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookFilter {
    pub status: Option<MailStatus>,
    pub hook: Option<String>,
    pub license_id: Option<String>,
}
