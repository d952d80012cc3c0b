//! One message to its question and its notices.

use chrono::{DateTime, Utc};

use super::message::{after, form, time};
use super::prices::Prices;
use crate::notice::{Customer, DisputeState, Kind, Line, Money, Notice, Period, Ref};
use crate::read::{self, Currency, Event, Form, Id, Reading, Unread, filled};
use crate::{Ask, Auth};

pub(super) const RECEIVER: &str = "receiver";
pub(super) const PRICES: &str = "prices";

/// Types that lead to notices.
pub(super) const EVENTS: &[&str] = &[
    "adjustment",
    "canceled_reversal",
    "cart",
    "express_checkout",
    "new_case",
    "recurring_payment",
    "recurring_payment_expired",
    "recurring_payment_failed",
    "recurring_payment_profile_cancel",
    "recurring_payment_skipped",
    "recurring_payment_suspended",
    "recurring_payment_suspended_due_to_max_failed_payment",
    "refunded",
    "reversed",
    "subscr_cancel",
    "subscr_eot",
    "subscr_failed",
    "subscr_modify",
    "subscr_payment",
    "subscr_signup",
    "web_accept",
];

/// The name of the one question.
const VALIDATION: &str = "validation";

/// The message, byte for byte as it came, back to PayPal.
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    if !EVENTS.contains(&event.event_type) || event.answers.contains_key(VALIDATION) {
        return Ok(Vec::new());
    }
    let base = match form(event.body)?.get("test_ipn")? {
        Some("1") => "https://ipnpb.sandbox.paypal.com",
        _ => "https://ipnpb.paypal.com",
    };
    let body = [b"cmd=_notify-validate&", event.body].concat();
    let ask = Ask::get(VALIDATION, base, "/cgi-bin/webscr".to_owned(), Auth::Nothing);
    Ok(vec![Ask {
        headers: vec![("User-Agent", "keywright".to_owned())],
        body: Some(("application/x-www-form-urlencoded", body)),
        ..ask
    }])
}

pub(super) fn event(event: &Event<'_>) -> Reading {
    if !EVENTS.contains(&event.event_type) {
        return Ok(Vec::new());
    }
    let answer = event.answers.get(VALIDATION).filter(|answer| answer.found());
    match answer.map(|answer| answer.body.trim_ascii()) {
        Some(b"VERIFIED") => {}
        Some(b"INVALID") => {
            return Err(Unread::value("verify_sign", "PayPal says that this is none of its own"));
        }
        _ => return Err(Unread::value("verify_sign", "PayPal has not said VERIFIED to it")),
    }
    let form = &form(event.body)?;
    for_us(event, form)?;
    match event.event_type {
        "web_accept" | "cart" | "express_checkout" => bought(event, form),
        "subscr_payment" => charged(event, form, None),
        "recurring_payment" => charged(event, form, form.get("next_payment_date")?.and_then(time)),
        "subscr_signup" => signed_up(event, form),
        "subscr_modify" => {
            let lines = vec![subscription_line(form)?];
            befall(event, form, Kind::Changed { lines, whole: false })
        }
        // A plan with a number of cycles is over with its last payment, which has yet to run out.
        "subscr_cancel" | "recurring_payment_profile_cancel" | "recurring_payment_expired" => {
            befall(event, form, Kind::Canceled { at: None })
        }
        "subscr_eot" => befall(event, form, Kind::Ended { at: event.occurred_at }),
        "recurring_payment_suspended" => befall(event, form, Kind::Paused),
        "subscr_failed"
        | "recurring_payment_failed"
        | "recurring_payment_skipped"
        | "recurring_payment_suspended_due_to_max_failed_payment" => {
            befall(event, form, Kind::PaymentFailed)
        }
        "new_case" => {
            let payment = payment(form, "txn_id")?;
            Ok(vec![of_payment(event, form, &payment, disputed(&payment, DisputeState::Opened))?])
        }
        "adjustment" => adjusted(event, form),
        _ => went_back(event, form),
    }
}

/// Does the money go to one of the configured receivers? Whoever knows the address could have
/// payments to himself reported here. What befalls a subscription sometimes names no receiver,
/// and gives nothing to anybody who has not paid before.
fn for_us(event: &Event<'_>, form: &Form) -> Result<(), Unread> {
    let configured = event.settings.get(RECEIVER).map(String::as_str).unwrap_or_default();
    let ids = [form.get("receiver_id")?, form.get("receiver_email")?];
    let mut told: Vec<&str> = ids.into_iter().flatten().collect();
    if told.is_empty() {
        told.extend(form.get("business")?);
    }
    let ours =
        |name: &&str| configured.split_whitespace().any(|own| own.eq_ignore_ascii_case(name));
    let pays = matches!(
        event.event_type,
        "web_accept"
            | "cart"
            | "express_checkout"
            | "subscr_payment"
            | "recurring_payment"
            | "subscr_signup"
    );
    match told.iter().any(ours) || (told.is_empty() && !pays) {
        true => Ok(()),
        false => Err(Unread::value("receiver_email", "none of those that `receiver` names")),
    }
}

fn is_complete(form: &Form) -> Result<bool, Unread> {
    Ok(form.need("payment_status")? == "Completed")
}

/// Sold once: one item, or a cart of several.
fn bought(event: &Event<'_>, form: &Form) -> Reading {
    if !is_complete(form)? {
        return Ok(Vec::new());
    }
    let payment = payment(form, "txn_id")?;
    let count = match form.get("num_cart_items")? {
        Some(text) => Some(
            text.parse::<usize>()
                .ok()
                .filter(|count| (1..=500).contains(count))
                .ok_or_else(|| Unread::value("num_cart_items", "not a number of items"))?,
        ),
        None => None,
    };
    let mut lines = Vec::new();
    for position in 0..count.unwrap_or(1) {
        let number = count.map(|_| (position + 1).to_string()).unwrap_or_default();
        let gross = match count {
            Some(_) => format!("mc_gross_{number}"),
            None => "mc_gross".to_owned(),
        };
        let line = Line {
            line: Line::at(&payment, position),
            alias: Vec::new(),
            item: item(form, &number)?,
            quantity: quantity(form, &format!("quantity{number}"))?,
            period: None,
        };
        affordable(event, form, &line, &gross)?;
        lines.push(line);
    }
    paid(event, form, Vec::new(), lines)
}

/// A first payment of a subscription, or a further one. Of buttons nobody tells until when.
fn charged(event: &Event<'_>, form: &Form, end: Option<DateTime<Utc>>) -> Reading {
    if !is_complete(form)? {
        return Ok(Vec::new());
    }
    let end = end.filter(|end| *end > event.occurred_at);
    let period = end.map(|end| Period { start: Some(event.occurred_at), end });
    let line = Line { period, ..subscription_line(form)? };
    affordable(event, form, &line, "mc_gross")?;
    let mut notices = paid(event, form, vec![subscription(form)?], vec![line])?;
    // That a suspended profile goes on, nothing tells but its next payment.
    notices.extend(befall(event, form, Kind::Resumed)?);
    Ok(notices)
}

/// A payment of less than the item costs is one of a button that its buyer changed.
fn affordable(event: &Event<'_>, form: &Form, line: &Line, gross: &str) -> Result<(), Unread> {
    let Some(prices) = event.settings.get(PRICES) else { return Ok(()) };
    Prices::parse(prices)?.check(&line.item, line.quantity, &money(form, gross)?)
}

fn paid(event: &Event<'_>, form: &Form, mut refs: Vec<Ref>, lines: Vec<Line>) -> Reading {
    let payment = payment(form, "txn_id")?;
    refs.push(payment.clone());
    let amount = Some(money(form, "mc_gross")?);
    let kind = Kind::Paid { payment, amount, lines };
    Ok(vec![notice(event, refs, kind, customer(form)?)])
}

/// No money yet; a trial where its periods cost nothing.
fn signed_up(event: &Event<'_>, form: &Form) -> Reading {
    let lines = vec![subscription_line(form)?];
    let mut until = event.occurred_at;
    for (period, amounts) in
        [("period1", ["amount1", "mc_amount1"]), ("period2", ["amount2", "mc_amount2"])]
    {
        let Some(text) = form.get(period)? else { break };
        let [amount, in_currency] = amounts.map(|name| form.get(name));
        let amount = amount?.or(in_currency?);
        if !amount.is_some_and(|text| text.bytes().all(|byte| b"0.".contains(&byte))) {
            break;
        }
        let end = after(until, text);
        until = end.ok_or_else(|| Unread::value(period, "not a period such as `7 D`"))?;
    }
    let kind = match until > event.occurred_at {
        true => Kind::Trial { until, lines },
        false => Kind::Changed { lines, whole: false },
    };
    befall(event, form, kind)
}

/// Refunds have a name of their own. A reversal is known by the payment, as is its end.
fn went_back(event: &Event<'_>, form: &Form) -> Reading {
    let payment = payment(form, "parent_txn_id")?;
    let reversal = format!("{}/reversed", payment.id);
    let refunded = |refund: String| {
        let mut amount = money(form, "mc_gross")?;
        amount.minor = amount.minor.saturating_abs();
        Ok::<_, Unread>(Kind::Refunded {
            refund,
            payment: payment.clone(),
            amount: Some(amount),
            total: None,
            full: false,
            lines: Vec::new(),
        })
    };
    let kinds = match event.event_type {
        "refunded" => vec![refunded(id(form, "txn_id")?.into())?],
        "reversed" => vec![refunded(reversal)?],
        _ => vec![
            Kind::RefundUndone { refund: reversal, payment: payment.clone() },
            disputed(&payment, DisputeState::Won),
        ],
    };
    kinds.into_iter().map(|kind| of_payment(event, form, &payment, kind)).collect()
}

/// A case is closed. That its money was taken for good is all that can be seen of who won.
fn adjusted(event: &Event<'_>, form: &Form) -> Reading {
    let name = if form.get("parent_txn_id")?.is_some() { "parent_txn_id" } else { "txn_id" };
    let payment = payment(form, name)?;
    let taken = form.get("mc_gross")?.is_some_and(|amount| amount.starts_with('-'));
    let state = if taken { DisputeState::Lost } else { DisputeState::Won };
    Ok(vec![of_payment(event, form, &payment, disputed(&payment, state))?])
}

/// The end of a case does not always name it, so the payment does.
fn disputed(payment: &Ref, state: DisputeState) -> Kind {
    Kind::Disputed { dispute: payment.id.clone(), payment: payment.clone(), state }
}

fn of_payment(event: &Event<'_>, form: &Form, payment: &Ref, kind: Kind) -> Result<Notice, Unread> {
    let mut refs = Vec::from_iter(subscription(form).ok());
    refs.push(payment.clone());
    Ok(notice(event, refs, kind, None))
}

/// What is told of a subscription.
fn befall(event: &Event<'_>, form: &Form, kind: Kind) -> Reading {
    Ok(vec![notice(event, vec![subscription(form)?], kind, customer(form)?)])
}

/// A subscription is one line.
fn subscription_line(form: &Form) -> Result<Line, Unread> {
    Ok(Line {
        line: Line::at(&subscription(form)?, 0),
        alias: Vec::new(),
        item: item(form, "")?,
        quantity: quantity(form, "quantity")?,
        period: None,
    })
}

fn subscription(form: &Form) -> Result<Ref, Unread> {
    let old = form.get("subscr_id")?.is_some();
    let name = if old { "subscr_id" } else { "recurring_payment_id" };
    Ok(Ref::subscription(id(form, name)?.as_str()))
}

fn payment(form: &Form, name: &str) -> Result<Ref, Unread> {
    Ok(Ref::payment(id(form, name)?.as_str()))
}

fn id(form: &Form, name: &str) -> Result<Id, Unread> {
    Id::new(form.need(name)?).ok_or_else(|| Unread::value(name, "not an id"))
}

/// Its number, then its name; a profile has but the name of its product.
fn item(form: &Form, number: &str) -> Result<Vec<String>, Unread> {
    let (by_number, by_name) = (format!("item_number{number}"), format!("item_name{number}"));
    let told = [form.get(&by_number)?, form.get(&by_name)?, form.get("product_name")?];
    let mut item: Vec<String> = told.into_iter().filter_map(filled).collect();
    item.dedup();
    match item.is_empty() {
        true => Err(Unread::value(by_number, "what was bought has no number and no name")),
        false => Ok(item),
    }
}

fn quantity(form: &Form, name: &str) -> Result<u32, Unread> {
    let text = form.get(name)?.unwrap_or("1");
    text.parse().map_err(|_| Unread::value(name, "not a whole number"))
}

fn money(form: &Form, name: &str) -> Result<Money, Unread> {
    let currency = Currency::new(form.need("mc_currency")?);
    let currency = currency.ok_or_else(|| Unread::value("mc_currency", "not a currency"))?;
    read::decimal(name, form.need(name)?, currency.as_str())
}

fn customer(form: &Form) -> Result<Option<Customer>, Unread> {
    let name = [form.get("first_name")?, form.get("last_name")?];
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let country = form.get("residence_country")?.or(form.get("address_country_code")?);
    let customer = Customer {
        provider_id: form.get("payer_id")?.and_then(Id::new).map(String::from),
        email: filled(form.get("payer_email")?),
        name: filled(Some(&name)),
        company: filled(form.get("payer_business_name")?),
        country: filled(country).map(|code| code.to_ascii_uppercase()),
        ..Customer::default()
    };
    Ok(Some(customer).filter(|customer| !customer.is_empty()))
}

fn notice(event: &Event<'_>, refs: Vec<Ref>, kind: Kind, customer: Option<Customer>) -> Notice {
    Notice { refs, occurred_at: event.occurred_at, line: None, kind, customer }
}
