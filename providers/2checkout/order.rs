//! Instant Payment Notifications: how an order stands.
//!
//! <https://verifone.cloud/docs/2checkout/API-Integration/Webhooks/06Instant_Payment_Notification_IPN/IPN-parameters>

use chrono::{DateTime, FixedOffset, Utc};

use crate::notice::{DisputeState, Kind, Line, Money, Notice, Period, Ref};
use crate::read::{self, Currency, Event, Form, Id, Occurrences, Reading, Unread};

use super::form::{column, customer, sent_at, time, zone};
use super::subscription;

/// The year of a subscription that never expires.
const LIFETIME: &str = "9999-";

/// A line, and what came to pass on it.
struct Sold<'f> {
    line: Line,
    subscription: Option<Id>,
    /// `REGULAR`, `TRIAL`, `RENEWAL`, `UPGRADE`; empty where no subscription is told of.
    kind: &'f str,
    total: Option<&'f str>,
}

/// One order, which is one payment: renewals are orders of their own.
pub(super) fn told(event: &Event<'_>, form: &Form) -> Reading {
    let order = Ref::order(form.need_id("REFNO")?);
    let status = form.need("ORDERSTATUS")?;
    let zone = zone(form, event.settings)?;
    let sent_at = sent_at(form, zone)?.unwrap_or(event.occurred_at);
    let paid_at = time("PAYMENTDATE", form.get("PAYMENTDATE")?, zone)?;
    let disputed = dispute(form)?;
    let early = event.settings.get("early").is_some_and(|early| early == "yes");
    let told = |occurred_at, refs: Vec<Ref>, kind| Notice {
        refs,
        occurred_at,
        line: None,
        kind,
        customer: None,
    };
    let mut notices = match status {
        "COMPLETE" | "PAYMENT_RECEIVED" => sale(form, &order, paid_at.unwrap_or(sent_at), zone)?,
        "PAYMENT_AUTHORIZED" if early => sale(form, &order, paid_at.unwrap_or(sent_at), zone)?,
        "REFUND" => {
            let kind = refund(form, &order)?;
            vec![told(sent_at, vec![order.clone()], kind)]
        }
        // Nothing was granted where nothing was authorized; a dispute has a word of its own.
        "REVERSED" | "CANCELED" | "INVALID" if paid_at.is_some() && disputed.is_none() => {
            vec![told(sent_at, vec![order.clone()], gone(&order))]
        }
        _ => vec![],
    };
    if let Some(state) = disputed {
        let dispute = order.id.clone();
        let kind = Kind::Disputed { dispute, payment: order.clone(), state };
        notices.push(told(sent_at, vec![order], kind));
    }
    Ok(notices)
}

/// What was sold: paid, tried, or only changed.
fn sale(form: &Form, order: &Ref, at: DateTime<Utc>, zone: FixedOffset) -> Reading {
    let sold = lines(form, order, zone)?;
    let customer = customer(form)?;
    let mut refs: Vec<Ref> = sold
        .iter()
        .filter_map(|sold| sold.subscription.as_ref())
        .map(Ref::subscription)
        .chain([order.clone()])
        .collect();
    refs.sort();
    refs.dedup();
    let notice = |kind| Notice {
        refs: refs.clone(),
        occurred_at: at,
        line: None,
        kind,
        customer: customer.clone(),
    };
    let amount = amount(form)?;
    // A call for keys could not tell a trial from a payment and gave the product's whole time;
    // the same payment with its true end corrects that.
    let keys_given = column(form, "IPN_DELIVEREDCODES").iter().any(|codes| !codes.is_empty());
    let (mut paid, mut changed, mut notices) = (vec![], vec![], vec![]);
    for Sold { line, kind, total, .. } in sold {
        let free = amount.as_ref().is_some_and(|amount| amount.minor == 0)
            || total.is_some_and(|total| total.trim_matches(['0', '.']).is_empty());
        match (kind, line.period) {
            ("UPGRADE", _) => changed.push(Line { period: None, ..line }),
            ("TRIAL", Some(Period { end, .. })) if free => {
                let lines = vec![Line { period: None, ..line.clone() }];
                notices.push(notice(Kind::Trial { until: end, lines }));
                if keys_given {
                    paid.push(line);
                }
            }
            _ => paid.push(line),
        }
    }
    if !paid.is_empty() {
        notices.push(notice(Kind::Paid { payment: order.clone(), amount, lines: paid }));
    }
    if !changed.is_empty() {
        notices.push(notice(Kind::Changed { lines: changed, whole: false }));
    }
    Ok(notices)
}

/// The order's lines, each with the subscription that it is.
fn lines<'f>(form: &'f Form, order: &Ref, zone: FixedOffset) -> Result<Vec<Sold<'f>>, Unread> {
    let [products, quantities, totals] =
        ["IPN_PID", "IPN_QTY", "IPN_TOTAL"].map(|name| column(form, name));
    let names = ["IPN_SKU", "IPN_PCODE", "IPN_EXTERNAL_REFERENCE"].map(|name| column(form, name));
    let licensed = column(form, "IPN_LICENSE_PROD");
    let [kinds, codes, starts, ends, lifetimes] = ["TYPE", "REF", "START", "EXP", "LIFETIME"]
        .map(|name| column(form, &format!("IPN_LICENSE_{name}")));
    if products.is_empty() {
        return Err(untold("IPN_PID[]"));
    }
    let mut earlier = Occurrences::default();
    let mut sold = Vec::new();
    for (position, product) in products.into_iter().enumerate() {
        let product = Id::new(product).ok_or_else(|| untold("IPN_PID[]"))?;
        let before = earlier.before(product.clone());
        let in_order = line_name(order, product.as_str(), before);
        let quantity = quantities.get(position).ok_or_else(|| untold("IPN_QTY[]"))?;
        // Subscriptions stand in arrays of their own, by product.
        let mut of_product = (0..licensed.len())
            .filter(|at| licensed.get(*at).is_some_and(|licensed| *licensed == product.as_str()));
        let license = of_product.nth(before);
        let of = |column: &[&'f str]| license.and_then(|at| column.get(at).copied());
        let subscription = of(&codes).and_then(Id::new);
        let forever = of(&lifetimes) == Some("YES");
        let end = of(&ends).filter(|end| !forever && !end.starts_with(LIFETIME));
        let filled = |text: Option<&'f str>| text.filter(|text| !text.is_empty());
        let start = time("IPN_LICENSE_START[]", filled(of(&starts)), zone)?;
        let end = time("IPN_LICENSE_EXP[]", filled(end), zone)?;
        let (line, alias) = match &subscription {
            Some(code) => (subscription::line_name(code), vec![in_order]),
            None => (in_order, vec![]),
        };
        let named = names.iter().filter_map(|column| filled(column.get(position).copied()));
        let line = Line {
            line,
            alias,
            item: named.chain([product.as_str()]).map(str::to_owned).collect(),
            quantity: read::quantity("IPN_QTY[]", quantity)?,
            period: end.map(|end| Period { start, end }),
        };
        let kind = of(&kinds).unwrap_or_default();
        sold.push(Sold { line, subscription, kind, total: totals.get(position).copied() });
    }
    // A subscription that stands on two lines is both lines' name; only one can keep it.
    let mut held = Occurrences::default();
    for Sold { line, .. } in &mut sold {
        if held.before(line.line.clone()) > 0
            && let Some(own) = line.alias.pop()
        {
            line.line = own;
        }
    }
    Ok(sold)
}

/// A line by its product; `earlier`: how many lines of this order before it are of the same.
pub(super) fn line_name(order: &Ref, product: &str, earlier: usize) -> String {
    match earlier {
        0 => format!("{order}/{product}"),
        _ => format!("{order}/{product}#{earlier}"),
    }
}

fn amount(form: &Form) -> Result<Option<Money>, Unread> {
    let Some(total) = form.get("IPN_TOTALGENERAL")? else { return Ok(None) };
    let currency = form.get("CURRENCY")?.and_then(Currency::new);
    currency.map(|currency| read::decimal("IPN_TOTALGENERAL", total, currency.as_str())).transpose()
}

/// All of the order, unless it says that it was a part. What a part was is told only where the
/// total stands there as a negative amount.
fn refund(form: &Form, order: &Ref) -> Result<Kind, Unread> {
    if form.get("REFUND_TYPE")? != Some("PARTIAL") {
        return Ok(gone(order));
    }
    let Some(amount) = amount(form)?.filter(|amount| amount.minor < 0) else {
        return Ok(Kind::Linked);
    };
    let message = form.get("MESSAGE_ID")?.or(form.get("IPN_DATE")?).unwrap_or("partial");
    Ok(Kind::Refunded {
        refund: format!("{}/{message}", order.id),
        payment: order.clone(),
        amount: Some(Money { minor: amount.minor.saturating_abs(), ..amount }),
        total: None,
        full: false,
        lines: vec![],
    })
}

/// The whole order's money went back, or never came.
fn gone(order: &Ref) -> Kind {
    Kind::Refunded {
        refund: order.id.clone(),
        payment: order.clone(),
        amount: None,
        total: None,
        full: true,
        lines: vec![],
    }
}

fn dispute(form: &Form) -> Result<Option<DisputeState>, Unread> {
    Ok(match form.get("CHARGEBACK_RESOLUTION")? {
        Some("OPEN") => Some(DisputeState::Opened),
        Some("LOST" | "ACCEPTED") => Some(DisputeState::Lost),
        Some("WON") => Some(DisputeState::Won),
        _ => None,
    })
}

fn untold(path: &str) -> Unread {
    Unread::Content {
        path: path.to_owned(),
        message: "a line of the order lacks it; tick it among the response tags of the IPN \
                  settings in 2Checkout"
            .to_owned(),
    }
}
