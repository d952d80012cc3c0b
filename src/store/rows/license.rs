//! Licenses, their machines, and their history.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::store::schema::{activations, history, licenses};
use crate::store::types::{At, Digest, Json, LicenseState, LicenseStatus, MaybeAt};

/// A license as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = licenses)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(treat_none_as_null = true)]
pub struct LicenseRow {
    /// A UUID that tells nothing: a function of what the license is for.
    pub id: String,
    pub sale_id: i64,
    pub slot: String,
    pub account: String,
    pub live: bool,
    pub key: String,
    pub product: String,
    pub state: LicenseState,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub starts_at: DateTime<Utc>,
    /// The end of what was paid. `None`: perpetual.
    #[diesel(deserialize_as = MaybeAt, serialize_as = MaybeAt)]
    pub expires_at: Option<DateTime<Utc>>,
    /// The end with buffer and grace; the license is valid at this instant still.
    #[diesel(deserialize_as = MaybeAt, serialize_as = MaybeAt)]
    pub valid_until: Option<DateTime<Utc>>,
    pub max_activations: i32,
    pub quantity: i32,
    #[diesel(deserialize_as = Json, serialize_as = Json)]
    pub features: Value,
    #[diesel(deserialize_as = Json, serialize_as = Json)]
    pub flags: Value,
    /// In lower case.
    pub email: Option<String>,
    #[diesel(deserialize_as = Json, serialize_as = Json)]
    pub customer: Value,
    pub order_ref: Option<String>,
    pub subscription_ref: Option<String>,
    /// The license that this one's time went into.
    pub merged_into: Option<String>,
    /// Grows with every signed machine license: a client never goes back to an older one.
    pub sequence: i64,
    /// Grows with every change.
    pub version: i64,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub created_at: DateTime<Utc>,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub updated_at: DateTime<Utc>,
}

/// Which licenses. Everything that is `Some` must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LicenseFilter {
    /// In any case.
    pub email: Option<String>,
    pub key: Option<String>,
    /// With or without `order:`.
    pub order: Option<String>,
    /// With or without `subscription:`.
    pub subscription: Option<String>,
    pub status: Option<LicenseStatus>,
    pub product: Option<String>,
    /// An exact word: an id, a key, an e-mail address, any reference of the sale.
    pub q: Option<String>,
}

impl LicenseFilter {
    /// Does it name something that only a customer's own licenses have?
    pub(crate) fn is_exact(&self) -> bool {
        let Self { email, key, order, subscription, status: _, product: _, q } = self;
        [email, key, order, subscription, q].iter().any(|field| field.is_some())
    }
}

/// Which end of a license.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// That of what was paid.
    Paid,
    /// That of its validity, with buffer and grace.
    Valid,
}

impl Ending {
    /// This end of that license.
    #[must_use]
    pub fn of(self, license: &LicenseRow) -> Option<DateTime<Utc>> {
        match self {
            Self::Paid => license.expires_at,
            Self::Valid => license.valid_until,
        }
    }
}

/// How many licenses of a product are in a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseCount {
    pub product: String,
    pub status: LicenseStatus,
    pub count: i64,
}

/// A license bound to one machine.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = activations)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(treat_none_as_null = true)]
pub struct ActivationRow {
    pub id: String,
    pub license_id: String,
    pub fingerprint: String,
    pub name: Option<String>,
    pub platform: Option<String>,
    pub version: Option<String>,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub first_at: DateTime<Utc>,
    #[diesel(deserialize_as = At, serialize_as = At)]
    pub last_at: DateTime<Utc>,
    /// `None`: it holds a seat.
    #[diesel(deserialize_as = MaybeAt, serialize_as = MaybeAt)]
    pub released_at: Option<DateTime<Utc>>,
    pub sequence: i64,
}

/// Something that happened, to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHistory {
    /// What it happened to: `license:ID`, `event:ID`, `account:NAME` ... No personal data.
    pub subject: String,
    pub at: DateTime<Utc>,
    pub action: String,
    pub cause_event: Option<i64>,
    /// Who did it, where a person did (the name of a token).
    pub actor: Option<String>,
    pub detail: Value,
}

/// An entry of the history: append-only, each chained to the one before of its subject.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = history)]
pub struct HistoryRow {
    pub id: i64,
    pub subject: String,
    /// From 1.
    pub seq: i32,
    #[diesel(deserialize_as = At)]
    pub at: DateTime<Utc>,
    pub action: String,
    pub cause_event: Option<i64>,
    pub actor: Option<String>,
    #[diesel(deserialize_as = Json)]
    pub detail: Value,
    /// The hash of the entry before; zeros for the first.
    pub prev_hash: Digest,
    pub hash: Digest,
}
