//! Realistic events of one purchase's life, for `trigger`, `demo` and the tests.

use chrono::{DateTime, Datelike as _, Utc};

use crate::read::Settings;
use crate::request::{Inlet, Request};

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
    /// The item of the purchase: as `item`, until the plan changes.
    pub item_first: String,
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
    /// Those of the account that the events are for: what tells of a shop or a seller there tells
    /// of that one.
    pub settings: Settings,
}

impl Scene {
    /// What the account sets there, or else this.
    #[must_use]
    pub fn setting<'a>(&'a self, name: &str, absent: &'a str) -> &'a str {
        self.settings.get(name).map_or(absent, String::as_str)
    }

    /// A number made of the tag and a name (`order 1`), for providers whose ids are numbers. Never
    /// 0, and below 2^53.
    #[must_use]
    pub fn number(&self, name: &str) -> u64 {
        // FNV-1a: the same in every build, which std's hasher does not promise.
        let bytes = self.tag.bytes().chain([0]).chain(name.bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        (hash >> 11).max(1)
    }

    /// How many months one period has; at least one.
    #[must_use]
    pub fn months(&self) -> i32 {
        let month = |at: DateTime<Utc>| at.year() * 12 + i32::try_from(at.month()).unwrap_or(0);
        (month(self.period_end) - month(self.period_start)).max(1)
    }

    /// The amount in major units, as most shops write it: `98.00`.
    #[must_use]
    pub fn decimal(&self) -> String {
        let digits = crate::read::minor_digits(&self.currency);
        let text = format!("{:0>width$}", self.amount_minor, width = digits + 1);
        match text.split_at_checked(text.len() - digits) {
            Some((whole, fraction)) if digits > 0 => format!("{whole}.{fraction}"),
            _ => text,
        }
    }

    /// First and last name, as far as the name can be parted.
    #[must_use]
    pub fn names(&self) -> (&str, &str) {
        self.name.split_once(' ').unwrap_or((&self.name, ""))
    }
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

/// A JSON object with the fields of another one beside its own, or instead of those.
#[must_use]
pub fn extended(mut object: serde_json::Value, more: serde_json::Value) -> serde_json::Value {
    use serde_json::Value::Object;
    if let (Object(fields), Object(more)) = (&mut object, more) {
        fields.extend(more);
    }
    object
}

/// One HTTP request that a provider would send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub inlet: Inlet,
    /// The event's type, for people.
    pub title: String,
    pub method: &'static str,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What the provider's API says to the [`crate::Ask`]s that this event leads to: JSON, or a text
    /// as it stands. Each under its path; where that is one for all questions, behind it and a space
    /// what the question's body holds ([`answers_to`]).
    pub answers: Vec<(String, serde_json::Value)>,
}

impl Sample {
    /// A webhook with a JSON body, not signed yet.
    #[must_use]
    pub fn json(title: &str, body: &serde_json::Value) -> Self {
        Self {
            inlet: Inlet::Webhook,
            title: title.to_owned(),
            method: "POST",
            query: String::new(),
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            answers: Vec::new(),
        }
    }

    /// A webhook with a form as its body, not signed yet. Fields in the order given.
    #[must_use]
    pub fn form<N: AsRef<str>, V: AsRef<str>>(
        title: &str,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let fields: Vec<(String, String)> = fields
            .into_iter()
            .map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_owned()))
            .collect();
        // Pairs of texts are a form always.
        let body = serde_html_form::to_string(&fields).unwrap_or_default();
        let form = "application/x-www-form-urlencoded".to_owned();
        Self {
            headers: vec![("Content-Type".to_owned(), form)],
            body: body.into_bytes(),
            ..Self::json(title, &serde_json::Value::Null)
        }
    }

    /// The request that it is.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        Request {
            inlet: self.inlet,
            method: self.method,
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
            certificate: None,
        }
    }

    /// With that header, instead of any of that name.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The value of that header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }

    /// With what the provider's API says at that path: JSON, or a text for what is not (XML).
    #[must_use]
    pub fn with_answer(mut self, path: impl Into<String>, answer: serde_json::Value) -> Self {
        self.answers.push((path.into(), answer));
        self
    }
}

/// Is what stands under this name of [`Sample::answers`] the answer to a question at that path with
/// that body?
#[must_use]
pub fn answers_to(name: &str, path: &str, body: &[u8]) -> bool {
    match name.split_once(' ') {
        None => name == path,
        Some((of, holds)) => {
            of == path && body.windows(holds.len().max(1)).any(|part| part == holds.as_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_one_path_each_question_has_its_own_answer() {
        let (name, asked) = ("/xmlrequest <orderid>1</orderid>", b"<q><orderid>1</orderid></q>");
        assert!(answers_to(name, "/xmlrequest", asked));
        assert!(!answers_to(name, "/xmlrequest", b"<q><orderid>12</orderid></q>"));
        assert!(!answers_to(name, "/other", asked) && !answers_to(name, "/xmlrequest", b""));
        assert!(
            answers_to("/orders/1", "/orders/1", b"")
                && !answers_to("/orders/1", "/orders/12", b"")
        );
    }

    fn scene(tag: &str, amount_minor: i64, currency: &str) -> Scene {
        let at = DateTime::UNIX_EPOCH;
        Scene {
            step: Step::Purchase,
            tag: tag.to_owned(),
            cycle: 0,
            at,
            period_start: at,
            period_end: at,
            item: "kw-pro".to_owned(),
            item_next: "kw-pro".to_owned(),
            item_first: "kw-pro".to_owned(),
            quantity: 1,
            email: "ada@example.com".to_owned(),
            name: "Ada Example".to_owned(),
            company: None,
            country: "DE".to_owned(),
            locale: "de".to_owned(),
            live: true,
            subscription: false,
            amount_minor,
            currency: currency.to_owned(),
            settings: Settings::new(),
        }
    }

    #[test]
    fn an_amount_is_written_with_the_digits_of_its_currency() {
        for (minor, currency, text) in
            [(9_800, "EUR", "98.00"), (7, "USD", "0.07"), (0, "USD", "0.00"), (98, "JPY", "98")]
        {
            assert_eq!(scene("t1", minor, currency).decimal(), text);
        }
    }

    #[test]
    fn numbers_differ_by_tag_and_by_name() {
        let number = |tag: &str, name: &str| scene(tag, 0, "EUR").number(name);
        assert_eq!(number("t1", "order"), number("t1", "order"));
        assert_ne!(number("t1", "order"), number("t2", "order"));
        assert_ne!(number("t1", "order"), number("t1", "line"));
        assert_ne!(number("t1", "1order"), number("t11", "order"));
    }
}
