//! Square: Payments, Orders, Invoices and Subscriptions, signed with HMAC-SHA256 over the
//! notification address and the body.
//!
//! - <https://developer.squareup.com/docs/webhooks/step3validate>
//! - <https://developer.squareup.com/reference/square/webhooks>
//!
//! - [`payload`]: events and the objects of the API, with only the fields that are used
//! - [`ask`]: what an event does not say and the API does
//! - [`read`]: one event to notices, by way of [`sale`] and [`subscription`]
//! - [`samples`]: realistic events

mod ask;
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
    Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Inlet, Provider, Reject, Request,
    Sample, Scene, Setting, Takes, Verified,
};

const HEADER: &str = "x-square-hmacsha256-signature";

/// The plain setting with the address that is signed.
const ADDRESS: &str = "notification_url";

static FACTS: Facts = Facts {
    kind: "square",
    title: "Square",
    scheme: "HMAC-SHA256 (base64) over address and body, x-square-hmacsha256-signature",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[("notification_url", "https://hooks.example.com/webhooks/square")],
    settings: &[
        Setting {
            name: ADDRESS,
            secret: false,
            required: true,
            takes: Takes::Like {
                form: "the whole address, as in https://licenses.example.com/webhooks/square",
                fits: |text| text.contains("://"),
            },
            help: "the notification URL of the webhook subscription, letter by letter",
        },
        Setting {
            name: ask::TOKEN,
            secret: true,
            required: true,
            takes: Takes::Text,
            help: "an access token of the application (EAAA...), to ask for orders, subscriptions \
                   and customers",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "https://connect.squareupsandbox.com for the sandbox",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

/// The adapter; it has no state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Square;

impl Provider for Square {
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

    /// The address is a setting, since behind a proxy no request shows the one that was typed
    /// into the dashboard. The older header `x-square-signature` is not looked at.
    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        if request.inlet != Inlet::Webhook {
            return Err(Reject::NotTaken);
        }
        let signature = request.header(HEADER)?;
        let address = credentials.settings.get(ADDRESS).ok_or(Reject::NoSecret)?;
        scheme::hmac(
            request,
            Hash::Sha256,
            &credentials.secrets,
            &[address.as_bytes(), request.body],
            Encoding::Base64,
            &[signature],
        )
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![payload::envelope(delivery.body())?])
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

    /// A delivery carries one event.
    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    /// Square never asks for keys: [`Provider::verify`] refuses that inlet.
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

    /// Without a secret or an address there is nothing to sign with.
    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        let (Some(secret), Some(address)) =
            (credentials.secrets.first(), credentials.settings.get(ADDRESS))
        else {
            return sample;
        };
        let parts = [address.as_bytes(), &sample.body];
        let mac = scheme::hmac_sign(Hash::Sha256, secret, &parts, Encoding::Base64);
        sample.with_header(HEADER, mac)
    }
}
