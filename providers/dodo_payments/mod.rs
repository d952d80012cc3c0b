//! Dodo Payments.
//!
//! Signature: <https://docs.dodopayments.com/developer-resources/webhooks>;
//! events: <https://docs.dodopayments.com/developer-resources/webhooks/intents/webhook-events-guide>.
//!
//! - [`payload`]: what is told of, with only the fields that are used
//! - [`read`]: one event to notices
//! - [`samples`]: realistic events

mod payload;
mod read;
mod samples;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::reject::Reject;
use crate::request::{Inlet, Request};
use crate::sample::{Sample, Scene};
use crate::scheme::{self, KeyText, Verified, Window};
use crate::secret::SECRET_BYTES_MIN;
use crate::{Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider};

const FACTS: Facts = Facts {
    kind: "dodo-payments",
    title: "Dodo Payments",
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

/// Dodo Payments: one event a request, signed with the secret of an endpoint.
#[derive(Debug)]
pub(crate) struct DodoPayments;

impl Provider for DodoPayments {
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
        scheme::standard_webhooks(request, &credentials.secrets, KeyText::Base64, window)
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![payload::envelope(delivery.id(), delivery.body())?])
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
        scheme::standard_webhooks_sign(sample, secret, KeyText::Base64, now)
    }
}

#[cfg(test)]
mod tests;
