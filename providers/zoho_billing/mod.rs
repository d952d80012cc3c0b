//! Zoho Billing (formerly Zoho Subscriptions): the default JSON payload of a secured webhook.
//!
//! - <https://www.zoho.com/billing/kb/webhooks/securing-webhooks.html>
//! - <https://www.zoho.com/billing/help/settings/automation.html>
//! - <https://www.zoho.com/billing/api/v1/events/>
//!
//! - `payload`: the fields that are used
//! - `read`: what events say
//! - `samples`: realistic events

mod payload;
mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::read::Form;
use crate::scheme::{self, Encoding, Hash};
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Unread, Verified,
};

const SIGNATURE: &str = "X-Zoho-Webhook-Signature";

#[derive(Debug)]
pub(crate) struct ZohoBilling;

static FACTS: Facts = Facts {
    kind: "zoho-billing",
    title: "Zoho Billing",
    scheme: "HMAC-SHA256 over the query's sorted parameters and the body, \
             X-Zoho-Webhook-Signature",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: 12,
    example: &[],
    settings: &[],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for ZohoBilling {
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
        let signature = request.header(SIGNATURE)?;
        // Zoho does not say how it writes the digest; the length tells.
        let encoding = if signature.len() == 44 { Encoding::Base64 } else { Encoding::Hex };
        scheme::hmac(
            request,
            Hash::Sha256,
            &credentials.secrets,
            &[signed_query(request.query)?.as_bytes(), request.body],
            encoding,
            &[signature],
        )
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        payload::envelope(delivery.body()).map(|envelope| vec![envelope])
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

    /// Zoho never asks for keys: [`Provider::verify`] refuses that inlet.
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
        let query = signed_query(&sample.query).unwrap_or_default();
        let Some(secret) = credentials.secrets.first() else { return sample };
        let parts = [query.as_bytes(), &sample.body];
        let signature = scheme::hmac_sign(Hash::Sha256, secret, &parts, Encoding::Hex);
        sample.with_header(SIGNATURE, signature)
    }
}

/// Names and values of the query, decoded, by name, nothing between them. A name that stands
/// there twice could be signed in either order, and is none of ours.
fn signed_query(query: &str) -> Result<String, Reject> {
    let form = Form::parse(query.as_bytes());
    let mut fields: Vec<(&str, &str)> = form.iter().collect();
    fields.sort_unstable();
    let doubled = fields.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b));
    match doubled {
        true => Err(Reject::Malformed),
        false => Ok(fields.into_iter().flat_map(|(name, value)| [name, value]).collect()),
    }
}
