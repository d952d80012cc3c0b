//! What a machine license says.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The claims of a machine license. Those that a later service adds are not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct License {
    pub license_id: String,
    /// This machine's place among those of the license.
    pub activation_id: String,
    pub product: String,
    pub fingerprint: String,
    pub features: Vec<String>,
    pub trial: bool,
    #[serde(deserialize_with = "time")]
    pub starts_at: DateTime<Utc>,
    /// The end of what was paid; `None`: perpetual.
    #[serde(deserialize_with = "end")]
    pub expires_at: Option<DateTime<Utc>>,
    /// With what the vendor gives beyond it: a renewal that is late, days of grace.
    #[serde(deserialize_with = "end")]
    pub valid_until: Option<DateTime<Utc>>,
    pub on_expiry: OnExpiry,
    pub max_activations: u32,
    /// Rises with every machine license of this license.
    pub sequence: u64,
    #[serde(deserialize_with = "time")]
    pub issued_at: DateTime<Utc>,
    /// From here on the server should be asked for a fresh one, when it can be reached.
    #[serde(deserialize_with = "time")]
    pub refresh_at: DateTime<Utc>,
    /// Until here it holds without the server.
    #[serde(deserialize_with = "time")]
    pub offline_until: DateTime<Utc>,
}

/// What the end of the paid time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExpiry {
    /// The application stops.
    Restrict,
    /// Versions that were released until then run for ever.
    Maintain,
}

impl License {
    #[must_use]
    pub fn has_feature(&self, name: &str) -> bool {
        self.features.iter().any(|feature| feature == name)
    }

    /// Is the paid time over? Between this and `valid_until` the license still holds; a good
    /// moment to remind of the renewal.
    #[must_use]
    pub fn is_past_expiry(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| now > end)
    }
}

/// `2027-03-01T08:00:00Z`, in this form alone, so that every language reads the same.
pub(crate) fn read_time(text: &str) -> Option<DateTime<Utc>> {
    const FORM: &str = "%Y-%m-%dT%H:%M:%SZ";
    let time = NaiveDateTime::parse_from_str(text, FORM).ok()?;
    (text.len() == 20 && time.format(FORM).to_string() == text).then(|| time.and_utc())
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(from)?;
    read_time(&text).ok_or_else(|| D::Error::custom("is no time like 2027-03-01T08:00:00Z"))
}

fn end<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    let read = |text: String| {
        read_time(&text).ok_or_else(|| D::Error::custom("is no time like 2027-03-01T08:00:00Z"))
    };
    text.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_one_form() {
        let time = read_time("2028-02-29T23:59:59Z").unwrap();
        assert_eq!(time.timestamp(), 1_835_481_599);
        for wrong in [
            "",
            "2027-02-29T00:00:00Z",
            "2027-03-01T08:00:00",
            "2027-03-01T08:00:00z",
            "2027-03-01 08:00:00Z",
            "2027-3-1T8:00:00Z",
            "+2027-3-01T08:00:00Z",
            "2027-03-01T08:00:00.0Z",
            "2027-03-01T08:00:00+00:00",
            " 2027-03-01T08:00:00Z",
        ] {
            assert_eq!(read_time(wrong), None, "{wrong}");
        }
    }
}
