//! Machine licenses: what is signed for one machine, and for how long it goes without us.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::product::OnExpiry;
use super::validity::{Standing, Terms};

/// The claims of a machine license. All times are whole seconds, UTC. Whoever reads them ignores
/// claims that he does not know: there may be more one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineLicense {
    pub license_id: String,
    pub activation_id: String,
    pub product: String,
    /// The one machine that it is for.
    pub fingerprint: String,
    pub features: Vec<String>,
    pub trial: bool,
    pub starts_at: DateTime<Utc>,
    /// The end of what was paid. `None`: perpetual.
    pub expires_at: Option<DateTime<Utc>>,
    /// With buffer and grace; at this instant it is valid still.
    pub valid_until: Option<DateTime<Utc>>,
    /// What `valid_until` means: `maintain` stays valid for versions released up to `expires_at`.
    pub on_expiry: OnExpiry,
    pub max_activations: u32,
    /// Rises with every machine license of the license: none goes back to an older one.
    pub sequence: i64,
    pub issued_at: DateTime<Utc>,
    /// From then on it is worth asking again; nothing is lost by asking later.
    pub refresh_at: DateTime<Utc>,
    /// After that it proves nothing.
    pub offline_until: DateTime<Utc>,
    /// What the request file named, so that its answer is known as such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// Whom and what a machine license is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    pub license_id: String,
    pub activation_id: String,
    pub product: String,
    pub fingerprint: String,
    pub features: Vec<String>,
    pub max_activations: u32,
    pub sequence: i64,
    pub nonce: Option<String>,
}

/// How long an answer goes without us. Whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// From then on it is worth asking again.
    pub refresh_at: DateTime<Utc>,
    /// After that the answer is none any more.
    pub offline_until: DateTime<Utc>,
}

impl Rest {
    /// Of a license that is valid at `now`.
    #[must_use]
    pub fn new(standing: &Standing, terms: &Terms, now: DateTime<Utc>) -> Self {
        let from = whole(now);
        let last = match standing.on_expiry(terms) {
            OnExpiry::Restrict => standing.valid_until.map(whole),
            OnExpiry::Maintain => None,
        };
        let rested = terms.max_offline.after(from, 1);
        let offline_until = last.map_or(rested, |last| last.min(rested));
        Self { refresh_at: refresh_at(from, offline_until), offline_until }
    }
}

impl MachineLicense {
    /// What is signed at `now`.
    #[must_use]
    pub fn new(bearer: Bearer, standing: &Standing, terms: &Terms, now: DateTime<Utc>) -> Self {
        let Rest { refresh_at, offline_until } = Rest::new(standing, terms, now);
        Self {
            license_id: bearer.license_id,
            activation_id: bearer.activation_id,
            product: bearer.product,
            fingerprint: bearer.fingerprint,
            features: bearer.features,
            trial: standing.trial,
            starts_at: whole(standing.starts_at),
            expires_at: standing.expires_at.map(whole),
            valid_until: standing.valid_until.map(whole),
            on_expiry: standing.on_expiry(terms),
            max_activations: bearer.max_activations,
            sequence: bearer.sequence,
            issued_at: whole(now),
            refresh_at,
            offline_until,
            nonce: bearer.nonce,
        }
    }
}

/// The time without fractions of a second, as everything that applications are told.
#[must_use]
pub fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(0)
}

/// A day later, but not after half of the time that it goes without us: so there is as much time
/// again to reach us, whatever the product allows.
fn refresh_at(issued_at: DateTime<Utc>, offline_until: DateTime<Utc>) -> DateTime<Utc> {
    let half = (offline_until - issued_at) / 2;
    whole(issued_at + half.clamp(TimeDelta::zero(), TimeDelta::days(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::license::State;
    use crate::rules::span::Interval;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn bearer() -> Bearer {
        Bearer {
            license_id: "0192".to_owned(),
            activation_id: "a-1".to_owned(),
            product: "acme-pro".to_owned(),
            fingerprint: "f-1".to_owned(),
            features: vec!["export".to_owned()],
            max_activations: 2,
            sequence: 7,
            nonce: None,
        }
    }

    fn standing(valid_until: Option<&str>) -> Standing {
        Standing {
            state: State::Active,
            starts_at: at("2026-12-01T09:00:00.123456Z"),
            expires_at: valid_until.map(at),
            valid_until: valid_until.map(at),
            trial: false,
        }
    }

    const NOW: &str = "2026-12-31T09:00:00.654321Z";

    fn issued(valid_until: Option<&str>, terms: &Terms) -> MachineLicense {
        MachineLicense::new(bearer(), &standing(valid_until), terms, at(NOW))
    }

    fn month() -> Terms {
        Terms { max_offline: Interval::months(2), ..Terms::default() }
    }

    #[test]
    fn its_form_is_what_every_client_reads() {
        let license = issued(Some("2027-12-31T09:00:00.5Z"), &month());
        insta::assert_json_snapshot!(license, @r#"
        {
          "license_id": "0192",
          "activation_id": "a-1",
          "product": "acme-pro",
          "fingerprint": "f-1",
          "features": [
            "export"
          ],
          "trial": false,
          "starts_at": "2026-12-01T09:00:00Z",
          "expires_at": "2027-12-31T09:00:00Z",
          "valid_until": "2027-12-31T09:00:00Z",
          "on_expiry": "restrict",
          "max_activations": 2,
          "sequence": 7,
          "issued_at": "2026-12-31T09:00:00Z",
          "refresh_at": "2027-01-01T09:00:00Z",
          "offline_until": "2027-02-28T09:00:00Z"
        }
        "#);
    }

    #[test]
    fn it_goes_without_us_no_longer_than_the_license_lasts() {
        let hours = |license: MachineLicense| {
            let since = |time: DateTime<Utc>| (time - license.issued_at).num_hours();
            (since(license.refresh_at), since(license.offline_until))
        };
        let short = Terms { max_offline: Interval::days(1), ..Terms::default() };
        let none = Terms { max_offline: Interval::ZERO, ..Terms::default() };
        let maintain = Terms { on_expiry: OnExpiry::Maintain, ..Terms::default() };
        assert_eq!(hours(issued(None, &Terms::default())), (24, 30 * 24));
        assert_eq!(hours(issued(None, &short)), (12, 24));
        assert_eq!(hours(issued(None, &none)), (0, 0));
        assert_eq!(hours(issued(Some("2026-12-31T19:00:00Z"), &month())), (5, 10));
        assert_eq!(hours(issued(Some("2026-12-31T19:00:00Z"), &maintain)), (24, 30 * 24));
        // Over long ago, and valid for what was released before.
        assert_eq!(hours(issued(Some("2026-12-02T09:00:00Z"), &maintain)), (24, 30 * 24));
        let trial = Standing { trial: true, ..standing(Some("2026-12-31T19:00:00Z")) };
        let trial = MachineLicense::new(bearer(), &trial, &maintain, at(NOW));
        assert_eq!((trial.on_expiry, hours(trial)), (OnExpiry::Restrict, (5, 10)));
    }
}
