//! What a customer is written, and what it tells of.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::{Value, context};

use super::digest::Digest;
use super::plain::{buyer_text, one_line};
use super::tongue::Tongue;

/// The longest subject, and the longest name of a product or a vendor, in characters.
pub(super) const SUBJECT_CHARS: usize = 150;

/// How long the link in a [`Template::MyLink`] is good.
pub const LINK_LASTS: TimeDelta = TimeDelta::minutes(30);

/// Which letter it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// A new license, with its key.
    Issued,
    /// The same key for longer.
    Renewed,
    /// The end is near, and nothing will move it by itself.
    Remind,
    /// A renewal was not paid.
    PaymentFailed,
    /// Not valid any more: the money went back, or support said so.
    Revoked,
    /// To the vendor: what needs a person.
    Alert,
    /// The way to the customer's own page; of no license.
    MyLink,
}

/// A letter, ready to be put into a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What a letter tells of. Buyers' words are made harmless on the way into the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterData {
    /// The product's name.
    pub product: String,
    /// The activation key in full.
    pub key: String,
    pub starts_at: DateTime<Utc>,
    /// `None`: perpetual, or [`pending`](Self::pending).
    pub expires_at: Option<DateTime<Utc>>,
    /// Before a renewal.
    pub previous_expires_at: Option<DateTime<Utc>>,
    /// The time begins with the first activation.
    pub pending: bool,
    /// Nothing was paid yet.
    pub trial: bool,
    /// Money went back.
    pub refunded: bool,
    pub max_activations: u32,
    pub quantity: u32,
    pub features: Vec<String>,
    /// The buyer's name, as he wrote it.
    pub customer: Option<String>,
    /// The buyer's company, as he wrote it.
    pub company: Option<String>,
    /// The order's number at the provider.
    pub order: Option<String>,
    /// Who writes.
    pub vendor: String,
    /// Where to write to; without it the letter says to answer.
    pub support: Option<String>,
    /// Of this service: the only address that links may begin with.
    pub public_url: String,
}

impl LetterData {
    /// Licenses of two kinds, to try templates on: everything known, and next to nothing.
    #[must_use]
    pub fn samples() -> [Self; 2] {
        let day = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        let full = Self {
            product: "Acme Pro".to_owned(),
            key: "ACME-7K2QX-9M4TB-H3WVN-R8DZC-5FJ6P".to_owned(),
            starts_at: day(1_769_853_600),
            expires_at: Some(day(1_832_925_600)),
            previous_expires_at: Some(day(1_801_389_600)),
            pending: false,
            trial: false,
            refunded: false,
            max_activations: 10,
            quantity: 5,
            features: vec!["export".to_owned(), "batch".to_owned()],
            customer: Some("Ada Lovelace".to_owned()),
            company: Some("Analytical Engines".to_owned()),
            order: Some("1842-10".to_owned()),
            vendor: "Acme Licensing".to_owned(),
            support: Some("support@acme.example".to_owned()),
            public_url: "https://licenses.acme.example".to_owned(),
        };
        let bare = Self {
            expires_at: None,
            previous_expires_at: None,
            max_activations: 1,
            quantity: 1,
            features: Vec::new(),
            customer: None,
            company: None,
            order: None,
            support: None,
            ..full.clone()
        };
        [full, bare]
    }

    /// For a subject: a buyer's words have no place there.
    fn without_buyer(&self) -> Self {
        Self { customer: None, company: None, order: None, ..self.clone() }
    }

    /// What the templates see. A template that names anything else does not render.
    fn facts(&self, tongue: Tongue) -> Value {
        let told = |text: &Option<String>| text.as_deref().and_then(buyer_text);
        let date = |at| tongue.date(at);
        context! {
            product => one_line(&self.product, SUBJECT_CHARS),
            key => self.key.as_str(),
            starts_at => date(self.starts_at),
            expires_at => self.expires_at.map(date),
            previous_expires_at => self.previous_expires_at.map(date),
            pending => self.pending,
            trial => self.trial,
            refunded => self.refunded,
            max_activations => self.max_activations,
            quantity => self.quantity,
            features => self.features.clone(),
            customer => told(&self.customer),
            company => told(&self.company),
            order => told(&self.order),
            vendor => one_line(&self.vendor, SUBJECT_CHARS),
            support => self.support.as_deref(),
            public_url => self.public_url.as_str(),
        }
    }
}

/// What the letter with a link to the customer's page tells of. It names neither a license nor a
/// customer: whoever reads the mail by mistake learns nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkData {
    /// Opens the page once, until [`LINK_LASTS`] is over. Never logged.
    pub link: String,
    /// Who writes.
    pub vendor: String,
    /// Where to write to; without it the letter says to answer.
    pub support: Option<String>,
    /// Of this service: the only address that links may begin with.
    pub public_url: String,
}

/// What a letter may tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// A license, to its customer.
    License(Box<LetterData>),
    /// What needs a person, to the vendor.
    Alert(Digest),
    /// The way to the customer's own page.
    Link(LinkData),
}

impl Matter {
    /// Usual matters of this letter, to try templates on.
    #[must_use]
    pub fn samples(template: Template) -> [Self; 2] {
        match template {
            Template::Alert => Digest::samples().map(Self::Alert),
            Template::MyLink => [LinkData::sample(), LinkData::sample()].map(Self::Link),
            Template::Issued
            | Template::Renewed
            | Template::Remind
            | Template::PaymentFailed
            | Template::Revoked => LetterData::samples().map(Self::from),
        }
    }

    pub(super) fn facts(&self, tongue: Tongue) -> Value {
        match self {
            Self::License(data) => data.facts(tongue),
            Self::Alert(digest) => digest.facts(tongue),
            Self::Link(link) => link.facts(),
        }
    }

    /// What a subject may tell.
    pub(super) fn facts_for_subject(&self, tongue: Tongue) -> Value {
        match self {
            Self::License(data) => data.without_buyer().facts(tongue),
            Self::Alert(digest) => digest.facts(tongue),
            Self::Link(link) => link.facts_for_subject(),
        }
    }
}

impl LinkData {
    /// To try templates on.
    #[must_use]
    pub fn sample() -> Self {
        let public_url = "https://licenses.acme.example";
        Self {
            link: format!("{public_url}/my/in?link=0123456789abcdef0123456789abcdef"),
            vendor: "Acme Licensing".to_owned(),
            support: None,
            public_url: public_url.to_owned(),
        }
    }

    fn facts(&self) -> Value {
        context! { link => self.link.as_str(), ..self.facts_for_subject() }
    }

    /// A secret has no place in a subject.
    fn facts_for_subject(&self) -> Value {
        context! {
            minutes => LINK_LASTS.num_minutes(),
            vendor => one_line(&self.vendor, SUBJECT_CHARS),
            support => self.support.as_deref(),
            public_url => self.public_url.as_str(),
        }
    }
}

impl fmt::Debug for LinkData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkData(hidden)")
    }
}

impl From<LetterData> for Matter {
    fn from(data: LetterData) -> Self {
        Self::License(Box::new(data))
    }
}

impl Template {
    pub const ALL: [Self; 7] = [
        Self::Issued,
        Self::Renewed,
        Self::Remind,
        Self::PaymentFailed,
        Self::Revoked,
        Self::Alert,
        Self::MyLink,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Renewed => "renewed",
            Self::Remind => "remind",
            Self::PaymentFailed => "payment_failed",
            Self::Revoked => "revoked",
            Self::Alert => "alert",
            Self::MyLink => "my_link",
        }
    }

    /// Is the message kept, for support to look at? Not where it holds what opens a door: such a
    /// one is written anew at each try, and stands in no database.
    #[must_use]
    pub fn is_kept(self) -> bool {
        match self {
            Self::Issued
            | Self::Renewed
            | Self::Remind
            | Self::PaymentFailed
            | Self::Revoked
            | Self::Alert => true,
            Self::MyLink => false,
        }
    }

    /// By its name in the outbox.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.as_str() == name)
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::by_name(name).ok_or_else(|| format!("there is no such letter; there are {}", names()))
    }
}

/// Every letter there is, for people.
pub(super) fn names() -> String {
    Template::ALL.map(Template::as_str).join(", ")
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
