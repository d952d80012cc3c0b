//! One column type for each meaning, so that the queries are the same text on both databases.
//!
//! - [`At`]: an instant to the microsecond; `timestamptz`, or microseconds since 1970.
//! - [`Json`]: `json`, or text.
//! - [`Bytes`]: as many bytes as its type says.
//! - words ([`EventStatus`] ...): text, one of a list.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow, FromStaticSqlRow, Queryable};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, Nullable, Text, Timestamptz};
use diesel::sqlite::Sqlite;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The SQL type of an instant.
#[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Long"))]
pub struct Moment;

impl diesel::sql_types::SqlOrd for Moment {}

/// The SQL type of a JSON value, kept letter by letter.
#[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 114, array_oid = 199))]
#[diesel(sqlite_type(name = "Text"))]
pub struct Document;

/// An instant on its way to or from a column. Rows carry plain `DateTime<Utc>`; diesel's traits
/// can only be given to types of our own.
#[derive(Debug, Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = Moment)]
pub struct At(pub DateTime<Utc>);

/// The same for a column that may be NULL.
#[derive(Debug, Clone, Copy)]
pub struct MaybeAt(Option<At>);

impl From<DateTime<Utc>> for At {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at)
    }
}

impl From<At> for DateTime<Utc> {
    fn from(at: At) -> Self {
        at.0
    }
}

impl From<Option<DateTime<Utc>>> for MaybeAt {
    fn from(at: Option<DateTime<Utc>>) -> Self {
        Self(at.map(At))
    }
}

impl From<MaybeAt> for Option<DateTime<Utc>> {
    fn from(at: MaybeAt) -> Self {
        at.0.map(|at| at.0)
    }
}

impl AsExpression<Nullable<Moment>> for MaybeAt {
    type Expression = <Option<At> as AsExpression<Nullable<Moment>>>::Expression;

    fn as_expression(self) -> Self::Expression {
        AsExpression::<Nullable<Moment>>::as_expression(self.0)
    }
}

impl<DB: Backend> Queryable<Nullable<Moment>, DB> for MaybeAt
where
    Option<At>: FromStaticSqlRow<Nullable<Moment>, DB>,
{
    type Row = Option<At>;

    fn build(row: Self::Row) -> deserialize::Result<Self> {
        Ok(Self(row))
    }
}

impl ToSql<Moment, Pg> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Timestamptz, Pg>::to_sql(&self.0, out)
    }
}

impl ToSql<Moment, Sqlite> for At {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.timestamp_micros());
        Ok(IsNull::No)
    }
}

impl FromSql<Moment, Pg> for At {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <DateTime<Utc> as FromSql<Timestamptz, Pg>>::from_sql(value).map(At)
    }
}

impl FromSql<Moment, Sqlite> for At {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
        DateTime::from_timestamp_micros(micros)
            .map(At)
            .ok_or_else(|| format!("{micros} is not a time").into())
    }
}

/// A JSON value on its way to or from a column. Rows carry plain `Value`.
#[derive(Debug, Clone, AsExpression, FromSqlRow)]
#[diesel(sql_type = Document)]
pub struct Json(pub Value);

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl From<Json> for Value {
    fn from(json: Json) -> Self {
        json.0
    }
}

impl ToSql<Document, Pg> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl ToSql<Document, Sqlite> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl FromSql<Document, Pg> for Json {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(value.as_bytes())?))
    }
}

impl FromSql<Document, Sqlite> for Json {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}

/// A JSON value that is text already.
#[derive(Debug, Clone, AsExpression)]
#[diesel(sql_type = Document)]
pub struct JsonText(pub String);

impl ToSql<Document, Pg> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Text, Pg>::to_sql(self.0.as_str(), out)
    }
}

impl ToSql<Document, Sqlite> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        ToSql::<Text, Sqlite>::to_sql(self.0.as_str(), out)
    }
}

/// Exactly `N` bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Bytes<const N: usize>(pub [u8; N]);

/// A digest that nobody finds a second content for.
pub type Digest = Bytes<32>;

/// What an event is known by: see [`super::dedupe`].
pub type Dedupe = Bytes<16>;

impl Digest {
    /// SHA-256.
    #[must_use]
    pub fn of(content: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// BLAKE3, for what every webhook is known again by: SHA-256 takes as long as checking the
    /// signature does, where a processor has no instructions for it.
    #[must_use]
    pub fn of_event(content: &[u8]) -> Self {
        Self(blake3::hash(content).into())
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl<const N: usize> From<[u8; N]> for Bytes<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<DB: Backend, const N: usize> ToSql<Binary, DB> for Bytes<N>
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <[u8] as ToSql<Binary, DB>>::to_sql(&self.0, out)
    }
}

impl<DB: Backend, const N: usize> FromSql<Binary, DB> for Bytes<N>
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, DB>>::from_sql(value)?;
        let length = bytes.len();
        let exact: [u8; N] =
            bytes.try_into().map_err(|_| format!("{length} bytes where {N} belong"))?;
        Ok(Self(exact))
    }
}

/// Declares an enum that is stored as one of these words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Text)]
        pub enum $name {
            $($(#[$note])* $variant,)+
        }

        impl $name {
            /// Every one there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word that is stored, and that people read.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    other => Err(format!("{other:?} is none of {}", [$($word),+].join(", "))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<DB: Backend> ToSql<Text, DB> for $name
        where
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                <str as ToSql<Text, DB>>::to_sql(self.as_str(), out)
            }
        }

        impl<DB: Backend> FromSql<Text, DB> for $name
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let word = <String as FromSql<Text, DB>>::from_sql(value)?;
                Ok(word.parse::<Self>()?)
            }
        }
    };
}

words! {
    /// Where an event stands.
    EventStatus {
        /// To be applied, now or at its next attempt.
        Pending = "pending",
        Applied = "applied",
        /// Of no concern here: another mode, a type that says nothing, set aside by support.
        Ignored = "ignored",
        /// Refers to something not known yet; applies itself when that comes.
        Waiting = "waiting",
        /// Needs a person; can be replayed.
        Failed = "failed",
    }
}

words! {
    /// What was decided about a license. That it is over is computed from the clock.
    LicenseState {
        Active = "active",
        /// Waits for its first activation.
        Pending = "pending",
        Suspended = "suspended",
        Revoked = "revoked",
    }
}

words! {
    /// What a license is at a given moment.
    LicenseStatus {
        Active = "active",
        Expired = "expired",
        Suspended = "suspended",
        Revoked = "revoked",
        Pending = "pending",
    }
}

words! {
    /// Where a mail stands.
    MailStatus {
        Queued = "queued",
        Sent = "sent",
        Failed = "failed",
        /// Not to be sent until support agrees (a restored backup).
        Held = "held",
    }
}

words! {
    /// What the holder of a token may do.
    Role {
        Support = "support",
        Admin = "admin",
    }
}
