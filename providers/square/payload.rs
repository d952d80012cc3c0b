//! Events and objects of the API, with only the fields that are used.
//!
//! <https://developer.squareup.com/reference/square/objects>. `note`, `reference_id` and custom
//! fields are not among them: a buyer may have written them.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::notice::{Customer, Money, Ref};
use crate::read::{self, Currency, Envelope, Id, Unread, filled};

#[derive(Deserialize)]
struct Frame {
    event_id: Id,
    #[serde(rename = "type")]
    event_type: Id,
    created_at: String,
}

/// The one event of a delivery. Real money and sandbox differ in their signature keys and in a
/// header that is not signed; the event itself does not say.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let frame: Frame = read::json(body)?;
    Ok(Envelope {
        occurred_at: Some(read::rfc3339("created_at", &frame.created_at)?),
        live: None,
        body: body.to_vec(),
        content: None,
        recurs: false,
        id: Some(frame.event_id.into()),
        event_type: frame.event_type.into(),
    })
}

/// The object of an event.
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unread> {
    #[derive(Deserialize)]
    struct Told<T> {
        data: Data<T>,
    }
    #[derive(Deserialize)]
    struct Data<T> {
        object: T,
    }
    Ok(read::json::<Told<T>>(body)?.data.object)
}

#[derive(Deserialize)]
pub(super) struct PaymentTold {
    pub(super) payment: Payment,
}

#[derive(Deserialize)]
pub(super) struct InvoiceTold {
    pub(super) invoice: Invoice,
}

#[derive(Deserialize)]
pub(super) struct SubscriptionTold {
    pub(super) subscription: Subscription,
}

#[derive(Deserialize)]
pub(super) struct RefundTold {
    pub(super) refund: Refund,
}

#[derive(Deserialize)]
pub(super) struct DisputeTold {
    pub(super) dispute: Dispute,
}

#[derive(Deserialize)]
pub(super) struct CustomerTold {
    pub(super) customer: Person,
}

#[derive(Deserialize)]
pub(super) struct OrderFetched {
    pub(super) order: Order,
}

#[derive(Deserialize)]
pub(super) struct PlanFetched {
    pub(super) object: PlanObject,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    pub(super) id: Id,
    pub(super) status: String,
    pub(super) order_id: Option<Id>,
    pub(super) customer_id: Option<Id>,
    pub(super) created_at: Option<String>,
    pub(super) buyer_email_address: Option<String>,
    pub(super) billing_address: Option<Address>,
    pub(super) application_details: Option<Application>,
}

#[derive(Deserialize)]
pub(super) struct Application {
    pub(super) square_product: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    first_name: Option<String>,
    last_name: Option<String>,
    country: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Amount {
    pub(super) amount: i64,
    pub(super) currency: Currency,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) id: Id,
    pub(super) order_id: Id,
    pub(super) subscription_id: Option<Id>,
    pub(super) status: String,
    pub(super) primary_recipient: Option<Person>,
    #[serde(default)]
    pub(super) payment_requests: Vec<PaymentRequest>,
}

#[derive(Deserialize)]
pub(super) struct PaymentRequest {
    pub(super) total_completed_amount_money: Option<Amount>,
}

/// A customer, also as the recipient of an invoice (who is named by `customer_id`).
#[derive(Deserialize)]
pub(super) struct Person {
    id: Option<Id>,
    customer_id: Option<Id>,
    email_address: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    company_name: Option<String>,
    address: Option<Address>,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    pub(super) customer_id: Option<Id>,
    pub(super) plan_variation_id: Option<Id>,
    /// What `plan_variation_id` was called before 2023.
    plan_id: Option<Id>,
    pub(super) status: String,
    pub(super) start_date: Option<String>,
    pub(super) charged_through_date: Option<String>,
    pub(super) canceled_date: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Order {
    #[serde(default)]
    pub(super) line_items: Vec<LineItem>,
    pub(super) total_money: Option<Amount>,
    /// What is still to be paid, by another payment.
    pub(super) net_amount_due_money: Option<Amount>,
}

#[derive(Deserialize)]
pub(super) struct LineItem {
    pub(super) catalog_object_id: Option<Id>,
    pub(super) name: Option<String>,
    /// A decimal number as a text: goods may be sold by weight.
    pub(super) quantity: String,
}

#[derive(Deserialize)]
pub(super) struct PlanObject {
    pub(super) subscription_plan_variation_data: Option<Plan>,
}

#[derive(Deserialize)]
pub(super) struct Plan {
    #[serde(default)]
    pub(super) phases: Vec<Phase>,
}

#[derive(Deserialize)]
pub(super) struct Phase {
    pub(super) cadence: String,
    pub(super) periods: Option<u32>,
    pub(super) pricing: Option<Pricing>,
}

#[derive(Deserialize)]
pub(super) struct Pricing {
    pub(super) price_money: Option<Amount>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: Id,
    pub(super) payment_id: Id,
    pub(super) status: String,
    pub(super) amount_money: Amount,
}

#[derive(Deserialize)]
pub(super) struct Dispute {
    id: Option<Id>,
    /// The older name of `id`; both may stand there.
    dispute_id: Option<Id>,
    pub(super) state: String,
    disputed_payment: Option<DisputedPayment>,
}

#[derive(Deserialize)]
struct DisputedPayment {
    payment_id: Id,
}

impl Amount {
    pub(super) fn money(&self) -> Money {
        Money { minor: self.amount, currency: self.currency.as_str().to_owned() }
    }
}

impl Payment {
    /// Money that an invoice asked for: the invoice tells what it was for.
    pub(super) fn is_of_invoice(&self) -> bool {
        let product = self.application_details.as_ref().and_then(|a| a.square_product.as_deref());
        matches!(product, Some("INVOICES" | "BILLING"))
    }

    pub(super) fn customer(&self) -> Customer {
        let address = self.billing_address.as_ref();
        Customer {
            provider_id: self.customer_id.as_ref().map(String::from),
            email: filled(self.buyer_email_address.as_deref()),
            name: address.and_then(Address::name),
            country: address.and_then(Address::country),
            ..Customer::default()
        }
    }
}

impl Address {
    fn name(&self) -> Option<String> {
        read::full_name(self.first_name.as_deref(), self.last_name.as_deref())
    }

    fn country(&self) -> Option<String> {
        read::country(self.country.as_deref())
    }
}

impl Person {
    pub(super) fn customer(&self) -> Customer {
        Customer {
            provider_id: self.customer_id.as_ref().or(self.id.as_ref()).map(String::from),
            email: filled(self.email_address.as_deref()),
            name: read::full_name(self.given_name.as_deref(), self.family_name.as_deref()),
            company: filled(self.company_name.as_deref()),
            country: self.address.as_ref().and_then(Address::country),
            ..Customer::default()
        }
    }
}

impl Invoice {
    /// What came of all its payment requests.
    pub(super) fn amount(&self) -> Result<Option<Money>, Unread> {
        let path = "data.object.invoice.payment_requests";
        let came = self
            .payment_requests
            .iter()
            .filter_map(|one| one.total_completed_amount_money.as_ref().map(Amount::money));
        came.map(Ok)
            .reduce(|sum, one| {
                let (sum, one): (Money, Money) = (sum?, one?);
                let minor =
                    sum.minor.checked_add(one.minor).filter(|_| sum.currency == one.currency);
                let minor =
                    minor.ok_or_else(|| Unread::value(path, "amounts that cannot be added"))?;
                Ok(Money { minor, ..sum })
            })
            .transpose()
    }
}

impl Subscription {
    pub(super) fn plan(&self) -> Option<&Id> {
        self.plan_variation_id.as_ref().or(self.plan_id.as_ref())
    }

    pub(super) fn reference(&self) -> Ref {
        Ref::subscription(&self.id)
    }
}

impl Dispute {
    pub(super) fn id(&self) -> Option<&Id> {
        self.id.as_ref().or(self.dispute_id.as_ref())
    }

    pub(super) fn payment(&self) -> Option<&Id> {
        self.disputed_payment.as_ref().map(|payment| &payment.payment_id)
    }
}
