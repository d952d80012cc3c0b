//! Events and entities, with only the fields that are used.
//! <https://razorpay.com/docs/webhooks/payloads/>

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::notice::{Customer, Money, Ref};
use crate::read::{self, Currency, Envelope, Id, Notes, Unread, filled};

#[derive(Deserialize)]
struct Frame {
    event: Id,
    created_at: i64,
}

/// The one event of a delivery. Its id stands in a header only (`x-razorpay-event-id`), which is
/// not signed: who saw one delivery could hide another behind its id. So an event is known by its
/// bytes, and one that comes in other bytes says the same once more.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let frame: Frame = read::json(body)?;
    Ok(Envelope {
        id: None,
        event_type: frame.event.into(),
        occurred_at: Some(read::unix("created_at", frame.created_at)?),
        live: None,
        body: body.to_vec(),
        content: None,
        recurs: false,
    })
}

/// What an event is about, by the names of its payload.
pub(super) fn payload<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unread> {
    #[derive(Deserialize)]
    struct Told<T> {
        payload: T,
    }
    Ok(read::json::<Told<T>>(body)?.payload)
}

/// Around every entity.
#[derive(Deserialize)]
pub(super) struct Of<T> {
    pub(super) entity: T,
}

#[derive(Deserialize)]
pub(super) struct OrderPaid {
    pub(super) order: Of<Order>,
    pub(super) payment: Of<Payment>,
}

#[derive(Deserialize)]
pub(super) struct LinkPaid {
    pub(super) payment_link: Of<PaymentLink>,
    pub(super) order: Of<Order>,
    pub(super) payment: Of<Payment>,
}

#[derive(Deserialize)]
pub(super) struct InvoicePaid {
    pub(super) invoice: Of<Invoice>,
    pub(super) payment: Of<Payment>,
}

#[derive(Deserialize)]
pub(super) struct SubscriptionTold {
    pub(super) subscription: Of<Subscription>,
    pub(super) payment: Option<Of<Payment>>,
}

#[derive(Deserialize)]
pub(super) struct RefundTold {
    pub(super) refund: Of<Refund>,
    pub(super) payment: Option<Of<Payment>>,
}

#[derive(Deserialize)]
pub(super) struct DisputeTold {
    pub(super) dispute: Of<Dispute>,
}

#[derive(Deserialize)]
pub(super) struct Payment {
    pub(super) id: Id,
    pub(super) amount: i64,
    pub(super) currency: Currency,
    pub(super) order_id: Option<Id>,
    pub(super) invoice_id: Option<Id>,
    email: Option<String>,
    customer_id: Option<Id>,
    card: Option<Card>,
    pub(super) amount_refunded: Option<i64>,
    pub(super) refund_status: Option<String>,
}

#[derive(Deserialize)]
struct Card {
    name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Order {
    id: Id,
    #[serde(default)]
    pub(super) notes: Notes,
}

#[derive(Deserialize)]
pub(super) struct PaymentLink {
    #[serde(default)]
    pub(super) notes: Notes,
    customer: Option<Person>,
}

#[derive(Deserialize)]
pub(super) struct Person {
    name: Option<String>,
    email: Option<String>,
    billing_address: Option<Address>,
}

#[derive(Deserialize)]
struct Address {
    country: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) id: Id,
    pub(super) order_id: Option<Id>,
    pub(super) subscription_id: Option<Id>,
    customer_details: Option<Person>,
    #[serde(default)]
    pub(super) line_items: Vec<LineItem>,
}

#[derive(Deserialize)]
pub(super) struct LineItem {
    pub(super) item_id: Option<Id>,
    pub(super) name: Option<String>,
    pub(super) quantity: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    pub(super) plan_id: Id,
    pub(super) customer_id: Option<Id>,
    pub(super) quantity: Option<u32>,
    pub(super) current_start: Option<i64>,
    pub(super) current_end: Option<i64>,
    pub(super) start_at: Option<i64>,
    pub(super) end_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: Id,
    pub(super) payment_id: Id,
    pub(super) amount: i64,
    pub(super) currency: Currency,
}

#[derive(Deserialize)]
pub(super) struct Dispute {
    pub(super) id: Id,
    pub(super) payment_id: Id,
    pub(super) status: Option<String>,
    pub(super) phase: Option<String>,
    pub(super) amount_deducted: Option<i64>,
}

impl Order {
    /// Events of payment links name the same order without its prefix.
    pub(super) fn reference(&self) -> Ref {
        order_ref(&self.id)
    }
}

pub(super) fn order_ref(id: &Id) -> Ref {
    match id.as_str().strip_prefix("order_") {
        Some(_) => Ref::order(id),
        None => Ref::order(format!("order_{id}")),
    }
}

impl Payment {
    pub(super) fn reference(&self) -> Ref {
        Ref::payment(&self.id)
    }

    pub(super) fn money(&self) -> Money {
        Money { minor: self.amount, currency: self.currency.as_str().to_owned() }
    }

    /// Where a checkout asks for no address, Razorpay writes one of its own.
    pub(super) fn customer(&self) -> Customer {
        let email = filled(self.email.as_deref());
        Customer {
            provider_id: self.customer_id.as_ref().map(String::from),
            email: email.filter(|email| !email.eq_ignore_ascii_case("void@razorpay.com")),
            name: filled(self.card.as_ref().and_then(|card| card.name.as_deref())),
            ..Customer::default()
        }
    }

    /// The same, with what a link or an invoice knows better.
    pub(super) fn customer_as(&self, person: Option<&Person>) -> Customer {
        let told = self.customer();
        let Some(person) = person else { return told };
        let address = person.billing_address.as_ref();
        Customer {
            email: filled(person.email.as_deref()).or(told.email),
            name: filled(person.name.as_deref()).or(told.name),
            country: read::country(address.and_then(|address| address.country.as_deref())),
            ..told
        }
    }
}

impl PaymentLink {
    pub(super) fn customer(&self) -> Option<&Person> {
        self.customer.as_ref()
    }
}

impl Invoice {
    pub(super) fn customer(&self) -> Option<&Person> {
        self.customer_details.as_ref()
    }
}
