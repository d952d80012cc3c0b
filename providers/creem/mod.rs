//! Creem.
//!
//! Signature: <https://docs.creem.io/code/webhooks#how-to-verify-creem-signature>;
//! events: <https://docs.creem.io/code/webhooks>.
//!
//! Creem's own library (`creem/webhooks` of npm creem 1.13.0) takes a second form beside that
//! header: Standard Webhooks, of which its documentation says nothing yet. Which of the two a
//! delivery is, its headers say; then that rule alone decides.
//!
//! - [`payload`]: what is told of, with only the fields that are used
//! - [`read`]: one event to notices
//! - [`samples`]: realistic events

mod payload;
mod read;
mod samples;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::reject::Reject;
use crate::request::{Inlet, Request};
use crate::sample::{Sample, Scene};
use crate::scheme::{self, Encoding, Hash, KeyText, Verified, Window};
use crate::secret::SECRET_BYTES_MIN;
use crate::{Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider, Setting, Takes};

const HEADER: &str = "creem-signature";

/// A delivery with this header is signed as Standard Webhooks are, whatever else it carries.
const STANDARD_HEADER: &str = "webhook-signature";

const FACTS: Facts = Facts {
    kind: "creem",
    title: "Creem",
    scheme: "HMAC-SHA256 (hex) over the body, header creem-signature; or Standard Webhooks (v1), headers webhook-*",
    events: read::EVENTS,
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[Setting {
        name: read::ON_CANCEL,
        secret: false,
        required: false,
        takes: Takes::OneOf(&["period_end", "now"]),
        help: "when a subscription that is canceled in the middle of a paid period ends: period_end (as if unset) or now",
    }],
    list: None,
    guide: include_str!("README.md"),
};

/// Creem: one event a request, signed with the webhook secret.
#[derive(Debug)]
pub(crate) struct Creem;

impl Provider for Creem {
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
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        if request.inlet == Inlet::Fulfil {
            return Err(Reject::NotTaken);
        }
        if request.header_opt(STANDARD_HEADER)?.is_some() {
            let window = Window { now, tolerance: credentials.tolerance };
            let secrets = &credentials.secrets;
            return scheme::standard_webhooks(request, secrets, KeyText::Base64, window);
        }
        scheme::hmac_body(request, Hash::Sha256, &credentials.secrets, Encoding::Hex, HEADER)
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![payload::envelope(delivery.body())?])
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

    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    /// No keys are asked for: [`Provider::verify`] refuses that inlet.
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

    /// As the documentation says it is done.
    fn sign(&self, mut sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else { return sample };
        sample.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(STANDARD_HEADER));
        let mac = scheme::hmac_sign(Hash::Sha256, secret, &[&sample.body], Encoding::Hex);
        sample.with_header(HEADER, mac)
    }
}

#[cfg(test)]
mod tests;
