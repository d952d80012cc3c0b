//! Maxio Advanced Billing, once Chargify: forms with nested names, signed as a whole.
//! <https://docs.maxio.com/hc/en-us/articles/24266136649869-Webhooks-Reference>
//!
//! - [`payload`]: the fields of a form, and the envelope
//! - [`subscription`]: the subscription that nearly every event carries, its period and its line
//! - [`read`]: one event to notices; [`list`]: those that were missed; [`samples`]: realistic
//!   events

mod list;
mod payload;
mod read;
mod samples;
mod subscription;

use chrono::{DateTime, Utc};

use crate::read::{Currency, Envelope, Event, Reading, Unread};
use crate::scheme::{self, Encoding, Hash};
use crate::{
    Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider, Reject, Request, Sample,
    Scene, Setting, Takes, Verified,
};

const HEADER: &str = "X-Chargify-Webhook-Signature-Hmac-Sha-256";
const API_KEY: &str = "api_key";
const API_URL: &str = "api_url";
/// Every site has a host of its own, so nothing is asked before `api_url` names it.
const NO_HOST: &str = "https://chargify.com";
const QUANTITY_COMPONENT: &str = "quantity_component";
const CURRENCY: &str = "currency";

const FACTS: Facts = Facts {
    kind: "maxio",
    title: "Maxio Advanced Billing (Chargify)",
    scheme: "HMAC-SHA256 (hex) over the body, header X-Chargify-Webhook-Signature-Hmac-Sha-256",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    // No time is signed.
    tolerance: FIVE_MINUTES,
    // Shared keys of old sites are short.
    secret_bytes_min: 12,
    example: &[("quantity_component", "seats"), ("api_key", "made-up-maxio-key")],
    settings: &[
        Setting {
            name: CURRENCY,
            secret: false,
            required: false,
            takes: Takes::Like {
                form: "a currency of three letters, as in EUR",
                fits: |text| Currency::new(text).is_some(),
            },
            help: "the currency of the site, where its events name none; without it, USD",
        },
        Setting {
            name: QUANTITY_COMPONENT,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "the handle or id of the component whose quantity says how many were bought; \
                   needs api_url and api_key; without it, one",
        },
        Setting {
            name: API_URL,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "https://YOUR-SITE.chargify.com",
        },
        Setting {
            name: API_KEY,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "an API key of the site, for asking for quantities and for pulling missed \
                   events",
        },
    ],
    list: Some(&list::LIST),
    guide: include_str!("README.md"),
};

/// Maxio: one event a request.
#[derive(Debug)]
pub(crate) struct Maxio;

impl Provider for Maxio {
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

    /// The older signature (MD5, in a header or the query) is never looked at.
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

    /// Maxio never asks for keys: [`Provider::verify`] refuses that inlet.
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

#[cfg(test)]
mod tests;
