//! What stands around every event, and the resources, with only the fields that are used.
//!
//! <https://developer.paypal.com/docs/api/subscriptions/v1/>, `/orders/v2/`, `/payments/v2/`,
//! `/payments/v1/` (sales, by which subscriptions are paid), `/customer-disputes/v1/`.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::notice::{Customer, Money};
use crate::read::{self, Currency, Envelope, Id, Scalar, Unread, filled};

#[derive(Deserialize)]
struct Frame {
    id: Id,
    event_type: Id,
    create_time: Option<String>,
    #[serde(default)]
    links: Vec<Link>,
    resource: Box<RawValue>,
}

/// The one event of a delivery. PayPal's simulator sends impossible times (a nineteenth month),
/// so a bad one is as good as none. A delivery that is sent again keeps id and resource.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let frame: Frame = read::json(body)?;
    let created_at = frame.create_time.as_deref();
    let content = read::compact(frame.resource.get());
    let content = [frame.event_type.as_str().as_bytes(), b"\n", &content].concat();
    Ok(Envelope {
        occurred_at: created_at.and_then(|text| read::rfc3339("create_time", text).ok()),
        live: is_live(&frame.links),
        body: body.to_vec(),
        content: Some(content),
        recurs: false,
        id: Some(frame.id.into()),
        event_type: frame.event_type.into(),
    })
}

/// Nothing but the host of its own links tells real money from the sandbox.
pub(super) fn is_live(links: &[Link]) -> Option<bool> {
    let mut hosts = links.iter().filter_map(|link| link.href.split('/').nth(2));
    (!links.is_empty()).then(|| !hosts.any(|host| host.contains("sandbox")))
}

/// An event, as far as its reader needs it: the error path then begins with `resource`.
#[derive(Deserialize)]
pub(super) struct Told<T> {
    pub(super) resource: T,
    #[serde(default)]
    pub(super) links: Vec<Link>,
}

#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) href: String,
    #[serde(default)]
    pub(super) rel: String,
}

/// `{total, currency}` in version 1 and `{value, currency_code}` in version 2.
#[derive(Deserialize)]
pub(super) struct Amount {
    #[serde(alias = "total")]
    value: Scalar,
    #[serde(alias = "currency")]
    currency_code: Currency,
}

impl Amount {
    /// Without its sign: what went back stands there now as a negative amount, now not.
    pub(super) fn money(&self, path: &str) -> Result<Money, Unread> {
        let text = self.value.as_str();
        let text = text.strip_prefix('-').unwrap_or(text);
        read::decimal(path, text, self.currency_code.as_str())
    }
}

/// A sale (version 1) or a capture (version 2).
#[derive(Deserialize)]
pub(super) struct Payment {
    pub(super) id: Id,
    pub(super) amount: Amount,
    pub(super) create_time: Option<String>,
    /// The subscription that it pays for.
    pub(super) billing_agreement_id: Option<Id>,
    pub(super) custom: Option<String>,
    pub(super) custom_id: Option<String>,
    pub(super) supplementary_data: Option<SupplementaryData>,
}

#[derive(Deserialize)]
pub(super) struct SupplementaryData {
    related_ids: Option<RelatedIds>,
}

#[derive(Deserialize)]
struct RelatedIds {
    order_id: Option<Id>,
}

impl Payment {
    pub(super) fn order_id(&self) -> Option<&Id> {
        self.supplementary_data.as_ref()?.related_ids.as_ref()?.order_id.as_ref()
    }

    /// What the vendor wrote to it.
    pub(super) fn note(&self) -> Option<String> {
        filled(self.custom_id.as_deref()).or_else(|| filled(self.custom.as_deref()))
    }
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    /// Not in an agreement of version 1.
    pub(super) plan_id: Option<Id>,
    /// A number, written as a text.
    pub(super) quantity: Option<Scalar>,
    subscriber: Option<Person>,
    #[serde(default)]
    pub(super) billing_info: BillingInfo,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct BillingInfo {
    pub(super) next_billing_time: Option<String>,
    pub(super) last_payment: Option<LastPayment>,
    pub(super) cycle_executions: Vec<Cycle>,
    pub(super) failed_payments_count: u32,
}

#[derive(Deserialize)]
pub(super) struct LastPayment {
    pub(super) amount: Option<Amount>,
    pub(super) time: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Cycle {
    pub(super) tenure_type: String,
}

#[derive(Deserialize)]
pub(super) struct Order {
    pub(super) id: Id,
    payer: Option<Person>,
    #[serde(default)]
    pub(super) purchase_units: Vec<PurchaseUnit>,
}

#[derive(Deserialize)]
pub(super) struct PurchaseUnit {
    pub(super) custom_id: Option<String>,
    #[serde(default)]
    pub(super) items: Vec<Item>,
    payments: Option<Payments>,
}

#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) name: Option<String>,
    pub(super) sku: Option<String>,
    pub(super) quantity: Option<Scalar>,
}

#[derive(Deserialize)]
struct Payments {
    #[serde(default)]
    captures: Vec<Captured>,
}

#[derive(Deserialize)]
struct Captured {
    id: Id,
}

impl PurchaseUnit {
    pub(super) fn is_paid_by(&self, capture: &Id) -> bool {
        let captures = self.payments.iter().flat_map(|payments| &payments.captures);
        captures.into_iter().any(|paid| paid.id == *capture)
    }
}

/// Who pays: the subscriber, or the payer of an order.
#[derive(Deserialize)]
struct Person {
    email_address: Option<String>,
    payer_id: Option<Id>,
    name: Option<Name>,
    address: Option<Address>,
    shipping_address: Option<Shipping>,
}

#[derive(Deserialize)]
struct Name {
    given_name: Option<String>,
    surname: Option<String>,
}

#[derive(Deserialize)]
struct Shipping {
    address: Option<Address>,
}

#[derive(Deserialize)]
struct Address {
    country_code: Option<String>,
}

impl Subscription {
    pub(super) fn customer(&self) -> Option<Customer> {
        self.subscriber.as_ref().and_then(Person::customer)
    }
}

impl Order {
    pub(super) fn customer(&self) -> Option<Customer> {
        self.payer.as_ref().and_then(Person::customer)
    }
}

impl Person {
    fn customer(&self) -> Option<Customer> {
        let name = self.name.as_ref().map(|name| {
            let parts = [&name.given_name, &name.surname];
            let parts = parts.into_iter().filter_map(|part| filled(part.as_deref()));
            parts.collect::<Vec<_>>().join(" ")
        });
        let shipped = self.shipping_address.as_ref().and_then(|to| to.address.as_ref());
        let country = self.address.as_ref().or(shipped).and_then(|at| at.country_code.as_deref());
        let customer = Customer {
            provider_id: self.payer_id.as_ref().map(String::from),
            email: filled(self.email_address.as_deref()),
            name: filled(name.as_deref()),
            country: filled(country).map(|code| code.to_ascii_uppercase()),
            ..Customer::default()
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

/// A refund, or a reversal: then sometimes the sale itself.
#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: Id,
    pub(super) amount: Option<Amount>,
    /// Only of version 1.
    sale_id: Option<Id>,
    total_refunded_amount: Option<Amount>,
    seller_payable_breakdown: Option<Breakdown>,
    state: Option<String>,
    status: Option<String>,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Breakdown {
    total_refunded_amount: Option<Amount>,
}

impl Refund {
    /// The sale or capture that it takes back; where nothing leads there, the resource is that.
    pub(super) fn payment(&self) -> Option<Id> {
        let leads = |link: &&Link| match link.rel.as_str() {
            "up" => link.href.contains("/captures/"),
            rel => rel == "sale",
        };
        let link = self.links.iter().find(leads);
        let last = link.and_then(|link| link.href.rsplit('/').next()).and_then(Id::new);
        self.sale_id.clone().or(last)
    }

    /// All that went back of the payment so far.
    pub(super) fn total(&self) -> Option<&Amount> {
        let breakdown = self.seller_payable_breakdown.as_ref();
        let total = breakdown.and_then(|breakdown| breakdown.total_refunded_amount.as_ref());
        total.or(self.total_refunded_amount.as_ref())
    }

    pub(super) fn status(&self) -> String {
        let status = self.status.as_deref().or(self.state.as_deref());
        status.unwrap_or_default().to_ascii_lowercase()
    }
}

#[derive(Deserialize)]
pub(super) struct Dispute {
    pub(super) dispute_id: Id,
    #[serde(default)]
    pub(super) disputed_transactions: Vec<DisputedTransaction>,
    pub(super) dispute_outcome: Option<Outcome>,
}

#[derive(Deserialize)]
pub(super) struct DisputedTransaction {
    pub(super) seller_transaction_id: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct Outcome {
    pub(super) outcome_code: String,
}
