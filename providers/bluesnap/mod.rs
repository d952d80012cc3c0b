//! BlueSnap: signed webhooks (IPN) as forms, and keys in the answer to its «Custom HTTP request».
//!
//! - <https://support.bluesnap.com/docs/ipn-setup>
//! - <https://support.bluesnap.com/docs/ipns-name-reference>
//! - <https://support.bluesnap.com/docs/ipn-parameter-reference>

mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use crate::scheme::{self, Encoding, Hash, Window};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, Facts, Inlet, Provider, Reading, Reject,
    Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

const SIGNATURE: &str = "bls-signature";
const TIMESTAMP: &str = "bls-ipn-timestamp";
/// `2026-01-02 03:04:05.678`, in UTC.
const TIMESTAMP_FORMAT: &str = "%Y-%m-%d %H:%M:%S%.f";

/// The secret setting with the token in the address of the request for keys.
const URL_TOKEN: &str = "url_token";

#[derive(Debug)]
pub(crate) struct BlueSnap;

static FACTS: Facts = Facts {
    kind: "bluesnap",
    title: "BlueSnap",
    scheme: "HMAC-SHA256 of time and body, hexadecimal, in bls-signature; keys in the answer: a \
             token in the address",
    events: &[
        "AUTH_ONLY",
        "CANCELLATION",
        "CANCELLATION_REFUND",
        "CANCEL_ON_RENEWAL",
        "CHARGE",
        "CHARGEBACK",
        "CHARGEBACK_STATUS_CHANGED",
        "CONTRACT_CHANGE",
        "DECLINE",
        "FRAUD_DECLINE",
        "RDR",
        "RECURRING",
        "REFUND",
        "SUBSCRIPTION_CHARGE_FAILURE",
        "fulfil.request",
    ],
    fulfils: true,
    covers: Covers::Content,
    // Retries may carry the time of the first try, and come for a while.
    tolerance: TimeDelta::days(1),
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: URL_TOKEN,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "a long random text that stands as ?token= in the address for keys; needed only \
                   where BlueSnap asks for keys",
        },
        Setting {
            name: "invoice_field",
            secret: false,
            required: false,
            takes: Takes::OneOf(&["invoiceId", "referenceNumber"]),
            help: "the webhook's field that holds what <INVOICE_ID> was in the request for keys: \
                   invoiceId (as without this setting) or referenceNumber",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for BlueSnap {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    /// The dashboard looks at a new address by an empty GET.
    fn probe(&self, request: &Request<'_>, _credentials: &Credentials) -> Option<Answer> {
        let looks = matches!(request.method, "GET" | "HEAD") && request.inlet == Inlet::Webhook;
        looks.then(Answer::empty)
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
            let token = credentials.keys.get(URL_TOKEN).ok_or(Reject::NoSecret)?;
            let content = read::asked(request);
            return scheme::query_token(request, content, std::slice::from_ref(token));
        }
        let (signature, timestamp) = (request.header(SIGNATURE)?, request.header(TIMESTAMP)?);
        let signed_at = NaiveDateTime::parse_from_str(timestamp, TIMESTAMP_FORMAT)
            .map_err(|_| Reject::Malformed)?;
        let parts = [timestamp.as_bytes(), request.body];
        let secrets = &credentials.secrets;
        scheme::hmac(request, Hash::Sha256, secrets, &parts, Encoding::Hex, &[signature])?
            .dated(signed_at.and_utc(), Window { now, tolerance: credentials.tolerance })
    }

    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![match request.inlet {
            Inlet::Webhook => read::envelope(delivery.body())?,
            Inlet::Fulfil => read::keys_envelope(delivery.body())?,
        }])
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

    /// With 200, what is answered is mailed as the key.
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

    fn sign(&self, sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample {
        if sample.inlet == Inlet::Fulfil {
            return match credentials.keys.get(URL_TOKEN) {
                Some(token) => scheme::query_token_sign(sample, token),
                None => sample,
            };
        }
        let Some(secret) = credentials.secrets.first() else { return sample };
        let timestamp = now.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
        let parts = [timestamp.as_bytes(), sample.body.as_slice()];
        let signature = scheme::hmac_sign(Hash::Sha256, secret, &parts, Encoding::Hex);
        sample.with_header(TIMESTAMP, timestamp).with_header(SIGNATURE, signature)
    }
}
