//! Stripe: snapshot events, signed with HMAC-SHA256 over `<time>.<body>`.
//! <https://docs.stripe.com/webhooks>, <https://docs.stripe.com/api/events/types>
//!
//! - [`payload`]: what the objects have in common, in the shapes of all API versions
//! - [`envelope`]: the frame around every event; thin events; events of connected accounts
//! - [`read`]: the table from Stripe's event types to the readers below
//! - [`checkout`] (and its [`line_items`]), [`invoice`] (and its [`line`]s), [`subscription`],
//!   [`refund`], [`dispute`], [`customer`]
//! - [`list`]: events that were missed
//! - [`samples`]: what Stripe sends over the life of a purchase

mod checkout;
mod customer;
mod dispute;
mod envelope;
mod invoice;
mod line;
mod line_items;
mod list;
mod payload;
mod read;
mod refund;
mod samples;
#[cfg(test)]
mod stories;
mod subscription;

use chrono::{DateTime, Utc};

use crate::read::{Envelope, Event, Reading, Unread};
use crate::scheme::{self, Encoding, Hash, Window};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Inlet, Provider, Reject, Request,
    Sample, Scene, Setting, Takes, Verified,
};

const HEADER: &str = "Stripe-Signature";

static FACTS: Facts = Facts {
    kind: "stripe",
    title: "Stripe",
    scheme: "HMAC-SHA256 over time and body, Stripe-Signature",
    events: &[
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice_payment.paid",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.refund.updated",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
        "customer.created",
        "customer.updated",
    ],
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: envelope::ACCOUNT,
            secret: false,
            required: false,
            takes: Takes::Like {
                form: "the id of the connected account, as in acct_1Acme",
                fits: |text| text.starts_with("acct_"),
            },
            help: "for Connect only: the connected account (acct_...) whose events are taken",
        },
        Setting {
            name: list::API_KEY,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "a restricted key (rk_...) that may read Checkout sessions, for what they sold, and \
                   events, for pulling missed ones",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "instead of https://api.stripe.com",
        },
    ],
    list: Some(&list::LIST),
    guide: include_str!("README.md"),
};

/// The adapter; it has no state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stripe;

impl Provider for Stripe {
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
        if request.inlet != Inlet::Webhook {
            return Err(Reject::NotTaken);
        }
        let signature = Signature::parse(request.header(HEADER)?)?;
        scheme::hmac_timestamped(
            request,
            &credentials.secrets,
            signature.time,
            Window { now, tolerance: credentials.tolerance },
            &[signature.time.as_bytes(), b".", request.body],
            Encoding::Hex,
            &signature.candidates,
        )
    }

    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        envelope::envelope(delivery.body()).map(|envelope| vec![envelope])
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        read::asks(event)
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        read::read(event)
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
        // A delivery carries one event.
        None
    }

    fn keys_answer(
        &self,
        _keys: &[String],
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        // Stripe never asks for keys (`fulfils` is false) and reads no body.
        Answer::empty()
    }

    fn samples(&self, scene: &Scene) -> Vec<Sample> {
        samples::samples(scene)
    }

    fn sign(&self, mut sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else {
            return sample;
        };
        let time = now.timestamp().to_string();
        let parts: [&[u8]; 3] = [time.as_bytes(), b".", &sample.body];
        let mac = scheme::hmac_sign(Hash::Sha256, secret, &parts, Encoding::Hex);
        sample.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(HEADER));
        sample.with_header(HEADER, format!("t={time},v1={mac}"))
    }
}

/// `t=1760000000,v1=6081…,v1=77ab…,v0=…`: one time, and a `v1` for each secret that is valid
/// while one is rolled. Other schemes are decoys (`v0` is sent in test mode) and are passed over.
struct Signature<'a> {
    time: &'a str,
    candidates: Vec<&'a str>,
}

impl<'a> Signature<'a> {
    fn parse(header: &'a str) -> Result<Self, Reject> {
        let mut times = Vec::new();
        let mut candidates = Vec::new();
        for part in header.split(',') {
            match part.split_once('=') {
                Some(("t", time)) => times.push(time),
                Some(("v1", candidate)) => candidates.push(candidate),
                _ => {}
            }
        }
        match times.as_slice() {
            [time] => Ok(Self { time, candidates }),
            _ => Err(Reject::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::Secret;

    const BODY: &[u8] =
        br#"{"id":"evt_kw1","object":"event","type":"invoice.paid","livemode":false}"#;
    const MAC: &str = "6081b01e424453d319747d39960c22d74ffed34c4a718213e537814b1f82b7e4";
    const DECOY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    /// The vendor's own vector, judged so many seconds after it was signed.
    fn judge(header: &str, secrets: &[&str], seconds_later: i64) -> Result<(), Reject> {
        let headers = vec![("stripe-signature".to_owned(), header.to_owned())];
        let request = Request::post(&headers, BODY);
        let secrets = secrets.iter().map(|secret| Secret::new(secret).unwrap());
        let credentials = Credentials::of(secrets.collect());
        let now = DateTime::from_timestamp(1_760_000_000 + seconds_later, 0).unwrap();
        Stripe.verify(&request, &credentials, now).map(drop)
    }

    const SECRET: &str = "whsec_kwStripeTestSecret123";

    #[test]
    fn the_secret_is_the_whole_text_with_its_prefix() {
        let header = format!("t=1760000000,v1={MAC}");
        assert_eq!(judge(&header, &[SECRET], 0), Ok(()));
        assert_eq!(judge(&header, &["kwStripeTestSecret123"], 0), Err(Reject::Wrong));
    }

    #[test]
    fn while_a_secret_is_rolled_any_of_the_signatures_and_any_of_the_secrets_will_do() {
        let header = format!("t=1760000000,v1={DECOY},v1={MAC},v0={DECOY}");
        assert_eq!(judge(&header, &["whsec_theNewOneOfTheTwo", SECRET], 0), Ok(()));
    }

    #[test]
    fn the_right_bytes_under_another_scheme_prove_nothing() {
        let header = format!("t=1760000000,v0={MAC}");
        assert_eq!(judge(&header, &[SECRET], 0), Err(Reject::Malformed));
        let header = format!("t=1760000000,v1={DECOY},v0={MAC}");
        assert_eq!(judge(&header, &[SECRET], 0), Err(Reject::Wrong));
    }

    #[test]
    fn a_signature_is_good_for_five_minutes() {
        let header = format!("t=1760000000,v1={MAC}");
        assert_eq!(judge(&header, &[SECRET], 300), Ok(()));
        assert_eq!(judge(&header, &[SECRET], 301), Err(Reject::Stale));
    }

    #[test]
    fn signing_again_replaces_the_signature() {
        let credentials = Credentials::of(vec![Secret::new(SECRET).unwrap()]);
        let now = DateTime::from_timestamp(1_760_000_000, 0).unwrap();
        let mut sample = Sample::json("invoice.paid", &serde_json::Value::Null);
        sample.body = BODY.to_vec();
        let earlier = Stripe.sign(sample, &credentials, now - TimeDelta::hours(1));
        let signed = Stripe.sign(earlier, &credentials, now);
        let header = format!("t=1760000000,v1={MAC}");
        assert_eq!(signed.headers.len(), 2);
        assert_eq!(signed.headers[1], (HEADER.to_owned(), header));
    }

    #[test]
    fn a_header_has_one_time_in_digits() {
        for header in [
            format!("v1={MAC}"),
            format!("t=1760000000,t=1760000000,v1={MAC}"),
            format!("t=+1760000000,v1={MAC}"),
            format!("t=,v1={MAC}"),
            "t=1760000000".to_owned(),
            String::new(),
        ] {
            assert_eq!(judge(&header, &[SECRET], 0), Err(Reject::Malformed), "{header}");
        }
    }
}
