//! What is remembered of earlier machine licenses, so that an older state cannot come back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::license::License;

/// Kept beside the license.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// By license id, the highest sequence; a lower one is refused.
    pub sequences: BTreeMap<String, u64>,
    /// The latest time; a clock well before it was set back.
    pub time: Option<DateTime<Utc>>,
}

impl Seen {
    /// The highest sequence of this license; 0: none was seen.
    #[must_use]
    pub fn sequence(&self, license_id: &str) -> u64 {
        self.sequences.get(license_id).copied().unwrap_or(0)
    }

    /// A license of ours was looked at, now. Beyond its time offline no time is remembered: it is
    /// over by then anyway, and a clock that stands in 2099 by mistake would outlast it.
    pub fn look(&mut self, license: &License, now: DateTime<Utc>) {
        self.raise(&license.license_id, license.sequence);
        self.time = self.time.max(Some(now.min(license.offline_until).max(license.issued_at)));
    }

    /// The server issued this one. If it is newer than all that was seen, then so is the server's
    /// word on the time: a clock that once stood far ahead, by mistake, is forgiven.
    pub fn receive(&mut self, license: &License) {
        if license.sequence > self.sequence(&license.license_id) {
            self.time = Some(license.issued_at);
        }
        self.raise(&license.license_id, license.sequence);
    }

    /// It was given up: from now on only one that the server issues later holds.
    pub fn give_up(&mut self, license: &License) {
        self.raise(&license.license_id, license.sequence.saturating_add(1));
    }

    fn raise(&mut self, license_id: &str, sequence: u64) {
        let highest = self.sequences.entry(license_id.to_owned()).or_default();
        *highest = sequence.max(*highest);
    }
}
