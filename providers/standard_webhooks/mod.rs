//! Standard Webhooks.
//!
//! Any sender that keeps to the specification:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
//! What its events mean, and where in them what stands, the vendor says by settings.
//!
//! - [`map`]: which event means what, and where what stands, by the account's settings
//! - [`read`]: one event to notices
//! - [`samples`]: realistic events; `words`: as the account calls what they tell

mod map;
mod read;
mod samples;
mod words;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::reject::Reject;
use crate::request::{Inlet, Request};
use crate::sample::{Sample, Scene};
use crate::scheme::{self, KeyText, Verified, Window};
use crate::secret::SECRET_BYTES_MIN;
use crate::{Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider};

const FACTS: Facts = Facts {
    kind: "standard-webhooks",
    title: "Standard Webhooks",
    scheme: "Standard Webhooks: HMAC-SHA256 or Ed25519 (base64) over `id.timestamp.body`",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: map::SETTINGS,
    list: None,
    guide: include_str!("README.md"),
};

/// A sender of Standard Webhooks: one event a request.
#[derive(Debug)]
pub(crate) struct StandardWebhooks;

impl Provider for StandardWebhooks {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn probe(&self, _request: &Request<'_>, _credentials: &Credentials) -> Option<Answer> {
        None
    }

    fn certificate<'a>(
        &self,
        _request: &Request<'a>,
        _credentials: &Credentials,
    ) -> Result<Option<&'a str>, Reject> {
        Ok(None)
    }

    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        if request.inlet == Inlet::Fulfil {
            return Err(Reject::NotTaken);
        }
        let window = Window { now, tolerance: credentials.tolerance };
        scheme::standard_webhooks(request, &credentials.secrets, key(credentials), window)
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![read::envelope(delivery.id(), delivery.body())?])
    }

    fn asks(&self, _event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        Ok(Vec::new())
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        read::event(event)
    }

    fn answer(
        &self,
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        Answer::empty()
    }

    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    /// No keys are asked for: [`Provider::verify`] refuses that inlet.
    fn keys_answer(
        &self,
        _keys: &[String],
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        Answer::empty()
    }

    fn samples(&self, scene: &Scene) -> Vec<Sample> {
        samples::burst(scene)
    }

    fn sign(&self, sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else { return sample };
        scheme::standard_webhooks_sign(sample, secret, key(credentials), now)
    }
}

/// Not every sender decodes its secret. A word that is not known is read as the specification:
/// what is then signed otherwise is refused.
fn key(credentials: &Credentials) -> KeyText {
    match credentials.settings.get(map::KEY).map(String::as_str) {
        Some("raw") => KeyText::Raw,
        Some("both") => KeyText::Both,
        _ => KeyText::Base64,
    }
}

#[cfg(test)]
mod tests;
