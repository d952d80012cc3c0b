//! Sales, the references that tie them together, and what is told about them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::store::schema::{notices, refs, sales};
use crate::store::types::{At, Digest, Json};

/// Everything at one account that belongs to one purchase.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = sales)]
pub struct SaleRow {
    pub id: i64,
    pub account: String,
    pub live: bool,
    /// The provider's own id of the customer.
    pub customer_id: Option<String>,
    /// The sale that this one turned out to be a part of. It owns everything now.
    pub merged_into: Option<i64>,
    #[diesel(deserialize_as = At)]
    pub created_at: DateTime<Utc>,
}

/// A reference and the sale that it names.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = refs)]
#[diesel(treat_none_as_default_value = false)]
pub struct RefRow {
    pub account: String,
    pub live: bool,
    pub reference: String,
    pub sale_id: i64,
}

/// A notice to be stored; its position is its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    pub digest: Digest,
    pub occurred_at: DateTime<Utc>,
    /// JSON.
    pub body: String,
}

/// A notice as it was read out of its event.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = notices)]
pub struct NoticeRow {
    pub id: i64,
    pub event_id: i64,
    /// From 0.
    pub position: i32,
    /// `None`: it belongs to no sale (a customer's details).
    pub sale_id: Option<i64>,
    pub digest: Digest,
    #[diesel(deserialize_as = At)]
    pub occurred_at: DateTime<Utc>,
    #[diesel(deserialize_as = Json)]
    pub body: Value,
}
