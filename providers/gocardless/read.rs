//! One event to notices.

use super::ask::{OF_MANDATE, REFUND, SUBSCRIPTION};
use super::payload::{Link, RefundFetched, SubscriptionFetched, SubscriptionsListed, Told};
use super::payment::{self, about, not_found};
use crate::notice::{DisputeState, Kind, Ref};
use crate::read::{self, Event, Id, Reading, Unread};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "payments.confirmed",
    "payments.submitted",
    "payments.failed",
    "payments.cancelled",
    "payments.charged_back",
    "payments.chargeback_cancelled",
    "refunds.created",
    "refunds.paid",
    "refunds.failed",
    "subscriptions.payment_created",
    "subscriptions.amended",
    "subscriptions.cancelled",
    "subscriptions.finished",
    "subscriptions.paused",
    "subscriptions.resumed",
    "instalment_schedules.cancelled",
    "instalment_schedules.errored",
    "mandates.cancelled",
    "mandates.failed",
    "mandates.expired",
    "mandates.blocked",
];

/// Reads one event.
///
/// Not read, on purpose: `payments.paid_out` (the money of `confirmed`, on its way to the vendor's
/// bank) and other settlements, what is only created or approved, and `mandates.replaced`: no sale
/// is known by its mandate, since a customer may pay several with one.
///
/// # Errors
/// [`Unread`], with the path of what was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    let at = event.occurred_at;
    match event.event_type {
        "payments.confirmed" | "payments.submitted" if payment::is_money(event) => {
            payment::paid(event)
        }
        "payments.failed" => payment::failed(event, &event_id(event)?),
        "payments.cancelled" => payment::cancelled(event),
        "payments.charged_back" => {
            let states = [DisputeState::Opened, DisputeState::Lost];
            payment::charged_back(at, &named(event, Link::Payment)?, &states)
        }
        "payments.chargeback_cancelled" => {
            payment::charged_back(at, &named(event, Link::Payment)?, &[DisputeState::Won])
        }
        "refunds.created" | "refunds.paid" | "refunds.failed" => refund(event),
        "subscriptions.payment_created" => {
            let subscription = Ref::subscription(named(event, Link::Subscription)?);
            let payment = Ref::payment(named(event, Link::Payment)?);
            Ok(vec![about(at, vec![subscription, payment], Kind::Linked)])
        }
        "subscriptions.amended" => amended(event),
        // What is paid stays, and its end is known.
        "subscriptions.cancelled" | "subscriptions.finished" => {
            subscription(event, Kind::Canceled { at: None })
        }
        "subscriptions.paused" => subscription(event, Kind::Paused),
        "subscriptions.resumed" => subscription(event, Kind::Resumed),
        "instalment_schedules.cancelled" => schedule(event, Kind::Canceled { at: None }),
        "instalment_schedules.errored" => schedule(event, Kind::PaymentFailed),
        "mandates.cancelled" | "mandates.failed" | "mandates.expired" | "mandates.blocked" => {
            mandate(event)
        }
        _ => Ok(Vec::new()),
    }
}

fn subscription(event: &Event<'_>, kind: Kind) -> Reading {
    let refs = vec![Ref::subscription(named(event, Link::Subscription)?)];
    Ok(vec![about(event.occurred_at, refs, kind)])
}

fn schedule(event: &Event<'_>, kind: Kind) -> Reading {
    let refs = vec![Ref::order(named(event, Link::InstalmentSchedule)?)];
    Ok(vec![about(event.occurred_at, refs, kind)])
}

fn amended(event: &Event<'_>) -> Reading {
    let fetched: Option<SubscriptionFetched> = read::answered(event.answers, SUBSCRIPTION)?;
    let fetched = fetched.ok_or_else(|| not_found("subscription"))?.subscriptions;
    subscription(event, Kind::Changed { lines: vec![payment::subscribed(&fetched)?], whole: false })
}

/// Without its mandate no subscription is charged again.
fn mandate(event: &Event<'_>) -> Reading {
    let listed: Option<SubscriptionsListed> = read::answered(event.answers, OF_MANDATE)?;
    let listed = listed.into_iter().flat_map(|listed| listed.subscriptions);
    let canceled = |id: &Id| {
        let kind = Kind::Canceled { at: None };
        about(event.occurred_at, vec![Ref::subscription(id)], kind)
    };
    Ok(listed.map(|subscription| canceled(&subscription.id)).collect())
}

fn refund(event: &Event<'_>) -> Reading {
    let fetched: Option<RefundFetched> = read::answered(event.answers, REFUND)?;
    let refund = fetched.ok_or_else(|| not_found("refund"))?.refunds;
    let Some(payment) = refund.links.payment.as_ref().map(Ref::payment) else {
        // Of a mandate, not of a payment: money that was none of a sale's.
        return Ok(Vec::new());
    };
    let amount = Some(refund.money());
    let refs = vec![payment.clone()];
    let refund = refund.id.into();
    let kind = if event.event_type == "refunds.failed" {
        Kind::RefundUndone { refund, payment }
    } else {
        let (total, lines) = (None, Vec::new());
        Kind::Refunded { refund, payment, amount, total, full: false, lines }
    };
    Ok(vec![about(event.occurred_at, refs, kind)])
}

fn named(event: &Event<'_>, link: Link) -> Result<Id, Unread> {
    read::json::<Told>(event.body)?.links.need(link).cloned()
}

fn event_id(event: &Event<'_>) -> Result<Id, Unread> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: Id,
    }
    Ok(read::json::<Named>(event.body)?.id)
}
