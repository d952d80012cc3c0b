//! Mollie, classic webhooks: a form with nothing but an id, which nobody signs. The address holds a
//! token, and what counts is the object that is fetched.
//!
//! - <https://docs.mollie.com/reference/webhooks>
//!
//! Payments are read as those of the kind `mollie` are.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::ask::Auth;
use crate::mollie::payment::{self, Payment};
use crate::mollie::{self, events};
use crate::read::{self, Envelope, Event, Form, Id, Reading, Unread};
use crate::sample::Step;
use crate::scheme;
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Inlet, Provider, Reject, Request,
    Sample, Scene, Setting, Takes, Verified,
};

/// The question for the payment.
const PAYMENT: &str = "payment";

static FACTS: Facts = Facts {
    kind: "mollie-classic",
    title: "Mollie (classic webhooks)",
    scheme: "a token in the address; the payment is fetched",
    events: &["payment", "payment-link"],
    fulfils: false,
    covers: Covers::Sender,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: payment::KEY,
            secret: true,
            required: true,
            takes: Takes::Text,
            help: "the API key (live_... or test_...) by which payments are fetched",
        },
        mollie::API_URL,
    ],
    list: None,
    guide: include_str!("README.md"),
};

/// The adapter; it has no state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MollieClassic;

impl Provider for MollieClassic {
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

    /// The token keeps strangers from having the API asked; of a payment it proves nothing.
    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        if request.inlet != Inlet::Webhook {
            return Err(Reject::NotTaken);
        }
        scheme::query_token(request, request.body, &credentials.secrets)
    }

    /// Called again, in the same bytes, for every change of the payment.
    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        let (_, event_type) = object(delivery.body())?;
        Ok(vec![Envelope {
            id: None,
            event_type: event_type.to_owned(),
            occurred_at: None,
            live: None,
            body: delivery.body().to_vec(),
            content: None,
            recurs: true,
        }])
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        let (id, event_type) = object(event.body)?;
        match event_type {
            "payment" if !event.answers.contains_key(PAYMENT) => {
                let path = format!("/v2/payments/{id}?embed=refunds,chargebacks");
                Ok(vec![Ask::get(PAYMENT, payment::BASE, path, Auth::Bearer(payment::KEY))])
            }
            "payment" => match fetched(event)? {
                Some(payment) => payment::asks(&payment, event.answers),
                None => Ok(Vec::new()),
            },
            "payment-link" if event.answers.is_empty() => Ok(vec![events::of_link(&id)?]),
            _ => Ok(Vec::new()),
        }
    }

    /// What Mollie does not know says nothing: anyone who has the address can make up an id.
    fn read(&self, event: &Event<'_>) -> Reading {
        match object(event.body)?.1 {
            "payment" => match fetched(event)? {
                Some(payment) => payment::notices(&payment, event.occurred_at, event.answers),
                None => Ok(Vec::new()),
            },
            "payment-link" if event.answers.values().any(crate::Fetched::found) => {
                events::link(event)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// 200 whether there is such a payment or not, so that ids cannot be tried out.
    fn answer(
        &self,
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        Answer::empty()
    }

    /// A delivery carries one event.
    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    /// Mollie never asks for keys: [`Provider::verify`] refuses that inlet.
    fn keys_answer(
        &self,
        _keys: &[String],
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        Answer::empty()
    }

    /// The call is the same whatever happened; the payment that is fetched differs.
    fn samples(&self, scene: &Scene) -> Vec<Sample> {
        let mut payment = mollie::samples::payment(scene);
        let inside = match (scene.step, scene.subscription) {
            (Step::Purchase, _) | (Step::Renewal | Step::PaymentFailed, true) => {
                serde_json::json!({ "refunds": [], "chargebacks": [] })
            }
            (Step::Refund, _) => {
                serde_json::json!({ "refunds": [mollie::samples::refund(scene)] })
            }
            (Step::Dispute, _) => {
                serde_json::json!({ "chargebacks": [mollie::samples::chargeback(scene)] })
            }
            (Step::Renewal | Step::PaymentFailed, false) | (Step::Cancel | Step::PlanChange, _) => {
                return Vec::new();
            }
        };
        if let serde_json::Value::Object(fields) = &mut payment {
            fields.insert("_embedded".to_owned(), inside);
        }
        let id = mollie::samples::told_id(scene);
        let sample = Sample::form("payment", [("id", &id)])
            .with_answer(format!("/v2/payments/{id}?embed=refunds,chargebacks"), payment);
        vec![mollie::samples::asked(scene, sample)]
    }

    /// The token goes into the address. Without a secret there is none.
    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        match credentials.secrets.first() {
            Some(secret) => scheme::query_token_sign(sample, secret),
            None => sample,
        }
    }
}

/// The id of a call, and what it is of. An id of another shape is refused before an address is
/// made of it.
fn object(body: &[u8]) -> Result<(Id, &'static str), Unread> {
    let form = Form::parse(body);
    let shape = || Unread::value("id", "not an id of Mollie's (tr_..., pl_...)");
    let id = Id::new(form.need("id")?).ok_or_else(shape)?;
    let (prefix, rest) = id.as_str().split_once('_').ok_or_else(shape)?;
    if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(shape());
    }
    let event_type = match prefix {
        "tr" => "payment",
        "pl" => "payment-link",
        "sub" => "subscription",
        "ord" => "order",
        "re" => "refund",
        "chb" => "chargeback",
        _ => return Err(shape()),
    };
    Ok((id, event_type))
}

/// The payment that was asked for, where Mollie knows it.
fn fetched(event: &Event<'_>) -> Result<Option<Payment>, Unread> {
    read::answered(event.answers, PAYMENT)
}
