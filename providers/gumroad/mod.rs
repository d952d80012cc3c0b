//! Gumroad: pings of sales, and of what becomes of them.
//!
//! Pings: <https://gumroad.com/ping>; the other events and the API: <https://gumroad.com/api>.
//! Gumroad signs nothing. A token in the address shows the sender, and with a token of the API
//! the sale is fetched back, so that a ping only says where to look.
//!
//! - [`ping`]: what stands in a ping, and in the sale that is fetched
//! - [`read`]: one event to questions and notices
//! - [`samples`]: realistic events

mod ping;
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
    kind: "gumroad",
    title: "Gumroad",
    scheme: "a token in the address (`?token=`); Gumroad signs nothing",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Sender,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: read::API_TOKEN,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "an access token with the scope view_sales: each sale is fetched back, and \
                   nothing but that is believed",
        },
        Setting {
            name: read::SELLER_ID,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "the seller_id that stands in each ping; pings of other sellers are not read",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "instead of https://api.gumroad.com",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

/// Gumroad: one event a request, as a form.
#[derive(Debug)]
pub(crate) struct Gumroad;

impl Provider for Gumroad {
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
        Ok(vec![ping::envelope(delivery.body())?])
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

    /// Gumroad never asks for keys: [`Provider::verify`] refuses that inlet.
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
