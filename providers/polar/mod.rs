//! Polar.
//!
//! Signature and delivery: <https://polar.sh/docs/integrate/webhooks/delivery>;
//! events: <https://polar.sh/docs/integrate/webhooks/events>.
//!
//! - [`payload`]: what is told of, with only the fields that are used
//! - [`read`]: one event to notices
//! - [`samples`]: realistic events

mod payload;
mod read;
mod samples;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, StandardFrame, Unread};
use crate::reject::Reject;
use crate::request::{Inlet, Request};
use crate::sample::{Sample, Scene};
use crate::scheme::{self, KeyText, Verified, Window};
use crate::secret::SECRET_BYTES_MIN;
use crate::{Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider};

/// Secrets made before 2026-09-08 are the key as they stand, later ones by what they encode, and
/// nothing in a request says which. Both are tried.
const KEY: KeyText = KeyText::Both;

const FACTS: Facts = Facts {
    kind: "polar",
    title: "Polar",
    scheme: "Standard Webhooks: HMAC-SHA256 (base64) over `id.timestamp.body`",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[],
    list: None,
    guide: include_str!("README.md"),
};

/// Polar: one event a request, signed with the secret of an endpoint.
#[derive(Debug)]
pub(crate) struct Polar;

impl Provider for Polar {
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
        scheme::standard_webhooks(request, &credentials.secrets, KEY, window)
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![StandardFrame::envelope(delivery.id(), delivery.body())?])
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
        scheme::standard_webhooks_sign(sample, secret, KEY, now)
    }
}

#[cfg(test)]
mod tests;
