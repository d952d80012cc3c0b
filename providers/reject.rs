//! Why a delivery is not trusted. Outside, all of these look alike (401); inside, each is counted.

use thiserror::Error;

/// A delivery that cannot be shown to come from the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reject {
    #[error("no secret is configured for this account")]
    NoSecret,
    #[error("the signature is missing")]
    Missing,
    #[error("the signature stands there more than once")]
    Doubled,
    #[error("the signature cannot be read")]
    Malformed,
    #[error("the signature does not match any configured secret")]
    Wrong,
    #[error("the signature is right, but its time is outside the tolerance")]
    Stale,
    #[error("this account does not take such requests")]
    NotTaken,
}

impl Reject {
    /// The stable word for logs and figures.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoSecret => "no_secret",
            Self::Missing => "signature_missing",
            Self::Doubled => "signature_doubled",
            Self::Malformed => "signature_malformed",
            Self::Wrong => "signature_wrong",
            Self::Stale => "signature_stale",
            Self::NotTaken => "not_taken",
        }
    }
}
