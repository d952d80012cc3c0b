//! JSON:API objects, with only the fields that are used.
//!
//! <https://docs.lemonsqueezy.com/api/orders/the-order-object>,
//! `/subscriptions/the-subscription-object`,
//! `/subscription-invoices/the-subscription-invoice-object`. `meta.custom_data` is not among them:
//! whoever makes the checkout's address can write it.

use serde::Deserialize;

use crate::notice::{Customer, Ref};
use crate::read::{self, Currency, Envelope, Id, Time, Unread, filled};

/// What stands around every event. It has no id that is promised to survive a resend
/// (`meta.webhook_id` is in no documentation), so its bytes are what it is known by.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    #[derive(Deserialize)]
    struct Frame {
        meta: Meta,
        data: Resource<Common>,
    }
    #[derive(Deserialize)]
    struct Meta {
        event_name: Id,
        test_mode: Option<bool>,
    }
    #[derive(Deserialize)]
    struct Common {
        updated_at: Option<Time>,
        test_mode: Option<bool>,
    }
    let Frame { meta, data } = read::json(body)?;
    let common = data.attributes;
    let test = meta.test_mode.or(common.as_ref().and_then(|common| common.test_mode));
    Ok(Envelope {
        id: None,
        event_type: meta.event_name.into(),
        occurred_at: common.and_then(|common| common.updated_at).map(|time| time.0),
        live: test.map(|test| !test),
        body: body.to_vec(),
        content: None,
        recurs: false,
    })
}

/// An event as its reader needs it, and what the API answers: the error path begins with `data`.
#[derive(Deserialize)]
pub(super) struct Told<T> {
    pub(super) data: Object<T>,
}

/// An object whose attributes must be there.
#[derive(Deserialize)]
pub(super) struct Object<T> {
    pub(super) id: Id,
    pub(super) attributes: T,
}

/// An object of any kind.
#[derive(Deserialize)]
struct Resource<T> {
    attributes: Option<T>,
}

#[derive(Deserialize)]
pub(super) struct Order {
    /// By which the buyer knows it: a UUID, so that no other order of any store has it.
    pub(super) identifier: Option<String>,
    pub(super) status: String,
    pub(super) currency: Currency,
    /// Minor units, like all amounts here.
    pub(super) total: i64,
    pub(super) subtotal: i64,
    #[serde(default)]
    pub(super) discount_total: i64,
    #[serde(default)]
    pub(super) setup_fee: i64,
    pub(super) refunded_amount: Option<i64>,
    pub(super) first_order_item: Option<OrderItem>,
}

#[derive(Deserialize)]
pub(super) struct OrderItem {
    pub(super) id: Id,
    pub(super) product_id: Id,
    pub(super) variant_id: Id,
    pub(super) quantity: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    pub(super) order_id: Id,
    pub(super) order_item_id: Id,
    pub(super) product_id: Id,
    pub(super) variant_id: Id,
    pub(super) status: String,
    pub(super) pause: Option<Pause>,
    pub(super) trial_ends_at: Option<Time>,
    pub(super) renews_at: Option<Time>,
    pub(super) ends_at: Option<Time>,
    pub(super) created_at: Option<Time>,
    pub(super) first_subscription_item: Option<SubscriptionItem>,
}

#[derive(Deserialize)]
pub(super) struct Pause {
    pub(super) mode: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SubscriptionItem {
    /// 0 where usage is counted.
    pub(super) quantity: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) subscription_id: Id,
    pub(super) billing_reason: String,
    pub(super) status: String,
    pub(super) currency: Currency,
    pub(super) total: i64,
    pub(super) refunded_amount: Option<i64>,
    pub(super) created_at: Option<Time>,
}

/// What orders, subscriptions and their invoices say of a customer. There is no country and no
/// company in any of them.
#[derive(Deserialize)]
pub(super) struct Buyer {
    customer_id: Option<Id>,
    user_name: Option<String>,
    user_email: Option<String>,
}

impl Buyer {
    pub(super) fn customer(&self) -> Option<Customer> {
        let customer = Customer {
            provider_id: self.customer_id.as_ref().map(String::from),
            email: filled(self.user_email.as_deref()),
            name: filled(self.user_name.as_deref()),
            ..Customer::default()
        };
        Some(customer).filter(|customer| !customer.is_empty())
    }
}

impl Object<Order> {
    /// By its id, and by what its buyer may write to support.
    pub(super) fn refs(&self) -> Vec<Ref> {
        let identifier = self.attributes.identifier.as_deref().map(str::trim);
        let identifier = identifier.filter(|known| !known.is_empty()).map(Ref::order);
        [Ref::order(&self.id)].into_iter().chain(identifier).collect()
    }
}

/// The line of an order. Ids are numbers that each kind of object counts on its own.
pub(super) fn order_line(order: &Id, item: &Id) -> String {
    format!("{}/{item}", Ref::order(order))
}

/// The first payment of a subscription: the order knows it by its own id, the invoice by its own,
/// and both ids stand together nowhere. What they share is that it is the first.
pub(super) fn first_payment(subscription: &Id) -> Ref {
    Ref::payment(format!("{subscription}/initial"))
}
