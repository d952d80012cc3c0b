//! What the vendor's own hooks are told, and by which name each message is known.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// Something that became of a license, as a hook is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookEvent {
    Issued,
    Renewed,
    /// The end came, with buffer and grace; by the clock, so no entry of the history says it.
    Expired,
    Suspended,
    Reinstated,
    Revoked,
    Activated,
    Deactivated,
}

impl HookEvent {
    pub const ALL: [Self; 8] = [
        Self::Issued,
        Self::Renewed,
        Self::Expired,
        Self::Suspended,
        Self::Reinstated,
        Self::Revoked,
        Self::Activated,
        Self::Deactivated,
    ];

    /// That of an entry in a license's history; `None` where hooks are not told.
    #[must_use]
    pub fn of_action(action: &str) -> Option<Self> {
        Some(match action {
            "issued" => Self::Issued,
            "renewed" => Self::Renewed,
            "suspended" => Self::Suspended,
            "reinstated" => Self::Reinstated,
            "revoked" | "withdrawn" => Self::Revoked,
            "activated" => Self::Activated,
            "deactivated" | "activation_released" => Self::Deactivated,
            _ => return None,
        })
    }

    /// As it stands in the configuration and in the message.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "license.issued",
            Self::Renewed => "license.renewed",
            Self::Expired => "license.expired",
            Self::Suspended => "license.suspended",
            Self::Reinstated => "license.reinstated",
            Self::Revoked => "license.revoked",
            Self::Activated => "license.activated",
            Self::Deactivated => "license.deactivated",
        }
    }
}

impl FromStr for HookEvent {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|event| event.as_str() == name);
        found.ok_or_else(|| {
            format!("{name:?} is none of {}", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}

impl fmt::Display for HookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The `webhook-id`: a function of the cause, so that whoever tells it, and however often, the
/// receiver knows it again.
#[must_use]
pub fn message_id(cause: &[u8]) -> String {
    let digest = HEXLOWER.encode(&Sha256::digest(cause));
    format!("msg_{}", digest.get(..32).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_read_by_its_own_name() {
        for event in HookEvent::ALL {
            assert_eq!(event.as_str().parse(), Ok(event));
        }
        let wrong = "license.isued".parse::<HookEvent>().unwrap_err();
        assert!(wrong.contains("is none of license.issued, license.renewed"), "{wrong}");
    }

    #[test]
    fn what_changes_no_hold_on_a_license_is_not_told() {
        for action in ["flagged", "changed", "shortened", "merged", "resent", ""] {
            assert_eq!(HookEvent::of_action(action), None, "{action}");
        }
        assert_eq!(HookEvent::of_action("withdrawn"), Some(HookEvent::Revoked));
    }

    #[test]
    fn one_cause_has_one_name() {
        assert_eq!(message_id(b"a"), message_id(b"a"));
        assert_ne!(message_id(b"a"), message_id(b"b"));
        assert_eq!(message_id(b"a").len(), 36);
    }
}
