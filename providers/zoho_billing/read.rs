//! What an event says, by its type.

use crate::notice::{Kind, Money, Notice, Ref};
use crate::read::{self, Event, Reading, Unread};

use super::payload::{Data, Element, Subscription};

pub(super) const EVENTS: &[&str] = &[
    "creditnote_refunded",
    "payment_declined",
    "payment_refunded",
    "payment_succeeded",
    "payment_thankyou",
    "subscription_activation",
    "subscription_cancellation_scheduled",
    "subscription_cancelled",
    "subscription_created",
    "subscription_downgraded",
    "subscription_expired",
    "subscription_paused",
    "subscription_reactivated",
    "subscription_renewed",
    "subscription_resumed",
    "subscription_scheduled_cancellation_removed",
    "subscription_unpaid",
    "subscription_updated",
    "subscription_upgraded",
];

/// # Errors
/// [`Unread`] where something is missing.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    if !EVENTS.contains(&event.event_type) {
        return Ok(vec![]);
    }
    let Element { data } = read::json(event.body)?;
    let told = told(event, &data)?;
    let customer = data.buyer();
    let notice = |(refs, kind)| Notice {
        refs,
        occurred_at: event.occurred_at,
        line: None,
        kind,
        customer: customer.clone(),
    };
    Ok(told.into_iter().map(notice).collect())
}

type Told = Vec<(Vec<Ref>, Kind)>;

fn told(event: &Event<'_>, data: &Data) -> Result<Told, Unread> {
    let kind = match event.event_type {
        "subscription_created" | "subscription_activation" | "subscription_renewed" => {
            return term(data.subscription()?);
        }
        "payment_thankyou" | "payment_succeeded" => return thanked(data),
        "payment_refunded" => return refunded(data),
        "creditnote_refunded" => return credited(data),
        "payment_declined" | "subscription_unpaid" => {
            let refs = data.refs(false);
            if refs.is_empty() {
                let message = "neither a subscription nor an invoice is told";
                return Err(Unread::value("data", message));
            }
            return Ok(vec![(refs, Kind::PaymentFailed)]);
        }
        "subscription_reactivated" => return reactivated(data.subscription()?),
        "subscription_upgraded" | "subscription_downgraded" | "subscription_updated" => {
            changed(data.subscription()?)?
        }
        "subscription_cancellation_scheduled" => {
            Kind::Canceled { at: data.subscription()?.term_end()? }
        }
        "subscription_cancelled" => cancelled(event, data.subscription()?)?,
        "subscription_scheduled_cancellation_removed" => Kind::Uncanceled,
        "subscription_expired" => Kind::Ended { at: event.occurred_at },
        "subscription_paused" => Kind::Paused,
        "subscription_resumed" => Kind::Resumed,
        _ => return Ok(vec![]),
    };
    Ok(vec![(vec![data.subscription()?.sale()], kind)])
}

/// How the running term stands: paid, on trial, not begun, or not paid (yet).
fn term(subscription: &Subscription) -> Result<Told, Unread> {
    let status = subscription.status.as_deref().unwrap_or_default().to_ascii_lowercase();
    Ok(match status.as_str() {
        "live" | "non_renewing" => vec![paid(subscription)?],
        "trial" => {
            let lines = subscription.lines()?.into_iter();
            let lines = lines.map(|line| crate::notice::Line { period: None, ..line }).collect();
            let until = subscription.trial_end()?;
            vec![(vec![subscription.sale()], Kind::Trial { until, lines })]
        }
        "future" => vec![],
        _ => vec![(vec![subscription.sale()], changed(subscription)?)],
    })
}

fn paid(subscription: &Subscription) -> Result<(Vec<Ref>, Kind), Unread> {
    let payment = subscription.payment()?;
    let refs = [Some(subscription.sale()), subscription.invoice(), Some(payment.clone())];
    let refs = refs.into_iter().flatten().collect();
    let lines = subscription.lines()?;
    Ok((refs, Kind::Paid { payment, amount: subscription.amount()?, lines }))
}

/// Live again after it was over: what ended must be covered anew. In a term that was paid before
/// that payment lies before the end, so that this is one of its own, without money.
fn reactivated(subscription: &Subscription) -> Result<Told, Unread> {
    let sale = subscription.sale();
    let mut told = vec![(vec![sale.clone()], Kind::Uncanceled)];
    if subscription.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("live")) {
        let payment = Ref::payment(format!("{}/reactivated", subscription.payment()?.id));
        let lines = subscription.lines()?;
        told.push((vec![sale], Kind::Paid { payment, amount: None, lines }));
    }
    Ok(told)
}

/// Now, or when the paid term is over.
fn cancelled(event: &Event<'_>, subscription: &Subscription) -> Result<Kind, Unread> {
    let status = subscription.status.as_deref().unwrap_or_default();
    let end = subscription.term_end()?.filter(|end| *end > event.occurred_at);
    Ok(match end {
        Some(end) if status.eq_ignore_ascii_case("non_renewing") => {
            Kind::Canceled { at: Some(end) }
        }
        _ => Kind::Ended { at: event.occurred_at },
    })
}

fn changed(subscription: &Subscription) -> Result<Kind, Unread> {
    let lines = subscription.lines()?.into_iter();
    let lines = lines.map(|line| crate::notice::Line { period: None, ..line }).collect();
    Ok(Kind::Changed { lines, whole: true })
}

/// Money came. A single sale is paid by it; of a subscription it says which payment settled which
/// invoice, and the term that is live now was paid if it was not told before.
fn thanked(data: &Data) -> Result<Told, Unread> {
    let refs = data.refs(true);
    if let Some(invoice) = data.invoice.as_ref().filter(|_| data.subscription.is_none())
        && invoice.is_single_sale()
    {
        let amount = invoice.total()?;
        let payment = invoice.name();
        return Ok(vec![(refs, Kind::Paid { payment, amount, lines: invoice.lines()? })]);
    }
    let mut told = Vec::new();
    if !refs.is_empty() {
        told.push((refs, Kind::Linked));
    }
    if let Some(subscription) = &data.subscription {
        let live = term(subscription)?.into_iter();
        told.extend(live.filter(|(_, kind)| matches!(kind, Kind::Paid { .. })));
    }
    Ok(told)
}

fn refunded(data: &Data) -> Result<Told, Unread> {
    let payment = data.payment.as_ref().ok_or_else(|| {
        Unread::value("data.payment", "the refund does not say which payment went back")
    })?;
    let (paid, total) = (payment.amount()?, payment.refunded()?);
    let of_refund = data.refund.as_ref().map(|refund| refund.amount(payment.currency()));
    let amount = of_refund.transpose()?.flatten();
    let full = is_all(total.as_ref().or(amount.as_ref()), paid.as_ref());
    if amount.is_none() && total.is_none() {
        return Err(Unread::value("data.payment.amount_refunded", "no amount is told"));
    }
    let payment = payment.name();
    let refund = data.refund.as_ref().map_or_else(|| payment.to_string(), |refund| refund.id());
    let kind = Kind::Refunded { refund, payment, amount, total, full, lines: vec![] };
    Ok(vec![(data.refs(true), kind)])
}

/// A credit note's money went back.
fn credited(data: &Data) -> Result<Told, Unread> {
    let note = data.creditnote.as_ref();
    let (note, payment) = note.and_then(|note| Some((note, note.invoice()?))).ok_or_else(|| {
        Unread::value("data.creditnote.invoice_id", "the credit note names no invoice")
    })?;
    let of_refund = data.refund.as_ref().map(|refund| refund.amount(note.currency()));
    let amount = of_refund.transpose()?.flatten().or(note.total()?);
    let amount = amount
        .ok_or_else(|| Unread::value("data.creditnote.total", "the credit note tells no amount"))?;
    let refund = data.refund.as_ref().map_or_else(|| note.id(), |refund| refund.id());
    let refs = vec![payment.clone()];
    let amount = Some(amount);
    let kind = Kind::Refunded { refund, payment, amount, total: None, full: false, lines: vec![] };
    Ok(vec![(refs, kind)])
}

fn is_all(back: Option<&Money>, paid: Option<&Money>) -> bool {
    let both = back.zip(paid);
    both.is_some_and(|(back, paid)| paid.minor > 0 && back.minor >= paid.minor)
}
