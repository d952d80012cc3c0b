//! PayPal, REST webhooks. (Its older notifications of buttons are of the kind `paypal-ipn`.)
//!
//! Signature: <https://developer.paypal.com/api/rest/webhooks/rest/>; events:
//! <https://developer.paypal.com/api/rest/webhooks/event-names/>.
//!
//! - [`proof`]: what is signed, and by whose certificate
//! - [`payload`]: what stands around every event, and the resources
//! - [`read`]: one event to questions and notices
//! - [`list`]: events that were missed
//! - [`samples`]: realistic events

mod list;
mod payload;
mod proof;
mod read;
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
    kind: "paypal",
    title: "PayPal",
    scheme: "RSA-SHA256 (base64) over `transmission-id|time|webhook-id|crc32 of the body`, header \
             PAYPAL-TRANSMISSION-SIG, by the certificate at PAYPAL-CERT-URL",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[
        ("webhook_id", "8PT597110X687430LKGECATA"),
        ("certificate", include_str!("example/certificate.txt")),
        ("trigger_key", include_str!("example/trigger_key.txt")),
    ],
    settings: &[
        Setting {
            name: proof::WEBHOOK_ID,
            secret: true,
            required: true,
            takes: Takes::Text,
            help: "the Webhook ID that PayPal shows beside the webhook's address; several with \
                   blanks between them",
        },
        Setting {
            name: proof::CERTIFICATE,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "a certificate (PEM, or base64 on one line) to trust instead of the one that \
                   PayPal names with each delivery",
        },
        Setting {
            name: proof::TRIGGER_KEY,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "the private key (PKCS#8) of a certificate of your own, by which `trigger` \
                   signs; only for trying things out",
        },
        Setting {
            name: read::CLIENT_ID,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "the client id of the REST app, for asking what was bought and by whom \
                   and for pulling missed events",
        },
        Setting {
            name: read::CLIENT_SECRET,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "the secret of the REST app",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "instead of https://api-m.paypal.com and its sandbox",
        },
    ],
    list: Some(&list::LIST),
    guide: include_str!("README.md"),
};

/// PayPal: one event a request, signed by a certificate that is fetched from PayPal itself.
#[derive(Debug)]
pub(crate) struct PayPal;

impl Provider for PayPal {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn probe(&self, _request: &Request<'_>, _credentials: &Credentials) -> Option<Answer> {
        None
    }

    fn certificate<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
    ) -> Result<Option<&'a str>, Reject> {
        proof::certificate_url(request, credentials)
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
        proof::verify(request, credentials, now)
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

    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    /// PayPal never asks for keys: [`Provider::verify`] refuses that inlet.
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
        proof::sign(sample, credentials, now)
    }
}

#[cfg(test)]
mod tests;
