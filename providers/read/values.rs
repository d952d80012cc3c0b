//! Values that cannot be wrong once they are read, whatever type of JSON a provider writes them in.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

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

    /// As one step of the path of a question: nothing that could lead it elsewhere.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let leads_up = self.0.bytes().all(|byte| byte == b'.');
        (self.0.bytes().all(plain) && !leads_up).then_some(&self.0)
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
}

impl TryFrom<String> for Currency {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or("not a currency: three letters are")
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
    fn an_id_is_one_step_of_a_path_or_none() {
        assert_eq!(Id::new("ev_1.a-b~c").unwrap().step(), Some("ev_1.a-b~c"));
        for wrong in ["..", ".", "a/b", "a?b", "a%2fb", "a#b", "a@b", "a:b"] {
            assert_eq!(Id::new(wrong).unwrap().step(), None, "{wrong}");
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
    fn a_currency_is_three_letters() {
        assert_eq!(Currency::new("eur").unwrap().as_str(), "EUR");
        for wrong in ["", "EURO", "E1R", "\u{e4}b"] {
            assert_eq!(Currency::new(wrong), None, "{wrong}");
        }
    }
}
