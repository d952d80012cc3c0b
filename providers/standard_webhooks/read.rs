//! One event to notices, by way of the account's [`Map`].

use serde::Deserialize;

pub(super) use super::map::EVENTS;
use super::map::{self, Map, Meaning};
use crate::notice::{Customer, DisputeState, Kind, Line, Notice, Period, Ref};
use crate::read::{self, Envelope, Event, Id, Reading, Unread};

/// The one event of a delivery. The specification recommends `type` and `timestamp` and demands
/// neither.
pub(super) fn envelope(id: Option<&str>, body: &[u8]) -> Result<Envelope, Unread> {
    #[derive(Deserialize)]
    struct Frame {
        #[serde(rename = "type", alias = "event_type", alias = "eventType", alias = "event")]
        event_type: Option<Id>,
        timestamp: Option<String>,
    }
    let frame: Frame = read::json(body)?;
    let occurred_at = frame.timestamp.and_then(|text| read::rfc3339("timestamp", &text).ok());
    Ok(Envelope {
        id: id.map(str::to_owned),
        event_type: frame.event_type.map_or_else(|| "unknown".to_owned(), String::from),
        occurred_at,
        live: None,
        body: body.to_vec(),
        content: None,
        recurs: false,
    })
}

/// # Errors
/// [`Unread`], with the pointer of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    let Some(meaning) = map::meaning(event) else { return Ok(Vec::new()) };
    let map = Map::new(event)?;
    if map.is_thin() {
        return Err(Unread::Format(THIN.to_owned()));
    }
    let names = Names::of(&map)?;
    let kind = match meaning {
        Meaning::Paid => paid(&map, &names)?,
        Meaning::Trial => trial(&map, &names)?,
        Meaning::Changed => changed(&map, &names)?,
        Meaning::Canceled => Kind::Canceled { at: map.time(map::PERIOD_END)? },
        Meaning::Uncanceled => Kind::Uncanceled,
        Meaning::Ended => Kind::Ended { at: event.occurred_at },
        Meaning::PaymentFailed => Kind::PaymentFailed,
        Meaning::Refunded => refunded(&map, &names, event)?,
        Meaning::RefundUndone => {
            let payment = names.payment()?;
            let refund = map.id(map::REFUND)?.map_or_else(|| payment.to_string(), String::from);
            Kind::RefundUndone { refund, payment }
        }
        Meaning::Disputed(state) => disputed(&map, &names, state)?,
        Meaning::Paused => Kind::Paused,
        Meaning::Resumed => Kind::Resumed,
    };
    let refs = names.refs();
    if refs.is_empty() {
        return Err(Unread::Format(UNNAMED.to_owned()));
    }
    let customer = customer(&map)?;
    Ok(vec![Notice { refs, occurred_at: event.occurred_at, line: None, kind, customer }])
}

const THIN: &str = "this is a thin event: it carries an id and no data, and would have to be \
                    fetched; let the sender send full events";

const UNNAMED: &str = "no order, subscription or payment is named in this event; say in \
                       keywright.toml where they stand (order_id, subscription_id, payment_id)";

/// What an event is of.
struct Names {
    order: Option<Id>,
    subscription: Option<Id>,
    payment: Option<Id>,
}

impl Names {
    fn of(map: &Map<'_>) -> Result<Self, Unread> {
        Ok(Self {
            order: map.id(map::ORDER)?,
            subscription: map.id(map::SUBSCRIPTION)?,
            payment: map.id(map::PAYMENT)?,
        })
    }

    fn refs(&self) -> Vec<Ref> {
        let subscription = self.subscription.as_ref().map(Ref::subscription);
        let order = self.order.as_ref().map(Ref::order);
        let payment = self.payment.as_ref().map(Ref::payment);
        [subscription, order, payment].into_iter().flatten().collect()
    }

    /// The payment that money goes back from.
    fn payment(&self) -> Result<Ref, Unread> {
        let payment = self.payment.as_ref().map(Ref::payment);
        let payment = payment.or_else(|| self.order.as_ref().map(Ref::order));
        payment.ok_or_else(|| Unread::Format(UNNAMED.to_owned()))
    }

    /// By the subscription, where there is one: it stays over all renewals.
    fn line(&self) -> Result<(String, Vec<String>), Unread> {
        let order = self.order.as_ref().map(|id| Line::at(&Ref::order(id), 0));
        match (&self.subscription, order, &self.payment) {
            (Some(id), order, _) => {
                Ok((Line::at(&Ref::subscription(id), 0), Vec::from_iter(order)))
            }
            (None, Some(order), _) => Ok((order, Vec::new())),
            (None, None, Some(id)) => Ok((Line::at(&Ref::payment(id), 0), Vec::new())),
            (None, None, None) => Err(Unread::Format(UNNAMED.to_owned())),
        }
    }
}

/// A subscription is paid again and again, so its order (which may be that of the purchase) names
/// a payment only where nothing else does.
fn paid(map: &Map<'_>, names: &Names) -> Result<Kind, Unread> {
    let end = map.time(map::PERIOD_END)?;
    let payment = match (&names.payment, &names.subscription, end, &names.order) {
        (Some(id), ..) => Ref::payment(id),
        (None, Some(id), Some(end), _) => Ref::payment(format!("{id}/{}", end.timestamp())),
        (None, _, _, Some(id)) => Ref::order(id),
        (None, _, _, None) => return Err(Unread::Format(UNPAID.to_owned())),
    };
    let line = line(map, names)?;
    if line.item.is_empty() && names.subscription.is_none() {
        return Err(Unread::Format(UNKNOWN.to_owned()));
    }
    let period = end.map(|end| Period { start: None, end });
    let amount = map.money(map::AMOUNT)?;
    Ok(Kind::Paid { payment, amount, lines: vec![Line { period, ..line }] })
}

const UNPAID: &str = "this payment cannot be told from others: no payment, no end of a period and \
                      no order is named; say in keywright.toml where one stands (payment_id, \
                      period_end or order_id)";

const UNKNOWN: &str =
    "this event does not say what was bought; say in keywright.toml where that stands (product)";

fn trial(map: &Map<'_>, names: &Names) -> Result<Kind, Unread> {
    let until = map.time(map::PERIOD_END)?.ok_or_else(|| {
        let words = "this trial does not say when it ends; say in keywright.toml where that \
                     stands (period_end)";
        Unread::Format(words.to_owned())
    })?;
    let line = line(map, names)?;
    match line.item.is_empty() {
        true => Err(Unread::Format(UNKNOWN.to_owned())),
        false => Ok(Kind::Trial { until, lines: vec![line] }),
    }
}

fn changed(map: &Map<'_>, names: &Names) -> Result<Kind, Unread> {
    let line = line(map, names)?;
    Ok(if line.item.is_empty() {
        Kind::Linked
    } else {
        Kind::Changed { lines: vec![line], whole: false }
    })
}

fn line(map: &Map<'_>, names: &Names) -> Result<Line, Unread> {
    let (line, alias) = names.line()?;
    Ok(Line { line, alias, item: map.items(), quantity: map.quantity()?, period: None })
}

/// All of it went back, unless the event says how much. Without an id of its own the refund is
/// that of the payment, and the amount the sum of all.
fn refunded(map: &Map<'_>, names: &Names, event: &Event<'_>) -> Result<Kind, Unread> {
    let payment = names.payment()?;
    let mut told = map.money(map::REFUND_AMOUNT)?;
    if told.is_none() && event.event_type.starts_with("refund.") {
        told = map.money(map::AMOUNT)?;
    }
    let full = told.is_none();
    let (refund, amount, total) = match map.id(map::REFUND)? {
        Some(id) => (String::from(id), told, None),
        None => (payment.to_string(), None, told),
    };
    Ok(Kind::Refunded { refund, payment, amount, total, full, lines: Vec::new() })
}

fn disputed(map: &Map<'_>, names: &Names, state: DisputeState) -> Result<Kind, Unread> {
    let payment = names.payment()?;
    let dispute = map.id(map::DISPUTE)?.map_or_else(|| payment.to_string(), String::from);
    Ok(Kind::Disputed { dispute, payment, state })
}

fn customer(map: &Map<'_>) -> Result<Option<Customer>, Unread> {
    let customer = Customer {
        provider_id: map.id(map::CUSTOMER)?.map(String::from),
        email: map.text(map::EMAIL),
        name: map.text(map::NAME),
        ..Customer::default()
    };
    Ok(Some(customer).filter(|customer| !customer.is_empty()))
}
