//! The frame and the resources of API version 2, in the shapes of both product catalogues.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ASKED;
use crate::notice::{Customer, Money, Ref};
use crate::read::{self, Currency, Envelope, Event, Id, Unread, country, filled, full_name};

/// Customers and subscriptions of the canned events of "Test Webhook".
const CANNED: &str = "cbdemo_";

#[derive(Deserialize)]
struct Frame {
    id: Id,
    event_type: Id,
    occurred_at: i64,
    content: Box<RawValue>,
}

/// Whose ids show a canned event.
#[derive(Deserialize)]
struct Owner {
    customer: Option<Named>,
    subscription: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: Id,
}

#[derive(Deserialize)]
pub(super) struct Told {
    event_type: Id,
    api_version: Option<String>,
    content: Content,
}

/// What `GET /events/{id}` answers.
#[derive(Deserialize)]
struct Fetched {
    event: Told,
}

#[derive(Deserialize)]
pub(super) struct Content {
    pub(super) subscription: Option<Subscription>,
    pub(super) customer: Option<Person>,
    pub(super) invoice: Option<Invoice>,
    pub(super) transaction: Option<Transaction>,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    pub(super) customer_id: Option<Id>,
    pub(super) status: Option<String>,
    pub(super) current_term_start: Option<i64>,
    pub(super) current_term_end: Option<i64>,
    pub(super) trial_end: Option<i64>,
    pub(super) cancelled_at: Option<i64>,
    pub(super) resource_version: Option<i64>,
    /// Product Catalog 2.0.
    #[serde(default)]
    pub(super) subscription_items: Vec<Item>,
    /// Product Catalog 1.0.
    pub(super) plan_id: Option<String>,
    pub(super) plan_quantity: Option<u32>,
    #[serde(default)]
    pub(super) addons: Vec<Addon>,
}

#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) item_price_id: String,
    pub(super) item_type: String,
    pub(super) quantity: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Addon {
    pub(super) id: String,
    pub(super) quantity: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Person {
    id: Id,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    locale: Option<String>,
    billing_address: Option<Address>,
}

#[derive(Deserialize)]
struct Address {
    country: Option<String>,
    company: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) id: Id,
    pub(super) subscription_id: Option<Id>,
    pub(super) customer_id: Option<Id>,
    pub(super) status: String,
    pub(super) first_invoice: Option<bool>,
    pub(super) dunning_status: Option<String>,
    pub(super) total: Option<i64>,
    pub(super) amount_paid: Option<i64>,
    pub(super) currency_code: Currency,
    #[serde(default)]
    pub(super) line_items: Vec<LineItem>,
    #[serde(default)]
    pub(super) linked_payments: Vec<LinkedPayment>,
}

#[derive(Deserialize)]
pub(super) struct LineItem {
    pub(super) id: Option<Id>,
    pub(super) subscription_id: Option<Id>,
    pub(super) entity_type: String,
    pub(super) entity_id: Option<String>,
    pub(super) quantity: Option<u32>,
    pub(super) date_from: Option<i64>,
    pub(super) date_to: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct LinkedPayment {
    pub(super) txn_id: Id,
}

#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) id: Id,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: Option<String>,
    pub(super) amount: Option<i64>,
    pub(super) currency_code: Option<Currency>,
    pub(super) subscription_id: Option<Id>,
    pub(super) refunded_txn_id: Option<Id>,
    pub(super) reference_transaction_id: Option<Id>,
    #[serde(default)]
    pub(super) linked_invoices: Vec<LinkedInvoice>,
    #[serde(default)]
    pub(super) linked_credit_notes: Vec<LinkedCreditNote>,
}

#[derive(Deserialize)]
pub(super) struct LinkedInvoice {
    pub(super) invoice_id: Id,
}

#[derive(Deserialize)]
pub(super) struct LinkedCreditNote {
    pub(super) applied_amount: Option<i64>,
    pub(super) cn_reference_invoice_id: Option<Id>,
}

/// The one event of a delivery. `webhooks` and `webhook_status` change from try to try, so only
/// the type and the content are what a repetition is known by.
///
/// # Errors
/// [`Unread`] where a part of the frame is missing.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let frame: Frame = read::json(body)?;
    let canned = serde_json::from_str::<Owner>(frame.content.get()).is_ok_and(|o| o.is_canned());
    let content = read::compact(frame.content.get());
    let content = [frame.event_type.as_str().as_bytes(), b"\n", &content].concat();
    Ok(Envelope {
        occurred_at: Some(read::unix("occurred_at", frame.occurred_at)?),
        live: canned.then_some(false),
        body: body.to_vec(),
        content: Some(content),
        recurs: false,
        id: Some(frame.id.into()),
        event_type: frame.event_type.into(),
    })
}

/// The event's id, to be asked for.
///
/// # Errors
/// [`Unread`] for one that is no step of a path.
pub(super) fn id_in_path(body: &[u8]) -> Result<String, Unread> {
    let id = read::json::<Named>(body)?.id;
    let step = id.segment("id").ok().map(str::to_owned);
    step.ok_or_else(|| Unread::value("id", "no event of Chargebee has such an id"))
}

/// What an event says: as Chargebee's API has it where it was asked, else as it was sent.
///
/// # Errors
/// [`Unread`], also for another API version, and where Chargebee knows no such event.
pub(super) fn content(event: &Event<'_>) -> Result<Content, Unread> {
    let told = if event.answers.contains_key(ASKED) {
        let answer: Option<Fetched> = read::answered(event.answers, ASKED)?;
        let told = answer.map(|answer| answer.event);
        told.filter(|told| told.event_type.as_str() == event.event_type)
            .ok_or_else(|| Unread::value("id", "Chargebee knows no such event of this type"))?
    } else {
        read::json(event.body)?
    };
    if told.api_version.as_deref() != Some("v2") {
        return Err(Unread::Format(
            "only events of API version 2 can be read: choose it in the settings of the webhook \
             in Chargebee, and send the event again"
                .to_owned(),
        ));
    }
    Ok(told.content)
}

impl Owner {
    fn is_canned(&self) -> bool {
        let named = [&self.customer, &self.subscription].into_iter().flatten();
        named.into_iter().any(|named| named.id.as_str().starts_with(CANNED))
    }
}

impl Content {
    pub(super) fn is_canned(&self) -> bool {
        let ids = [
            self.customer.as_ref().map(|person| &person.id),
            self.subscription.as_ref().map(|subscription| &subscription.id),
        ];
        ids.into_iter().flatten().any(|id| id.as_str().starts_with(CANNED))
    }

    /// Who bought; at least by id.
    pub(super) fn buyer(&self) -> Option<Customer> {
        let id = || {
            let of_subscription = self.subscription.as_ref().and_then(|s| s.customer_id.as_ref());
            of_subscription.or(self.invoice.as_ref().and_then(|i| i.customer_id.as_ref()))
        };
        self.customer
            .as_ref()
            .map(Person::customer)
            .or_else(|| Some(Customer { provider_id: Some(id()?.into()), ..Customer::default() }))
    }
}

impl Person {
    fn customer(&self) -> Customer {
        let address = self.billing_address.as_ref();
        let company = filled(self.company.as_deref());
        Customer {
            provider_id: Some((&self.id).into()),
            email: filled(self.email.as_deref()),
            name: full_name(self.first_name.as_deref(), self.last_name.as_deref()),
            company: company.or_else(|| filled(address?.company.as_deref())),
            country: country(address.and_then(|address| address.country.as_deref())),
            locale: filled(self.locale.as_deref()),
        }
    }
}

impl Invoice {
    pub(super) fn payment(&self) -> Ref {
        Ref::invoice(self.id.as_str())
    }

    pub(super) fn is_paid(&self) -> bool {
        self.status == "paid"
    }

    /// What can go back of it.
    pub(super) fn amount(&self) -> Option<Money> {
        money(self.amount_paid.or(self.total)?, Some(&self.currency_code))
    }
}

pub(super) fn money(minor: i64, currency: Option<&Currency>) -> Option<Money> {
    Some(Money { minor, currency: currency?.as_str().to_owned() })
}
