//! Customers as providers tell of them, and those who may use the API.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::store::schema::{customers, idempotency, links, sessions, tokens, users};
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

/// Somebody who signs in to the console by name and password.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
#[diesel(treat_none_as_default_value = false)]
pub struct UserRow {
    pub name: String,
    pub role: Role,
    /// Argon2id, in the form of PHC: what the password itself is, is nowhere.
    pub password: String,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub created_at: DateTime<Utc>,
    /// When the password was set.
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub changed_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeAt, serialize_as = MaybeAt)]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct SessionRow {
    /// SHA-256 of what the cookie says.
    pub hash: Digest,
    /// `token:ID`, `user:NAME` or `customer:EMAIL`.
    pub holder: String,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub created_at: DateTime<Utc>,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub seen_at: DateTime<Utc>,
}

/// A link that was mailed to a customer, good for one visit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = links)]
#[diesel(treat_none_as_default_value = false)]
pub struct LinkRow {
    /// SHA-256 of what the link says.
    pub hash: Digest,
    pub email: String,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub created_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeAt, serialize_as = MaybeAt)]
    pub used_at: Option<DateTime<Utc>>,
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
