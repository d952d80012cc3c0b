//! Events and objects of the API, with only the fields that are used.
//! <https://developer.gocardless.com/api-reference/>

use serde::Deserialize;

use crate::notice::{Customer, Money};
use crate::read::{self, Currency, Id, Notes, Unread, filled};

/// One event: which things it is about.
#[derive(Deserialize)]
pub(super) struct Told {
    #[serde(default)]
    pub(super) links: Links,
}

#[derive(Deserialize, Default)]
pub(super) struct Links {
    payment: Option<Id>,
    subscription: Option<Id>,
    instalment_schedule: Option<Id>,
    mandate: Option<Id>,
    refund: Option<Id>,
}

/// A thing that an event must name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    Payment,
    Subscription,
    InstalmentSchedule,
    Mandate,
    Refund,
}

impl Links {
    pub(super) fn need(&self, link: Link) -> Result<&Id, Unread> {
        let (name, id) = match link {
            Link::Payment => ("payment", &self.payment),
            Link::Subscription => ("subscription", &self.subscription),
            Link::InstalmentSchedule => ("instalment_schedule", &self.instalment_schedule),
            Link::Mandate => ("mandate", &self.mandate),
            Link::Refund => ("refund", &self.refund),
        };
        id.as_ref().ok_or_else(|| Unread::Content {
            path: format!("links.{name}"),
            message: "the event does not name it".to_owned(),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct PaymentFetched {
    pub(super) payments: Payment,
}

#[derive(Deserialize)]
pub(super) struct SubscriptionFetched {
    pub(super) subscriptions: Subscription,
}

/// Those of a mandate.
#[derive(Deserialize)]
pub(super) struct SubscriptionsListed {
    pub(super) subscriptions: Vec<SubscriptionNamed>,
}

#[derive(Deserialize)]
pub(super) struct SubscriptionNamed {
    pub(super) id: Id,
}

#[derive(Deserialize)]
pub(super) struct ScheduleFetched {
    pub(super) instalment_schedules: Plan,
}

#[derive(Deserialize)]
pub(super) struct MandateFetched {
    pub(super) mandates: Mandate,
}

#[derive(Deserialize)]
pub(super) struct CustomerFetched {
    pub(super) customers: Person,
}

#[derive(Deserialize)]
pub(super) struct RefundFetched {
    pub(super) refunds: Refund,
}

/// The events of one payment.
#[derive(Deserialize)]
pub(super) struct History {
    pub(super) events: Vec<Happened>,
}

#[derive(Deserialize)]
pub(super) struct Happened {
    pub(super) id: Id,
    pub(super) created_at: String,
    pub(super) action: String,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    pub(super) id: Id,
    amount: i64,
    currency: Currency,
    pub(super) charge_date: Option<String>,
    #[serde(flatten)]
    pub(super) plan: Plan,
    pub(super) links: PaymentLinks,
}

#[derive(Deserialize)]
pub(super) struct PaymentLinks {
    pub(super) mandate: Option<Id>,
    pub(super) subscription: Option<Id>,
    pub(super) instalment_schedule: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    pub(super) interval: u32,
    pub(super) interval_unit: String,
    #[serde(flatten)]
    pub(super) plan: Plan,
}

/// What is bought, of a payment, a subscription or an instalment schedule: there is no catalogue,
/// so it is what the vendor called it.
#[derive(Deserialize)]
pub(super) struct Plan {
    name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    metadata: Notes,
}

#[derive(Deserialize)]
pub(super) struct Mandate {
    pub(super) links: MandateLinks,
}

#[derive(Deserialize)]
pub(super) struct MandateLinks {
    pub(super) customer: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct Person {
    id: Id,
    email: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    company_name: Option<String>,
    country_code: Option<String>,
    language: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: Id,
    amount: i64,
    currency: Currency,
    pub(super) links: RefundLinks,
}

#[derive(Deserialize)]
pub(super) struct RefundLinks {
    pub(super) payment: Option<Id>,
}

impl Payment {
    pub(super) fn money(&self) -> Money {
        Money { minor: self.amount, currency: self.currency.as_str().to_owned() }
    }
}

impl Plan {
    /// Most specific first.
    pub(super) fn items(&self) -> Vec<String> {
        let name = filled(self.name.as_deref()).or(filled(self.description.as_deref()));
        self.metadata.product().into_iter().chain(name).collect()
    }

    pub(super) fn quantity(&self) -> Result<u32, Unread> {
        self.metadata.quantity("metadata")
    }
}

impl Person {
    pub(super) fn customer(&self) -> Customer {
        Customer {
            provider_id: Some(String::from(&self.id)),
            email: filled(self.email.as_deref()),
            name: read::full_name(self.given_name.as_deref(), self.family_name.as_deref()),
            company: filled(self.company_name.as_deref()),
            country: read::country(self.country_code.as_deref()),
            locale: filled(self.language.as_deref()),
        }
    }
}

impl Refund {
    pub(super) fn money(&self) -> Money {
        Money { minor: self.amount, currency: self.currency.as_str().to_owned() }
    }
}
