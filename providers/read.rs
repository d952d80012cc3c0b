//! Reading authentic bytes: what an event is, and why one cannot be understood.

mod calendar;
mod compact;
mod form;
mod notes;
mod occurrences;
mod person;
mod standard;
mod values;
mod xml;

use std::collections::BTreeMap;

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::ask::Answers;
use crate::notice::{Money, Notice};

pub use calendar::Every;
pub use compact::compact;
pub use form::Form;
pub use notes::Notes;
pub use occurrences::Occurrences;
pub use person::{country, full_name};
pub use standard::StandardFrame;
pub use values::{Currency, Id, Scalar, Time, filled};
pub use xml::Element;

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
    /// What stays the same when the provider sends the event again: a part of `body` (without
    /// counters of deliveries), or more than it, where the same bytes under another type are
    /// another event. `None`: `body`.
    pub content: Option<Vec<u8>>,
    /// The same bytes may come again and mean something new, since they only say where to look
    /// (`id=tr_123`). Such an event is never taken for a repetition.
    pub recurs: bool,
}

impl Envelope {
    /// An event of that type that says no more of itself: known again by its bytes.
    #[must_use]
    pub fn new(event_type: impl Into<String>, body: &[u8]) -> Self {
        Self {
            id: None,
            event_type: event_type.into(),
            occurred_at: None,
            live: None,
            body: body.to_vec(),
            content: None,
            recurs: false,
        }
    }

    /// One whose type stands beside the body (in a header): known again by both, so that the same
    /// bytes sent as something else take nothing away.
    #[must_use]
    pub fn with_topic(topic: &str, body: &[u8]) -> Self {
        let content = [topic.as_bytes(), b"\n", body].concat();
        Self { content: Some(content), ..Self::new(topic, body) }
    }
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
    /// What the provider's API answered to [`crate::Provider::asks`], by [`crate::Ask::name`].
    pub answers: &'a Answers,
}

impl<'a> Event<'a> {
    /// An event with nothing set and nothing asked.
    #[must_use]
    pub fn new(event_type: &'a str, occurred_at: DateTime<Utc>, body: &'a [u8]) -> Self {
        static NO_SETTINGS: Settings = Settings::new();
        static NO_ANSWERS: Answers = Answers::new();
        Self { event_type, occurred_at, body, settings: &NO_SETTINGS, answers: &NO_ANSWERS }
    }

    /// That of an envelope that came at that time.
    #[must_use]
    pub fn of(envelope: &'a Envelope, received_at: DateTime<Utc>) -> Self {
        let occurred_at = envelope.occurred_at.unwrap_or(received_at);
        Self::new(&envelope.event_type, occurred_at, &envelope.body)
    }
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

/// The one of that name among the answers to the adapter's own questions, as JSON. `None`: there
/// is no answer, or no such thing.
///
/// # Errors
/// As [`json`].
pub fn answered<T: DeserializeOwned>(answers: &Answers, name: &str) -> Result<Option<T>, Unread> {
    let found = answers.get(name).filter(|answer| answer.found());
    found.map(|answer| json(&answer.body)).transpose()
}

/// Parses JSON; an error names the path to what was wrong.
///
/// # Errors
/// [`Unread::Content`].
pub fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unread> {
    // Keeping the path costs as much as reading: it is kept only where something was wrong.
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
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

/// RFC 2822: `Fri, 02 Jan 2026 03:04:05 +0000`.
///
/// # Errors
/// As [`rfc3339`].
pub fn rfc2822(path: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    bounded(path, DateTime::parse_from_rfc2822(text).ok().map(|time| time.to_utc()))
}

/// When an order was paid whose event tells no more than that it is: when that is told. An order of
/// long ago was paid long ago, whatever is changed of it now.
#[must_use]
pub fn paid_by(placed: DateTime<Utc>, told: DateTime<Utc>) -> DateTime<Utc> {
    /// Nobody waits longer for a bank transfer.
    const WAITED_FOR: TimeDelta = TimeDelta::days(30);
    if told - placed > WAITED_FOR { placed } else { told }
}

/// As [`rfc3339`], or with a distance to UTC that has no colon (`+0530`).
///
/// # Errors
/// As [`rfc3339`].
pub fn iso8601(path: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    match DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z") {
        Ok(time) => bounded(path, Some(time.to_utc())),
        Err(_) => rfc3339(path, text),
    }
}

/// A local time in a fixed distance to UTC, by chrono's format (`%Y-%m-%d %H:%M:%S`).
///
/// # Errors
/// As [`rfc3339`].
pub fn local(
    path: &str,
    text: &str,
    format: &str,
    offset: FixedOffset,
) -> Result<DateTime<Utc>, Unread> {
    let time = NaiveDateTime::parse_from_str(text, format).ok();
    let time = time.and_then(|time| time.and_local_timezone(offset).single());
    bounded(path, time.map(|time| time.to_utc()))
}

/// A day (`2026-01-31`), as its first moment in UTC.
///
/// # Errors
/// As [`rfc3339`].
pub fn day(path: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    bounded(path, day.map(|day| day.and_time(NaiveTime::MIN).and_utc()))
}

/// The moment at which a day (`2026-01-31`, itself included) is over, in UTC.
///
/// # Errors
/// As [`rfc3339`].
pub fn day_end(path: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    bounded(path, day(path, text)?.checked_add_days(Days::new(1)))
}

fn bounded(path: &str, time: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, Unread> {
    time.filter(|time| (0..253_402_300_800).contains(&time.timestamp()))
        .ok_or_else(|| Unread::value(path, "not a time between 1970 and 9999"))
}

/// How many: a whole number above 0.
///
/// # Errors
/// [`Unread::Value`].
pub fn quantity(path: &str, text: &str) -> Result<u32, Unread> {
    let quantity = text.parse().ok().filter(|quantity| *quantity > 0);
    quantity.ok_or_else(|| Unread::value(path, "not a whole number above 0"))
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
    // "invalid type: string \"ada@example.com\", expected u32": what was expected is ours, what
    // came instead may be personal data, and this text is logged.
    match text.rsplit_once(", expected ") {
        Some((came, expected)) => {
            let kind = came.split(['"', '`']).next().unwrap_or_default().trim_end();
            format!("{kind}, expected {expected}")
        }
        None => text.chars().take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Delivery {
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Item {
        price: String,
    }

    fn fault(body: &str) -> (String, String) {
        match json::<Delivery>(body.as_bytes()) {
            Err(Unread::Content { path, message }) => (path, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_json_fault_names_its_path_and_never_a_position() {
        let (path, message) = fault(r#"{"items":[{"price":"p1"},{"price":7}]}"#);
        assert_eq!(path, "items[1].price");
        assert_eq!(message, "invalid type: integer, expected a string");
        let (path, message) = fault(r#"{"items":[{}]}"#);
        assert_eq!((path.as_str(), message.as_str()), ("items[0]", "missing field `price`"));
    }

    #[test]
    fn a_json_fault_never_tells_a_value_of_the_payload() {
        for value in ["\"ada@example.com, expected \\\" at line 1\"", "4711", "true", "47.11"] {
            let (_, message) = fault(&format!(r#"{{"items":{value}}}"#));
            let told = ["ada", "47", "true", "line"].iter().any(|part| message.contains(part));
            assert!(!told && message.ends_with(", expected a sequence"), "{message}");
        }
    }

    #[test]
    fn what_stands_behind_the_document_is_a_fault() {
        let (path, message) = fault(r#"{"items":[]} {"items":[]}"#);
        assert_eq!((path.as_str(), message.as_str()), (".", "trailing characters"));
        assert_eq!(json::<Delivery>(b" {\"items\":[]}\n"), Ok(Delivery { items: Vec::new() }));
    }

    #[test]
    fn no_depth_and_no_bytes_bring_the_parser_down() {
        let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
        for body in [deep.as_bytes(), b"", b"\xff\xfe", b"{\"items\":", b"\"\\ud800\""] {
            let told = json::<serde_json::Value>(body);
            assert!(matches!(told, Err(Unread::Content { .. })), "{told:?}");
        }
    }

    #[test]
    fn times_lie_between_1970_and_9999() {
        assert_eq!(unix("at", 1_760_000_000).unwrap().to_rfc3339(), "2025-10-09T08:53:20+00:00");
        assert_eq!(unix_ms("at", 1_760_000_000_250).unwrap().timestamp_subsec_millis(), 250);
        assert!(unix("at", 0).is_ok());
        assert!(unix("at", 253_402_300_799).is_ok());
        assert!(unix_ms("at", 253_402_300_799_999).is_ok());
        for seconds in [-1, 253_402_300_800, i64::MAX, i64::MIN] {
            assert_eq!(unix("at", seconds).unwrap_err().code(), "impossible_value", "{seconds}");
        }
        for milliseconds in [-1, 253_402_300_800_000, i64::MAX, i64::MIN] {
            assert!(unix_ms("at", milliseconds).is_err(), "{milliseconds}");
        }
    }

    #[test]
    fn times_with_an_offset_become_utc() {
        let time = rfc3339("at", "2025-10-09T10:53:20.5+02:00").unwrap();
        assert_eq!(time, unix_ms("at", 1_760_000_000_500).unwrap());
        for text in [
            "",
            "2025-10-09",
            "2025-10-09T08:53:20",
            "1969-12-31T23:59:59Z",
            "+10000-01-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert!(rfc3339("at", text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_distance_to_utc_may_lack_its_colon() {
        let time = rfc3339("at", "2025-10-09T10:53:20+05:30").unwrap();
        for text in ["2025-10-09T10:53:20+0530", "2025-10-09T10:53:20+05:30"] {
            assert_eq!(iso8601("at", text), Ok(time));
        }
        assert!(iso8601("at", "2025-10-09T05:23:20Z").unwrap() == time);
        for text in ["", "2025-10-09T10:53:20", "1969-01-01T00:00:00+0000"] {
            assert!(iso8601("at", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_decimal_amount_has_the_digits_of_its_currency() {
        for (text, currency, minor) in [
            ("19.99", "eur", 1_999),
            ("19.9", "USD", 1_990),
            ("19", "USD", 1_900),
            ("19.", "USD", 1_900),
            ("19.990", "USD", 1_999),
            ("0.07", "USD", 7),
            ("-0.07", "USD", -7),
            ("1200", "JPY", 1_200),
            ("1200.00", "JPY", 1_200),
            ("1.234", "KWD", 1_234),
            ("1.2", "KWD", 1_200),
            ("999999999999999.99", "USD", 99_999_999_999_999_999),
        ] {
            let money = decimal("total", text, currency).unwrap();
            assert_eq!(money, Money { minor, currency: currency.to_ascii_uppercase() }, "{text}");
        }
    }

    #[test]
    fn what_is_not_an_exact_amount_is_refused() {
        for (text, currency) in [
            ("", "USD"),
            (".5", "USD"),
            ("-", "USD"),
            ("--1", "USD"),
            ("+1", "USD"),
            (" 1", "USD"),
            ("1,99", "USD"),
            ("1e3", "USD"),
            ("NaN", "USD"),
            ("1.999", "USD"),
            ("1.5", "JPY"),
            ("1.2345", "KWD"),
            ("1.2.3", "USD"),
            ("1000000000000000", "USD"),
            ("１", "USD"),
        ] {
            assert!(decimal("total", text, currency).is_err(), "{text} {currency}");
        }
    }

    #[test]
    fn a_quantity_is_whole_and_above_nothing() {
        assert_eq!(quantity("qty", "25"), Ok(25));
        for text in ["", "0", "-1", "1.5", "1e3", " 1", "4294967296"] {
            assert!(quantity("qty", text).is_err(), "{text}");
        }
    }

    #[test]
    fn minor_units_are_whole() {
        assert_eq!(minor("total", "1999", "usd").unwrap().minor, 1_999);
        assert_eq!(minor("total", "-1999", "USD").unwrap().minor, -1_999);
        for text in ["", "19.99", "1e3", " 1", "9223372036854775808"] {
            assert!(minor("total", text, "USD").is_err(), "{text}");
        }
        assert_eq!(
            minor("total", "x", "USD").unwrap_err().to_string(),
            "total has a value that cannot be: not a whole number of minor units"
        );
    }
}
