//! Payments: <https://developer.gocardless.com/api-reference/#core-endpoints-payments>
//!
//! A bank debit can fail after it was confirmed, weeks later, and then be tried again. Whether a
//! failure took money back is seen in the events of the payment, by their own times; so it is the
//! same whenever it is asked, and in whatever order events come.

use chrono::{DateTime, Utc};

use super::ask::{CUSTOMER, HISTORY, PAYMENT, SCHEDULE, SUBSCRIPTION};
use super::payload::{
    CustomerFetched, History, Payment, PaymentFetched, Plan, ScheduleFetched, Subscription,
    SubscriptionFetched,
};
use crate::notice::{DisputeState, Kind, Line, Notice, Period, Ref};
use crate::read::{self, Event, Every, Id, Reading, Unread};

/// The plain setting that says which event is taken for the money.
pub(super) const PAID_WHEN: &str = "paid_when";

/// Is this the event that the vendor takes for the money?
pub(super) fn is_money(event: &Event<'_>) -> bool {
    let paid_when = event.settings.get(PAID_WHEN).map_or("confirmed", String::as_str);
    match event.event_type {
        // The same payment once more where it was taken for good before.
        "payments.confirmed" => true,
        "payments.submitted" => paid_when == "submitted",
        _ => false,
    }
}

/// `payments.confirmed` (or `submitted`): the money is there. Failures that lie before are over.
pub(super) fn paid(event: &Event<'_>) -> Reading {
    let payment = fetched(event)?;
    let reference = Ref::payment(&payment.id);
    let (refs, lines) = match (&payment.links.subscription, &payment.links.instalment_schedule) {
        (Some(id), _) => {
            let subscription: Option<SubscriptionFetched> =
                read::answered(event.answers, SUBSCRIPTION)?;
            let subscription = subscription.ok_or_else(|| not_found("subscription"))?.subscriptions;
            let mut line = subscribed(&subscription)?;
            line.period = period(&payment, &subscription)?;
            (vec![Ref::subscription(id)], vec![line])
        }
        (None, Some(id)) => {
            let schedule: Option<ScheduleFetched> = read::answered(event.answers, SCHEDULE)?;
            let schedule = schedule.ok_or_else(|| not_found("instalment schedule"))?;
            let order = Ref::order(id);
            let line = line(&order, &schedule.instalment_schedules)?;
            (vec![order], vec![line])
        }
        (None, None) => {
            let order = Ref::order(&payment.id);
            let line = line(&order, &payment.plan)?;
            (vec![order], vec![line])
        }
    };
    let customer: Option<CustomerFetched> = read::answered(event.answers, CUSTOMER)?;
    let refs: Vec<Ref> = refs.into_iter().chain([reference.clone()]).collect();
    let amount = Some(payment.money());
    let kind = Kind::Paid { payment: reference.clone(), amount, lines };
    let at = event.occurred_at;
    let mut notices = vec![Notice {
        refs: refs.clone(),
        occurred_at: at,
        line: None,
        kind,
        customer: customer.map(|customer| customer.customers.customer()),
    }];
    for failure in before(event, "failed")? {
        let kind = Kind::RefundUndone { refund: failure.into(), payment: reference.clone() };
        notices.push(about(at, refs.clone(), kind));
    }
    Ok(notices)
}

/// `payments.failed`: late, where the money had been there: then it went back.
pub(super) fn failed(event: &Event<'_>, id: &Id) -> Reading {
    let at = event.occurred_at;
    let payment = fetched(event)?;
    let reference = Ref::payment(&payment.id);
    let sale = sale(&payment);
    let mut notices = vec![about(at, sale.clone(), Kind::PaymentFailed)];
    let counted_on_it =
        event.settings.get(PAID_WHEN).is_some_and(|paid_when| paid_when == "submitted");
    let money = if counted_on_it { "submitted" } else { "confirmed" };
    if !before(event, money)?.is_empty() {
        let kind = Kind::Refunded {
            refund: String::from(id),
            payment: reference.clone(),
            amount: None,
            total: None,
            full: true,
            lines: Vec::new(),
        };
        notices.push(about(at, sale.into_iter().chain([reference]).collect(), kind));
    }
    Ok(notices)
}

/// `payments.cancelled`: it will not come.
pub(super) fn cancelled(event: &Event<'_>) -> Reading {
    let sale = sale(&fetched(event)?);
    Ok(vec![about(event.occurred_at, sale, Kind::PaymentFailed)])
}

/// `payments.charged_back`: the customer's bank took the money back, and there is no contest; but
/// it may come again.
pub(super) fn charged_back(at: DateTime<Utc>, payment: &Id, states: &[DisputeState]) -> Reading {
    let reference = Ref::payment(payment);
    let each = states.iter().map(|state| {
        let dispute = String::from(payment);
        let kind = Kind::Disputed { dispute, payment: reference.clone(), state: *state };
        about(at, vec![reference.clone()], kind)
    });
    Ok(each.collect())
}

/// The one line of a subscription.
pub(super) fn subscribed(subscription: &Subscription) -> Result<Line, Unread> {
    line(&Ref::subscription(&subscription.id), &subscription.plan)
}

/// About the whole sale, without a customer.
pub(super) fn about(at: DateTime<Utc>, refs: Vec<Ref>, kind: Kind) -> Notice {
    Notice { refs, occurred_at: at, line: None, kind, customer: None }
}

pub(super) fn not_found(thing: &str) -> Unread {
    Unread::Format(format!(
        "GoCardless does not know this {thing}: is the api_token that of the same account, and of \
         the same environment (live or sandbox)?"
    ))
}

fn fetched(event: &Event<'_>) -> Result<Payment, Unread> {
    let payment: Option<PaymentFetched> = read::answered(event.answers, PAYMENT)?;
    Ok(payment.ok_or_else(|| not_found("payment"))?.payments)
}

/// Events of this payment that did that, before this one.
fn before(event: &Event<'_>, action: &str) -> Result<Vec<Id>, Unread> {
    let history: Option<History> = read::answered(event.answers, HISTORY)?;
    let mut found = Vec::new();
    for one in history.into_iter().flat_map(|history| history.events) {
        let at = read::rfc3339("events.created_at", &one.created_at)?;
        if one.action == action && at < event.occurred_at {
            found.push(one.id);
        }
    }
    Ok(found)
}

fn sale(payment: &Payment) -> Vec<Ref> {
    let links = &payment.links;
    let subscription = links.subscription.as_ref().map(Ref::subscription);
    let schedule = links.instalment_schedule.as_ref().map(Ref::order);
    vec![subscription.or(schedule).unwrap_or_else(|| Ref::order(&payment.id))]
}

fn line(scope: &Ref, plan: &Plan) -> Result<Line, Unread> {
    let item = plan.items();
    if item.is_empty() {
        return Err(Unread::Format(NO_PRODUCT.to_owned()));
    }
    Ok(Line {
        line: Line::at(scope, 0),
        alias: Vec::new(),
        item,
        quantity: plan.quantity()?,
        period: None,
    })
}

/// From the day of the charge to the next one; no event says it.
fn period(payment: &Payment, subscription: &Subscription) -> Result<Option<Period>, Unread> {
    let Some(charged) = payment.charge_date.as_deref() else { return Ok(None) };
    let start = read::day("payments.charge_date", charged)?;
    let every = Every::of(subscription.interval, &subscription.interval_unit);
    let path = "subscriptions.interval_unit";
    let every = every.ok_or_else(|| Unread::value(path, "not weekly, monthly or yearly"))?;
    let end = every.after(start, 1).filter(|end| end.timestamp() < 253_402_300_800);
    let end = end.ok_or_else(|| Unread::value("subscriptions.interval", "too long"))?;
    Ok(Some(Period { start: Some(start), end }))
}

const NO_PRODUCT: &str = "nothing says what was bought; write `keywright_product` into the metadata \
                          of the payment or subscription, or give it a name or description";
