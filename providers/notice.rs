//! Canonical terms: what every provider's events are read into.
//!
//! A notice states one fact about one sale. It never commands: what a license becomes is
//! decided by folding *all* notices of its sale, in whatever order they came.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One fact, in canonical terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What ties this notice to its sale. Empty only for [`Kind::Customer`].
    pub refs: Vec<Ref>,
    /// When it happened, by the provider's clock (UTC).
    pub occurred_at: DateTime<Utc>,
    /// The one order line this is about; `None`: the whole sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
}

/// A name by which a provider refers to one thing: `subscription:sub_123`.
///
/// Two notices that share a reference belong to one sale. Only ids that the provider itself
/// made are references; nothing that a buyer can write is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ref {
    /// Most significant first: the order of this enum names a sale.
    pub thing: Thing,
    pub id: String,
}

/// What a reference names, most significant first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// Made by this service: a license, when support acts on it.
    License,
    /// Made by this service: stacked purchases of one product by one customer.
    Stack,
    Subscription,
    Order,
    Session,
    /// The following three name one payment: notices that carry two of them say that both
    /// are the same payment.
    Invoice,
    Payment,
    Charge,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// Money came for these lines: a first purchase or a renewal. The same payment may be told
    /// by several events; the telling that carries a period wins. Without lines it is a charge that
    /// covers no time (a proration, a fee), which makes up for one that failed and can go back.
    Paid {
        /// The payment's own id, one of the payment-level references or the order.
        payment: Ref,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Money>,
        lines: Vec<Line>,
    },
    /// A trial covers these lines until then, without money.
    Trial {
        until: DateTime<Utc>,
        lines: Vec<Line>,
    },
    /// The subscription stands so now. Never extends anything.
    Changed {
        lines: Vec<Line>,
        /// These are all of its lines: one that is not among them is no part of it any more, and
        /// one that is new is covered as far as the others are paid (and no further than its own
        /// period, where it has one).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        whole: bool,
    },
    /// Will not renew; `at` is when it will end, where the provider says.
    Canceled {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<DateTime<Utc>>,
    },
    /// It will renew after all.
    Uncanceled,
    /// Over since `at`: no coverage reaches past it.
    Ended {
        at: DateTime<Utc>,
    },
    /// A renewal was not paid.
    PaymentFailed,
    /// Money went back.
    Refunded {
        /// The refund's own id; amounts of one id are told once.
        refund: String,
        /// The payment it takes back.
        payment: Ref,
        /// `None`: the provider does not say (then `total` or `full` must).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Money>,
        /// Running total refunded of this payment, where the provider tells it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<Money>,
        /// The provider itself says that the whole payment went back.
        #[serde(default)]
        full: bool,
        /// The lines that were given back entirely, where the provider names them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lines: Vec<ReturnedLine>,
    },
    /// The refund with this id failed or was taken back; outranks its telling whenever it comes.
    RefundUndone {
        refund: String,
        payment: Ref,
    },
    Disputed {
        dispute: String,
        payment: Ref,
        state: DisputeState,
    },
    Paused,
    Resumed,
    /// Only ties references together.
    Linked,
    /// Only tells of a customer: [`Notice::customer`] with its `provider_id`.
    Customer,
    /// Told by support.
    Adjusted {
        act: Act,
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Where a dispute stands. Closed outranks opened, whenever it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    Opened,
    Lost,
    Won,
}

/// What support decided. Dates are absolute or ISO 8601 durations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// A license given by hand: covers one interval of its product, or until `expires_at`.
    Issue {
        lines: Vec<Line>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<DateTime<Utc>>,
    },
    /// Adds to the expiry of that moment: one interval of the product, or the one given.
    Renew {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interval: Option<String>,
    },
    SetExpiry {
        expires_at: DateTime<Utc>,
    },
    Suspend,
    Reinstate,
    Revoke,
    /// The first activation, from which `start = "activation"` counts.
    Activate,
}

/// One order line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The line's name, unique within the account and the same in every event that tells of it:
    /// the provider's own line id, or [`Line::at`] where there is none.
    pub line: String,
    /// Other names of this same line, under which other events of this provider tell of it
    /// (FastSpring: the order's line and the subscription that it began). Lines that share any
    /// name are one line, in whatever order the tellings come; [`Notice::line`] and
    /// [`ReturnedLine::line`] may use any of the names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alias: Vec<String>,
    /// What was bought, most specific first (price, product, variant, SKU ...). Empty: this
    /// event does not say; what the line is, and its quantity, stand as others tell them.
    pub item: Vec<String>,
    pub quantity: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
}

impl Line {
    /// Names a line by its position (from 0) under the most significant thing it belongs to.
    #[must_use]
    pub fn at(scope: &Ref, position: usize) -> String {
        format!("{scope}#{position}")
    }
}

/// A line given back: all of it, or as many units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedLine {
    pub line: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
}

/// The time that a payment covers, as the provider says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<DateTime<Utc>>,
    pub end: DateTime<Utc>,
}

/// An amount in minor units (cents; whole units where the currency has none).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    /// ISO 4217, upper case.
    pub currency: String,
}

/// Who bought, as far as one event says. Fields merge; the later telling wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Customer {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// BCP 47, as the provider tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

impl Ref {
    pub fn new(thing: Thing, id: impl Into<String>) -> Self {
        Self { thing, id: id.into() }
    }

    pub fn subscription(id: impl Into<String>) -> Self {
        Self::new(Thing::Subscription, id)
    }

    pub fn order(id: impl Into<String>) -> Self {
        Self::new(Thing::Order, id)
    }

    pub fn session(id: impl Into<String>) -> Self {
        Self::new(Thing::Session, id)
    }

    pub fn invoice(id: impl Into<String>) -> Self {
        Self::new(Thing::Invoice, id)
    }

    pub fn payment(id: impl Into<String>) -> Self {
        Self::new(Thing::Payment, id)
    }

    pub fn charge(id: impl Into<String>) -> Self {
        Self::new(Thing::Charge, id)
    }
}

impl Thing {
    /// Does this name one payment (rather than a sale)?
    #[must_use]
    pub fn names_payment(self) -> bool {
        matches!(self, Self::Invoice | Self::Payment | Self::Charge)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::License => "license",
            Self::Stack => "stack",
            Self::Subscription => "subscription",
            Self::Order => "order",
            Self::Session => "session",
            Self::Invoice => "invoice",
            Self::Payment => "payment",
            Self::Charge => "charge",
        }
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.thing.as_str(), self.id)
    }
}

impl Kind {
    /// The word people read, and the tag it is stored under.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Paid { .. } => "paid",
            Self::Trial { .. } => "trial",
            Self::Changed { .. } => "changed",
            Self::Canceled { .. } => "canceled",
            Self::Uncanceled => "uncanceled",
            Self::Ended { .. } => "ended",
            Self::PaymentFailed => "payment_failed",
            Self::Refunded { .. } => "refunded",
            Self::RefundUndone { .. } => "refund_undone",
            Self::Disputed { .. } => "disputed",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Linked => "linked",
            Self::Customer => "customer",
            Self::Adjusted { .. } => "adjusted",
        }
    }
}

impl Customer {
    /// Nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
