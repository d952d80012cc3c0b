//! FastSpring, contextual store: signed webhooks in batches, and keys in the order confirmation.
//!
//! - <https://developer.fastspring.com/docs/message-security>
//! - <https://developer.fastspring.com/docs/webhooks-overview>
//! - <https://developer.fastspring.com/docs/license-key-fulfillments>
//!
//! - `batch`: a delivery to its events
//! - `form`: the request for keys; `list`: events that were missed
//! - `names`: how one sale, payment and line is known under several names
//! - `payload`, `people`, `expandable`: the fields that are used
//! - `read`, `orders`, `subscriptions`: what events say
//! - `samples`, `shapes`: realistic events

mod batch;
mod expandable;
mod form;
mod list;
mod names;
mod orders;
mod payload;
mod people;
mod read;
mod samples;
mod shapes;
mod subscriptions;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::scheme::{self, Encoding, Hash};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

/// The header with the base64 HMAC-SHA256 of the body.
const SIGNATURE: &str = "X-FS-Signature";

/// The secret setting under which the license generator's key is kept.
const PRIVATE_KEY: &str = "private_key";

#[derive(Debug)]
pub(crate) struct FastSpring;

static FACTS: Facts = Facts {
    kind: "fastspring",
    title: "FastSpring",
    scheme: "HMAC-SHA256 of the body, base64, in X-FS-Signature; keys in the answer: MD5 of the \
             form with the generator's private key",
    events: &[
        "account.updated",
        "fulfil.request",
        "order.completed",
        "return.created",
        "subscription.activated",
        "subscription.canceled",
        "subscription.charge.completed",
        "subscription.charge.failed",
        "subscription.deactivated",
        "subscription.paused",
        "subscription.payment.overdue",
        "subscription.resumed",
        "subscription.uncanceled",
        "subscription.updated",
    ],
    fulfils: true,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: PRIVATE_KEY,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "the Private Key of the license generator (its Security tab); needed only where \
                   FastSpring asks for keys",
        },
        Setting {
            name: list::API_USER,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "the user of API credentials that may read events, for pulling missed ones",
        },
        Setting {
            name: list::API_PASSWORD,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "their password",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "instead of https://api.fastspring.com",
        },
        form::setting("field_reference", "the generator's parameter with the order reference"),
        form::setting("field_product", "the generator's parameter with the product path"),
        form::setting("field_quantity", "the generator's parameter with the quantity"),
        form::setting("field_subscription", "the generator's parameter with the subscription"),
        form::setting("field_email", "the generator's parameter with the buyer's e-mail address"),
        form::setting("field_name", "the generator's parameter with the buyer's name"),
        form::setting("field_company", "the generator's parameter with the buyer's company"),
    ],
    list: Some(&list::LIST),
    guide: include_str!("README.md"),
};

impl Provider for FastSpring {
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
        match request.inlet {
            Inlet::Webhook => {
                let secrets = &credentials.secrets;
                scheme::hmac_body(request, Hash::Sha256, secrets, Encoding::Base64, SIGNATURE)
            }
            Inlet::Fulfil => {
                let key = credentials.keys.get(PRIVATE_KEY).ok_or(Reject::NoSecret)?;
                form::verify(request, key)
            }
        }
    }

    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        match request.inlet {
            Inlet::Webhook => batch::envelopes(delivery.body()),
            Inlet::Fulfil => Ok(vec![form::envelope(delivery.body())]),
        }
    }

    fn asks(&self, _event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        Ok(Vec::new())
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        read::notices(event)
    }

    /// 200 acknowledges every event of the batch. Where FastSpring waits for keys, an answer
    /// without any makes the fulfilment fail, as it should.
    fn answer(
        &self,
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        Answer::empty()
    }

    /// 202 acknowledges the events whose ids stand in the body, one a line.
    fn partial_answer(&self, stored_ids: &[String]) -> Option<Answer> {
        Some(Answer { status: 202, ..Answer::text(stored_ids.join("\n")) })
    }

    /// One key a line, no line break after the last: it would count as one more, empty key.
    /// Without a key the fulfilment must fail, or the buyer would be shown an empty one.
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
        samples::of(scene)
    }

    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        match sample.inlet {
            Inlet::Webhook => match credentials.secrets.first() {
                Some(secret) => {
                    let signature =
                        scheme::hmac_sign(Hash::Sha256, secret, &[&sample.body], Encoding::Base64);
                    sample.with_header(SIGNATURE, signature)
                }
                None => sample,
            },
            Inlet::Fulfil => match credentials.keys.get(PRIVATE_KEY) {
                Some(key) => form::sign(sample, key),
                None => sample,
            },
        }
    }
}
