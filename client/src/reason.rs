//! Why a machine license does not hold.

use thiserror::Error;

/// One word each, in the order in which they are looked for; the first one that applies is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Reason {
    #[error("this is no machine license; it is damaged, or something else")]
    Malformed,
    #[error("this is not signed with Ed25519 (EdDSA), the one algorithm there is")]
    Algorithm,
    #[error("this was signed, but not as a machine license")]
    WrongPurpose,
    #[error("this names a signing key that the application does not know")]
    UnknownKey,
    #[error("the signature is not right; the license was changed, or is not from the vendor")]
    BadSignature,
    #[error("this license is for another product")]
    OtherProduct,
    #[error("this license is for another machine")]
    OtherMachine,
    #[error("the clock of this machine is behind a time that was seen before; set it right")]
    ClockWentBack,
    #[error("a newer license was seen on this machine; use that one")]
    OlderLicense,
    #[error("this license has not begun")]
    NotStarted,
    #[error("this license has expired")]
    Expired,
    #[error("this version was released after the maintenance ended; use an older one, or renew")]
    NotCovered,
    #[error("the server was not asked for too long; connect to the network once")]
    RefreshDue,
}

impl Reason {
    pub const ALL: [Self; 13] = [
        Self::Malformed,
        Self::Algorithm,
        Self::WrongPurpose,
        Self::UnknownKey,
        Self::BadSignature,
        Self::OtherProduct,
        Self::OtherMachine,
        Self::ClockWentBack,
        Self::OlderLicense,
        Self::NotStarted,
        Self::Expired,
        Self::NotCovered,
        Self::RefreshDue,
    ];

    /// The word for logs, support and the published vectors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::WrongPurpose => "wrong_purpose",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::OtherProduct => "other_product",
            Self::OtherMachine => "other_machine",
            Self::ClockWentBack => "clock_went_back",
            Self::OlderLicense => "older_license",
            Self::NotStarted => "not_started",
            Self::Expired => "expired",
            Self::NotCovered => "not_covered",
            Self::RefreshDue => "refresh_due",
        }
    }
}
