//! Paddle Classic, closed to new sellers and still running. (Paddle Billing is of the kind
//! `paddle`.)
//!
//! - <https://developer.paddle.com/classic/reference/verifying-webhooks>
//! - <https://developer.paddle.com/classic/reference/webhooks>
//! - <https://developer.paddle.com/classic/guides/fulfillment-webhook>: keys in the answer
//!
//! - [`proof`]: what is signed, and by which key
//! - [`alert`]: one alert to notices
//! - [`fulfil`]: the request for keys
//! - [`samples`]: realistic alerts

mod alert;
mod fulfil;
mod proof;
mod samples;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::reject::Reject;
use crate::request::{Inlet, Request};
use crate::sample::{Sample, Scene};
use crate::scheme::Verified;
use crate::secret::SECRET_BYTES_MIN;
use crate::{Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider, Setting, Takes};

const FACTS: Facts = Facts {
    kind: "paddle-classic",
    title: "Paddle Classic",
    scheme: "RSA-SHA1 (base64) over all fields, sorted and serialised as PHP does, field p_signature",
    events: alert::EVENTS,
    fulfils: true,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[
        ("public_key", include_str!("example/public_key.txt")),
        ("trigger_key", include_str!("example/trigger_key.txt")),
    ],
    settings: &[
        Setting {
            name: proof::PUBLIC_KEY,
            secret: true,
            required: true,
            takes: Takes::Text,
            help: "the Public Key of the account (PEM, or base64 on one line; several with \
                   blanks between them)",
        },
        Setting {
            name: proof::TRIGGER_KEY,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "the private key (PKCS#8) of a public key of your own, by which `trigger` \
                   signs; only for trying things out",
        },
        Setting {
            name: fulfil::FIELD_EMAIL,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "the field of the fulfilment webhook with the buyer's e-mail address; `email`",
        },
        Setting {
            name: fulfil::FIELD_NAME,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "the field of the fulfilment webhook with the buyer's name; `name`",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

/// Paddle Classic: one alert a request, signed with the account's key.
#[derive(Debug)]
pub(crate) struct PaddleClassic;

impl Provider for PaddleClassic {
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
        proof::verify(request, credentials)
    }

    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        let envelope = match request.inlet {
            Inlet::Webhook => alert::envelope(delivery.body())?,
            Inlet::Fulfil => fulfil::envelope(delivery.body())?,
        };
        Ok(vec![envelope])
    }

    fn asks(&self, _event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        Ok(Vec::new())
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        match event.event_type {
            fulfil::REQUEST => fulfil::read(event),
            _ => alert::read(event),
        }
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

    /// The whole answer is mailed to the buyer as the license code. Without a key the order must
    /// stay unfulfilled.
    fn keys_answer(
        &self,
        keys: &[String],
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        let status = if keys.is_empty() { 503 } else { 200 };
        Answer { status, ..Answer::text(keys.join("\n")) }
    }

    fn samples(&self, scene: &Scene) -> Vec<Sample> {
        samples::burst(scene)
    }

    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        proof::sign(sample, credentials)
    }
}

#[cfg(test)]
mod tests;
