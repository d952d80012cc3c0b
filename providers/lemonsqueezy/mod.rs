//! Lemon Squeezy.
//!
//! Signature: <https://docs.lemonsqueezy.com/help/webhooks/signing-requests>;
//! events: <https://docs.lemonsqueezy.com/help/webhooks/event-types>.
//!
//! - [`payload`]: JSON:API objects, with only the fields that are used
//! - [`read`]: one event to notices
//! - [`samples`]: realistic events

mod payload;
mod read;
mod samples;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::reject::Reject;
use crate::request::Request;
use crate::sample::{Sample, Scene};
use crate::scheme::{self, Encoding, Hash, Verified};
use crate::secret::SECRET_BYTES_MIN;
use crate::{Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider, Setting, Takes};

const HEADER: &str = "X-Signature";

/// The secret setting that opens Lemon Squeezy's API.
const API_KEY: &str = "api_key";

const FACTS: Facts = Facts {
    kind: "lemonsqueezy",
    title: "Lemon Squeezy",
    scheme: "HMAC-SHA256 (hex) over the body, header X-Signature",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: API_KEY,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "API key; with it the end of a renewed period is that of Lemon Squeezy, without it the product's interval is added",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "address of the API, if not https://api.lemonsqueezy.com",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

/// Lemon Squeezy: one event a request, signed with a secret that the vendor chose.
#[derive(Debug)]
pub(crate) struct LemonSqueezy;

impl Provider for LemonSqueezy {
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
        Ok(vec![payload::envelope(delivery.body())?])
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        read::asks(event)
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        read::event(event)
    }

    /// Exactly 200: no other status is promised to count as delivered.
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

    /// Lemon Squeezy never asks for keys: [`Provider::verify`] refuses that inlet.
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

    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else { return sample };
        let mac = scheme::hmac_sign(Hash::Sha256, secret, &[&sample.body], Encoding::Hex);
        sample.with_header(HEADER, mac)
    }
}

#[cfg(test)]
mod tests;
