//! Is a license valid at one instant, and may a machine be bound to it? What the vendor's
//! application is told, purely from what is stored and from the product's rules.

use std::fmt;

use chrono::{DateTime, Utc};

use super::license::{State, Status, status};
use super::product::{OnExpiry, Product, Start};
use super::span::Interval;

/// What of a product's rules counts when a license is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    pub start: Start,
    /// A renewal that is due may be this late and nobody notices.
    pub buffer: Interval,
    /// After that: still valid, told as `in_grace`.
    pub grace: Interval,
    /// A machine license must be refreshed within this.
    pub max_offline: Interval,
    pub on_expiry: OnExpiry,
}

/// A license as it stands, as far as its validity goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    pub starts_at: DateTime<Utc>,
    /// The end of what was paid. `None`: perpetual, or not begun (pending).
    pub expires_at: Option<DateTime<Utc>>,
    /// With buffer and grace; at this instant it is valid still.
    pub valid_until: Option<DateTime<Utc>>,
    /// Nothing was paid yet.
    pub trial: bool,
}

/// What an application is told of a license: the word that it decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    Valid,
    /// Valid, but over: it is time to tell the customer.
    InGrace,
    Expired,
    Suspended,
    Revoked,
    /// This machine holds no seat, or no machine ever did and the time waits for the first.
    NotActivated,
    /// Its time begins later.
    NotStarted,
    UnknownKey,
}

/// Why no machine may be bound to a license now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    Expired,
    Suspended,
    Revoked,
}

impl Standing {
    /// What the license is at `at`, for a version of the application that was released then.
    ///
    /// A license that waits for its first activation is `NotActivated`, one whose time begins
    /// later `NotStarted`. Where the rules say `maintain`, a license that is over stays valid for
    /// versions released up to its expiry; without a date of release it is `Expired`.
    #[must_use]
    pub fn code(
        &self,
        terms: &Terms,
        at: DateTime<Utc>,
        released_at: Option<DateTime<Utc>>,
    ) -> Code {
        match self.status(at) {
            Status::Revoked => Code::Revoked,
            Status::Suspended => Code::Suspended,
            Status::Pending => Code::NotActivated,
            Status::Active if at < self.starts_at => Code::NotStarted,
            Status::Active if self.grace_from(terms).is_some_and(|from| at > from) => Code::InGrace,
            Status::Active => Code::Valid,
            Status::Expired => match self.on_expiry(terms) {
                OnExpiry::Maintain if self.covers(released_at) => Code::Valid,
                OnExpiry::Maintain | OnExpiry::Restrict => Code::Expired,
            },
        }
    }

    /// Why a machine may not be bound at `at`; `None`: it may.
    ///
    /// One that waits may be: that begins its time. One that begins later may be, too: its
    /// machine license says when. One that is over and is to `maintain` may be: what it is valid
    /// for, its versions know, and its machine license says so.
    #[must_use]
    pub fn bar(&self, terms: &Terms, at: DateTime<Utc>) -> Option<Bar> {
        match self.status(at) {
            Status::Active | Status::Pending => None,
            Status::Revoked => Some(Bar::Revoked),
            Status::Suspended => Some(Bar::Suspended),
            Status::Expired => match self.on_expiry(terms) {
                OnExpiry::Maintain => None,
                OnExpiry::Restrict => Some(Bar::Expired),
            },
        }
    }

    /// What its end means: a trial that is over never leaves anything valid behind.
    #[must_use]
    pub fn on_expiry(&self, terms: &Terms) -> OnExpiry {
        if self.trial { OnExpiry::Restrict } else { terms.on_expiry }
    }

    #[must_use]
    pub fn status(&self, at: DateTime<Utc>) -> Status {
        status(self.state, self.valid_until, at)
    }

    fn covers(&self, released_at: Option<DateTime<Utc>>) -> bool {
        released_at.zip(self.expires_at).is_some_and(|(released, end)| released <= end)
    }

    /// The end of the time in which nobody notices. The buffer is part of it only where a renewal
    /// was due, which the stored end tells.
    fn grace_from(&self, terms: &Terms) -> Option<DateTime<Utc>> {
        let (end, until) = (self.expires_at?, self.valid_until?);
        let buffered = terms.buffer.after(end, 1);
        let from = if terms.grace.after(buffered, 1) == until { buffered } else { end };
        // Rules that changed since: what is left of them counts.
        (terms.grace.after(from, 1) == until).then_some(from)
    }
}

impl Code {
    /// May the application run?
    #[must_use]
    pub fn is_valid(self) -> bool {
        match self {
            Self::Valid | Self::InGrace => true,
            Self::Expired
            | Self::Suspended
            | Self::Revoked
            | Self::NotActivated
            | Self::NotStarted
            | Self::UnknownKey => false,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::InGrace => "in_grace",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::NotActivated => "not_activated",
            Self::NotStarted => "not_started",
            Self::UnknownKey => "unknown_key",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&Product> for Terms {
    fn from(product: &Product) -> Self {
        Self {
            start: product.start,
            buffer: product.buffer,
            grace: product.grace,
            max_offline: product.max_offline,
            on_expiry: product.on_expiry,
        }
    }
}

/// For a product that is not configured any more: its licenses end when they end.
impl Default for Terms {
    fn default() -> Self {
        Self {
            start: Start::default(),
            buffer: Interval::ZERO,
            grace: Interval::ZERO,
            max_offline: Interval::days(30),
            on_expiry: OnExpiry::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// A day of buffer and a week of grace.
    const TERMS: Terms = Terms {
        start: Start::Creation,
        buffer: Interval::days(1),
        grace: Interval::days(7),
        max_offline: Interval::days(30),
        on_expiry: OnExpiry::Restrict,
    };

    /// January, with the buffer of a renewal that is due, and the grace.
    fn january() -> Standing {
        Standing {
            state: State::Active,
            starts_at: at("2027-01-01T00:00:00Z"),
            expires_at: Some(at("2027-01-31T12:00:00Z")),
            valid_until: Some(at("2027-02-08T12:00:00Z")),
            trial: false,
        }
    }

    /// Will not renew: no buffer.
    fn canceled() -> Standing {
        Standing { valid_until: Some(at("2027-02-07T12:00:00Z")), ..january() }
    }

    #[test]
    fn at_each_instant_one_word() {
        let state = |state| Standing { state, ..january() };
        let perpetual = Standing { expires_at: None, valid_until: None, ..january() };
        for (standing, instant, code) in [
            (january(), "2026-12-31T23:59:59Z", Code::NotStarted),
            (january(), "2027-01-01T00:00:00Z", Code::Valid),
            (january(), "2027-01-31T12:00:00Z", Code::Valid),
            // Nobody notices the buffer.
            (january(), "2027-02-01T12:00:00Z", Code::Valid),
            (january(), "2027-02-01T12:00:01Z", Code::InGrace),
            (january(), "2027-02-08T12:00:00Z", Code::InGrace),
            (january(), "2027-02-08T12:00:01Z", Code::Expired),
            (canceled(), "2027-01-31T12:00:00Z", Code::Valid),
            (canceled(), "2027-01-31T12:00:01Z", Code::InGrace),
            (canceled(), "2027-02-07T12:00:01Z", Code::Expired),
            (perpetual, "2999-01-01T00:00:00Z", Code::Valid),
            (state(State::Pending), "2027-01-15T00:00:00Z", Code::NotActivated),
            (state(State::Suspended), "2027-01-15T00:00:00Z", Code::Suspended),
            (state(State::Revoked), "2026-01-15T00:00:00Z", Code::Revoked),
        ] {
            assert_eq!(standing.code(&TERMS, at(instant), None), code, "{standing:?} {instant}");
            assert_eq!(code.is_valid(), matches!(code, Code::Valid | Code::InGrace));
        }
    }

    #[test]
    fn without_grace_there_is_no_word_for_it() {
        let terms = Terms { grace: Interval::ZERO, ..TERMS };
        let standing = Standing { valid_until: Some(at("2027-02-01T12:00:00Z")), ..january() };
        let code = |instant| standing.code(&terms, at(instant), None);
        assert_eq!(code("2027-02-01T12:00:00Z"), Code::Valid);
        assert_eq!(code("2027-02-01T12:00:01Z"), Code::Expired);
        // The dates were stored by rules that are not there any more.
        assert_eq!(january().code(&terms, at("2027-02-05T00:00:00Z"), None), Code::Valid);
    }

    #[test]
    fn what_was_released_before_the_end_stays_valid_where_the_rules_maintain_it() {
        let terms = Terms { on_expiry: OnExpiry::Maintain, ..TERMS };
        let later = at("2028-01-01T00:00:00Z");
        let code = |standing: Standing, terms: &Terms, released: Option<&str>| {
            standing.code(terms, later, released.map(at))
        };
        let (before, end) = (Some("2027-01-15T00:00:00Z"), Some("2027-01-31T12:00:00Z"));
        let after = Some("2027-01-31T12:00:01Z");
        assert_eq!(code(january(), &terms, before), Code::Valid);
        assert_eq!(code(january(), &terms, end), Code::Valid);
        assert_eq!(code(january(), &terms, after), Code::Expired);
        assert_eq!(code(january(), &terms, None), Code::Expired);
        assert_eq!(code(january(), &TERMS, before), Code::Expired);
        let revoked = Standing { state: State::Revoked, ..january() };
        assert_eq!(code(revoked, &terms, before), Code::Revoked);
        // A trial leaves nothing behind.
        let trial = Standing { trial: true, ..january() };
        assert_eq!(code(trial, &terms, before), Code::Expired);
        assert_eq!(trial.bar(&terms, later), Some(Bar::Expired));
    }

    #[test]
    fn machines_are_bound_to_what_stands() {
        let maintain = Terms { on_expiry: OnExpiry::Maintain, ..TERMS };
        let state = |state| Standing { state, ..january() };
        for (standing, terms, instant, bar) in [
            (january(), TERMS, "2026-12-31T00:00:00Z", None),
            (january(), TERMS, "2027-02-08T12:00:00Z", None),
            (january(), TERMS, "2027-02-08T12:00:01Z", Some(Bar::Expired)),
            (january(), maintain, "2027-02-08T12:00:01Z", None),
            (state(State::Pending), TERMS, "2027-01-15T00:00:00Z", None),
            (state(State::Suspended), maintain, "2027-01-15T00:00:00Z", Some(Bar::Suspended)),
            (state(State::Revoked), maintain, "2027-01-15T00:00:00Z", Some(Bar::Revoked)),
        ] {
            assert_eq!(standing.bar(&terms, at(instant)), bar, "{standing:?} {instant}");
        }
    }
}
