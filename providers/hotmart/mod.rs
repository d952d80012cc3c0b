//! Hotmart, webhook version 2.0.0: JSON with the account's token.
//!
//! - <https://developers.hotmart.com/docs/en/2.0.0/webhook/about-webhook/>
//! - <https://developers.hotmart.com/docs/en/2.0.0/webhook/purchase-webhook/>
//!
//! - `frame`: what stands around every event, and the token in it
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

use crate::scheme;
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Unread, Verified,
};

const TOKEN: &str = "X-HOTMART-HOTTOK";

#[derive(Debug)]
pub(crate) struct Hotmart;

static FACTS: Facts = Facts {
    kind: "hotmart",
    title: "Hotmart",
    scheme: "the account's hottok, in X-HOTMART-HOTTOK or in the body",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Sender,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for Hotmart {
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

    /// Where the token may stand in the body, too, only the event's data is kept.
    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        if request.inlet != Inlet::Webhook || request.method != "POST" {
            return Err(Reject::NotTaken);
        }
        let in_body = frame::token(request.body);
        let content = match frame::shows_token(request.body) {
            true => frame::data(request.body),
            false => request.body,
        };
        let token = request.header_opt(TOKEN)?.or(in_body.as_deref()).ok_or(Reject::Missing)?;
        scheme::token(content, &credentials.secrets, token)
    }

    /// The id and the type stand around the data, beside the token: they are read from the request,
    /// since the token, which is the whole proof, speaks of neither.
    fn envelopes(
        &self,
        request: &Request<'_>,
        _delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        frame::envelope(request.body).map(|envelope| vec![envelope])
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

    /// Hotmart never asks for keys: [`Provider::verify`] refuses that inlet.
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
            Some(secret) => sample.with_header(TOKEN, secret.expose()),
            None => sample,
        }
    }
}
