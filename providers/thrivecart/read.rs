//! What an event says, by its type.
//!
//! One order is one sale for life, and each entry of its purchase map one line. A payment is an
//! invoice: `000000141`, then `000000141-2` for the second of a subscription.

use chrono::TimeDelta;

use crate::notice::{Customer, Kind, Line, Money, Notice, Period, Ref, ReturnedLine};
use crate::read::{self, Event, Form, Id, Reading, Unread, filled, full_name};

use super::form::{id, need_id, occurred_at, told, unix};

/// The setting that says how long a trial takes.
pub(super) const TRIAL_DAYS: &str = "trial_days";

pub(super) const EVENTS: &[&str] = &[
    "order.rebill_failed",
    "order.refund",
    "order.subscription_cancelled",
    "order.subscription_paused",
    "order.subscription_payment",
    "order.subscription_resumed",
    "order.success",
];

/// # Errors
/// [`Unread`] where something is missing.
pub(super) fn notices(event: &Event<'_>) -> Reading {
    if event.event_type == "unknown" {
        return Err(Unread::value("event", "the field is missing or empty"));
    }
    if !EVENTS.contains(&event.event_type) {
        return Ok(vec![]);
    }
    let form = Form::parse(event.body);
    occurred_at(&form)?;
    let order = need_id(&form, "order_id")?;
    let sale = Ref::order(&order);
    let item = item_of(&form, "subscription")?;
    let mut refs: Vec<Ref> = item.iter().map(|item| subscription(&order, item)).collect();
    refs.push(sale.clone());
    let (line, told) = match event.event_type {
        "order.success" => (None, bought(event, &form, &order)?),
        "order.subscription_payment" => (None, renewed(&form, &sale, refs)?),
        "order.refund" => (None, refunded(&form, &order)?),
        other => {
            let kind = match other {
                "order.rebill_failed" => Kind::PaymentFailed,
                // No end is told: what is paid for stays.
                "order.subscription_cancelled" => Kind::Canceled { at: None },
                "order.subscription_paused" => Kind::Paused,
                _ => Kind::Resumed,
            };
            (item.map(|item| line_of(&sale, &item)), vec![(refs, kind)])
        }
    };
    let customer = customer(&form)?;
    let notice = |(refs, kind)| Notice {
        refs,
        occurred_at: event.occurred_at,
        line: line.clone(),
        kind,
        customer: customer.clone(),
    };
    Ok(told.into_iter().map(notice).collect())
}

type Told = Vec<(Vec<Ref>, Kind)>;

/// `order.success`: the first payment of all that was bought, or a trial of it.
fn bought(event: &Event<'_>, form: &Form, order: &Id) -> Result<Told, Unread> {
    let sale = Ref::order(order);
    let (charges, items) = (charges(form)?, purchase_map(form)?);
    let (mut paid, mut tried, mut refs) = (Vec::new(), Vec::new(), vec![]);
    for item in &items {
        let own = of_item(&charges, item, &items);
        let own = || own.iter().copied();
        if own().any(|charge| charge.recurring) {
            refs.push(subscription(order, item));
        }
        let plan = own().find_map(|charge| charge.plan.as_ref());
        let names = plan.map(|plan| format!("{item}/plan-{plan}")).into_iter();
        let line = Line {
            line: line_of(&sale, item),
            alias: vec![],
            item: names.chain([item.clone()]).collect(),
            // What is due now and what will be due later are two charges of one item.
            quantity: own().map(|charge| charge.quantity).max().unwrap_or(1),
            period: None,
        };
        let due = own().filter(|charge| !charge.recurring).map(|charge| charge.amount);
        let is_trial = own().any(|charge| charge.recurring) && due.max() == Some(0);
        if is_trial { tried.push(line) } else { paid.push(line) }
    }
    let payment = Ref::invoice(need_id(form, "invoice_id")?);
    refs.extend([sale, payment.clone(), first_payment(order)]);
    let mut told = Vec::new();
    if !tried.is_empty() {
        let until = event.occurred_at + trial_length(event)?;
        told.push((refs.clone(), Kind::Trial { until, lines: tried }));
    }
    if !paid.is_empty() {
        told.push((
            refs,
            Kind::Paid { payment, amount: money(form, "order[total]")?, lines: paid },
        ));
    }
    Ok(told)
}

/// `order.subscription_payment`: what stands on the line is known from the order.
fn renewed(form: &Form, sale: &Ref, mut refs: Vec<Ref>) -> Result<Told, Unread> {
    let item = item_of(form, "subscription")?.ok_or_else(|| {
        Unread::value("subscription", "the payment does not say which item it is for")
    })?;
    let name = "subscription[next_payment_date]";
    let end = told(form, name)?.map(|text| unix(name, text)).transpose()?;
    let period = end.map(|end| Period { start: None, end });
    let line = line_of(sale, &item);
    let line = Line { line, alias: vec![], item: vec![], quantity: 1, period };
    let payment = Ref::invoice(need_id(form, "invoice_id")?);
    let amount = money(form, "order[total]")?
        .map_or_else(|| money(form, "subscription[amount]"), |money| Ok(Some(money)))?;
    refs.push(payment.clone());
    Ok(vec![(refs, Kind::Paid { payment, amount, lines: vec![line] })])
}

fn refunded(form: &Form, order: &Id) -> Result<Told, Unread> {
    let amount = money(form, "refund[amount]")?
        .ok_or_else(|| Unread::value("refund[amount]", "the refund tells no amount"))?;
    // Without an invoice it is the order's own payment.
    let payment = id(form, "invoice_id")?.map_or_else(|| first_payment(order), Ref::invoice);
    let in_part = ["refund[pro-rata]", "pro-rata"]
        .into_iter()
        .any(|name| told(form, name).is_ok_and(|value| value == Some("true")));
    let paid = money(form, "order[total]")?;
    let full = !in_part && paid.is_some_and(|paid| paid.minor > 0 && amount.minor >= paid.minor);
    let item = item_of(form, "refund")?;
    let lines = match &item {
        Some(item) if !in_part => {
            let items = purchase_map(form).unwrap_or_default();
            let charges = charges(form)?;
            let mut own = of_item(&charges, item, &items).into_iter();
            let whole = own.any(|charge| charge.amount > 0 && charge.amount == amount.minor);
            let line = line_of(&Ref::order(order), item);
            Vec::from_iter(whole.then_some(ReturnedLine { line, quantity: None }))
        }
        _ => vec![],
    };
    let item = item.unwrap_or_default();
    let refund = format!("{payment}/{item}/{}", amount.minor);
    let refs = vec![Ref::order(order), payment.clone()];
    let amount = Some(amount);
    Ok(vec![(refs, Kind::Refunded { refund, payment, amount, total: None, full, lines })])
}

/// One line of the bill.
struct Charge {
    reference: Option<String>,
    recurring: bool,
    amount: i64,
    quantity: u32,
    plan: Option<Id>,
}

/// The charges of an item of the order. Items are `product-2`, `bump-2`, `upsell-5`; a charge
/// names the whole or the number only, which then is that of the first item with it.
fn of_item<'a>(charges: &'a [Charge], item: &str, items: &[String]) -> Vec<&'a Charge> {
    let named = |name: &str| {
        let charges = charges.iter();
        charges.filter(|charge| charge.reference.as_deref() == Some(name)).collect::<Vec<_>>()
    };
    let exact = named(item);
    let number = |item: &str| item.split_once('-').map_or(item, |(_, number)| number).to_owned();
    let first = items.iter().find(|other| number(other) == number(item));
    let is_first = first.is_none_or(|first| first == item);
    if exact.is_empty() && is_first { named(&number(item)) } else { exact }
}

/// How many charges of one order are looked at.
const CHARGES_MAX: usize = 200;

fn charges(form: &Form) -> Result<Vec<Charge>, Unread> {
    let mut charges = Vec::new();
    for position in 0..CHARGES_MAX {
        let name = |field: &str| format!("order[charges][{position}][{field}]");
        let field = |field: &str| Ok(told(form, &name(field))?.map(str::to_owned));
        let (reference, kind): (_, Option<String>) = (field("reference")?, field("type")?);
        if reference.is_none() && kind.is_none() {
            break;
        }
        let (amount, quantity) = (field("amount")?, field("quantity")?);
        let amount = amount.map_or(Ok(0), |text| text.parse());
        charges.push(Charge {
            reference,
            recurring: kind.as_deref() == Some("recurring"),
            amount: amount.map_err(|_| Unread::value(name("amount"), "not minor units"))?,
            quantity: quantity.map_or(Ok(1), |text| read::quantity(&name("quantity"), &text))?,
            plan: id(form, &name("payment_plan_id"))?,
        });
    }
    Ok(charges)
}

/// The true list of what was bought, each entry once.
fn purchase_map(form: &Form) -> Result<Vec<String>, Unread> {
    let flat = told(form, "purchase_map_flat")?.unwrap_or_default().split(',');
    let listed = form.iter().filter(|(name, _)| name.starts_with("purchase_map["));
    let told_items = flat.chain(listed.map(|(_, value)| value));
    let base = id(form, "base_product")?.map(|id| format!("product-{id}"));
    let mut items: Vec<String> = Vec::new();
    for item in told_items.filter_map(|item| filled(Some(item))) {
        let item = Id::new(&item)
            .ok_or_else(|| Unread::value("purchase_map", "an entry is no name of an item"))?;
        if !items.iter().any(|known| *known == item.as_str()) {
            items.push(item.into());
        }
    }
    if items.is_empty() {
        items.extend(base);
    }
    match items.is_empty() {
        true => Err(Unread::value("purchase_map", "the order does not say what was bought")),
        false => Ok(items),
    }
}

/// `product-2`, of `subscription[type]` and `subscription[id]`.
fn item_of(form: &Form, object: &str) -> Result<Option<String>, Unread> {
    let kind = id(form, &format!("{object}[type]"))?;
    let number = id(form, &format!("{object}[id]"))?;
    Ok(kind.zip(number).map(|(kind, number)| format!("{kind}-{number}")))
}

fn line_of(sale: &Ref, item: &str) -> String {
    format!("{sale}/{item}")
}

/// An item that is paid for again and again. The processors' ids do not stand in every event.
fn subscription(order: &Id, item: &str) -> Ref {
    Ref::subscription(format!("{order}/{item}"))
}

fn first_payment(order: &Id) -> Ref {
    Ref::payment(order)
}

fn trial_length(event: &Event<'_>) -> Result<TimeDelta, Unread> {
    let days = event.settings.get(TRIAL_DAYS).map_or(Ok(30), |days| days.parse::<u16>());
    let days = days.map_err(|_| Unread::value(TRIAL_DAYS, "the setting is no number of days"))?;
    Ok(TimeDelta::days(days.into()))
}

/// An amount in minor units.
fn money(form: &Form, name: &str) -> Result<Option<Money>, Unread> {
    let currency = told(form, "currency")?.and_then(read::Currency::new);
    let told = told(form, name)?.zip(currency);
    told.map(|(text, currency)| read::minor(name, text, currency.as_str())).transpose()
}

fn customer(form: &Form) -> Result<Option<Customer>, Unread> {
    let (first, last) = (told(form, "customer[first_name]")?, told(form, "customer[last_name]")?);
    let customer = Customer {
        provider_id: id(form, "customer_id")?.map(Into::into),
        email: told(form, "customer[email]")?.map(str::to_owned),
        name: full_name(first, last).or(told(form, "customer[name]")?.map(str::to_owned)),
        company: told(form, "customer[business_name]")?.map(str::to_owned),
        country: read::country(told(form, "customer[address][country]")?),
        locale: None,
    };
    Ok(Some(customer).filter(|customer| !customer.is_empty()))
}
