//! 2Checkout (Verifone, once Avangate): IPN for orders, LCN for subscriptions, and keys in the
//! answer to its key generator. All three are forms, signed alike.
//!
//! - <https://verifone.cloud/docs/2checkout/API-Integration/Webhooks/06Instant_Payment_Notification_IPN>
//! - <https://verifone.cloud/docs/2checkout/API-Integration/Webhooks/08License_Change_Notification_LCN>
//! - <https://verifone.cloud/docs/2checkout/API-Integration/Webhooks/API-Message-Services/Key-generators>
//!
//! - `signed`: the signature of a form, and the signed answer to it
//! - `form`: columns, times and people of its forms
//! - `read`, `order`, `subscription`: what events say
//! - `samples`: realistic events

mod form;
mod order;
mod read;
mod samples;
mod signed;
mod subscription;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

/// The document that the key generator is answered, around the codes, and one code of it.
const ANSWER_FRAME: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Data>\n{codes}\n</Data>";
const ANSWER_CODE: &str = "<Code>{key}</Code>";

#[derive(Debug)]
pub(crate) struct TwoCheckout;

static FACTS: Facts = Facts {
    kind: "2checkout",
    title: "2Checkout (Verifone)",
    scheme: "HMAC-SHA3-256 or HMAC-SHA256 over the length and text of every field's value, \
             hexadecimal, in SIGNATURE_SHA3_256 or SIGNATURE_SHA2_256",
    events: &[
        "fulfil.request",
        "ipn.CANCELED",
        "ipn.COMPLETE",
        "ipn.INVALID",
        "ipn.PAYMENT_AUTHORIZED",
        "ipn.PAYMENT_RECEIVED",
        "ipn.REFUND",
        "ipn.REVERSED",
        "lcn",
    ],
    fulfils: true,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: 12,
    example: &[],
    settings: &[
        word(
            "early",
            &["yes", "no"],
            "yes: licenses are made when a payment is authorized, not only when it is received",
        ),
        word(
            "hash",
            &["md5"],
            "md5: an old account, whose messages carry only HASH, is taken too (weaker)",
        ),
        like(
            "timezone",
            ("a distance to GMT, as in GMT+02:00", |text| form::offset(text).is_some()),
            "time zone of messages that name none, as in GMT+02:00; absent: GMT",
        ),
        like(
            "answer_frame",
            ("a document in which {codes} stands", |text| text.contains("{codes}")),
            "the document for the key generator; {codes} stands in it",
        ),
        like(
            "answer_code",
            ("a text in which {key} stands", |text| text.contains("{key}")),
            "one code in that document; {key} stands in it",
        ),
    ],
    list: None,
    guide: include_str!("README.md"),
};

const fn setting(name: &'static str, takes: Takes, help: &'static str) -> Setting {
    Setting { name, secret: false, required: false, takes, help }
}

const fn word(name: &'static str, words: &'static [&'static str], help: &'static str) -> Setting {
    setting(name, Takes::OneOf(words), help)
}

const fn like(
    name: &'static str,
    (form, fits): (&'static str, fn(&str) -> bool),
    help: &'static str,
) -> Setting {
    setting(name, Takes::Like { form, fits }, help)
}

impl Provider for TwoCheckout {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    /// An address is asked for by GET when it is saved. The key generator may be called by GET
    /// too, with everything in the query.
    fn probe(&self, request: &Request<'_>, _credentials: &Credentials) -> Option<Answer> {
        let looks = matches!(request.method, "GET" | "HEAD");
        (looks && (request.inlet == Inlet::Webhook || request.query.is_empty())).then(Answer::empty)
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
        signed::verify(request, credentials, &credentials.secrets)
    }

    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![read::envelope(delivery.body(), request.inlet)?])
    }

    fn asks(&self, _event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        Ok(Vec::new())
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        read::notices(event)
    }

    /// The signed receipt. Without it the message comes again for days.
    fn answer(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Answer {
        signed::receipt(request, credentials, now).map_or_else(Answer::empty, Answer::text)
    }

    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    /// An answer without a code must not pass for one.
    fn keys_answer(
        &self,
        keys: &[String],
        _request: &Request<'_>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        if keys.is_empty() {
            return Answer { status: 503, ..Answer::empty() };
        }
        let template = |name, usual| credentials.settings.get(name).map_or(usual, String::as_str);
        let code = template("answer_code", ANSWER_CODE);
        let codes: Vec<String> = keys.iter().map(|key| code.replace("{key}", key)).collect();
        let frame = template("answer_frame", ANSWER_FRAME);
        let body = frame.replace("{codes}", &codes.join("\n"));
        Answer { status: 200, content_type: "text/xml; charset=utf-8", body }
    }

    fn samples(&self, scene: &Scene) -> Vec<Sample> {
        samples::of(scene)
    }

    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        signed::sign(sample, credentials)
    }
}
