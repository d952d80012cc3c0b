//! BMT Micro: XML for each sold item, and keys in the answer of a second request.
//!
//! - <https://help.bmtmicro.com/vendors/xml-order-notifications>
//! - <https://vendors.bmtmicro.com/response-xml>
//! - <https://help.bmtmicro.com/vendors/xml-subscription-status>
//!
//! - `payload`: what stands in a request and in the answer to ours
//! - `read`: what a request says
//! - `samples`: realistic requests

mod payload;
mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::scheme;
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Provider, Reading,
    Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

#[derive(Debug)]
pub(crate) struct BmtMicro;

static FACTS: Facts = Facts {
    kind: "bmtmicro",
    title: "BMT Micro",
    scheme: "a token in the address",
    events: &[payload::NOTIFICATION, payload::KEY_REQUEST],
    fulfils: true,
    covers: Covers::Sender,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[("api_token", "made-up-bmt-micro-token")],
    settings: &[
        Setting {
            name: read::API_TOKEN,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "the API token of the vendor area; needed to tell the renewals of a subscription",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "another address of the API than https://vendors.bmtmicro.com",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for BmtMicro {
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
        if request.method != "POST" {
            return Err(Reject::NotTaken);
        }
        scheme::query_token(request, request.body, &credentials.secrets)
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        payload::envelope(delivery.body()).map(|envelope| vec![envelope])
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        read::asks(event)
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        read::notices(event)
    }

    /// Without it BMT Micro repeats the notification for a week.
    fn answer(
        &self,
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        xml("<ordernotification></ordernotification>")
    }

    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    fn keys_answer(
        &self,
        keys: &[String],
        request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        xml(&payload::keys(keys, request.body))
    }

    fn samples(&self, scene: &Scene) -> Vec<Sample> {
        samples::of(scene)
    }

    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        match credentials.secrets.first() {
            Some(secret) => scheme::query_token_sign(sample, secret),
            None => sample,
        }
    }
}

fn xml(inner: &str) -> Answer {
    let body = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><response>{inner}</response>");
    Answer { status: 200, content_type: "text/xml; charset=utf-8", body }
}
