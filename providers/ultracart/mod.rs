//! UltraCart: batches of events that name orders, the orders as the API then shows them, and keys
//! in the answer.
//!
//! - <https://www.ultracart.com/api/#topic-webhooks>
//! - <https://docs.ultracart.com/display/ucdoc/Activation+Code+API>
//!
//! - `batch`: a delivery to its events, and what must be asked because of one
//! - `payload`: orders and auto orders, with the fields that are used
//! - `read`: an order's state to notices, `auto_order`: that of a subscription
//! - `form`: the request for keys
//! - `samples`: realistic events

mod auto_order;
mod batch;
mod form;
mod payload;
mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified, scheme,
};

/// The plain setting with the user of the hook's Basic authentication; the secrets are passwords.
const USERNAME: &str = "username";

#[derive(Debug)]
pub(crate) struct UltraCart;

static FACTS: Facts = Facts {
    kind: "ultracart",
    title: "UltraCart",
    scheme: "HTTP Basic, and every order is fetched; keys in the answer: a token in the address",
    events: read::EVENTS,
    fulfils: true,
    covers: Covers::Sender,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[("username", "keywright")],
    settings: &[
        Setting {
            name: USERNAME,
            secret: false,
            required: true,
            takes: Takes::Text,
            help: "the user name of the webhook's Basic authentication; `secrets` are its passwords",
        },
        Setting {
            name: batch::API_KEY,
            secret: true,
            required: true,
            takes: Takes::Text,
            help: "a simple key of the API that may read orders; every order is fetched with it",
        },
        Setting {
            name: form::TOKEN,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "what stands behind ?token= in the address of the activation codes; needed only \
                   where UltraCart asks for keys",
        },
        Setting {
            name: form::TEMPLATE,
            secret: false,
            required: false,
            takes: Takes::Like {
                form: "a document with KEY between braces, as in <codes>{<code>KEY</code>}</codes>",
                fits: form::is_template,
            },
            help: "the answer to a request for keys; what stands in braces is written once a key, \
                   with KEY replaced by it",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "another address of the API, for tests",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for UltraCart {
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
        match request.inlet {
            Inlet::Webhook => {
                let user = credentials.settings.get(USERNAME).map(String::as_str);
                scheme::basic(request, user, &credentials.secrets)
            }
            Inlet::Fulfil => {
                let token = credentials.keys.get(form::TOKEN).ok_or(Reject::NoSecret)?;
                form::verify(request, token)
            }
        }
    }

    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        match request.inlet {
            Inlet::Webhook => batch::envelopes(delivery.body()),
            Inlet::Fulfil => Ok(vec![form::envelope(delivery.body())?]),
        }
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        batch::asks(event)
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

    /// UltraCart knows only the whole batch.
    fn partial_answer(&self, _stored_ids: &[String]) -> Option<Answer> {
        None
    }

    fn keys_answer(
        &self,
        keys: &[String],
        _request: &Request<'_>,
        credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        form::answer(keys, &credentials.settings)
    }

    fn samples(&self, scene: &Scene) -> Vec<Sample> {
        samples::of(scene)
    }

    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        match sample.inlet {
            Inlet::Webhook => {
                match (credentials.settings.get(USERNAME), credentials.secrets.first()) {
                    (Some(user), Some(password)) => scheme::basic_sign(sample, user, password),
                    _ => sample,
                }
            }
            Inlet::Fulfil => match credentials.keys.get(form::TOKEN) {
                Some(token) => scheme::query_token_sign(sample, token),
                None => sample,
            },
        }
    }
}
