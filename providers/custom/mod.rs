//! A provider that is not built in, described in TOML by the vendor.
//!
//! The description says which scheme signs what, where in an event what stands, and which type of
//! event means what. It is checked as a whole when it is read: a described provider that exists
//! can be used.
//!
//! - [`fault`]: what is wrong with a description
//! - [`description`]: the whole table
//! - [`proof`]: how a delivery is shown to be authentic
//! - [`place`], [`slot`]: where something stands, and what there is that can stand somewhere
//! - [`rule`]: what an event of one type means
//! - [`read`]: one event to notices
//! - [`samples`]: events made from the description

mod description;
mod fault;
mod place;
mod proof;
mod read;
mod rule;
mod samples;
mod slot;

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde_json::Value;

use self::description::Description;
use crate::read::{Envelope, Event, Reading, Unread};
use crate::reject::Reject;
use crate::request::{Inlet, Request};
use crate::sample::{Sample, Scene};
use crate::scheme::Verified;
use crate::secret::SECRET_BYTES_MIN;
use crate::{Answer, Ask, Covers, Credentials, FIVE_MINUTES, Facts, Provider};

pub use self::fault::{Fault, Meant};

/// As in `kind = "custom"`.
pub const KIND: &str = "custom";

/// The table of an account that holds its description.
pub const TABLE: &str = "custom";

/// The account of the guide, with its description.
const EXAMPLE_TEXT: &str = include_str!("examples/shop.toml");

/// The name of that account.
const EXAMPLE_NAME: &str = "shop";

/// What the kind shows of itself: the provider that its guide describes.
pub(crate) static EXAMPLE: Custom = Custom(None);

static EXAMPLE_DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
    // A test holds that the example is right.
    let account = account_in(EXAMPLE_TEXT).unwrap_or_default();
    account.get(TABLE).and_then(|table| Description::read(table).ok()).unwrap_or_default()
});

const FACTS: Facts = Facts {
    kind: KIND,
    title: "A provider described in TOML",
    scheme: "as described: HMAC-SHA256, -SHA512 or -SHA1 over parts that are named, Standard \
             Webhooks, a token, or a password",
    events: &[
        "order.paid",
        "subscription.trialing",
        "subscription.changed",
        "subscription.canceled",
        "subscription.uncanceled",
        "subscription.expired",
        "payment.failed",
        "refund.created",
        "refund.failed",
        "dispute.updated",
        "checkout.completed",
        "customer.updated",
    ],
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[],
    list: None,
    guide: include_str!("README.md"),
};

/// A described provider. None inside: that of the guide.
#[derive(Debug)]
pub struct Custom(Option<Box<Description>>);

impl Custom {
    /// Reads `[providers.NAME.custom]`.
    ///
    /// # Errors
    /// Every fault that there is, each with its key and what would be right.
    pub fn from_table(table: &Value) -> Result<Self, Vec<Fault>> {
        Description::read(table).map(|description| Self(Some(Box::new(description))))
    }

    /// As [`Custom::from_table`], of the one account in a whole TOML file.
    ///
    /// # Errors
    /// As [`Custom::from_table`]; one without a key for what is no TOML.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Fault>> {
        let none = || Fault {
            path: Vec::new(),
            message: "is no TOML with one account".to_owned(),
            meant: None,
        };
        let account = account_in(text).ok_or_else(|| vec![none()])?;
        Self::from_table(account.get(TABLE).unwrap_or(&Value::Null))
    }

    fn description(&self) -> &Description {
        self.0.as_deref().unwrap_or(&EXAMPLE_DESCRIPTION)
    }
}

/// The description of the guide's example, in TOML, for an account of that name.
#[must_use]
pub fn example_tables(account: &str) -> String {
    let begins = format!("[providers.{EXAMPLE_NAME}.{TABLE}]");
    let at = EXAMPLE_TEXT.find(&begins).unwrap_or_default();
    let text = EXAMPLE_TEXT.get(at..).unwrap_or_default();
    text.replace(&format!("[providers.{EXAMPLE_NAME}."), &format!("[providers.{account}."))
}

/// The one account of a file.
fn account_in(text: &str) -> Option<Value> {
    let whole: Value = toml::from_str(text).ok()?;
    whole.get("providers")?.as_object()?.values().next().cloned()
}

impl Provider for Custom {
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
        self.description().proof.verify(request, credentials, now)
    }

    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread> {
        Ok(vec![self.description().envelope(request, delivery)?])
    }

    fn asks(&self, _event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        Ok(Vec::new())
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        self.description().event(event)
    }

    fn answer(
        &self,
        _request: &Request<'_>,
        _credentials: &Credentials,
        _now: DateTime<Utc>,
    ) -> Answer {
        Answer::text(self.description().answer.as_str())
    }

    /// A delivery is one event.
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
        self.description().burst(scene)
    }

    fn sign(&self, sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample {
        let Some(secret) = credentials.secrets.first() else { return sample };
        self.description().proof.sign(sample, secret, now)
    }
}

#[cfg(test)]
mod tests;
