//! What a request says: an item was paid for. Both requests name the same payment and the same
//! line.
//!
//! A renewal is a new order, and nothing in it says so: BMT Micro's API knows to which
//! subscription it belongs, and which order began that.

use crate::ask::{Ask, Auth, Need};
use crate::notice::{Kind, Line, Notice, Period, Ref};
use crate::read::{Event, Id, Reading, Unread};

use super::payload::{Item, KEY_REQUEST, NOTIFICATION, Subscription};

/// The secret setting with the vendor's token.
pub(super) const API_TOKEN: &str = "api_token";

/// Stands in the question where the token belongs.
const MARK: &str = "@api_token@";

/// Which subscription an order belongs to. Where keys are waited for there is no time to ask.
///
/// # Errors
/// As [`notices`].
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    if event.event_type != NOTIFICATION {
        return Ok(vec![]);
    }
    let order = Item::parse(event.body)?.order()?;
    let question = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><request><subscriptions>\
         <apitoken>{MARK}</apitoken><orderid>{order}</orderid></subscriptions></request>"
    );
    let auth = Auth::InBody { mark: MARK, setting: API_TOKEN };
    let path = "/xmlrequest".to_owned();
    let ask = Ask {
        body: Some(("text/xml; charset=utf-8", question.into_bytes())),
        need: Need::Configured,
        ..Ask::get(name(&order), "https://vendors.bmtmicro.com", path, auth)
    };
    Ok(if event.answers.contains_key(&ask.name) { vec![] } else { vec![ask] })
}

fn name(order: &Id) -> String {
    format!("subscriptions:{order}")
}

/// # Errors
/// [`Unread`] where an element is missing.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    if event.event_type != NOTIFICATION && event.event_type != KEY_REQUEST {
        return Ok(vec![]);
    }
    let item = Item::parse(event.body)?;
    let (order, position, product) = (item.order()?, item.position()?, item.product()?);
    let answer = event.answers.get(&name(&order)).filter(|answer| answer.found());
    let subscription = answer.map(|answer| Subscription::of(&answer.body, &product)).transpose()?;
    let subscription = subscription.flatten();

    let own = line(&order, &position);
    let payment = Ref::payment(format!("{order}/{position}"));
    let mut refs = Vec::new();
    let mut paid = Line {
        line: own.clone(),
        alias: vec![],
        item: vec![product.into()],
        quantity: item.quantity()?,
        period: None,
    };
    if let Some(subscription) = subscription {
        // The license is that of the order which began the subscription.
        paid.line = line(&subscription.order, &subscription.position);
        paid.alias.extend((paid.line != own).then_some(own));
        paid.period = subscription.next_billing.map(|end| Period { start: None, end });
        refs.push(subscription.sale());
        refs.push(Ref::order(&subscription.order));
    }
    refs.extend([Ref::order(&order), payment.clone()]);
    refs.dedup();
    let kind = Kind::Paid { payment, amount: item.amount(), lines: vec![paid] };
    let (occurred_at, customer) = (event.occurred_at, item.customer());
    Ok(vec![Notice { refs, occurred_at, line: None, kind, customer }])
}

fn line(order: &Id, position: &Id) -> String {
    format!("{}/{position}", Ref::order(order))
}
