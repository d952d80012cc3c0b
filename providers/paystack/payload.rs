//! Events and objects, with only the fields that are used.
//! <https://paystack.com/docs/payments/webhooks/#types-of-events>

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::notice::{Customer, Line, Money, Ref};
use crate::read::{self, Currency, Envelope, Every, Id, Notes, Scalar, Unread, filled};

#[derive(Deserialize)]
struct Frame {
    event: Id,
    data: Value,
}

/// The one event of a delivery. It has no id, so it is known by its bytes; and no time but that of
/// its object, where that has one of this moment.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let frame: Frame = read::json(body)?;
    let text = |name: &str| frame.data.get(name).and_then(Value::as_str);
    let time_field = match frame.event.as_str() {
        "charge.success" | "invoice.update" | "paymentrequest.success" => Some("paid_at"),
        "subscription.create" => Some("createdAt"),
        "invoice.payment_failed" | "charge.dispute.create" => Some("created_at"),
        "charge.dispute.resolve" => Some("resolvedAt"),
        _ => None,
    };
    let time = time_field.and_then(|field| Some((field, text(field)?)));
    let time = time.map(|(field, time)| read::rfc3339(&format!("data.{field}"), time));
    Ok(Envelope {
        id: None,
        live: text("domain").map(|domain| domain == "live"),
        occurred_at: time.transpose()?,
        event_type: frame.event.into(),
        body: body.to_vec(),
        content: None,
        recurs: false,
    })
}

/// The object of an event.
pub(super) fn data<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unread> {
    #[derive(Deserialize)]
    struct Told<T> {
        data: T,
    }
    Ok(read::json::<Told<T>>(body)?.data)
}

#[derive(Deserialize)]
pub(super) struct Charge {
    pub(super) reference: Id,
    pub(super) amount: i64,
    pub(super) currency: Currency,
    pub(super) customer: Option<Person>,
    pub(super) authorization: Option<Authorization>,
    plan: Option<Plan>,
    #[serde(default)]
    metadata: Notes,
}

/// `{}` or `null` where there is none.
#[derive(Deserialize)]
pub(super) struct Plan {
    pub(super) plan_code: Option<Id>,
    pub(super) interval: Option<String>,
    amount: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Authorization {
    pub(super) authorization_code: Option<Id>,
    country_code: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Person {
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    customer_code: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) subscription_code: Id,
    pub(super) amount: Option<i64>,
    pub(super) next_payment_date: Option<String>,
    plan: Option<Plan>,
    pub(super) customer: Option<Person>,
    pub(super) authorization: Option<Authorization>,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) paid: Option<Scalar>,
    pub(super) period_end: Option<String>,
    pub(super) subscription: InvoiceSubscription,
    pub(super) customer: Option<Person>,
    pub(super) authorization: Option<Authorization>,
    pub(super) transaction: Option<Transaction>,
}

#[derive(Deserialize)]
pub(super) struct InvoiceSubscription {
    pub(super) subscription_code: Id,
    pub(super) next_payment_date: Option<String>,
}

/// `{}` where there is none.
#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) reference: Option<Id>,
    pub(super) amount: Option<i64>,
    pub(super) currency: Option<Currency>,
}

#[derive(Deserialize)]
pub(super) struct Request {
    pub(super) request_code: Id,
    pub(super) amount: i64,
    pub(super) currency: Currency,
    #[serde(default)]
    pub(super) line_items: Vec<RequestLine>,
    pub(super) description: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RequestLine {
    pub(super) name: Option<String>,
    pub(super) quantity: Option<Scalar>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) transaction_reference: Id,
    refund_reference: Option<Id>,
    id: Option<Id>,
    pub(super) amount: Scalar,
    pub(super) currency: Currency,
}

#[derive(Deserialize)]
pub(super) struct Dispute {
    pub(super) id: Id,
    pub(super) transaction: Disputed,
    pub(super) resolution: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Disputed {
    pub(super) reference: Id,
}

impl Charge {
    pub(super) fn plan(&self) -> Option<(&Id, &Plan)> {
        let plan = self.plan.as_ref()?;
        Some((plan.plan_code.as_ref()?, plan))
    }

    /// Set by Paystack where it charges a subscription again.
    pub(super) fn is_renewal(&self) -> bool {
        self.noted("invoice_action").is_some()
    }

    pub(super) fn money(&self) -> Money {
        Money { minor: self.amount, currency: self.currency.as_str().to_owned() }
    }

    /// A field of the metadata, or of the custom fields that payment pages put there.
    pub(super) fn noted(&self, name: &str) -> Option<String> {
        let named =
            |field: &&Value| field.get("variable_name").and_then(Value::as_str) == Some(name);
        let custom = || {
            self.metadata.find(|notes| {
                notes.get("custom_fields")?.as_array()?.iter().find(named)?.get("value")
            })
        };
        self.metadata.get(name).or_else(custom)
    }
}

impl Plan {
    pub(super) fn every(&self) -> Option<Every> {
        match self.interval.as_deref()? {
            "quarterly" => Every::months(3),
            "biannually" => Every::months(6),
            "annually" => Every::months(12),
            other => Every::of(1, other),
        }
    }

    /// How many of the plan an amount pays; one where it is no whole number of them.
    pub(super) fn quantity(&self, amount: Option<i64>) -> u32 {
        let (Some(amount), Some(price)) = (amount, self.amount.filter(|price| *price > 0)) else {
            return 1;
        };
        let whole = (amount > 0 && amount % price == 0).then(|| amount / price);
        whole.and_then(|quantity| u32::try_from(quantity).ok()).unwrap_or(1)
    }
}

impl Subscription {
    pub(super) fn plan(&self) -> Option<(&Id, &Plan)> {
        let plan = self.plan.as_ref()?;
        Some((plan.plan_code.as_ref()?, plan))
    }
}

impl Authorization {
    /// What the first charge and the subscription that it begins have in common, both made by
    /// Paystack: the card as it was authorized in that checkout, and the plan.
    pub(super) fn of_plan(&self, plan: &Id) -> Option<Ref> {
        let code = self.authorization_code.as_ref()?;
        Some(Ref::session(format!("{code}/{plan}")))
    }

    pub(super) fn country(&self) -> Option<String> {
        read::country(self.country_code.as_deref())
    }
}

impl Person {
    pub(super) fn customer(&self, country: Option<String>) -> Customer {
        Customer {
            provider_id: self.customer_code.as_ref().map(String::from),
            email: filled(self.email.as_deref()),
            name: read::full_name(self.first_name.as_deref(), self.last_name.as_deref()),
            country,
            ..Customer::default()
        }
    }
}

impl Refund {
    pub(super) fn id(&self) -> Option<&Id> {
        self.refund_reference.as_ref().or(self.id.as_ref())
    }
}

/// The line of what was paid by this transaction.
pub(super) fn line_of(reference: &Id) -> String {
    Line::at(&Ref::payment(reference), 0)
}
