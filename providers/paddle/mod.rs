//! Paddle Billing.
//!
//! Signature: <https://developer.paddle.com/webhooks/signature-verification>;
//! events: <https://developer.paddle.com/webhooks/overview>.
//!
//! - [`frame`]: what stands around every event
//! - [`payload`]: the entities, with only the fields that are used, made of [`value`]s
//! - [`read`]: one event to notices, by way of [`transaction`], [`subscription`],
//!   [`adjustment`] and [`customer`]
//! - [`list`]: events that were missed; [`samples`]: realistic events

mod adjustment;
mod customer;
mod frame;
mod list;
mod payload;
mod read;
mod samples;
mod subscription;
mod transaction;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::reject::Reject;
use crate::request::{Inlet, Request};
use crate::sample::{Sample, Scene};
use crate::scheme::{self, Encoding, Hash, Verified, Window};
use crate::secret::SECRET_BYTES_MIN;
use crate::{Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider, Setting, Takes};

const HEADER: &str = "Paddle-Signature";

const FACTS: Facts = Facts {
    kind: "paddle",
    title: "Paddle Billing",
    scheme: "HMAC-SHA256 (hex) over `ts:body`, header Paddle-Signature",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: list::API_KEY,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "an API key (pdl_..._apikey_...) that may read customers, for the address of who \
                   paid, and events, for pulling missed ones",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "https://sandbox-api.paddle.com for the sandbox",
        },
    ],
    list: Some(&list::LIST),
    guide: include_str!("README.md"),
};

/// Paddle Billing: one event a request, signed with the secret of a notification destination.
#[derive(Debug)]
pub(crate) struct Paddle;

impl Provider for Paddle {
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
        let signature = Signature::parse(request.header(HEADER)?)?;
        scheme::hmac_timestamped(
            request,
            &credentials.secrets,
            signature.timestamp,
            Window { now, tolerance: credentials.tolerance },
            &signed_parts(signature.timestamp, request.body),
            Encoding::Hex,
            &signature.candidates,
        )
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![frame::envelope(delivery.body())?])
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        customer::ask(event)
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

    /// Paddle never asks for keys: [`Provider::verify`] refuses that inlet.
    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

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

    /// Without a secret there is nothing to sign with, and the sample stays as it is.
    fn sign(&self, sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else {
            return sample;
        };
        let timestamp = now.timestamp().to_string();
        let parts = signed_parts(&timestamp, &sample.body);
        let mac = scheme::hmac_sign(Hash::Sha256, secret, &parts, Encoding::Hex);
        sample.with_header(HEADER, format!("ts={timestamp};h1={mac}"))
    }
}

/// What is signed: the time as it is written in the header, a colon, the raw body.
fn signed_parts<'a>(timestamp: &'a str, body: &'a [u8]) -> [&'a [u8]; 3] {
    [timestamp.as_bytes(), b":", body]
}

/// `ts=1760000000;h1=...`, with a second `h1` while a secret is being rolled. Paddle may add
/// other parts (`h2` ...) one day; they are no reason to refuse, and never looked at.
struct Signature<'a> {
    timestamp: &'a str,
    candidates: Vec<&'a str>,
}

impl<'a> Signature<'a> {
    fn parse(header: &'a str) -> Result<Self, Reject> {
        let (mut timestamp, mut candidates) = (None, Vec::new());
        for part in header.split(';') {
            match part.split_once('=') {
                Some(("ts", _)) if timestamp.is_some() => return Err(Reject::Doubled),
                Some(("ts", text)) => timestamp = Some(text),
                Some(("h1", text)) => candidates.push(text),
                Some(_) => {}
                None => return Err(Reject::Malformed),
            }
        }
        Ok(Self { timestamp: timestamp.ok_or(Reject::Malformed)?, candidates })
    }
}

#[cfg(test)]
mod tests;
