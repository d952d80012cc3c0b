//! Customers as providers tell of them, and those who may use the API.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::store::schema::{customers, idempotency, tokens};
use crate::store::types::{At, Digest, Json, MaybeAt, Role};

/// What a provider told of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = customers)]
#[diesel(primary_key(account, live, provider_id))]
pub struct CustomerRow {
    pub account: String,
    pub live: bool,
    pub provider_id: String,
    #[diesel(deserialize_as = Json, serialize_as = Json)]
    pub details: Value,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub updated_at: DateTime<Utc>,
}

/// A token for the API or the console.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens)]
#[diesel(treat_none_as_default_value = false)]
pub struct TokenRow {
    pub id: String,
    pub name: String,
    pub role: Role,
    /// SHA-256 of the token: what it says itself is nowhere.
    pub hash: Digest,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub created_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeAt, serialize_as = MaybeAt)]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The answer that was given under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency)]
pub struct IdempotencyRow {
    pub key: String,
    /// SHA-256 of the request: the same key for another request is refused.
    pub digest: Digest,
    /// The HTTP status.
    pub status: i32,
    #[diesel(deserialize_as = Json, serialize_as = Json)]
    pub body: Value,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub created_at: DateTime<Utc>,
}
