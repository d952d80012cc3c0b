//! cleverbridge: notifications as JSON, and keys in the answer to its key generator. It signs
//! neither.
//!
//! - <https://dev.cleverbridge.com/docs/notification-types>
//! - <https://dev.cleverbridge.com/docs/key-generator>
//! - <https://dev.cleverbridge.com/reference/top-level-json-object-type-purchase-model>
//!
//! - `payload`: the fields that are used
//! - `read`: what notifications say
//! - `keys`: the request of the key generator
//! - `samples`: realistic events

mod keys;
mod payload;
mod read;
mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use crate::scheme;
use crate::secret::SECRET_BYTES_MIN;
use crate::{
    Answer, Ask, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Inlet, Provider,
    Reading, Reject, Request, Sample, Scene, Setting, Takes, Unread, Verified,
};

/// The setting with the user's name that the key generator sends.
const USERNAME: &str = "username";
const API_USER: &str = "api_user";
const API_PASSWORD: &str = "api_password";

#[derive(Debug)]
pub(crate) struct Cleverbridge;

static FACTS: Facts = Facts {
    kind: "cleverbridge",
    title: "cleverbridge",
    scheme: "a token in the address; HTTP Basic for the key generator",
    events: &[
        "ChargebackNotification",
        "CustomerProfileUpdateNotification",
        "NewPurchaseOrderNotification",
        "PaidOrderNotification",
        "PartialRefundNotification",
        "RecurringBillingCanceledNotification",
        "RecurringBillingDeactivatedNotification",
        "RecurringBillingGracePeriodNotification",
        "RecurringBillingOnGraceNotification",
        "RecurringBillingOnHoldNotification",
        "RecurringBillingReinstatedNotification",
        "RefundNotification",
        "RegistrationNotification",
        "ReturnDirectDebitNotification",
        "SubscriptionRenewalTypeChangedNotification",
        "fulfil.request",
    ],
    fulfils: true,
    covers: Covers::Sender,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[
        Setting {
            name: USERNAME,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "the user that the key generator sends (its box «Authenticate»); its password is \
                   one of `secrets`. Absent: the generator's address holds the token, too",
        },
        Setting {
            name: "early",
            secret: false,
            required: false,
            takes: Takes::OneOf(&["yes", "no"]),
            help: "yes: a sale on invoice gives its license before it is paid",
        },
        Setting {
            name: API_USER,
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "user of the REST API; with it, each sale is looked up at cleverbridge before \
                   it gives a license",
        },
        Setting {
            name: API_PASSWORD,
            secret: true,
            required: false,
            takes: Takes::Text,
            help: "the password of api_user",
        },
        Setting {
            name: "api_url",
            secret: false,
            required: false,
            takes: Takes::Text,
            help: "another address of the REST API than https://rest.cleverbridge.com",
        },
    ],
    list: None,
    guide: include_str!("README.md"),
};

impl Provider for Cleverbridge {
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
        match user(request.inlet, credentials) {
            Some(user) => scheme::basic(request, Some(user), &credentials.secrets),
            None => scheme::query_token(request, request.body, &credentials.secrets),
        }
    }

    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![match request.inlet {
            Inlet::Webhook => read::envelope(delivery.body())?,
            Inlet::Fulfil => keys::envelope(delivery.body())?,
        }])
    }

    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        read::asks(event)
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        match event.event_type {
            keys::EVENT_TYPE => keys::wanted(event),
            _ => read::notices(event),
        }
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

    /// With 200, whatever stands in the answer is delivered as a key.
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

    fn sign(&self, sample: Sample, credentials: &Credentials, _now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else { return sample };
        match user(sample.inlet, credentials) {
            Some(user) => scheme::basic_sign(sample, user, secret),
            None => scheme::query_token_sign(sample, secret),
        }
    }
}

/// Notifications are proved by the token alone; the key generator can send a password.
fn user(inlet: Inlet, credentials: &Credentials) -> Option<&str> {
    let user = credentials.settings.get(USERNAME).map(String::as_str);
    user.filter(|_| inlet == Inlet::Fulfil)
}
