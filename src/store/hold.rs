//! Is what goes out on hold? A copy of a database must not send again what its original has sent
//! since, so nothing leaves it, neither mail nor messages to hooks, until a person agrees.
//!
//! (A single mail can be `held`, too: that is its own status and has nothing to do with this.)

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// Under which it stands in `meta`.
pub(super) const KEY: &str = "outgoing_hold";

/// The condition of every claim. Written out rather than bound, so that it costs no further way to
/// the database.
pub(super) const NOT_ON_HOLD: &str =
    "NOT EXISTS (SELECT 1 FROM meta WHERE meta.key = 'outgoing_hold')";

/// Since when nothing goes out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// `None`: written by hand.
    pub since: Option<DateTime<Utc>>,
    /// In a few words, without personal data: it is logged.
    pub why: String,
}

impl Hold {
    /// Whatever stands there holds: who writes it by hand means it.
    pub(super) fn of_text(text: &str) -> Self {
        let (since, why) = text.split_once(' ').unwrap_or((text, ""));
        match DateTime::parse_from_rfc3339(since) {
            Ok(since) => Self { since: Some(since.to_utc()), why: why.to_owned() },
            Err(_) => Self { since: None, why: text.to_owned() },
        }
    }
}

/// `2026-12-01T09:00:00Z backup`
impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.since {
            Some(since) => {
                write!(f, "{} {}", since.to_rfc3339_opts(SecondsFormat::AutoSi, true), self.why)
            }
            None => f.write_str(&self.why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_as_it_was_written_and_any_text_holds() {
        let since = DateTime::from_timestamp_micros(1_780_315_200_000_007);
        let hold = Hold { since, why: "this is a backup".to_owned() };
        assert_eq!(hold.to_string(), "2026-06-01T12:00:00.000007Z this is a backup");
        assert_eq!(Hold::of_text(&hold.to_string()), hold);
        for text in ["", "stop", "stop it, please"] {
            assert_eq!(Hold::of_text(text), Hold { since: None, why: text.to_owned() });
        }
    }

    #[test]
    fn the_claims_look_at_the_very_key() {
        assert!(NOT_ON_HOLD.contains(&format!("'{KEY}'")));
    }
}
