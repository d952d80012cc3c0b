//! One event to questions and notices.

use super::ping::{Fetched, FetchedSale, Sale, at, flag, id, names, optional_id, units};
use crate::notice::{Customer, DisputeState, Kind, Line, Money, Notice, Ref};
use crate::read::{self, Event, Form, Id, Reading, Unread, filled};
use crate::{Ask, Auth, Need};

pub(super) const API_TOKEN: &str = "api_token";
pub(super) const SELLER_ID: &str = "seller_id";

/// Types that lead to notices.
pub(super) const EVENTS: &[&str] = &[
    "cancellation",
    "dispute",
    "dispute_won",
    "refund",
    "sale",
    "subscription_ended",
    "subscription_restarted",
    "subscription_updated",
];

/// The name of the one question.
const SALE: &str = "sale";

/// With a token of the API the sale is fetched, and the ping not believed.
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let of_sale = matches!(event.event_type, "sale" | "refund" | "dispute" | "dispute_won");
    if !of_sale || event.answers.contains_key(SALE) {
        return Ok(Vec::new());
    }
    let sale_id = id(&Form::parse(event.body), "sale_id")?;
    let path = format!("/v2/sales/{}", escaped(&sale_id));
    let ask = Ask::get(SALE, "https://api.gumroad.com", path, Auth::Bearer(API_TOKEN));
    Ok(vec![Ask { need: Need::Configured, ..ask }])
}

/// Ids end in `==`.
fn escaped(id: &Id) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let bytes = id.as_str().bytes();
    bytes.map(|b| if plain(b) { char::from(b).into() } else { format!("%{b:02X}") }).collect()
}

pub(super) fn event(event: &Event<'_>) -> Reading {
    if !EVENTS.contains(&event.event_type) {
        return Ok(Vec::new());
    }
    let form = Form::parse(event.body);
    let configured = event.settings.get(SELLER_ID);
    let told = form.get("seller_id")?;
    if let (Some(configured), Some(told)) = (configured, told)
        && configured != told
    {
        return Err(Unread::value("seller_id", "not the seller that is configured"));
    }
    match event.event_type {
        "sale" => sold(event, &form),
        "refund" => refunded(event, &form),
        "dispute" => disputed(event, &form, DisputeState::Opened),
        "dispute_won" => disputed(event, &form, DisputeState::Won),
        "cancellation" => befall(event, &form, &[Kind::Canceled { at: None }]),
        "subscription_ended" => {
            let ended_at = at("ended_at", form.need("ended_at")?)?;
            befall(event, &form, &[Kind::Ended { at: ended_at }])
        }
        "subscription_restarted" => befall(event, &form, &[Kind::Uncanceled, Kind::Resumed]),
        _ => changed(event, &form),
    }
}

/// A first payment or a further one: each is a sale of its own. What is only authorised, for a
/// product that is not out yet, is told again when it is paid.
fn sold(event: &Event<'_>, form: &Form) -> Reading {
    if flag(form, "is_preorder_authorization")? {
        return Ok(Vec::new());
    }
    let fetched = fetched(event, form)?;
    let sale = Sale::of(form, fetched.as_ref())?;
    let payment = Ref::payment(sale.id.as_str());
    let subscription = sale.subscription_id.as_ref().map(|id| Ref::subscription(id.as_str()));
    let line = Line {
        line: Line::at(subscription.as_ref().unwrap_or(&payment), 0),
        alias: Vec::new(),
        item: sale.item,
        quantity: sale.quantity,
        period: sale.period,
    };
    Ok(vec![Notice {
        refs: subscription.into_iter().chain([payment.clone()]).collect(),
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Paid { payment, amount: Some(sale.price), lines: vec![line] },
        customer: Some(sale.customer).filter(|customer| !customer.is_empty()),
    }])
}

/// A ping says whether all went back. How much did otherwise, only the API says, as the sum of
/// all refunds of the sale.
fn refunded(event: &Event<'_>, form: &Form) -> Reading {
    let fetched = fetched(event, form)?;
    let full = match &fetched {
        Some(sale) => sale.refunded,
        None => flag(form, "refunded")?,
    };
    let total = match &fetched {
        Some(sale) if !full => went_back(form, sale)?,
        _ => None,
    };
    if !full && total.is_none() {
        return Ok(Vec::new());
    }
    let sale_id = id(form, "sale_id")?;
    let kind = Kind::Refunded {
        refund: sale_id.to_string(),
        payment: Ref::payment(sale_id.as_str()),
        amount: None,
        total,
        full,
        lines: Vec::new(),
    };
    Ok(vec![of_sale(event, &sale_id, kind)])
}

fn went_back(form: &Form, sale: &FetchedSale) -> Result<Option<Money>, Unread> {
    let Some(left) = &sale.amount_refundable_in_currency else { return Ok(None) };
    let paid = Sale::of(form, Some(sale))?.price;
    let left = read::decimal("amount_refundable_in_currency", left.as_str(), &paid.currency)?;
    let minor = paid.minor.saturating_sub(left.minor);
    Ok(Some(Money { minor, ..paid }).filter(|back| back.minor > 0))
}

/// Gumroad tells that a dispute was won, never that it was lost. It is of a sale and has no name.
fn disputed(event: &Event<'_>, form: &Form, state: DisputeState) -> Reading {
    let sale_id = match fetched(event, form)? {
        Some(sale) => sale.id,
        None => id(form, "sale_id")?,
    };
    let payment = Ref::payment(sale_id.as_str());
    let kind = Kind::Disputed { dispute: sale_id.to_string(), payment, state };
    Ok(vec![of_sale(event, &sale_id, kind)])
}

/// What the API says of the sale. It knows the token's own sales only.
fn fetched(event: &Event<'_>, form: &Form) -> Result<Option<FetchedSale>, Unread> {
    let known = event.answers.contains_key(SALE);
    let sale = read::answered::<Fetched>(event.answers, SALE)?.map(|fetched| fetched.sale);
    let same = sale
        .as_ref()
        .is_some_and(|sale| Some(sale.id.as_str()) == form.get("sale_id").ok().flatten());
    if known && !same {
        return Err(Unread::value("sale_id", "Gumroad's API knows of no such sale"));
    }
    Ok(sale)
}

fn of_sale(event: &Event<'_>, sale_id: &Id, kind: Kind) -> Notice {
    let refs = vec![Ref::payment(sale_id.as_str())];
    Notice { refs, occurred_at: event.occurred_at, line: None, kind, customer: None }
}

/// An upgrade takes effect at once. Anything else does with the next payment, which tells of it.
fn changed(event: &Event<'_>, form: &Form) -> Reading {
    if form.get("type")? != Some("upgrade") {
        return Ok(Vec::new());
    }
    let (subscription_id, product_id) = (id(form, "subscription_id")?, id(form, "product_id")?);
    let tier_name = filled(form.get("new_plan[tier][name]")?);
    let tier_id = optional_id(form, "new_plan[tier][id]")?.map(String::from);
    let variants: Vec<String> = tier_name.into_iter().collect();
    let mut item = names(&product_id, &variants, std::iter::empty());
    item.splice(variants.len()..variants.len(), tier_id);
    let line = Line {
        line: Line::at(&Ref::subscription(subscription_id.as_str()), 0),
        alias: Vec::new(),
        item,
        quantity: units("new_plan[quantity]", form.get("new_plan[quantity]")?)?,
        period: None,
    };
    befall(event, form, &[Kind::Changed { lines: vec![line], whole: false }])
}

/// What is told of a membership.
fn befall(event: &Event<'_>, form: &Form, kinds: &[Kind]) -> Reading {
    let subscription = Ref::subscription(id(form, "subscription_id")?.as_str());
    let customer = Customer {
        provider_id: optional_id(form, "user_id")?.map(String::from),
        email: filled(form.get("user_email")?),
        ..Customer::default()
    };
    let customer = Some(customer).filter(|customer| !customer.is_empty());
    let notice = |kind: &Kind| Notice {
        refs: vec![subscription.clone()],
        occurred_at: event.occurred_at,
        line: None,
        kind: kind.clone(),
        customer: customer.clone(),
    };
    Ok(kinds.iter().map(notice).collect())
}
