//! What an event does not say and the API does: the lines of an order, the plan of a
//! subscription and how far it is charged, the address of a customer.
//! <https://developer.squareup.com/docs/build-basics/common-api-patterns>

use super::payload::{InvoiceTold, PaymentTold, SubscriptionTold, object};
use crate::ask::{Ask, Auth, Need};
use crate::read::{Event, Id, Unread};

/// The secret setting with the access token.
pub(super) const TOKEN: &str = "api_token";

/// Names of questions.
pub(super) const ORDER: &str = "order";
pub(super) const CUSTOMER: &str = "customer";
pub(super) const SUBSCRIPTION: &str = "subscription";
pub(super) const PLAN: &str = "plan";

const BASE: &str = "https://connect.squareup.com";

/// The version whose shapes are read.
const VERSION: &str = "2025-10-16";

pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let wanted = match event.event_type {
        "payment.created" | "payment.updated" => of_payment(event)?,
        "invoice.payment_made" => of_invoice(event)?,
        "subscription.created" => of_subscription(event)?,
        _ => Vec::new(),
    };
    Ok(wanted.into_iter().filter(|ask| !event.answers.contains_key(&ask.name)).collect())
}

fn of_payment(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let payment = object::<PaymentTold>(event.body)?.payment;
    if payment.status != "COMPLETED" || payment.is_of_invoice() {
        return Ok(Vec::new());
    }
    let mut asks = Vec::new();
    if let Some(order) = &payment.order_id {
        asks.push(ask(ORDER, "/v2/orders/", "data.object.payment.order_id", order)?);
    }
    if let (None, Some(customer)) = (payment.customer().email, &payment.customer_id) {
        let path = "data.object.payment.customer_id";
        asks.push(Ask {
            need: Need::Configured,
            ..ask(CUSTOMER, "/v2/customers/", path, customer)?
        });
    }
    Ok(asks)
}

fn of_invoice(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let invoice = object::<InvoiceTold>(event.body)?.invoice;
    if invoice.status != "PAID" {
        return Ok(Vec::new());
    }
    let path = "data.object.invoice";
    let asked = match &invoice.subscription_id {
        Some(id) => ask(SUBSCRIPTION, "/v2/subscriptions/", &format!("{path}.subscription_id"), id),
        None => ask(ORDER, "/v2/orders/", &format!("{path}.order_id"), &invoice.order_id),
    };
    Ok(vec![asked?])
}

fn of_subscription(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let subscription = object::<SubscriptionTold>(event.body)?.subscription;
    let path = "data.object.subscription.plan_variation_id";
    let plan = subscription.plan().map(|id| ask(PLAN, "/v2/catalog/object/", path, id));
    Ok(plan.transpose()?.into_iter().collect())
}

fn ask(name: &str, folder: &str, path: &str, id: &Id) -> Result<Ask, Unread> {
    let address = format!("{folder}{}", id.segment(path)?);
    let headers = vec![("Square-Version", VERSION.to_owned())];
    Ok(Ask { headers, ..Ask::get(name, BASE, address, Auth::Bearer(TOKEN)) })
}
