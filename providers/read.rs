//! Reading authentic bytes: what an event is, and why one cannot be understood.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::notice::{Money, Notice};

/// One event of a delivery, as it is stored. `body` is the provider's own bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The provider's id, under which a repetition is known; `None`: a digest of the body is.
    pub id: Option<String>,
    pub event_type: String,
    /// `None`: the time of reception stands in.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Real money (`true`), test (`false`), or not said by the event.
    pub live: Option<bool>,
    /// The event's own bytes, a slice of the delivery, never re-serialised.
    pub body: Vec<u8>,
    /// The part of `body` that stays the same when the provider sends the event again under the
    /// same id (without counters of deliveries). `None`: all of it.
    pub content: Option<Vec<u8>>,
}

/// A stored event, given to an adapter to read.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    pub event_type: &'a str,
    /// As the envelope said, else the time of reception.
    pub occurred_at: DateTime<Utc>,
    pub body: &'a [u8],
    /// The account's settings beside its secrets.
    pub settings: &'a Settings,
}

/// An account's settings beside its secrets, by name (`Facts::settings` says which there are).
pub type Settings = BTreeMap<String, String>;

/// Why an authentic event cannot be used. The event stays, `failed`, and can be read again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unread {
    /// Not the format that this provider sends, or a field is missing or of another type.
    #[error("the content cannot be read: {message} (at {path})")]
    Content { path: String, message: String },
    /// Understood, but a value is impossible (a time out of range, an amount that overflows).
    #[error("{path} has a value that cannot be: {message}")]
    Value { path: String, message: String },
    /// The provider was set up to send a format that carries too little.
    #[error("{0}")]
    Format(String),
}

impl Unread {
    /// The stable reason under which the event fails.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Content { .. } => "unreadable",
            Self::Value { .. } => "impossible_value",
            Self::Format(_) => "unsupported_format",
        }
    }

    pub fn value(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Value { path: path.into(), message: message.into() }
    }
}

/// What reading gives: no notice at all means that the type is of no interest.
pub type Reading = Result<Vec<Notice>, Unread>;

/// Parses JSON; an error names the path to what was wrong.
///
/// # Errors
/// [`Unread::Content`].
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unread> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        Unread::Content { path, message: plain(&error.into_inner()) }
    })?;
    deserializer
        .end()
        .map_err(|error| Unread::Content { path: ".".to_owned(), message: plain(&error) })?;
    Ok(value)
}

/// Unix seconds.
///
/// # Errors
/// [`Unread::Value`] outside of the years 1970 to 9999.
pub fn unix(path: &str, seconds: i64) -> Result<DateTime<Utc>, Unread> {
    bounded(path, DateTime::from_timestamp(seconds, 0))
}

/// Unix milliseconds.
///
/// # Errors
/// As [`unix`].
pub fn unix_ms(path: &str, milliseconds: i64) -> Result<DateTime<Utc>, Unread> {
    bounded(path, DateTime::from_timestamp_millis(milliseconds))
}

/// RFC 3339.
///
/// # Errors
/// [`Unread::Value`], also outside of the years 1970 to 9999.
pub fn rfc3339(path: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    bounded(path, DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()))
}

fn bounded(path: &str, time: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, Unread> {
    time.filter(|time| (0..253_402_300_800).contains(&time.timestamp()))
        .ok_or_else(|| Unread::value(path, "not a time between 1970 and 9999"))
}

/// An amount in minor units from what the provider writes as such (`"1999"`, `1999`).
///
/// # Errors
/// [`Unread::Value`].
pub fn minor(path: &str, text: &str, currency: &str) -> Result<Money, Unread> {
    let minor =
        text.parse().map_err(|_| Unread::value(path, "not a whole number of minor units"))?;
    Ok(Money { minor, currency: currency.to_ascii_uppercase() })
}

/// An amount in minor units from a decimal one in major units (`"19.99"`): no floating point.
///
/// # Errors
/// [`Unread::Value`] for anything but digits with one point, or more digits than the currency
/// has (zeros excepted).
pub fn decimal(path: &str, text: &str, currency: &str) -> Result<Money, Unread> {
    let currency = currency.to_ascii_uppercase();
    let digits = minor_digits(&currency);
    let wrong = || Unread::value(path, format!("not an amount in {currency}"));
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || !all_digits(whole) || !all_digits(fraction) {
        return Err(wrong());
    }
    let kept: String = fraction.chars().chain("000".chars()).take(digits).collect();
    if fraction.chars().skip(digits).any(|digit| digit != '0') {
        return Err(wrong());
    }
    let value: i64 = format!("{whole}{kept}").parse().map_err(|_| wrong())?;
    Ok(Money { minor: if negative { -value } else { value }, currency })
}

/// How many digits stand after the point (ISO 4217): two, but for the exceptions.
#[must_use]
pub fn minor_digits(currency: &str) -> usize {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// serde's own words without values of the payload and without a position in a document that
/// nobody sees.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(head, _)| head);
    text.chars().take(200).collect()
}
