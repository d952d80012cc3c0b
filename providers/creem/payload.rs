//! Creem's objects, with only the fields that are used.
//!
//! <https://docs.creem.io/code/webhooks>. `request_id`, metadata and custom fields are not among
//! them: the vendor's page or the buyer wrote them.

use serde::Deserialize;

use crate::notice::{Customer, Period};
use crate::read::{self, Currency, Envelope, Id, Time, Unread, filled};

/// `{"id", "eventType", "created_at", "object"}`, where the time is in milliseconds.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    #[derive(Deserialize)]
    struct Frame {
        id: Id,
        #[serde(rename = "eventType")]
        event_type: Id,
        created_at: i64,
        object: Object,
    }
    #[derive(Deserialize)]
    struct Object {
        mode: Option<String>,
    }
    let frame: Frame = read::json(body)?;
    Ok(Envelope {
        id: Some(frame.id.into()),
        event_type: frame.event_type.into(),
        occurred_at: Some(read::unix_ms("created_at", frame.created_at)?),
        // Beside `prod` there are `test`, `sandbox` and `local`.
        live: frame.object.mode.map(|mode| mode == "prod"),
        body: body.to_vec(),
        content: None,
        recurs: false,
    })
}

/// An event, as far as its reader needs it: the error path then begins with `object`.
#[derive(Deserialize)]
pub(super) struct Told<T> {
    pub(super) object: T,
}

/// An object, or its id alone.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an id, or an object with an id")]
pub(super) enum Named {
    Id(Id),
    Object { id: Id },
}

impl Named {
    pub(super) fn id(&self) -> &Id {
        let (Self::Id(id) | Self::Object { id }) = self;
        id
    }
}

#[derive(Deserialize)]
pub(super) struct Checkout {
    pub(super) id: Id,
    pub(super) order: Order,
    pub(super) product: Named,
    pub(super) units: Option<u32>,
    pub(super) customer: Option<Buyer>,
    pub(super) subscription: Option<Named>,
}

#[derive(Deserialize)]
pub(super) struct Order {
    pub(super) id: Id,
    #[serde(rename = "type")]
    pub(super) order_type: OrderType,
    pub(super) transaction: Option<Named>,
    /// Minor units, like all amounts here.
    pub(super) amount: i64,
    pub(super) amount_paid: Option<i64>,
    pub(super) currency: Currency,
}

/// An unknown type is refused: whether it is paid again is not guessed.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum OrderType {
    Onetime,
    Recurring,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) id: Id,
    pub(super) status: String,
    pub(super) product: Named,
    pub(super) customer: Option<Buyer>,
    pub(super) items: Option<Vec<Item>>,
    pub(super) last_transaction_id: Option<Id>,
    pub(super) last_transaction: Option<Transaction>,
    current_period_start_date: Option<Time>,
    pub(super) current_period_end_date: Option<Time>,
    pub(super) canceled_at: Option<Time>,
}

impl Subscription {
    pub(super) fn period(&self) -> Option<Period> {
        let start = self.current_period_start_date.map(|start| start.0);
        self.current_period_end_date.map(|end| Period { start, end: end.0 })
    }
}

#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) product_id: Option<Id>,
    pub(super) price_id: Option<Id>,
    pub(super) units: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) id: Id,
    pub(super) amount_paid: Option<i64>,
    pub(super) refunded_amount: Option<i64>,
    pub(super) currency: Option<Currency>,
    pub(super) order: Option<Named>,
    pub(super) subscription: Option<Named>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: Id,
    pub(super) status: String,
    pub(super) refund_amount: i64,
    pub(super) refund_currency: Currency,
    pub(super) transaction: Transaction,
    pub(super) subscription: Option<Named>,
    pub(super) order: Option<Named>,
    pub(super) customer: Option<Buyer>,
}

#[derive(Deserialize)]
pub(super) struct Dispute {
    pub(super) id: Id,
    pub(super) transaction: Transaction,
    pub(super) subscription: Option<Named>,
    pub(super) order: Option<Named>,
    pub(super) customer: Option<Buyer>,
}

/// A customer, or his id alone.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an id, or a customer")]
pub(super) enum Buyer {
    Id(Id),
    Person { id: Id, email: Option<String>, name: Option<String>, country: Option<String> },
}

impl Buyer {
    pub(super) fn customer(&self) -> Customer {
        match self {
            Self::Id(id) => Customer { provider_id: Some(String::from(id)), ..Customer::default() },
            Self::Person { id, email, name, country } => Customer {
                provider_id: Some(String::from(id)),
                email: filled(email.as_deref()),
                name: filled(name.as_deref()),
                country: filled(country.as_deref()).map(|code| code.to_ascii_uppercase()),
                ..Customer::default()
            },
        }
    }
}
