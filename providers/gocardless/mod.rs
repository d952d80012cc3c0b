//! GoCardless: batches of events that carry ids only, signed with HMAC-SHA256 over the body.
//!
//! - <https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks/>
//! - <https://developer.gocardless.com/api-reference/#core-endpoints-events>
//!
//! - [`batch`]: a delivery to its events
//! - [`ask`]: the objects that an event names; [`list`]: events that were missed
//! - [`payload`]: events and objects, with only the fields that are used
//! - [`read`]: one event to notices, by way of [`payment`]
//! - [`samples`]: realistic events

mod ask;
mod batch;
mod list;
mod payload;
mod payment;
mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::scheme::{self, Encoding, Hash};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider, Reject, Request, Sample,
    Scene, Setting, Takes, Verified,
};

const HEADER: &str = "Webhook-Signature";

static FACTS: Facts = Facts {
    kind: "gocardless",
    title: "GoCardless",
    scheme: "HMAC-SHA256 (hex) over the body, Webhook-Signature",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: ask::TOKEN,
            secret: true,
            required: true,
            takes: Takes::Text,
            help: "an access token (read-only will do), to ask for the objects that events name",
        },
        Setting {
            name: payment::PAID_WHEN,
            secret: false,
            required: false,
            takes: Takes::OneOf(&["confirmed", "submitted"]),
            help: "`confirmed` (the bank has the money; the default) or `submitted` (the bank was \
                   asked for it, some days earlier)",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "https://api-sandbox.gocardless.com for the sandbox",
        },
    ],
    list: Some(&list::LIST),
    guide: include_str!("README.md"),
};

/// The adapter; it has no state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GoCardless;

impl Provider for GoCardless {
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
        batch::envelopes(delivery.body())
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        ask::asks(event)
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

    /// A batch is taken or refused as a whole.
    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    /// GoCardless never asks for keys: [`Provider::verify`] refuses that inlet.
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
