//! BigCommerce: callbacks that name an order, and the order as the API then shows it.
//!
//! - <https://developer.bigcommerce.com/docs/integrations/webhooks>
//! - <https://developer.bigcommerce.com/docs/rest-management/orders>
//!
//! - `callback`: what is sent, and what must be asked because of it
//! - `payload`: what the API answers, with the fields that are used
//! - `read`: an order's state to notices
//! - `samples`: realistic events

mod callback;
mod payload;
mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use self::callback::Callback;
use crate::read::{json, unix};
use crate::scheme::{self, KeyText, Window};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

/// The secret setting with what a hook's own `Authorization` header carries.
const HEADER_TOKEN: &str = "header_token";

#[derive(Debug)]
pub(crate) struct BigCommerce;

static FACTS: Facts = Facts {
    kind: "bigcommerce",
    title: "BigCommerce",
    scheme: "Standard Webhooks (HMAC-SHA256 with the client secret as it stands), or a token in \
             the hook's Authorization header; the order is fetched",
    events: callback::EVENTS,
    fulfils: false,
    // Of the signature it would be the content, of the token only the sender. What is read is
    // fetched in either case.
    covers: Covers::Sender,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[("store_hash", "kwstore")],
    settings: &[
        Setting {
            name: callback::STORE_HASH,
            secret: false,
            required: true,
            takes: Takes::Like {
                form: "letters and digits alone, as in abc123",
                fits: |text| {
                    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
                },
            },
            help: "the store's hash: what stands behind /stores/ in the API path",
        },
        Setting {
            name: callback::API_TOKEN,
            secret: true,
            required: true,
            takes: Takes::Text,
            help: "the access token of an API account that may read orders",
        },
        Setting {
            name: HEADER_TOKEN,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "what the hook's own header `Authorization: Bearer ...` carries, where \
                   BigCommerce does not sign",
        },
        Setting {
            name: read::DEMAND_CAPTURED,
            secret: false,
            required: false,
            takes: Takes::OneOf(&["yes", "no"]),
            help: "`yes`: an order whose payment is only authorized does not count yet",
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

impl Provider for BigCommerce {
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

    /// A signature that is there must be right; the token only stands in where there is none.
    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        if request.inlet == Inlet::Fulfil {
            return Err(Reject::NotTaken);
        }
        let named = |prefix: &str| {
            request.headers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with(prefix))
        };
        let secrets = &credentials.secrets;
        if named("webhook-") || named("svix-") {
            let window = Window { now, tolerance: credentials.tolerance };
            return scheme::standard_webhooks(request, secrets, KeyText::Raw, window);
        }
        let Some(token) = credentials.keys.get(HEADER_TOKEN) else {
            return Err(if secrets.is_empty() { Reject::NoSecret } else { Reject::Missing });
        };
        let value = request.header("Authorization")?;
        let candidate = value.strip_prefix("Bearer ").ok_or(Reject::Malformed)?;
        scheme::token(request.body, std::slice::from_ref(token), candidate)
    }

    /// The `hash` in a callback is no id: one stands under several scopes. Without the id of a
    /// signed one, the same bytes may mean a later state.
    fn envelopes(
        &self,
        _request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        let callback: Callback = json(delivery.body())?;
        let created_at = callback.created_at.map(|seconds| unix("created_at", seconds));
        Ok(vec![Envelope {
            id: delivery.id().map(str::to_owned),
            occurred_at: created_at.transpose()?,
            recurs: delivery.id().is_none(),
            ..Envelope::new(callback.scope, delivery.body())
        }])
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        callback::asks(event)
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        read::notices(event)
    }

    /// BigCommerce advises an empty body.
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

    /// BigCommerce never asks for keys: [`Provider::verify`] refuses that inlet.
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

    fn sign(&self, sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample {
        match (credentials.secrets.first(), credentials.keys.get(HEADER_TOKEN)) {
            (Some(secret), _) => scheme::standard_webhooks_sign(sample, secret, KeyText::Raw, now),
            (None, Some(token)) => {
                sample.with_header("Authorization", format!("Bearer {}", token.expose()))
            }
            (None, None) => sample,
        }
    }
}
