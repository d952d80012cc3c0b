//! Shopify: orders, refunds and disputes of a shop, and the contracts of a subscription app.
//!
//! - <https://shopify.dev/docs/apps/build/webhooks/verify-deliveries>
//! - <https://shopify.dev/docs/api/admin-rest/latest/resources/order>
//!
//! A body is the bare resource; its topic stands in a header that nothing signs. So the topic only
//! chooses how a body is parsed, and what the body says decides: every topic of orders reads alike.
//!
//! - `payload`: the fields that are used
//! - `read`, `contracts`: what events say
//! - `samples`: realistic events

mod contracts;
mod payload;
mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::read::{Settings, json, rfc3339};
use crate::scheme::{self, Encoding, Hash};
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

const SIGNATURE: &str = "X-Shopify-Hmac-Sha256";

/// The setting with the shop's permanent domain.
const SHOP: &str = "shop";

/// The setting of an app that owns its subscription contracts: `own`.
const CONTRACTS: &str = "contracts";

#[derive(Debug)]
pub(crate) struct Shopify;

static FACTS: Facts = Facts {
    kind: "shopify",
    title: "Shopify",
    scheme: "HMAC-SHA256 of the body, base64, in X-Shopify-Hmac-Sha256",
    events: &[
        "customers/update",
        "disputes/create",
        "disputes/update",
        "orders/cancelled",
        "orders/create",
        "orders/paid",
        "orders/updated",
        "refunds/create",
        "subscription_billing_attempts/failure",
        "subscription_billing_attempts/success",
        "subscription_contracts/create",
        "subscription_contracts/update",
    ],
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[(CONTRACTS, "own")],
    settings: &[
        Setting {
            name: SHOP,
            secret: false,
            required: false,
            takes: Takes::Like {
                form: "the domain alone, as in acme.myshopify.com",
                fits: |text| text.contains('.') && !text.contains('/'),
            },
            help: "the shop's permanent domain (acme.myshopify.com); deliveries of other shops are \
                   refused. An app that several shops install signs for all of them with one secret",
        },
        Setting {
            name: CONTRACTS,
            secret: false,
            required: false,
            takes: Takes::OneOf(&["own"]),
            help: "`own`: the app of this secret owns the subscription contracts and is told of \
                   their billing attempts, so that the order of a renewal is no purchase",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for Shopify {
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
        if request.inlet == Inlet::Fulfil {
            return Err(Reject::NotTaken);
        }
        let signature = header(request, "Hmac-Sha256")?.ok_or(Reject::Missing)?;
        let delivery = scheme::hmac(
            request,
            Hash::Sha256,
            &credentials.secrets,
            &[request.body],
            Encoding::Base64,
            &[signature],
        )?;
        of_shop(request, &credentials.settings)?;
        Ok(delivery)
    }

    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        let head: Head = json(delivery.body())?;
        let Ok(Some(topic)) = header(request, "Topic") else {
            return Err(Unread::Format("the delivery names no topic (X-Shopify-Topic)".to_owned()));
        };
        let triggered_at = header(request, "Triggered-At").ok().flatten();
        let times = [head.updated_at.as_str(), head.created_at.as_str(), triggered_at];
        Ok(vec![Envelope {
            occurred_at: times.into_iter().flatten().find_map(|text| rfc3339("", text).ok()),
            live: head.test.as_bool().map(|test| !test),
            ..Envelope::with_topic(topic, delivery.body())
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

    /// Shopify never asks for keys: [`Provider::verify`] refuses that inlet.
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

    /// Without a secret there is nothing to sign with, and the sample stays as it is.
    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else { return sample };
        let mac = scheme::hmac_sign(Hash::Sha256, secret, &[&sample.body], Encoding::Base64);
        sample.with_header(SIGNATURE, mac)
    }
}

/// What stands in every resource, of whatever type it turns out to be.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    updated_at: Value,
    #[serde(default)]
    created_at: Value,
    #[serde(default)]
    test: Value,
}

/// `X-Shopify-NAME` of a webhook, or `shopify-NAME` of the newer kind of delivery.
fn header<'a>(request: &Request<'a>, name: &str) -> Result<Option<&'a str>, Reject> {
    match request.header_opt(&format!("X-Shopify-{name}"))? {
        Some(value) => Ok(Some(value)),
        None => request.header_opt(&format!("Shopify-{name}")),
    }
}

/// The header is Shopify's own, though not signed: it tells apart what one secret signs for
/// several shops.
fn of_shop(request: &Request<'_>, settings: &Settings) -> Result<(), Reject> {
    let Some(shop) = settings.get(SHOP) else { return Ok(()) };
    let told = header(request, "Shop-Domain")?;
    let same = told.is_some_and(|told| told.eq_ignore_ascii_case(shop));
    if same { Ok(()) } else { Err(Reject::NotTaken) }
}
