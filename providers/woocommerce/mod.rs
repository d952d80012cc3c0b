//! WooCommerce, with or without its Subscriptions.
//!
//! - <https://woocommerce.com/document/webhooks/>
//! - <https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks>
//!
//! A body is the bare resource as the REST API shows it; its topic stands in a header that nothing
//! signs. So the topic only chooses how a body is parsed, and what the body says decides.
//!
//! - `payload`: the fields that are used
//! - `read`: orders and customers to notices, `subscription`: subscriptions
//! - `samples`: realistic events

mod payload;
mod read;
mod samples;
mod subscription;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::read::json;
use crate::scheme::{self, Encoding, Hash};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

const SIGNATURE: &str = "X-WC-Webhook-Signature";
const TOPIC: &str = "X-WC-Webhook-Topic";

#[derive(Debug)]
pub(crate) struct WooCommerce;

static FACTS: Facts = Facts {
    kind: "woocommerce",
    title: "WooCommerce",
    scheme: "HMAC-SHA256 of the body, base64, in X-WC-Webhook-Signature",
    events: &[
        "customer.updated",
        "order.created",
        "order.restored",
        "order.updated",
        "subscription.created",
        "subscription.switched",
        "subscription.updated",
    ],
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: read::PAID_STATUS,
            secret: false,
            required: false,
            takes: Takes::OneOf(&["processing", "completed"]),
            help: "`completed`: an order counts only then, and not while it is processing",
        },
        Setting {
            name: read::FREE_ITEMS,
            secret: false,
            required: false,
            takes: Takes::OneOf(&["yes", "no"]),
            help: "`yes`: a line that costs nothing is sold, and not the start of a trial",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for WooCommerce {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    /// When a webhook is saved, WooCommerce sends its number, unsigned, and wants 200.
    fn probe(&self, request: &Request<'_>, _credentials: &Credentials) -> Option<Answer> {
        let number = request.body.strip_prefix(b"webhook_id=")?;
        let is_number = (1..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
        let unsigned = request.header_opt(SIGNATURE) == Ok(None);
        let asked = request.inlet == Inlet::Webhook && request.method == "POST";
        (asked && unsigned && is_number).then(Answer::empty)
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
        scheme::hmac_body(request, Hash::Sha256, secrets, Encoding::Base64, SIGNATURE)
    }

    /// No id: that of a delivery is made of the webhook and the second, and two may share it.
    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        let head: Head = json(delivery.body())?;
        let Ok(Some(topic)) = request.header_opt(TOPIC) else {
            return Err(Unread::Format(format!("the delivery names no topic ({TOPIC})")));
        };
        let modified = payload::gmt("date_modified_gmt", head.date_modified_gmt.as_str());
        Ok(vec![Envelope {
            occurred_at: modified.ok().flatten(),
            ..Envelope::with_topic(topic, delivery.body())
        }])
    }

    fn asks(&self, _event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        Ok(Vec::new())
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        read::notices(event)
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

    /// WooCommerce never asks for keys: [`Provider::verify`] refuses that inlet.
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
        samples::of(scene)
    }

    /// Without a secret there is nothing to sign with, and the sample stays as it is.
    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else { return sample };
        let mac = scheme::hmac_sign(Hash::Sha256, secret, &[&sample.body], Encoding::Base64);
        sample.with_header(SIGNATURE, mac)
    }
}

/// What stands in every resource, of whatever type it turns out to be.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    date_modified_gmt: Value,
}
