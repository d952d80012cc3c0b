//! PayPro Global: one form a line of an order, signed in a few of its fields; keys in the answer.
//!
//! - <https://developers.payproglobal.com/docs/integrate-with-paypro-global/webhook-ipn>
//! - <https://developers.payproglobal.com/docs/license-management>
//!
//! The signature is a plain hash of six fields. It says nothing of product, quantity, subscription
//! and dates, so that the address should hold a token too.

mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::read::Form;
use crate::scheme::{self, Hash};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Provider, Reading,
    Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

const SIGNATURE: &str = "SIGNATURE";
/// The secret setting with the token that stands in the address.
const URL_TOKEN: &str = "url_token";
/// What is signed: these, the validation key, and those behind it.
const BEFORE: [&str; 4] = ["ORDER_ID", "ORDER_STATUS", "ORDER_TOTAL_AMOUNT", "CUSTOMER_EMAIL"];
const BEHIND: [&str; 2] = ["TEST_MODE", "IPN_TYPE_NAME"];

#[derive(Debug)]
pub(crate) struct PayProGlobal;

static FACTS: Facts = Facts {
    kind: "payproglobal",
    title: "PayPro Global",
    scheme: "SHA-256 over six fields and the validation key, hexadecimal, in SIGNATURE; a token in \
             the address",
    events: &[
        "LicenseRequested",
        "OrderChargebackIsWon",
        "OrderCharged",
        "OrderChargedBack",
        "OrderCustomerInformationChanged",
        "OrderDeclined",
        "OrderPartiallyRefunded",
        "OrderRefunded",
        "SubscriptionChargeFailed",
        "SubscriptionChargeSucceed",
        "SubscriptionFinished",
        "SubscriptionRenewed",
        "SubscriptionSuspended",
        "SubscriptionTerminated",
        "TrialCharge",
    ],
    fulfils: true,
    covers: Covers::Fields(&[
        "ORDER_ID",
        "ORDER_STATUS",
        "ORDER_TOTAL_AMOUNT",
        "CUSTOMER_EMAIL",
        "TEST_MODE",
        "IPN_TYPE_NAME",
    ]),
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[Setting {
        name: URL_TOKEN,
        secret: true,
        required: false,
        takes: Takes::Text,
        help: "a long random text that stands in the address as ?token=; strongly advised, since \
               PayPro's signature covers neither product nor quantity",
    }],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for PayProGlobal {
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
        if let Some(token) = credentials.keys.get(URL_TOKEN) {
            scheme::query_token(request, request.body, std::slice::from_ref(token))?;
        }
        let form = Form::parse(request.body);
        let signature = single(&form, SIGNATURE)?;
        if signature.is_empty() {
            return Err(Reject::Missing);
        }
        let (before, behind) = (joined(&form, &BEFORE)?, joined(&form, &BEHIND)?);
        let texts = [(before.as_str(), behind.as_str())];
        let secrets = &credentials.secrets;
        scheme::keyed_digest(request.body, Hash::Sha256, secrets, &texts, signature)
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![read::envelope(delivery.body())?])
    }

    /// The API wants its secret inside the body of the question, so nothing is asked.
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

    /// Whatever the answer holds is shown as a key: without one it is an error, and empty.
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

    fn sign(&self, mut sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        if let Some(token) = credentials.keys.get(URL_TOKEN) {
            sample = scheme::query_token_sign(sample, token);
        }
        let Some(secret) = credentials.secrets.first() else { return sample };
        let form = Form::parse(&sample.body);
        let (Ok(before), Ok(behind)) = (joined(&form, &BEFORE), joined(&form, &BEHIND)) else {
            return sample;
        };
        let signature = scheme::keyed_digest_sign(Hash::Sha256, secret, (&before, &behind));
        // Samples are our own texts.
        let text = String::from_utf8_lossy(&sample.body).into_owned();
        let unsigned = |field: &&str| field.split('=').next() != Some(SIGNATURE);
        let mut fields: Vec<&str> = text.split('&').filter(unsigned).collect();
        let signature = format!("{SIGNATURE}={signature}");
        fields.push(&signature);
        Sample { body: fields.join("&").into_bytes(), ..sample }
    }
}

/// The value of a field that stands there at most once; a second one would be read, or signed,
/// instead of the first.
fn single<'f>(form: &'f Form, field: &'f str) -> Result<&'f str, Reject> {
    let mut values = form.all(field);
    let first = values.next().unwrap_or_default();
    if values.next().is_some() { Err(Reject::Doubled) } else { Ok(first) }
}

fn joined(form: &Form, fields: &[&str]) -> Result<String, Reject> {
    fields.iter().map(|field| single(form, field)).collect()
}
