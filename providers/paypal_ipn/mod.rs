//! PayPal's Instant Payment Notification (IPN), by which its buttons report. (REST webhooks are
//! of the kind `paypal`.)
//!
//! <https://developer.paypal.com/api/nvp-soap/ipn/IPNIntro/>; variables:
//! <https://developer.paypal.com/api/nvp-soap/ipn/IPNandPDTVariables/>.
//!
//! Nothing is signed: `verify_sign` can be checked by nobody. A token in the address shows who may
//! speak at all, and each message is posted back to PayPal, which says whether it is its own.
//!
//! - [`message`]: what stands in a message, and what it is known again by
//! - [`read`]: one message to its question and its notices
//! - [`prices`]: what an item costs, since a buyer can change a button
//! - [`samples`]: realistic messages

mod message;
mod prices;
mod read;
mod samples;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::reject::Reject;
use crate::request::{Inlet, Request};
use crate::sample::{Sample, Scene};
use crate::scheme::{self, Verified};
use crate::secret::SECRET_BYTES_MIN;
use crate::{Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider, Setting, Takes};

const FACTS: Facts = Facts {
    kind: "paypal-ipn",
    title: "PayPal IPN",
    scheme: "a token in the address (`?token=`), and each message posted back to PayPal",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Sender,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[("receiver", "shop@example.com")],
    settings: &[
        Setting {
            name: read::RECEIVER,
            secret: false,
            required: true,
            takes: Takes::Text,
            help: "your e-mail address at PayPal or your merchant id; several with blanks between \
                   them. Payments to others are not read",
        },
        Setting {
            name: read::PRICES,
            secret: false,
            required: false,
            takes: Takes::Like {
                form: "`item = 49.00 EUR; other = 19.00 EUR`",
                fits: |text| prices::Prices::parse(text).is_ok(),
            },
            help: "what each item costs at least: `acme-pro = 49.00 EUR, 55.00 USD; acme-lite = \
                   19.00 EUR`. Cheaper payments are not read",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "instead of https://ipnpb.paypal.com and its sandbox",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

/// PayPal IPN: one message a request, as a form.
#[derive(Debug)]
pub(crate) struct PayPalIpn;

impl Provider for PayPalIpn {
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
        if request.inlet == Inlet::Fulfil {
            return Err(Reject::NotTaken);
        }
        scheme::query_token(request, request.body, &credentials.secrets)
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![message::envelope(delivery.body())?])
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

    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        match credentials.secrets.first() {
            Some(secret) => scheme::query_token_sign(sample, secret),
            None => sample,
        }
    }
}

#[cfg(test)]
mod tests;
