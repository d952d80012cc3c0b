//! Transactions: money that went back, was taken back, or did not come. What came, the invoice
//! tells.

use super::frame::ORIGINAL;
use super::payload::{Transaction, plan_line};
use crate::notice::{DisputeState, Kind, Notice, Ref};
use crate::read::{self, Event, Id, Reading, Unread};

/// # Errors
/// [`Unread`] for an amount that cannot be, and for money that went back of an unknown payment.
pub(super) fn told(event: &Event<'_>, transaction: &Transaction) -> Reading {
    let id = || String::from(&transaction.id);
    let kind = match (transaction.kind.as_str(), transaction.status.as_str()) {
        ("refund", "success") => refunded(transaction, paid_by(event, transaction)?)?,
        ("refund", "void" | "declined" | "error") => {
            Kind::RefundUndone { refund: id(), payment: paid_by(event, transaction)? }
        }
        // Before it was settled: nothing came.
        ("purchase" | "capture", "void") => refunded(transaction, invoice_of(transaction)?)?,
        ("purchase" | "capture", "chargeback") => {
            let (payment, state) = (invoice_of(transaction)?, DisputeState::Lost);
            Kind::Disputed { dispute: id(), payment, state }
        }
        ("purchase" | "authorization" | "capture", "declined" | "error") => {
            return Ok(failed(event, transaction));
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![notice(event, transaction, None, kind)])
}

fn refunded(transaction: &Transaction, payment: Ref) -> Result<Kind, Unread> {
    let currency = transaction.currency.as_str();
    let amount = read::decimal("transaction.amount", transaction.amount.as_str(), currency)?;
    Ok(Kind::Refunded {
        refund: (&transaction.id).into(),
        payment,
        amount: Some(amount),
        total: None,
        full: false,
        lines: Vec::new(),
    })
}

/// A refund stands on a credit invoice of its own; what was paid stands on the invoice of the
/// transaction that it takes back.
fn paid_by(event: &Event<'_>, transaction: &Transaction) -> Result<Ref, Unread> {
    let original: Option<Transaction> = read::answered(event.answers, ORIGINAL)?;
    match original {
        Some(original) => invoice_of(&original),
        None => Err(Unread::value(
            "transaction.original_transaction_id",
            format!("Recurly's API does not tell which payment {} takes back", transaction.id),
        )),
    }
}

fn invoice_of(transaction: &Transaction) -> Result<Ref, Unread> {
    let invoice = transaction.invoice.as_ref();
    let invoice = invoice.ok_or_else(|| Unread::value("transaction.invoice", "is missing"))?;
    Ok(Ref::invoice(invoice.id.as_str()))
}

/// A checkout may be tried again; a subscription's payment is past due.
fn failed(event: &Event<'_>, transaction: &Transaction) -> Vec<Notice> {
    let subscriptions: Vec<&Id> = transaction.subscription_ids.iter().flatten().collect();
    let plans = subscriptions.into_iter().map(plan_line);
    plans.map(|line| notice(event, transaction, Some(line), Kind::PaymentFailed)).collect()
}

fn notice(
    event: &Event<'_>,
    transaction: &Transaction,
    line: Option<String>,
    kind: Kind,
) -> Notice {
    let ids = transaction.subscription_ids.iter().flatten();
    let mut refs: Vec<Ref> = ids.map(|id| Ref::subscription(id.as_str())).collect();
    if let Kind::Refunded { payment, .. }
    | Kind::RefundUndone { payment, .. }
    | Kind::Disputed { payment, .. } = &kind
    {
        refs.push(payment.clone());
    }
    let customer = transaction.account.as_ref().map(|account| account.customer());
    Notice { refs, occurred_at: event.occurred_at, line, kind, customer }
}
