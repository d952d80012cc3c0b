//! What is kept between two starts.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decide::{Place, belongs, decide};
use crate::fault::{Denial, Fault};
use crate::keys::PublicKeys;
use crate::license::License;
use crate::reason::Reason;
use crate::seen::Seen;
use crate::status::Status;
use crate::token::authentic;

/// One file. Whoever edits it only loses his license: the token is signed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// What the license was given for; refreshing asks with it again.
    pub(crate) source: Option<Source>,
    /// What an offline request was made for whose answer has not come.
    pub(crate) asked: Option<Source>,
    /// The machine license, as it was signed.
    pub(crate) license: Option<String>,
    /// The server took it back.
    pub(crate) withdrawn: Option<Denial>,
    pub(crate) seen: Seen,
}

/// What a license is given for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Key(String),
    Trial,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(_) => f.write_str("Key(hidden)"),
            Self::Trial => f.write_str("Trial"),
        }
    }
}

impl Kept {
    /// What a check says now. Remembers the license and the time.
    pub(crate) fn check(
        &mut self,
        keys: &PublicKeys,
        place: &Place<'_>,
        now: DateTime<Utc>,
    ) -> Status {
        let Some(token) = &self.license else { return Status::Missing };
        let license = match authentic(token, keys) {
            Ok(license) => license,
            Err(reason) => return Status::Refused { reason, license: None },
        };
        let decided = decide(&license, place, &self.seen, now);
        // What belongs elsewhere teaches nothing about this place.
        if belongs(&license, place).is_ok() {
            self.seen.look(&license, now);
        }
        match (decided, &self.withdrawn) {
            (Err(reason), _) => Status::Refused { reason, license: Some(license) },
            (Ok(()), Some(denial)) => Status::Withdrawn(denial.clone()),
            (Ok(()), None) => Status::Valid(license),
        }
    }

    /// Keeps what the server signed, whatever the machine's clock says of it.
    ///
    /// # Errors
    /// [`Fault::Unusable`]; what is held stays.
    pub(crate) fn receive(
        &mut self,
        token: &str,
        source: Option<Source>,
        keys: &PublicKeys,
        place: &Place<'_>,
    ) -> Result<(), Fault> {
        let license = authentic(token, keys).map_err(Fault::Unusable)?;
        belongs(&license, place).map_err(Fault::Unusable)?;
        if license.sequence < self.seen.sequence(&license.license_id) {
            return Err(Fault::Unusable(Reason::OlderLicense));
        }
        self.seen.receive(&license);
        self.license = Some(token.to_owned());
        self.source = source;
        self.asked = None;
        self.withdrawn = None;
        Ok(())
    }

    /// The license was given back. What was seen stays, so a copy of the old file holds no more.
    pub(crate) fn give_up(&mut self, keys: &PublicKeys) {
        if let Some(license) = self.authentic(keys) {
            self.seen.give_up(&license);
        }
        *self = Self { seen: std::mem::take(&mut self.seen), ..Self::default() };
    }

    /// Should the server be asked? Also while the license does not hold: it may again.
    pub(crate) fn is_refresh_due(&self, status: &Status, now: DateTime<Utc>) -> bool {
        match status {
            Status::Valid(license) => now >= license.refresh_at,
            Status::Refused { .. } | Status::Withdrawn(_) => self.source.is_some(),
            Status::Missing | Status::Unreadable(_) => false,
        }
    }

    fn authentic(&self, keys: &PublicKeys) -> Option<License> {
        authentic(self.license.as_deref()?, keys).ok()
    }
}
