//! One event to notices.

use super::payload::Payload;
use super::subscription::{Subscription, counted};
use crate::Ask;
use crate::notice::{DisputeState, Kind, Notice, Ref};
use crate::read::{Event, Reading, Unread};

/// The types that [`event`] reads.
pub(super) const EVENTS: &[&str] = &[
    "signup_success",
    "renewal_success",
    "payment_success",
    "renewal_failure",
    "payment_failure",
    "subscription_state_change",
    "pending_cancellation_change",
    "subscription_product_change",
    "upgrade_downgrade_success",
    "component_allocation_change",
    "refund_success",
    "chargeback_opened",
    "chargeback_won",
    "chargeback_lost",
    "chargeback_accepted",
    "customer_update",
];

/// What must be asked before [`event`] can read: only where a line is told and the account counts
/// by a component.
///
/// # Errors
/// As [`event`].
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let payload = || Payload::of(event);
    match event.event_type {
        "signup_success"
        | "renewal_success"
        | "subscription_product_change"
        | "upgrade_downgrade_success" => Subscription::of(event, &payload())?.asks(),
        "subscription_state_change" => {
            let payload = payload();
            let subscription = Subscription::of(event, &payload)?;
            match change(&subscription)? {
                Change::Recovered => subscription.asks(),
                _ => Ok(Vec::new()),
            }
        }
        "component_allocation_change" => {
            let payload = payload();
            match is_counted(event, &payload)? {
                true => Subscription::of(event, &payload)?.asks(),
                false => Ok(Vec::new()),
            }
        }
        _ => Ok(Vec::new()),
    }
}

/// Reads one event.
///
/// Not read, on purpose: `billing_date_change` and `expiration_date_change` (a date moves, and no
/// money comes; the next renewal tells its period), `chargeback_closed` (who won is told apart),
/// and all notices, statements and invoices.
///
/// # Errors
/// [`Unread`], with the name of the field that was wrong.
pub(super) fn event(event: &Event<'_>) -> Reading {
    if !EVENTS.contains(&event.event_type) {
        return Ok(Vec::new());
    }
    let payload = Payload::of(event);
    let payload = &payload;
    if event.event_type == "customer_update" {
        let customer = payload.customer("[customer]")?;
        let customer = customer.filter(|customer| customer.provider_id.is_some());
        let (refs, occurred_at) = (Vec::new(), event.occurred_at);
        let told = |customer| Notice {
            refs,
            occurred_at,
            line: None,
            kind: Kind::Customer,
            customer: Some(customer),
        };
        return Ok(customer.map(told).into_iter().collect());
    }
    let subscription = Subscription::of(event, payload)?;
    let notice = match event.event_type {
        "signup_success" => signed_up(event, &subscription)?,
        "renewal_success" => Some(renewed(event, &subscription)?),
        "payment_success" => Some(linked(&subscription)?),
        "renewal_failure" | "payment_failure" => Some(subscription.notice(Kind::PaymentFailed)),
        "subscription_state_change" => changed_state(&subscription)?,
        "pending_cancellation_change" => Some(pending(&subscription)?),
        "subscription_product_change" | "upgrade_downgrade_success" => {
            let lines = vec![subscription.line(None)?];
            Some(subscription.notice(Kind::Changed { lines, whole: false }))
        }
        "component_allocation_change" if is_counted(event, payload)? => {
            let lines = vec![subscription.line(None)?];
            Some(subscription.notice(Kind::Changed { lines, whole: false }))
        }
        "refund_success" => Some(refunded(event, &subscription)?),
        "chargeback_opened" => Some(disputed(&subscription, DisputeState::Opened)?),
        "chargeback_won" => Some(disputed(&subscription, DisputeState::Won)?),
        "chargeback_lost" | "chargeback_accepted" => {
            Some(disputed(&subscription, DisputeState::Lost)?)
        }
        _ => None,
    };
    Ok(notice.into_iter().collect())
}

/// A trial, or the first payment, of nothing where a coupon paid.
fn signed_up(event: &Event<'_>, subscription: &Subscription<'_>) -> Result<Option<Notice>, Unread> {
    let payload = subscription.payload;
    match subscription.state()?.as_str() {
        "trialing" => {
            let until = payload.time("[subscription][trial_ended_at]")?;
            let until = until.map_or_else(|| subscription.period().map(|p| p.end), Ok)?;
            let lines = vec![subscription.line(None)?];
            Ok(Some(subscription.notice(Kind::Trial { until, lines })))
        }
        "active" | "assessing" => {
            let transaction = payload.id(&["[subscription][signup_payment_id]"])?;
            let names = ["[transaction][amount_in_cents]", "[subscription][signup_revenue]"];
            let amount = payload.money(event, &names)?;
            subscription.paid(transaction, amount).map(Some)
        }
        _ => Ok(None),
    }
}

/// Also the first payment after a trial.
fn renewed(event: &Event<'_>, subscription: &Subscription<'_>) -> Result<Notice, Unread> {
    let payload = subscription.payload;
    let kind = payload.first(&["[transaction][type]", "[transaction][transaction_type]"])?;
    let is_payment = kind.is_none_or(|kind| kind.eq_ignore_ascii_case("payment"));
    let (transaction, amount) = if is_payment {
        (payload.id(&["[transaction][id]"])?, "[transaction][amount_in_cents]")
    } else {
        (None, "[subscription][product_price_in_cents]")
    };
    let names = [amount, "[subscription][product_price_in_cents]"];
    subscription.paid(transaction, payload.money(event, &names)?)
}

/// Told of every charge, prorations too, so that it extends nothing: sign-up, renewal and
/// recovery say what was paid.
fn linked(subscription: &Subscription<'_>) -> Result<Notice, Unread> {
    let transaction = subscription.payload.id(&["[transaction][id]"])?;
    let mut notice = subscription.notice(Kind::Linked);
    notice.refs.extend(transaction.map(|id| Ref::payment(id.as_str())));
    Ok(notice)
}

/// What a change of state means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    PastDue,
    /// What was past due, or had been over, is paid.
    Recovered,
    Held,
    Released,
    Over(&'static str),
    /// Told by another event, or nothing.
    Nothing,
}

fn change(subscription: &Subscription<'_>) -> Result<Change, Unread> {
    let from = ["[previous_state]", "[subscription][previous_state]"];
    let from = subscription.payload.first(&from)?.unwrap_or_default();
    let to = subscription.state()?;
    Ok(match (to.as_str(), from.as_str()) {
        ("past_due" | "soft_failure", _) => Change::PastDue,
        ("canceled", _) => Change::Over("[subscription][canceled_at]"),
        ("expired", _) => Change::Over("[subscription][expires_at]"),
        ("trial_ended", _) => Change::Over("[subscription][trial_ended_at]"),
        ("unpaid" | "suspended", _) => Change::Over(""),
        ("on_hold" | "paused", _) => Change::Held,
        ("active", "on_hold" | "paused") => Change::Released,
        (
            "active",
            "past_due" | "soft_failure" | "unpaid" | "suspended" | "canceled" | "expired"
            | "trial_ended",
        ) => Change::Recovered,
        _ => Change::Nothing,
    })
}

fn changed_state(subscription: &Subscription<'_>) -> Result<Option<Notice>, Unread> {
    let kind = match change(subscription)? {
        Change::PastDue => Kind::PaymentFailed,
        Change::Held => Kind::Paused,
        Change::Released => Kind::Resumed,
        Change::Over("") => Kind::Ended { at: subscription.at() },
        Change::Over(since) => {
            let since = subscription.payload.time(since)?;
            Kind::Ended { at: since.unwrap_or(subscription.at()) }
        }
        Change::Recovered => return subscription.paid(None, None).map(Some),
        Change::Nothing => return Ok(None),
    };
    Ok(Some(subscription.notice(kind)))
}

/// Will end with its period, or will not after all.
fn pending(subscription: &Subscription<'_>) -> Result<Notice, Unread> {
    let payload = subscription.payload;
    let cancels = payload.text("[subscription][cancel_at_end_of_period]")?;
    let kind = if cancels.as_deref() == Some("true") {
        let end = payload.time("[subscription][delayed_cancel_at]")?;
        let end = end.or(payload.time("[subscription][current_period_ends_at]")?);
        Kind::Canceled { at: end }
    } else {
        Kind::Uncanceled
    };
    Ok(subscription.notice(kind))
}

fn refunded(event: &Event<'_>, subscription: &Subscription<'_>) -> Result<Notice, Unread> {
    let payload = subscription.payload;
    let payment =
        payload.need_id(&["[payment_id]", "[transaction][payment_id]", "[refund][payment_id]"])?;
    let refund =
        payload.need_id(&["[transaction][id]", "[refund][id]", "[refund_id]", "[event_id]"])?;
    let names = [
        "[transaction][amount_in_cents]",
        "[refund][amount_in_cents]",
        "[refund_amount_in_cents]",
        "[refund_amount]",
    ];
    let amount = payload.money(event, &names)?;
    let amount = amount.ok_or_else(|| {
        Unread::value("payload[transaction][amount_in_cents]", "a refund must say its amount")
    })?;
    let payment = Ref::payment(payment.as_str());
    let mut notice = subscription.notice(Kind::Refunded {
        refund: refund.into(),
        payment: payment.clone(),
        amount: Some(amount),
        total: None,
        full: false,
        lines: Vec::new(),
    });
    notice.refs.push(payment);
    Ok(notice)
}

/// A payment has one chargeback, which is named by it: nothing else is known to be told of it.
fn disputed(subscription: &Subscription<'_>, state: DisputeState) -> Result<Notice, Unread> {
    let names = ["[payment_id]", "[transaction][payment_id]", "[transaction][id]"];
    let id = subscription.payload.need_id(&names)?;
    let payment = Ref::payment(id.as_str());
    let dispute = id.into();
    let kind = Kind::Disputed { dispute, payment: payment.clone(), state };
    let mut notice = subscription.notice(kind);
    notice.refs.push(payment);
    Ok(notice)
}

/// Is it the component that counts what was bought?
fn is_counted(event: &Event<'_>, payload: &Payload) -> Result<bool, Unread> {
    let Some(wanted) = counted(event) else { return Ok(false) };
    let names = ["[component][handle]", "[component][id]"];
    let told = names.iter().map(|name| payload.text(name)).collect::<Result<Vec<_>, _>>()?;
    Ok(told.into_iter().flatten().any(|name| name == wanted))
}
