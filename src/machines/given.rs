//! What applications send, bounded. Says what would be right, and never repeats what was sent.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;

use crate::rules::key;
use crate::rules::plain::one_line;

/// The longest fingerprint or nonce, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// The longest name of a machine, a platform or a version, in characters.
const LABEL_CHARS_MAX: usize = 200;

/// The longest text that is looked at as a key, in bytes: signed keys are long.
const KEY_BYTES_MAX: usize = 4_096;

/// What is looked up in place of a text that cannot be a key, so that it takes as long.
const NO_KEY: &str = "";

/// A key, as somebody typed it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Key(String);

/// What an application knows its machine by: 1 to 256 bytes of visible characters.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Fingerprint(String);

/// What comes back as it was sent: 1 to 256 bytes of visible characters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Nonce(String);

/// A name for people, as one line; empty counts as none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Label(String);

/// When a version of the application was released; a bare date is the beginning of that day, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ReleasedAt(pub DateTime<Utc>);

/// A machine, as it tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub fingerprint: Fingerprint,
    pub name: Option<Label>,
    pub platform: Option<Label>,
    pub version: Option<Label>,
}

impl Key {
    /// As it is looked up. What cannot be a key is looked up, too, as one that nobody has: the
    /// time of an answer tells nothing of why there was none.
    #[must_use]
    pub fn wanted(&self) -> String {
        // No database keeps a NUL, and no key of ours has anything but letters of ASCII.
        let visible = |key: &String| key.bytes().all(|byte| byte.is_ascii_graphic());
        key::read(&self.0).filter(visible).unwrap_or_else(|| NO_KEY.to_owned())
    }
}

impl Fingerprint {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Nonce {
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

impl Label {
    /// `None` where nothing of it can be shown.
    #[must_use]
    pub fn into_text(self) -> Option<String> {
        Some(self.0).filter(|text| !text.is_empty())
    }
}

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.len() <= KEY_BYTES_MAX {
            true => Ok(Self(text)),
            false => Err(format!("is longer than {KEY_BYTES_MAX} bytes; no key is")),
        }
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        visible(text).map(Self)
    }
}

impl TryFrom<String> for Nonce {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        visible(text).map(Self)
    }
}

impl TryFrom<String> for Label {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.chars().count() > LABEL_CHARS_MAX {
            return Err(format!("is longer than {LABEL_CHARS_MAX} characters"));
        }
        Ok(Self(one_line(&text, LABEL_CHARS_MAX)))
    }
}

impl TryFrom<String> for ReleasedAt {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let time = DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).ok();
        let day =
            || text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
        time.or_else(day).map(Self).ok_or_else(|| {
            "is not a time; write 2027-12-31T23:59:59Z, or 2027-12-31 for the beginning of that day"
                .to_owned()
        })
    }
}

fn visible(text: String) -> Result<String, String> {
    let shown = |c: char| !c.is_control() && !c.is_whitespace();
    match (1..=NAME_BYTES_MAX).contains(&text.len()) && text.chars().all(shown) {
        true => Ok(text),
        false => Err(format!(
            "must be 1 to {NAME_BYTES_MAX} bytes of visible characters, without spaces"
        )),
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_bounded_and_visible() {
        let read = |text: &str| Fingerprint::try_from(text.to_owned()).is_ok();
        assert!(read("f") && read(&"f".repeat(256)) && read("näh:00-1A"));
        for wrong in ["", " ", "a b", "a\n", "a\0", "\u{7f}", &"f".repeat(257), &"ä".repeat(129)] {
            assert!(!read(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_looked_up_as_one_that_nobody_has() {
        let wanted = |text: &str| Key::try_from(text.to_owned()).unwrap().wanted();
        for text in ["", "ACME-1", "a.b\0", "ACME-ä.b.c", "ACME-12345-12345-12345-12345-12345"] {
            assert_eq!(wanted(text), NO_KEY, "{text:?}");
        }
        assert_eq!(wanted(" ACME-aaa.bbb.ccc "), "ACME-aaa.bbb.ccc");
        assert!(Key::try_from("A".repeat(KEY_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn neither_keys_nor_fingerprints_reach_a_log() {
        let key = Key::try_from("ACME-SECRET".to_owned()).unwrap();
        let fingerprint = Fingerprint::try_from("disk-4711".to_owned()).unwrap();
        assert_eq!(format!("{key:?} {fingerprint:?}"), "Key(hidden) Fingerprint(hidden)");
    }

    #[test]
    fn a_date_of_release_is_a_time_or_the_beginning_of_a_day() {
        let read = |text: &str| ReleasedAt::try_from(text.to_owned()).map(|ReleasedAt(at)| at);
        assert_eq!(read("2027-01-31"), read("2027-01-31T00:00:00Z"));
        assert_eq!(read("2027-01-31T02:00:00+02:00"), read("2027-01-31"));
        for wrong in ["", "yesterday", "2027-02-30", "31.01.2027"] {
            assert!(read(wrong).unwrap_err().contains("2027-12-31T23:59:59Z"), "{wrong}");
        }
    }
}
