//! Adyen, standard webhooks: each notification item carries its own signature.
//!
//! - <https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures>
//! - <https://docs.adyen.com/development-resources/webhooks/webhook-types>
//! - <https://docs.adyen.com/api-explorer/Webhooks/1/overview>
//!
//! - `frame`: what is signed, and a delivery to its events
//! - `payload`: the fields that are used
//! - `read`: what events say
//! - `samples`: realistic events

mod frame;
mod payload;
mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::scheme::{self, Encoding, Hash, KeyForm};
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

/// Where the signature of a whole body stands (`recurring.token.*` and later families).
const SIGNATURE: &str = "HmacSignature";
const PROTOCOL: (&str, &str) = ("Protocol", "HmacSHA256");

const USERNAME: &str = "username";
const PASSWORD: &str = "password";

#[derive(Debug)]
pub(crate) struct Adyen;

static FACTS: Facts = Facts {
    kind: "adyen",
    title: "Adyen",
    scheme: "HMAC-SHA256 (base64) over eight fields of each item, in the item; later event \
             families: of the body, in HmacSignature; beside it HTTP Basic, where it is set",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Fields(frame::SIGNED),
    tolerance: FIVE_MINUTES,
    secret_bytes_min: 64,
    example: &[("username", "adyen")],
    settings: &[
        Setting {
            name: USERNAME,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "the user of the webhook's basic authentication; covers what is not signed",
        },
        Setting {
            name: PASSWORD,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "the password of the webhook's basic authentication",
        },
        Setting {
            name: read::CAPTURE,
            secret: false,
            required: false,
            takes: Takes::OneOf(&["automatic", "manual"]),
            help: "\"manual\" where payments are captured by hand or with a delay: only the \
                   capture is then a payment",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for Adyen {
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
        if request.inlet != Inlet::Webhook || request.method != "POST" {
            return Err(Reject::NotTaken);
        }
        let user = credentials.settings.get(USERNAME).map(String::as_str);
        let password = credentials.keys.get(PASSWORD);
        if user.is_some() || password.is_some() {
            let passwords = password.map(std::slice::from_ref).unwrap_or_default();
            scheme::basic(request, user, passwords)?;
        }
        let hmac = |text: &[u8], signature: &str| {
            let place = (Encoding::Base64, [signature]);
            scheme::hmac_of(
                request.body,
                KeyForm::Hex,
                Hash::Sha256,
                &credentials.secrets,
                &[text],
                (place.0, &place.1),
            )
        };
        let Some(items) = frame::signed_items(request.body) else {
            let signature = request.header(SIGNATURE)?;
            if request.header(PROTOCOL.0)? != PROTOCOL.1 {
                return Err(Reject::Malformed);
            }
            return hmac(request.body, signature);
        };
        // One item that is not signed right spoils the delivery; none at all proves nothing.
        let mut verified = Err(Reject::Missing);
        for item in items {
            verified = Ok(hmac(item.text()?.as_bytes(), item.signature()?)?);
        }
        verified
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        frame::envelopes(delivery.body())
    }

    fn asks(&self, _event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        Ok(Vec::new())
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        read::notices(event)
    }

    /// Any 2xx will do today; older set-ups wait for this text.
    fn answer(
        &self,
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        Answer::text("[accepted]")
    }

    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    /// Adyen never asks for keys: [`Provider::verify`] refuses that inlet.
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

    fn sign(&self, mut sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        let user = credentials.settings.get(USERNAME);
        if let Some((user, password)) = user.zip(credentials.keys.get(PASSWORD)) {
            sample = scheme::basic_sign(sample, user, password);
        }
        let hmac = |text: &[u8]| {
            let secret = credentials.secrets.first()?;
            scheme::hmac_sign_of(KeyForm::Hex, Hash::Sha256, secret, &[text], Encoding::Base64)
        };
        if let Some(body) = frame::sign_items(&sample.body, |text| hmac(text.as_bytes())) {
            return Sample { body, ..sample };
        }
        match hmac(&sample.body) {
            Some(signature) => {
                sample.with_header(SIGNATURE, signature).with_header(PROTOCOL.0, PROTOCOL.1)
            }
            None => sample,
        }
    }
}
