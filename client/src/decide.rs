//! Does it hold here, now, for this version?

use chrono::{DateTime, TimeDelta, Utc};

use crate::keys::PublicKeys;
use crate::license::{License, OnExpiry};
use crate::reason::Reason;
use crate::seen::Seen;
use crate::token::authentic;

/// How far a machine's clock may be behind without a word.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::hours(1);

/// What is asking, and where.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The products whose licenses this application takes.
    pub products: &'a [String],
    /// The machine's.
    pub fingerprint: &'a str,
    /// When the version that runs was released.
    pub released_at: DateTime<Utc>,
}

/// The license, if it is authentic and holds.
///
/// # Errors
/// The first [`Reason`] that applies.
pub fn verify(
    token: &str,
    keys: &PublicKeys,
    place: &Place<'_>,
    seen: &Seen,
    now: DateTime<Utc>,
) -> Result<License, Reason> {
    let license = authentic(token, keys)?;
    decide(&license, place, seen, now)?;
    Ok(license)
}

/// Whether an authentic license holds. At the instant of an end itself it still does.
///
/// # Errors
/// [`Reason::OtherProduct`] to [`Reason::RefreshDue`]. The clock comes before all that is told by
/// it, and the end before the refresh: whoever has expired is not sent to look for a network.
pub fn decide(
    license: &License,
    place: &Place<'_>,
    seen: &Seen,
    now: DateTime<Utc>,
) -> Result<(), Reason> {
    belongs(license, place)?;
    let slow = now.checked_add_signed(CLOCK_TOLERANCE).unwrap_or(DateTime::<Utc>::MAX_UTC);
    if slow < license.issued_at || seen.time.is_some_and(|time| slow < time) {
        return Err(Reason::ClockWentBack);
    }
    if license.sequence < seen.sequence(&license.license_id) {
        return Err(Reason::OlderLicense);
    }
    if slow < license.starts_at {
        return Err(Reason::NotStarted);
    }
    let over = license.valid_until.is_some_and(|end| now > end);
    match license.on_expiry {
        OnExpiry::Restrict if over => Err(Reason::Expired),
        OnExpiry::Maintain
            if over && license.expires_at.is_some_and(|end| place.released_at > end) =>
        {
            Err(Reason::NotCovered)
        }
        OnExpiry::Restrict | OnExpiry::Maintain if now > license.offline_until => {
            Err(Reason::RefreshDue)
        }
        OnExpiry::Restrict | OnExpiry::Maintain => Ok(()),
    }
}

/// Was it issued for this application on this machine? What does not change with time.
pub(crate) fn belongs(license: &License, place: &Place<'_>) -> Result<(), Reason> {
    if !place.products.contains(&license.product) {
        return Err(Reason::OtherProduct);
    }
    if license.fingerprint != place.fingerprint {
        return Err(Reason::OtherMachine);
    }
    Ok(())
}
