//! Mollie, next-gen webhooks: events signed with HMAC-SHA256. The classic calls (`id=tr_...`), which
//! nobody signs, are a kind of their own, `mollie-classic`.
//!
//! - <https://docs.mollie.com/reference/webhooks-new>
//! - <https://docs.mollie.com/reference/get-payment>
//!
//! - [`payment`]: payments with their refunds and chargebacks, shared with `mollie-classic`
//! - [`events`]: the frame around them, and what has to be asked
//! - [`samples`]: realistic events

pub(crate) mod events;
pub(crate) mod payment;
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::scheme::{self, Encoding, Hash};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Inlet, Provider, Reject, Request,
    Sample, Scene, Setting, Takes, Verified,
};

const HEADER: &str = "X-Mollie-Signature";

/// Where the API is asked, should it be elsewhere.
pub(crate) const API_URL: Setting = Setting {
    name: "api_url",
    secret: false,
    required: false,
    takes: Takes::Text,
    help: "another address of the API, for tests",
};

static FACTS: Facts = Facts {
    kind: "mollie",
    title: "Mollie",
    scheme: "HMAC-SHA256 (hex) over the body, X-Mollie-Signature: sha256=...",
    events: events::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[("api_key", "live_madeUpMollieKey")],
    settings: &[
        Setting {
            name: payment::KEY,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "the API key (live_... or test_...), to ask for customers and subscriptions, and \
                   for all that simple payloads leave out",
        },
        API_URL,
    ],
    list: None,
    guide: include_str!("README.md"),
};

/// The adapter; it has no state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mollie;

impl Provider for Mollie {
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

    /// For a day after its secret was changed, a webhook is signed with both: in two headers, or in
    /// one with a comma. Without any it would be a classic call, which is not taken here.
    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        if request.inlet != Inlet::Webhook {
            return Err(Reject::NotTaken);
        }
        let mut values = request.header_all(HEADER).peekable();
        if values.peek().is_none() {
            return Err(Reject::Missing);
        }
        let each = values.flat_map(|value| value.split(','));
        let candidates: Vec<&str> =
            each.filter_map(|text| text.trim().strip_prefix("sha256=")).collect();
        scheme::hmac(
            request,
            Hash::Sha256,
            &credentials.secrets,
            &[request.body],
            Encoding::Hex,
            &candidates,
        )
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![events::envelope(delivery.body())?])
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        events::asks(event)
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        events::event(event)
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

    /// Mollie never asks for keys: [`Provider::verify`] refuses that inlet.
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
        sample.with_header(HEADER, format!("sha256={mac}"))
    }
}
