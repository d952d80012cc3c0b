//! Realistic events of one purchase's life, for `trigger`, `demo` and the tests.

use chrono::{DateTime, Utc};

use crate::request::Inlet;

/// What the samples tell of: one purchase, at one step of its life.
#[derive(Debug, Clone)]
pub struct Scene {
    pub step: Step,
    /// Makes ids unique: two purchases differ in it. Lower-case letters and digits.
    pub tag: String,
    /// Counts renewals, from 1; 0 for the purchase.
    pub cycle: u32,
    /// When the step happens.
    pub at: DateTime<Utc>,
    /// The period that the payment covers (purchase, renewal).
    pub period_start: DateTime<Utc>,
    pub period_end: DateTime<Utc>,
    /// What stands on the order line: as in `[providers.NAME.products]`.
    pub item: String,
    /// The item that a plan change leads to; else as `item`.
    pub item_next: String,
    pub quantity: u32,
    pub email: String,
    pub name: String,
    pub company: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub locale: String,
    pub live: bool,
    /// A subscription (renewing) rather than a single sale.
    pub subscription: bool,
    /// Total of one payment, minor units of `currency`.
    pub amount_minor: i64,
    pub currency: String,
}

/// A step in the life of a purchase, as `trigger` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Purchase,
    Renewal,
    /// Will not renew; the paid time stays.
    Cancel,
    /// All of the latest payment (`cycle`) goes back.
    Refund,
    /// A dispute is opened on the latest payment.
    Dispute,
    PaymentFailed,
    PlanChange,
}

impl Step {
    pub const ALL: [Self; 7] = [
        Self::Purchase,
        Self::Renewal,
        Self::Cancel,
        Self::Refund,
        Self::Dispute,
        Self::PaymentFailed,
        Self::PlanChange,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Renewal => "renewal",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::PaymentFailed => "payment-failed",
            Self::PlanChange => "plan-change",
        }
    }
}

/// One HTTP request that a provider would send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub inlet: Inlet,
    /// The event's type, for people.
    pub title: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Sample {
    /// A webhook with a JSON body, not signed yet.
    #[must_use]
    pub fn json(title: &str, body: &serde_json::Value) -> Self {
        Self {
            inlet: Inlet::Webhook,
            title: title.to_owned(),
            query: String::new(),
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}
