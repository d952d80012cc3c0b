//! The objects that an event names; it carries nothing else of them.
//! <https://developer.gocardless.com/api-reference/#api-usage-making-requests>

use super::payload::{Link, MandateFetched, PaymentFetched, Told};
use super::payment;
use crate::ask::{Ask, Auth};
use crate::read::{self, Event, Id, Unread};

/// The secret setting with the access token.
pub(super) const TOKEN: &str = "api_token";

/// Names of questions.
pub(super) const PAYMENT: &str = "payment";
pub(super) const HISTORY: &str = "history";
pub(super) const SUBSCRIPTION: &str = "subscription";
pub(super) const SCHEDULE: &str = "schedule";
pub(super) const MANDATE: &str = "mandate";
pub(super) const CUSTOMER: &str = "customer";
pub(super) const REFUND: &str = "refund";
pub(super) const OF_MANDATE: &str = "subscriptions";

pub(super) const BASE: &str = "https://api.gocardless.com";
pub(super) const VERSION: &str = "2015-07-06";

pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let wanted = match event.event_type {
        "payments.confirmed" | "payments.submitted" if payment::is_money(event) => paid(event)?,
        "payments.failed" => {
            let id = told(event, Link::Payment)?;
            vec![get(PAYMENT, "/payments/", &id)?, history(&id)?]
        }
        "payments.cancelled" => vec![get(PAYMENT, "/payments/", &told(event, Link::Payment)?)?],
        "subscriptions.amended" => {
            vec![get(SUBSCRIPTION, "/subscriptions/", &told(event, Link::Subscription)?)?]
        }
        "mandates.cancelled" | "mandates.failed" | "mandates.expired" | "mandates.blocked" => {
            vec![get(OF_MANDATE, "/subscriptions?mandate=", &told(event, Link::Mandate)?)?]
        }
        "refunds.created" | "refunds.paid" | "refunds.failed" => {
            vec![get(REFUND, "/refunds/", &told(event, Link::Refund)?)?]
        }
        _ => Vec::new(),
    };
    Ok(wanted.into_iter().filter(|ask| !event.answers.contains_key(&ask.name)).collect())
}

/// The payment; then what it is for and whose mandate it is by; then who that is.
fn paid(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let id = told(event, Link::Payment)?;
    let mut asks = vec![get(PAYMENT, "/payments/", &id)?, history(&id)?];
    if let Some(PaymentFetched { payments: payment }) = read::answered(event.answers, PAYMENT)? {
        if let Some(subscription) = &payment.links.subscription {
            asks.push(get(SUBSCRIPTION, "/subscriptions/", subscription)?);
        }
        if let Some(schedule) = &payment.links.instalment_schedule {
            asks.push(get(SCHEDULE, "/instalment_schedules/", schedule)?);
        }
        if let Some(mandate) = &payment.links.mandate {
            asks.push(get(MANDATE, "/mandates/", mandate)?);
        }
    }
    if let Some(MandateFetched { mandates }) = read::answered(event.answers, MANDATE)?
        && let Some(customer) = &mandates.links.customer
    {
        asks.push(get(CUSTOMER, "/customers/", customer)?);
    }
    Ok(asks)
}

fn told(event: &Event<'_>, link: Link) -> Result<Id, Unread> {
    read::json::<Told>(event.body)?.links.need(link).cloned()
}

fn get(name: &str, place: &str, id: &Id) -> Result<Ask, Unread> {
    let path = format!("{place}{}", id.segment("links")?);
    let headers = vec![("GoCardless-Version", VERSION.to_owned())];
    Ok(Ask { headers, ..Ask::get(name, BASE, path, Auth::Bearer(TOKEN)) })
}

fn history(payment: &Id) -> Result<Ask, Unread> {
    get(HISTORY, "/events?resource_type=payments&limit=500&payment=", payment)
}
