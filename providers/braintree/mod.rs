//! Braintree: forms with a signed text in base64, which is XML.
//! <https://developer.paypal.com/braintree/docs/guides/webhooks/parse>,
//! <https://developer.paypal.com/braintree/docs/reference/general/webhooks/subscription>
//!
//! - [`frame`]: the form, its signature and the notification inside
//! - [`read`]: one event to notices, by way of [`subscription`] and [`transaction`]
//! - [`samples`]: realistic events

mod frame;
mod read;
mod samples;
mod subscription;
mod transaction;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Form, Reading, Unread};
use crate::scheme::{self, Encoding, Hash, KeyForm};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Inlet, Provider, Reject, Request,
    Sample, Scene, Setting, Takes, Verified,
};

const PUBLIC_KEY: &str = "public_key";
const QUANTITY_ADD_ON: &str = "quantity_add_on";
const ITEM_FIELD: &str = "item_field";

const FACTS: Facts = Facts {
    kind: "braintree",
    title: "Braintree",
    scheme: "HMAC-SHA1 (hex), keyed with the SHA-1 of the private key, over bt_payload",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    // Nothing dated is signed apart from the payload, whose time is that of the event.
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[
        ("public_key", "keywrightpub0001"),
        ("quantity_add_on", "seats"),
        ("item_field", "product"),
    ],
    settings: &[
        Setting {
            name: PUBLIC_KEY,
            secret: false,
            required: true,
            takes: Takes::Text,
            help: "the public key of the API key whose private key is the secret; of several, \
                   all with commas between them",
        },
        Setting {
            name: QUANTITY_ADD_ON,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "the id of the add-on whose quantity says how many were bought; without it, one",
        },
        Setting {
            name: ITEM_FIELD,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "the custom field of a transaction that names what a single sale sold; without \
                   it, single sales are ignored",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

/// Braintree: one event a request.
#[derive(Debug)]
pub(crate) struct Braintree;

impl Provider for Braintree {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    /// The challenge of older control panels: the address is taken when its signature comes back.
    fn probe(&self, request: &Request<'_>, credentials: &Credentials) -> Option<Answer> {
        if request.inlet != Inlet::Webhook || request.method != "GET" {
            return None;
        }
        let form = Form::parse(request.query.as_bytes());
        let challenge = form.get("bt_challenge").ok()??;
        if !frame::is_challenge(challenge) {
            return None;
        }
        frame::signature(credentials, challenge.as_bytes()).map(Answer::text)
    }

    fn certificate<'a>(
        &self,
        _request: &Request<'a>,
        _credentials: &Credentials,
    ) -> Result<Option<&'a str>, Reject> {
        Ok(None)
    }

    /// The signature is over the text of `bt_payload`, with its line breaks; Braintree's own
    /// libraries also accept it with one line break more.
    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        if request.inlet == Inlet::Fulfil {
            return Err(Reject::NotTaken);
        }
        let form = Form::parse(request.body);
        let (signature, payload) = frame::signed(&form)?;
        let candidates = frame::candidates(credentials, signature)?;
        let matches = |parts: &[&[u8]]| {
            scheme::hmac_of(
                request.body,
                KeyForm::Sha1,
                Hash::Sha1,
                &credentials.secrets,
                parts,
                (Encoding::Hex, &candidates),
            )
        };
        matches(&[payload.as_bytes()]).or_else(|_| matches(&[payload.as_bytes(), b"\n"]))
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![frame::envelope(delivery.body())?])
    }

    fn asks(&self, _event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        Ok(Vec::new())
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

    /// Braintree never asks for keys: [`Provider::verify`] refuses that inlet.
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

    /// Without a payload or a key there is nothing to sign.
    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        match frame::sign(&sample.body, credentials) {
            Some(body) => Sample { body, ..sample },
            None => sample,
        }
    }
}

#[cfg(test)]
mod tests;
