//! Values that cannot be wrong once they are read, whatever type of JSON a provider writes them in.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::Unread;
use crate::notice::Money;

/// Longest id of a provider that is taken, in bytes.
const ID_BYTES_MAX: usize = 200;

/// An id that the provider made, written as a text or as a whole number. Never empty, since an
/// empty one would tie unrelated sales together, and never anything that is hard to keep or show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(String);

impl Id {
    /// `None` for what can be no id.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let fits = plain && (1..=ID_BYTES_MAX).contains(&text.len());
        fits.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as one segment of an address that is asked: letters, digits, `-`, `_`, `~` and points
    /// among them, so that it can lead nowhere else.
    ///
    /// # Errors
    /// [`Unread::Value`] for any other id.
    pub fn segment(&self, path: &str) -> Result<&str, Unread> {
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~' | b'.');
        let leads_up = self.0.bytes().all(|byte| byte == b'.');
        if self.0.bytes().all(plain) && !leads_up {
            Ok(&self.0)
        } else {
            Err(Unread::value(path, "not an id that can stand in an address"))
        }
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl From<&Id> for String {
    fn from(id: &Id) -> Self {
        id.0.clone()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl Visitor<'_> for IdVisitor {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an id: 1 to {ID_BYTES_MAX} visible ASCII characters, or a whole number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
                Id::new(text)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Other("a text"), &self))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }
        }
        deserializer.deserialize_any(IdVisitor)
    }
}

/// A text, number or truth value, as text: providers write the same field now so, now so. Numbers
/// keep their digits (`49.90` written as a number is `49.9`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar(String);

impl Scalar {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `true`, `1` and `yes`, in any case.
    #[must_use]
    pub fn is_true(&self) -> bool {
        ["true", "1", "yes"].iter().any(|word| self.0.eq_ignore_ascii_case(word))
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl Visitor<'_> for ScalarVisitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, true or false")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
        }
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// ISO 4217, three letters, in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Currency(String);

impl Currency {
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let letters = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        letters.then(|| Self(text.to_ascii_uppercase()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An amount that the provider writes as a number of minor units.
    #[must_use]
    pub fn money(&self, minor: i64) -> Money {
        Money { minor, currency: self.0.clone() }
    }

    /// An amount that the provider writes as a text of minor units, and never below zero.
    ///
    /// # Errors
    /// [`Unread::Value`].
    pub fn amount(&self, path: &str, text: &str) -> Result<Money, Unread> {
        let money = super::minor(path, text, &self.0)?;
        if money.minor < 0 { Err(Unread::value(path, "a negative amount")) } else { Ok(money) }
    }
}

impl TryFrom<String> for Currency {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or("not a currency: three letters are")
    }
}

/// A time as in RFC 3339, between 1970 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Time(pub DateTime<Utc>);

impl TryFrom<String> for Time {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let time = super::rfc3339("", &text);
        time.map(Self).map_err(|_| "not a time as in RFC 3339, between 1970 and 9999")
    }
}

/// The text without white space around it, if there is any: a blank field says nothing, and must
/// not take away what another event said.
#[must_use]
pub fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(json: &str) -> Result<Id, String> {
        serde_json::from_str(json).map_err(|error: serde_json::Error| error.to_string())
    }

    #[test]
    fn an_id_is_a_text_or_a_whole_number_and_never_empty() {
        assert_eq!(id("\"sub_1\"").unwrap().as_str(), "sub_1");
        assert_eq!(id("18446744073709551615").unwrap().as_str(), "18446744073709551615");
        let long = format!("\"{}\"", "x".repeat(201));
        for wrong in
            ["\"\"", "\"a b\"", "\"\\u0000\"", "\"\u{e4}\"", "-1", "1.5", "null", "true", &long]
        {
            assert!(id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_id_leads_nowhere_else_in_an_address() {
        assert_eq!(Id::new("ev_1.a-b~C").unwrap().segment("id"), Ok("ev_1.a-b~C"));
        for other in ["..", ".", "a/b", "a?b", "a#b", "a%2Fb", "a@b", "a:b"] {
            assert!(Id::new(other).unwrap().segment("id").is_err(), "{other}");
        }
    }

    #[test]
    fn a_scalar_is_whatever_was_written_as_text() {
        for (json, text) in
            [("\"49.90\"", "49.90"), ("49.9", "49.9"), ("49", "49"), ("-1", "-1"), ("true", "true")]
        {
            assert_eq!(serde_json::from_str::<Scalar>(json).unwrap().as_str(), text);
        }
        assert!(serde_json::from_str::<Scalar>("[]").is_err());
    }

    #[test]
    fn a_time_is_told_in_utc_and_nothing_else_is_one() {
        let time: Time = serde_json::from_str("\"2025-10-09T10:53:20+02:00\"").unwrap();
        assert_eq!(time.0.to_rfc3339(), "2025-10-09T08:53:20+00:00");
        for wrong in ["\"soon\"", "\"\"", "1760000000", "null"] {
            assert!(serde_json::from_str::<Time>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_currency_is_three_letters() {
        let euro = Currency::new("eur").unwrap();
        assert_eq!(euro.money(1_999), Money { minor: 1_999, currency: "EUR".to_owned() });
        assert_eq!(euro.amount("total", "1999"), Ok(euro.money(1_999)));
        for wrong in ["-1999", "19.99", ""] {
            assert!(euro.amount("total", wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "EURO", "E1R", "\u{e4}b"] {
            assert_eq!(Currency::new(wrong), None, "{wrong}");
        }
    }
}
