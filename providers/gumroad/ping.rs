//! What stands in a ping, and in the sale that is fetched.
//!
//! The seller's own form fields are repeated at the top of a ping under their own names, so only
//! names that are known are looked at.

use chrono::{DateTime, FixedOffset, Months, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::notice::{Customer, Money, Period};
use crate::read::{self, Currency, Envelope, Form, Id, Scalar, Unread, filled};

/// What a ping is known again by: Gumroad gives no event an id, and tells one sale twice where
/// both ways of telling are set up.
const IDENTITY: [&str; 6] =
    ["sale_id", "subscription_id", "product_id", "price", "quantity", "refunded"];

/// The one event of a ping. One without a resource is a sale.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let form = Form::parse(body);
    let resource = form.get("resource_name")?.unwrap_or("sale");
    let resource = Id::new(resource)
        .ok_or_else(|| Unread::value("resource_name", "not the name of an event"))?;
    let is_test = flag(&form, "test")?;
    let time = match resource.as_str() {
        "sale" => "sale_timestamp",
        "cancellation" => "cancelled_at",
        "subscription_ended" => "ended_at",
        "subscription_restarted" => "restarted_at",
        "subscription_updated" => "effective_as_of",
        // These tell when the sale was, not when they happened.
        _ => "",
    };
    let refunded = flag(&form, "refunded")?;
    let sale = form.get("sale_id")?;
    let subscription = form.get("subscription_id")?;
    let name = match (resource.as_str(), sale, subscription) {
        ("refund", Some(sale), _) => Some(format!("{sale}/{refunded}")),
        (_, Some(sale), _) => Some(sale.to_owned()),
        (_, None, Some(id)) => form.get(time)?.map(|time| format!("{id}/{time}")),
        (_, None, None) => None,
    };
    let test = if is_test { "test/" } else { "" };
    let mut content = format!("{resource}\n");
    for field in IDENTITY {
        content.push_str(form.get(field)?.unwrap_or_default());
        content.push('\n');
    }
    Ok(Envelope {
        id: name.map(|name| format!("{test}{resource}/{name}")),
        occurred_at: form.get(time)?.map(|text| at(time, text)).transpose()?,
        live: Some(!is_test),
        body: body.to_vec(),
        content: Some(content.into_bytes()),
        // Every part that goes back is told by the same ping; how much is asked for.
        recurs: resource.as_str() == "refund" && !refunded,
        event_type: resource.into(),
    })
}

/// A truth that is written, or absent.
pub(super) fn flag(form: &Form, name: &str) -> Result<bool, Unread> {
    Ok(form.get(name)?.is_some_and(|text| text == "true"))
}

/// Times are written in two ways.
pub(super) fn at(path: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    let ruby = || {
        let utc = FixedOffset::east_opt(0)?;
        read::local(path, text, "%Y-%m-%d %H:%M:%S UTC", utc).ok()
    };
    read::rfc3339(path, text).or_else(|unread| ruby().ok_or(unread))
}

/// An id of Gumroad's that must stand there.
pub(super) fn id(form: &Form, name: &str) -> Result<Id, Unread> {
    optional_id(form, name)?.ok_or_else(|| Unread::Content {
        path: name.to_owned(),
        message: "the field is missing or empty".to_owned(),
    })
}

pub(super) fn optional_id(form: &Form, name: &str) -> Result<Option<Id>, Unread> {
    let text = form.get(name)?;
    text.map(|text| Id::new(text).ok_or_else(|| Unread::value(name, "not an id"))).transpose()
}

/// `GET /v2/sales/ID`
#[derive(Deserialize)]
pub(super) struct Fetched {
    pub(super) sale: FetchedSale,
}

/// The sale as the API tells it: more than a ping where money went back, and no currency.
#[derive(Deserialize)]
pub(super) struct FetchedSale {
    pub(super) id: Id,
    email: Option<String>,
    full_name: Option<String>,
    purchaser_id: Option<Id>,
    product_id: Id,
    price: Scalar,
    quantity: Option<Scalar>,
    subscription_id: Option<Id>,
    subscription_duration: Option<String>,
    #[serde(default)]
    variants: Value,
    #[serde(default)]
    pub(super) refunded: bool,
    pub(super) amount_refundable_in_currency: Option<Scalar>,
}

/// A sale: by the ping alone, or as it was fetched.
pub(super) struct Sale {
    pub(super) id: Id,
    pub(super) subscription_id: Option<Id>,
    /// What may be mapped, most specific first.
    pub(super) item: Vec<String>,
    pub(super) quantity: u32,
    pub(super) price: Money,
    pub(super) period: Option<Period>,
    pub(super) customer: Customer,
}

impl Sale {
    /// # Errors
    /// [`Unread`] for what is missing or cannot be.
    pub(super) fn of(form: &Form, fetched: Option<&FetchedSale>) -> Result<Self, Unread> {
        let text = |name: &str| Ok::<_, Unread>(form.get(name)?.map(str::to_owned));
        let pinged = optional_id(form, "product_id")?;
        let product_id = match fetched {
            Some(sale) => sale.product_id.clone(),
            None => id(form, "product_id")?,
        };
        let links = match pinged.as_ref() == Some(&product_id) {
            true => [text("short_product_id")?, text("permalink")?, text("product_permalink")?],
            false => [None, None, None],
        };
        let variants = fetched.map_or_else(|| variants(form), |sale| told_variants(&sale.variants));
        let scalar = |scalar: &Scalar| scalar.as_str().to_owned();
        let (price, quantity) = match fetched {
            Some(sale) => (scalar(&sale.price), sale.quantity.as_ref().map(scalar)),
            None => (form.need("price")?.to_owned(), text("quantity")?),
        };
        let subscription_id = match fetched {
            Some(sale) => sale.subscription_id.clone(),
            None => optional_id(form, "subscription_id")?,
        };
        let duration = fetched.and_then(|sale| sale.subscription_duration.clone());
        let recurrence = duration.or(text("recurrence")?).filter(|_| subscription_id.is_some());
        let currency = Currency::new(form.need("currency")?)
            .ok_or_else(|| Unread::value("currency", "not a currency"))?;
        let start = at("sale_timestamp", form.need("sale_timestamp")?)?;
        Ok(Self {
            id: id(form, "sale_id")?,
            subscription_id,
            item: names(&product_id, &variants, links.into_iter().flatten()),
            quantity: units("quantity", quantity.as_deref())?,
            price: read::minor("price", &price, currency.as_str())?,
            period: recurrence.and_then(|recurrence| period(start, &recurrence)),
            customer: customer(form, fetched)?,
        })
    }
}

fn customer(form: &Form, fetched: Option<&FetchedSale>) -> Result<Customer, Unread> {
    let company = form.iter().find(|(name, _)| name.eq_ignore_ascii_case("custom_fields[Company]"));
    let company = filled(company.map(|(_, value)| value));
    Ok(match fetched {
        Some(sale) => Customer {
            provider_id: sale.purchaser_id.as_ref().map(String::from),
            email: filled(sale.email.as_deref()),
            name: filled(sale.full_name.as_deref().or(form.get("full_name")?)),
            company,
            ..Customer::default()
        },
        None => Customer {
            provider_id: optional_id(form, "purchaser_id")?.map(String::from),
            email: filled(form.get("email")?),
            name: filled(form.get("full_name")?),
            company,
            ..Customer::default()
        },
    })
}

/// The chosen variants (`variants[Tier]=Team`), in their order.
fn variants(form: &Form) -> Vec<String> {
    let chosen = form.iter().filter(|(name, _)| name.starts_with("variants["));
    chosen.filter_map(|(_, value)| filled(Some(value))).collect()
}

/// `{"Tier": "Team"}`, and a text or nothing where there are none.
fn told_variants(told: &Value) -> Vec<String> {
    let chosen = told.as_object().into_iter().flat_map(|variants| variants.values());
    chosen.filter_map(|value| filled(value.as_str())).collect()
}

/// A product with a variant, the product, and other names of the product.
pub(super) fn names(
    product_id: &Id,
    variants: &[String],
    links: impl Iterator<Item = String>,
) -> Vec<String> {
    let with = variants.iter().map(|variant| format!("{product_id}/{variant}"));
    let mut names: Vec<String> = with.chain([product_id.to_string()]).collect();
    for link in links {
        if !names.contains(&link) {
            names.push(link);
        }
    }
    names
}

pub(super) fn units(path: &str, text: Option<&str>) -> Result<u32, Unread> {
    text.unwrap_or("1").parse().map_err(|_| Unread::value(path, "not a whole number"))
}

/// Nobody tells an end: it is counted from the sale.
fn period(start: DateTime<Utc>, recurrence: &str) -> Option<Period> {
    let months = match recurrence {
        "monthly" => 1,
        "quarterly" => 3,
        "biannually" => 6,
        "yearly" => 12,
        "every_two_years" => 24,
        _ => return None,
    };
    let end = start.checked_add_months(Months::new(months))?;
    Some(Period { start: Some(start), end })
}
