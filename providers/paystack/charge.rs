//! `charge.success`: <https://paystack.com/docs/payments/verify-payments/>. The reference names the
//! payment. It may be the vendor's own, even one made in the buyer's browser, but Paystack takes
//! each only once.

use chrono::{DateTime, Utc};

use super::payload::{Charge, Plan, data, line_of};
use super::read::notice;
use crate::notice::{Kind, Line, Period, Ref};
use crate::read::{self, Id, Reading, Unread};

/// A sale, or the first charge of a subscription. That of a renewal is told by `invoice.update`,
/// which names the subscription.
pub(super) fn success(at: DateTime<Utc>, body: &[u8]) -> Reading {
    let charge: Charge = data(body)?;
    let (session, line) = match charge.plan() {
        Some(_) if charge.is_renewal() => return Ok(Vec::new()),
        Some((code, plan)) => first_of_plan(at, &charge, code, plan)?,
        None => (None, once(&charge)?),
    };
    let payment = Ref::payment(&charge.reference);
    let refs = session.into_iter().chain([payment.clone()]).collect();
    let kind = Kind::Paid { payment, amount: Some(charge.money()), lines: vec![line] };
    let country = charge.authorization.as_ref().and_then(|card| card.country());
    let customer = charge.customer.as_ref().map(|person| person.customer(country));
    Ok(vec![notice(at, refs, kind, customer)])
}

/// The charge does not name the subscription that it begins: `subscription.create` does, for the
/// same card and plan, before or after it.
fn first_of_plan(
    at: DateTime<Utc>,
    charge: &Charge,
    code: &Id,
    plan: &Plan,
) -> Result<(Option<Ref>, Line), Unread> {
    let session = charge.authorization.as_ref().and_then(|card| card.of_plan(code));
    let end = plan.every().map(|every| {
        let end = every.after(at, 1);
        end.ok_or_else(|| Unread::value("data.paid_at", "too far in the future"))
    });
    let line = Line {
        line: line_of(&charge.reference),
        alias: session.iter().map(|session| Line::at(session, 0)).collect(),
        item: vec![String::from(code)],
        quantity: plan.quantity(Some(charge.amount)),
        period: end.transpose()?.map(|end| Period { start: Some(at), end }),
    };
    Ok((session, line))
}

/// What was sold once stands in the metadata, if anywhere; and the amount can always be told, so
/// that a price may be mapped together with its product. Metadata and amount may both have been
/// written in the buyer's browser, but the amount was paid.
fn once(charge: &Charge) -> Result<Line, Unread> {
    let quantity = charge
        .noted("keywright_quantity")
        .map_or(Ok(1), |noted| read::quantity("data.metadata.keywright_quantity", &noted))?;
    let price = charge.amount / i64::from(quantity);
    let exact = price.checked_mul(i64::from(quantity)) == Some(charge.amount);
    let price = exact.then(|| format!("{}:{price}", charge.currency.as_str()));
    let item = match (charge.noted("keywright_product"), price) {
        (Some(product), Some(price)) => vec![format!("{product}:{price}"), product],
        (Some(product), None) => vec![product],
        (None, _) => vec![format!("{}:{}", charge.currency.as_str(), charge.amount)],
    };
    Ok(Line { line: line_of(&charge.reference), alias: Vec::new(), item, quantity, period: None })
}
