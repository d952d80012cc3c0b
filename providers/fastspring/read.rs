//! One stored event to what it says.

use crate::notice::{Kind, Notice};
use crate::read::{self, Event, Reading, Unread};

use super::payload::{Charge, Element, Order, Return, Subscription};
use super::people::Account;
use super::{batch, form, orders, subscriptions};

/// # Errors
/// [`Unread`] where an event of a known type lacks what is needed.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    match event.event_type {
        form::EVENT_TYPE => form::read(event),
        "order.completed" => {
            orders::completed(event, &read::json::<Element<Order>>(event.body)?.data)
        }
        "return.created" => {
            orders::returned(event, &read::json::<Element<Return>>(event.body)?.data)
        }
        "subscription.charge.completed" => {
            orders::charged(event, &read::json::<Element<Charge>>(event.body)?.data)
        }
        "account.updated" => account(event),
        event_type => match subscriptions::News::of(event_type) {
            Some(news) => {
                let data = read::json::<Element<Subscription>>(event.body)?.data;
                subscriptions::told(event, news, &data)
            }
            None if event_type == batch::UNKNOWN => batch::read_unknown(event.body),
            None => Ok(vec![]),
        },
    }
}

fn account(event: &Event<'_>) -> Reading {
    let customer = read::json::<Element<Account>>(event.body)?.data.customer();
    if customer.provider_id.is_none() {
        return Err(Unread::value("data.id", "no id of the account"));
    }
    Ok(vec![Notice {
        refs: vec![],
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Customer,
        customer: Some(customer),
    }])
}
