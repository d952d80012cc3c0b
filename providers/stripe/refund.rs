//! Money that goes back: <https://docs.stripe.com/api/refunds/object>,
//! <https://docs.stripe.com/api/charges/object>
//!
//! A refund names its charge and payment intent, but (since basil) no invoice: the invoice is
//! found through `invoice_payment.paid`.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::payload::{self, List, Other, Snapshot};
use crate::notice::{Kind, Notice, Ref};
use crate::read::{Event, Id, Reading, Unread};

/// `refund.created`, `refund.updated`, `refund.failed`, `charge.refund.updated`: all of them
/// carry the refund with its status.
pub(super) fn refund(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Refund>(event.body)?;
    let Some(state) = object.state() else {
        return Ok(Vec::new());
    };
    let (payment, refs) = payload::payment(object.payment_intent.as_ref(), object.charge.as_ref())?;
    let kind = object.kind(state, payment)?;
    Ok(vec![payload::notice(refs, occurred_at, kind, None)])
}

/// `charge.refunded`: by each refund where they are listed (versions before 2022-11-15), else by
/// the running total of the charge. Either way it agrees with `refund.*` on the same money.
pub(super) fn charge(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object: charge, .. } = payload::snapshot::<Charge>(event.body)?;
    let (payment, refs) = charge.refs();
    match &charge.refunds {
        Some(refunds) if !refunds.data.is_empty() && !refunds.has_more => {
            listed(&refunds.data, occurred_at, &payment, &refs)
        }
        _ => {
            let kind = charge.total(payment)?;
            Ok(vec![payload::notice(refs, occurred_at, kind, None)])
        }
    }
}

fn listed(refunds: &[Refund], at: DateTime<Utc>, payment: &Ref, refs: &[Ref]) -> Reading {
    refunds
        .iter()
        .filter_map(|refund| Some((refund, refund.state()?)))
        .map(|(refund, state)| {
            let kind = refund.kind(state, payment.clone())?;
            Ok(payload::notice(refs.to_vec(), at, kind, None))
        })
        .collect::<Result<Vec<Notice>, Unread>>()
}

#[derive(Debug, Deserialize)]
struct Refund {
    id: Id,
    amount: i64,
    currency: String,
    status: Option<String>,
    charge: Option<Other>,
    payment_intent: Option<Other>,
}

/// Whether the money is gone, or has come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Gone,
    Back,
}

impl Refund {
    /// `None`: on its way (`pending`, `requires_action`), or a status that is not known yet.
    fn state(&self) -> Option<State> {
        match self.status.as_deref() {
            Some("succeeded") => Some(State::Gone),
            Some("failed" | "canceled") => Some(State::Back),
            _ => None,
        }
    }

    fn kind(&self, state: State, payment: Ref) -> Result<Kind, Unread> {
        let refund = String::from(&self.id);
        Ok(match state {
            State::Back => Kind::RefundUndone { refund, payment },
            State::Gone => Kind::Refunded {
                refund,
                payment,
                amount: Some(payload::money("data.object.amount", self.amount, &self.currency)?),
                total: None,
                full: false,
                lines: Vec::new(),
            },
        })
    }
}

#[derive(Debug, Deserialize)]
struct Charge {
    id: Id,
    amount_refunded: i64,
    currency: String,
    refunded: bool,
    payment_intent: Option<Other>,
    invoice: Option<Other>,
    refunds: Option<List<Refund>>,
}

impl Charge {
    fn refs(&self) -> (Ref, Vec<Ref>) {
        let charge = Ref::charge(&self.id);
        let intent = self.payment_intent.as_ref().map(Ref::payment);
        let payment = intent.clone().unwrap_or_else(|| charge.clone());
        let invoice = self.invoice.as_ref().map(Ref::invoice);
        (payment, [invoice, intent, Some(charge)].into_iter().flatten().collect())
    }

    fn total(&self, payment: Ref) -> Result<Kind, Unread> {
        let path = "data.object.amount_refunded";
        Ok(Kind::Refunded {
            refund: String::from(&self.id),
            payment,
            amount: None,
            total: Some(payload::money(path, self.amount_refunded, &self.currency)?),
            full: self.refunded,
            lines: Vec::new(),
        })
    }
}
