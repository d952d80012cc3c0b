//! Mail that is owed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::store::schema::outbox;
use crate::store::types::{At, Json, MailStatus, MaybeAt};

/// A mail to be owed. Its identity is fixed here, whenever it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// One a purpose: `license:ID:issued`, `license:ID:renewed:DATE` ...
    pub key: String,
    pub template: String,
    pub license_id: Option<String>,
    pub sale_id: Option<i64>,
    /// `None`: not known yet; the mail waits for it.
    pub recipient: Option<String>,
    pub locale: Option<String>,
    /// [`MailStatus::Queued`], or [`MailStatus::Held`] until support agrees.
    pub status: MailStatus,
    /// Not before.
    pub next_at: DateTime<Utc>,
    /// The Message-ID header.
    pub message_id: String,
    /// The Date header.
    pub dated_at: DateTime<Utc>,
    /// What the template is given.
    pub data: Value,
    pub created_at: DateTime<Utc>,
}

/// A mail as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct MailRow {
    pub id: i64,
    pub key: String,
    pub template: String,
    pub license_id: Option<String>,
    pub sale_id: Option<i64>,
    pub recipient: Option<String>,
    pub locale: Option<String>,
    pub status: MailStatus,
    pub attempts: i32,
    #[diesel(deserialize_as = At)]
    pub next_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeAt)]
    pub claimed_until: Option<DateTime<Utc>>,
    /// Grows with every claim; whoever settles shows the one he was given.
    pub fence: i64,
    pub error: Option<String>,
    /// It may have gone out twice: the connection broke before the server's answer.
    pub in_doubt: bool,
    pub message_id: String,
    #[diesel(deserialize_as = At)]
    pub dated_at: DateTime<Utc>,
    #[diesel(deserialize_as = Json)]
    pub data: Value,
    #[diesel(deserialize_as = At)]
    pub created_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeAt)]
    pub sent_at: Option<DateTime<Utc>>,
    /// The bytes, once rendered. They never change after.
    pub message: Option<Vec<u8>>,
}

/// Which mails. Everything that is `Some` must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailFilter {
    pub status: Option<MailStatus>,
    pub license_id: Option<String>,
    pub recipient: Option<String>,
    /// An exact word: an address, a key, a license's id, a reference with or without its `order:`.
    pub q: Option<String>,
}

/// What stands open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MailCounts {
    pub queued: i64,
    /// Of the queued ones, those whose recipient is not known.
    pub unaddressed: i64,
    pub failed: i64,
    pub held: i64,
    /// When the oldest queued one was owed.
    pub oldest_queued: Option<DateTime<Utc>>,
}
