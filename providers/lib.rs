//! What payment providers send: verified, and read into canonical notices.
//!
//! Pure: no I/O, no clock, no randomness. Time and credentials are arguments, so a recorded
//! request stays a valid test for ever. `providers/README.md` tells how to add a provider.
//!
//! - [`request`]: what came over HTTP, not yet trusted
//! - [`ask`]: what has to be asked of a provider's API before an event can be read
//! - [`list`]: lists of events at a provider's API, from which missed ones are pulled
//! - [`secret`]: credentials that cannot be weak or printed
//! - [`scheme`]: signature schemes; alone compares signatures and makes a [`Verified`]
//! - [`reject`]: why a delivery is not trusted
//! - [`read`]: envelopes, events, and why one is not understood
//! - [`notice`]: the canonical terms
//! - [`sample`]: realistic events for `trigger`, `demo` and the tests
//! - [`handle`]: a provider as an account holds it
//! - [`custom`]: a provider that is described, not built in

mod adyen;
mod bigcommerce;
mod bluesnap;
mod bmtmicro;
mod braintree;
mod chargebee;
mod cleverbridge;
mod creem;
pub mod custom;
mod dodo_payments;
mod fastspring;
mod gocardless;
mod gumroad;
mod hotmart;
mod lemonsqueezy;
mod maxio;
mod mollie;
mod mollie_classic;
mod paddle;
mod paddle_classic;
mod paypal;
mod paypal_ipn;
mod payproglobal;
mod paystack;
mod polar;
mod razorpay;
mod recurly;
mod sendowl;
mod shopify;
mod square;
mod standard_webhooks;
mod stripe;
mod thrivecart;
#[path = "2checkout/mod.rs"]
mod twocheckout;
mod ultracart;
mod woocommerce;
mod zoho_billing;

pub mod ask;
pub mod handle;
pub mod list;
pub mod notice;
pub mod read;
#[cfg(test)]
mod recorded;
pub mod reject;
pub mod request;
pub mod sample;
pub mod scheme;
pub mod secret;

use chrono::{DateTime, TimeDelta, Utc};

pub use ask::{Answers, Ask, Auth, Fetched, Need};
pub use custom::Custom;
pub use handle::Handle;
pub use list::List;
pub use notice::Notice;
pub use read::{Envelope, Event, Reading, Settings, Unread};
pub use reject::Reject;
pub use request::{Inlet, Request};
pub use sample::{Sample, Scene};
pub use scheme::Verified;
pub use secret::Secret;

/// Every kind: a folder each. That of `custom` is the provider which its guide describes; accounts
/// of it bring descriptions of their own ([`Custom::from_table`]).
pub const ALL: &[&dyn Provider] = &[
    &twocheckout::TwoCheckout,
    &adyen::Adyen,
    &bigcommerce::BigCommerce,
    &bluesnap::BlueSnap,
    &bmtmicro::BmtMicro,
    &braintree::Braintree,
    &chargebee::Chargebee,
    &cleverbridge::Cleverbridge,
    &creem::Creem,
    &custom::EXAMPLE,
    &dodo_payments::DodoPayments,
    &fastspring::FastSpring,
    &gocardless::GoCardless,
    &gumroad::Gumroad,
    &hotmart::Hotmart,
    &lemonsqueezy::LemonSqueezy,
    &maxio::Maxio,
    &mollie::Mollie,
    &mollie_classic::MollieClassic,
    &paddle::Paddle,
    &paddle_classic::PaddleClassic,
    &paypal::PayPal,
    &paypal_ipn::PayPalIpn,
    &payproglobal::PayProGlobal,
    &paystack::Paystack,
    &polar::Polar,
    &razorpay::Razorpay,
    &recurly::Recurly,
    &sendowl::SendOwl,
    &shopify::Shopify,
    &square::Square,
    &standard_webhooks::StandardWebhooks,
    &stripe::Stripe,
    &thrivecart::ThriveCart,
    &ultracart::UltraCart,
    &woocommerce::WooCommerce,
    &zoho_billing::ZohoBilling,
];

/// The provider of that kind.
#[must_use]
pub fn by_kind(kind: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|provider| provider.facts().kind == kind)
}

/// One kind of payment provider. Every method is required: what a provider does not have, its
/// adapter says in so many words.
pub trait Provider: Send + Sync {
    /// What is fixed about this kind.
    fn facts(&self) -> &'static Facts;

    /// Is this a call by which the provider only looks whether the address is there? It is
    /// answered so, and leaves no trace. `None`: it is a delivery.
    fn probe(&self, request: &Request<'_>, credentials: &Credentials) -> Option<Answer>;

    /// The https address of the certificate (PEM) that [`Provider::verify`] needs to see in
    /// [`Request::certificate`], where it needs one. Its host is one of the provider's own.
    ///
    /// # Errors
    /// The [`Reject`] where the request names an address that cannot be the provider's.
    fn certificate<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
    ) -> Result<Option<&'a str>, Reject>;

    /// Is this request authentic? Looks at nothing but the signature.
    ///
    /// # Errors
    /// The [`Reject`] that applies; the request then leaves no trace but a count.
    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject>;

    /// The events of an authentic delivery, one or several, in its order. An element of a batch
    /// that cannot be understood is an envelope of type `unknown`, so that it stops no other.
    /// What the signature does not cover (headers, often) is used with distrust.
    ///
    /// # Errors
    /// [`Unread`] where not even the frame can be read; the delivery is then kept as one event.
    fn envelopes(
        &self,
        request: &Request<'_>,
        delivery: &Verified<'_>,
    ) -> Result<Vec<Envelope>, Unread>;

    /// What must be asked of the provider before this event can be read, beyond what stands in
    /// [`Event::answers`] already. Called again with each round of answers, until it asks nothing.
    ///
    /// # Errors
    /// As [`Provider::read`].
    fn asks(&self, event: &Event<'_>) -> Result<Vec<Ask>, Unread>;

    /// What one stored event says. A type of no interest gives no notice.
    ///
    /// # Errors
    /// [`Unread`] says where and why.
    fn read(&self, event: &Event<'_>) -> Reading;

    /// What the provider wants to read once every event of an authentic delivery is stored. Where
    /// it asks for keys, [`Provider::keys_answer`] is its answer.
    fn answer(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Answer;

    /// What the provider wants to read when only these events of a batch (by [`Envelope::id`],
    /// never empty) could be stored; it then sends the others again. `None`: it knows no such
    /// answer, so that the whole delivery must be refused and comes again.
    fn partial_answer(&self, stored_ids: &[String]) -> Option<Answer>;

    /// What the provider wants to read where it asked for keys ([`Inlet::Fulfil`]). Where there are
    /// none (an unknown product, an order that is not understood yet), it puts the order off: none of
    /// it may be taken for a key.
    fn keys_answer(
        &self,
        keys: &[String],
        request: &Request<'_>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Answer;

    /// Realistic events of one step in the life of a purchase, unsigned.
    fn samples(&self, scene: &Scene) -> Vec<Sample>;

    /// The proof that this provider would send with the sample, in its headers, query or body;
    /// what is there already is replaced.
    fn sign(&self, sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample;
}

/// What is fixed about a kind of provider.
#[derive(Debug)]
pub struct Facts {
    /// As in `kind = "..."`.
    pub kind: &'static str,
    /// The provider's own name.
    pub title: &'static str,
    /// The signature scheme, in a few words.
    pub scheme: &'static str,
    /// Event types that lead to notices.
    pub events: &'static [&'static str],
    /// Can keys go back in the answer, at `/fulfil/{account}`?
    pub fulfils: bool,
    /// What the proof of a delivery speaks of.
    pub covers: Covers,
    /// Largest distance between the signed time and ours, where the account sets none. Without a
    /// signed time it has no meaning.
    pub tolerance: TimeDelta,
    /// Shortest secret that the provider itself gives, in bytes
    /// ([`secret::SECRET_BYTES_MIN`] where it gives long ones or the vendor chooses).
    pub secret_bytes_min: usize,
    /// What stands in the settings of an account that is made up, for `demo` and tests: only where
    /// a random text will not do.
    pub example: &'static [(&'static str, &'static str)],
    /// Settings beside `secrets`.
    pub settings: &'static [Setting],
    /// The list of events from which missed ones can be pulled; `None`: the API has none that
    /// holds what the webhooks carry.
    pub list: Option<&'static List>,
    /// The set-up guide for the vendor, Markdown.
    pub guide: &'static str,
}

impl Facts {
    /// The settings of an account that is made up. `random` is 64 hexadecimal
    /// digits that nobody else has: a secret in every form that a kind knows. What an
    /// API may be asked for only where the vendor likes is left out, unless the example has it.
    #[must_use]
    pub fn made_up(&self, random: &str) -> Vec<(&'static str, String)> {
        let example = |name: &str| self.example.iter().find(|(known, _)| *known == name);
        let needed = |setting: &&Setting| {
            setting.required || (setting.secret && !setting.name.starts_with("api_"))
        };
        self.settings
            .iter()
            .filter(|setting| needed(setting) || example(setting.name).is_some())
            .map(|setting| {
                let text = example(setting.name).map_or(random, |(_, text)| *text);
                (setting.name, text.to_owned())
            })
            .collect()
    }

    /// What stands in the configuration of such an account beside its settings: tables, in TOML.
    #[must_use]
    pub fn made_up_tables(&self, account: &str) -> String {
        if self.kind == custom::KIND { custom::example_tables(account) } else { String::new() }
    }

    /// Does such an account ask the provider's API?
    #[must_use]
    pub fn made_up_asks(&self) -> bool {
        let named = |name: &str| self.settings.iter().any(|setting| setting.name == name);
        let credential = |setting: &&Setting| setting.secret && setting.name.starts_with("api_");
        let made_up = self.made_up("");
        named("api_url")
            && self
                .settings
                .iter()
                .filter(credential)
                .all(|setting| made_up.iter().any(|(name, _)| *name == setting.name))
    }

    /// The credentials of such an account.
    #[must_use]
    pub fn made_up_credentials(&self, random: &str) -> Credentials {
        let mut credentials = Credentials::of(Secret::new(random).into_iter().collect());
        credentials.tolerance = self.tolerance;
        for (name, text) in self.made_up(random) {
            if self.settings.iter().any(|setting| setting.name == name && setting.secret) {
                let secret = Secret::new(&text).into_iter();
                credentials.keys.extend(secret.map(|secret| (name.to_owned(), secret)));
            } else {
                credentials.settings.insert(name.to_owned(), text);
            }
        }
        credentials
    }
}

/// The usual [`Facts::tolerance`].
pub const FIVE_MINUTES: TimeDelta = TimeDelta::minutes(5);

/// What the proof of a delivery speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covers {
    /// All that is read, to the last bit.
    Content,
    /// Only the values under these names: what else stands there, anyone who saw one delivery
    /// can change in a second one.
    Fields(&'static [&'static str]),
    /// Nothing: a token or password that shows who sent it.
    Sender,
}

/// A setting that a kind needs beside its secrets.
#[derive(Debug)]
pub struct Setting {
    pub name: &'static str,
    /// Never printed; may come from `NAME_file`.
    pub secret: bool,
    pub required: bool,
    /// Which texts it knows, so that a typing error is told before the first event.
    pub takes: Takes,
    pub help: &'static str,
}

/// Which texts a plain setting knows.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// Whatever is written, but something.
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// What fits; `form` says in words what would.
    Like { form: &'static str, fits: fn(&str) -> bool },
}

impl Takes {
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Self::Text => !text.trim().is_empty(),
            Self::OneOf(words) => words.contains(&text),
            Self::Like { fits, .. } => fits(text),
        }
    }
}

/// What an account is known by.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// All are tried; the first signs.
    pub secrets: Vec<Secret>,
    /// Secret settings by name, in the kind's own words (`private_key`).
    pub keys: std::collections::BTreeMap<String, Secret>,
    /// The other settings ([`Facts::settings`] says which there are).
    pub settings: Settings,
    /// Largest distance between the signed time and ours.
    pub tolerance: TimeDelta,
}

impl Credentials {
    /// Secrets, and the usual tolerance.
    #[must_use]
    pub fn of(secrets: Vec<Secret>) -> Self {
        Self {
            secrets,
            keys: std::collections::BTreeMap::new(),
            settings: Settings::new(),
            tolerance: FIVE_MINUTES,
        }
    }
}

/// What goes back to the provider with status 200 (or the one that it wants).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
}

impl Answer {
    /// 200 and nothing to read.
    #[must_use]
    pub fn empty() -> Self {
        Self { status: 200, content_type: "text/plain; charset=utf-8", body: String::new() }
    }

    /// 200 and a text.
    #[must_use]
    pub fn text(body: impl Into<String>) -> Self {
        Self { status: 200, content_type: "text/plain; charset=utf-8", body: body.into() }
    }
}
