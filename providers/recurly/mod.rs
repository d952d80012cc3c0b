//! Recurly: JSON webhooks, which are signed and carry ids only; the API tells the rest.
//! <https://docs.recurly.com/recurly-subscriptions/docs/signature-verification>,
//! <https://docs.recurly.com/recurly-subscriptions/docs/webhooks>,
//! <https://recurly.com/developers/api/v2021-02-25/>
//!
//! - [`frame`]: the signature, what stands in an event, and what is asked because of it
//! - [`payload`]: the API's resources, with only the fields that are used
//! - [`read`]: one event to notices, by way of [`invoice`], [`subscription`] and [`transaction`]
//! - [`samples`]: realistic events and answers

mod frame;
mod invoice;
mod payload;
mod read;
mod samples;
mod subscription;
mod transaction;

use chrono::{DateTime, TimeDelta, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::scheme::{self, Encoding, Hash, Window};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Facts, Inlet, Provider, Reject, Request, Sample, Scene,
    Setting, Takes, Verified,
};

const HEADER: &str = "recurly-signature";
const API_KEY: &str = "api_key";

const FACTS: Facts = Facts {
    kind: "recurly",
    title: "Recurly",
    scheme: "HMAC-SHA256 (hex) over `milliseconds.body`, header recurly-signature",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    // Retries go on for hours, and nothing says that they are signed anew.
    tolerance: TimeDelta::days(3),
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: API_KEY,
            secret: true,
            required: true,
            takes: Takes::Text,
            help: "a private API key (read only will do): the webhooks carry ids, the API tells \
                   the rest",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "https://v3.eu.recurly.com for a site in Recurly's EU data center",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

/// Recurly: one event a request.
#[derive(Debug)]
pub(crate) struct Recurly;

impl Provider for Recurly {
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
        let signature = frame::Signature::parse(request.header(HEADER)?)?;
        scheme::hmac(
            request,
            Hash::Sha256,
            &credentials.secrets,
            &[signature.timestamp.as_bytes(), b".", request.body],
            Encoding::Hex,
            &signature.candidates,
        )?
        .dated(signature.signed_at, Window { now, tolerance: credentials.tolerance })
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![frame::envelope(delivery.body())?])
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        frame::asks(event)
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

    /// Recurly never asks for keys: [`Provider::verify`] refuses that inlet.
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
    fn sign(&self, sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else {
            return sample;
        };
        let timestamp = now.timestamp_millis().to_string();
        let parts = [timestamp.as_bytes(), b".", sample.body.as_slice()];
        let mac = scheme::hmac_sign(Hash::Sha256, secret, &parts, Encoding::Hex);
        sample.with_header(HEADER, format!("{timestamp},{mac}"))
    }
}

#[cfg(test)]
mod tests;
