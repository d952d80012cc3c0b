//! SendOwl: signed webhooks that show an order as it stands, and keys in the order's mail
//! (licenses «From URL»).
//!
//! - <https://help.sendowl.com/help/using-web-hooks>
//! - <https://help.sendowl.com/help/codes-and-licenses>
//! - <https://help.sendowl.com/help/signed-urls>
//!
//! - `order`: the fields that are used, and how one order, payment and line is called
//! - `read`: what an order's state says
//! - `url`: the request for a key
//! - `samples`: realistic requests

mod order;
mod read;
mod samples;
#[cfg(test)]
mod tests;
mod url;

use chrono::{DateTime, Utc};

use crate::scheme::{self, Encoding, Hash};
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

const SIGNATURE: &str = "X-SENDOWL-HMAC-SHA256";
/// Not signed: only what the order itself says leads to a license.
const EVENT: &str = "X-SENDOWL-EVENT";

#[derive(Debug)]
pub(crate) struct SendOwl;

static FACTS: Facts = Facts {
    kind: "sendowl",
    title: "SendOwl",
    scheme: "HMAC-SHA256 of the body, base64, in X-SENDOWL-HMAC-SHA256; keys in the answer: \
             HMAC-SHA1 over the parameters",
    events: &[
        "free_order_issued",
        "fulfil.request",
        "in_dispute",
        "new_payment",
        "order",
        "order_charged_back",
        "order_completed",
        "order_failed",
        "order_imported",
        "refund_issued",
        "subscription_active",
        "subscription_cancelled",
        "subscription_cancelling",
        "subscription_complete",
        "subscription_setup",
    ],
    fulfils: true,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: 8,
    example: &[],
    settings: &[
        Setting {
            name: url::SIGNING_KEY,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "the Signing Key beside the Signing Key Secret; needed only where SendOwl asks \
                   for keys",
        },
        Setting {
            name: read::FREE_ORDERS,
            secret: false,
            required: false,
            takes: Takes::OneOf(&["ignore"]),
            help: "\"ignore\": free and imported orders give no license",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for SendOwl {
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
            Inlet::Fulfil => url::verify(request, credentials),
        }
    }

    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        let envelope = match request.inlet {
            Inlet::Webhook => {
                let told = request.header_opt(EVENT).ok().flatten().unwrap_or("order");
                order::envelope(told, delivery.body())?
            }
            Inlet::Fulfil => url::envelope(delivery.body()),
        };
        Ok(vec![envelope])
    }

    fn asks(&self, _event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        Ok(Vec::new())
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        match event.event_type {
            url::EVENT_TYPE => url::read(event),
            _ => read::notices(event),
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

    /// The key alone; several, where one call is for several, one a line. An empty answer would
    /// be shown as a key.
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
        match (sample.inlet, credentials.secrets.first()) {
            (Inlet::Webhook, Some(secret)) => {
                let signature =
                    scheme::hmac_sign(Hash::Sha256, secret, &[&sample.body], Encoding::Base64);
                sample.with_header(SIGNATURE, signature)
            }
            (Inlet::Fulfil, Some(secret)) => url::sign(sample, credentials, secret),
            (_, None) => sample,
        }
    }
}
