//! Razorpay (and Curlec in Malaysia), signed with HMAC-SHA256 over the body.
//!
//! - <https://razorpay.com/docs/webhooks/validate-test/>
//! - <https://razorpay.com/docs/webhooks/payloads/>
//!
//! - [`payload`]: the entities, with only the fields that are used
//! - [`read`]: one event to notices, by way of [`sale`] and [`subscription`]
//! - [`samples`]: realistic events

mod payload;
mod read;
mod sale;
mod samples;
mod subscription;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::scheme::{self, Encoding, Hash};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider, Reject, Request, Sample,
    Scene, Verified,
};

const HEADER: &str = "X-Razorpay-Signature";

static FACTS: Facts = Facts {
    kind: "razorpay",
    title: "Razorpay",
    scheme: "HMAC-SHA256 (hex) over the body, X-Razorpay-Signature",
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

/// The adapter; it has no state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Razorpay;

impl Provider for Razorpay {
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

    /// A webhook that was set up without a secret is not signed, and not taken.
    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        let secrets = &credentials.secrets;
        scheme::hmac_body(request, Hash::Sha256, secrets, Encoding::Hex, HEADER)
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![payload::envelope(delivery.body())?])
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

    /// A delivery carries one event.
    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    /// Razorpay never asks for keys: [`Provider::verify`] refuses that inlet.
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

    /// Without a secret there is nothing to sign with.
    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else {
            return sample;
        };
        let mac = scheme::hmac_sign(Hash::Sha256, secret, &[&sample.body], Encoding::Hex);
        sample.with_header(HEADER, mac)
    }
}
