//! ThriveCart: the account's webhook, a form with the account's secret word in it.
//!
//! - <https://support.thrivecart.com/help/using-webhook-notifications/>
//! - <https://developers.thrivecart.com/documentation/>
//!
//! - `form`: the delivery, and what a field is called
//! - `read`: what events say
//! - `samples`: realistic events

mod form;
mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::scheme;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

#[derive(Debug)]
pub(crate) struct ThriveCart;

static FACTS: Facts = Facts {
    kind: "thrivecart",
    title: "ThriveCart",
    scheme: "the account's secret word, in the field thrivecart_secret",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Sender,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: 12,
    example: &[],
    settings: &[Setting {
        name: read::TRIAL_DAYS,
        secret: false,
        required: false,
        takes: Takes::Like {
            form: "a whole number of days",
            fits: |text| text.parse::<u16>().is_ok(),
        },
        help: "how many days a trial takes, which ThriveCart does not tell; default 30",
    }],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for ThriveCart {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    /// On saving a webhook ThriveCart looks by HEAD and by an empty POST whether it answers.
    fn probe(&self, request: &Request<'_>, _credentials: &Credentials) -> Option<Answer> {
        let empty = request.method == "POST" && request.body.is_empty();
        (request.method == "HEAD" || empty).then(Answer::empty)
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
        scheme::token(request.body, &credentials.secrets, &form::secret(request.body)?)
    }

    /// Never fails, since what is kept then would be the body with the secret word in it.
    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![form::envelope(&form::without_secret(delivery.body()))])
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

    /// ThriveCart never asks for keys: [`Provider::verify`] refuses that inlet.
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

    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        match credentials.secrets.first() {
            Some(secret) => Sample { body: form::with_secret(&sample.body, secret), ..sample },
            None => sample,
        }
    }
}
