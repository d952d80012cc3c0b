//! What a license is: its stored state, and its status at one instant.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the notices say, whatever the clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Active,
    /// Waits for its first activation.
    Pending,
    Suspended,
    Revoked,
}

/// What a license is at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Active,
    Expired,
    Suspended,
    Revoked,
    Pending,
}

/// «Expired» is computed, never stored. At the instant of the end itself a license is still
/// valid.
#[must_use]
pub fn status(state: State, valid_until: Option<DateTime<Utc>>, at: DateTime<Utc>) -> Status {
    match state {
        State::Revoked => Status::Revoked,
        State::Suspended => Status::Suspended,
        State::Pending => Status::Pending,
        State::Active if valid_until.is_some_and(|end| at > end) => Status::Expired,
        State::Active => Status::Active,
    }
}

/// What support should know beside the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// A renewal was not paid, and no later payment came.
    PastDue,
    /// Will not renew.
    Canceled,
    /// Nothing was paid yet.
    Trial,
    /// Over, by the provider's word.
    Ended,
    /// Money went back, all or some.
    Refunded,
    /// A dispute is open, or was lost.
    Disputed,
    Paused,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Active, Self::Pending, Self::Suspended, Self::Revoked];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }
}

impl Status {
    pub const ALL: [Self; 5] =
        [Self::Active, Self::Expired, Self::Suspended, Self::Revoked, Self::Pending];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Pending => "pending",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
