//! The request for keys (Activation Code API): XML for each item, while an order is finalised.
//!
//! Experimental. UltraCart's documentation shows neither every name in the request nor how its
//! `md5Secret` is made, so the address carries a token, names are taken in every likely spelling,
//! and the answer is a template.
//!
//! <https://docs.ultracart.com/display/ucdoc/Activation+Code+API>

use super::read::whole;
use crate::notice::{Customer, Kind, Line, Notice, Ref};
use crate::read::{Element, Envelope, Event, Id, Reading, Settings, Unread, country, full_name};
use crate::scheme::{self, Verified};
use crate::secret::Secret;
use crate::{Answer, Reject, Request};

/// The type under which a request for keys is kept.
pub(super) const EVENT_TYPE: &str = "fulfil.request";
/// The secret setting with the address's token.
pub(super) const TOKEN: &str = "fulfil_token";
/// The setting with the answer.
pub(super) const TEMPLATE: &str = "answer_template";

const DEFAULT_TEMPLATE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><activationCodeResponse>\
     {<activationCode>KEY</activationCode>}</activationCodeResponse>";

const ORDER: &[&str] = &["orderid"];
const ITEM: &[&str] = &["itemid", "merchantitemid", "item", "sku"];
const QUANTITY: &[&str] = &["quantity", "qty"];

/// The token behind `?token=` in the address.
///
/// # Errors
/// Any [`Reject`] of [`scheme::query_token`].
pub(super) fn verify<'a>(request: &Request<'a>, token: &Secret) -> Result<Verified<'a>, Reject> {
    if request.method != "POST" {
        return Err(Reject::NotTaken);
    }
    scheme::query_token(request, request.body, std::slice::from_ref(token))
}

/// The one event of a request. A repeated request for an item of an order is the same event.
///
/// # Errors
/// [`Unread`] for what is no XML.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let request = Element::parse(body)?;
    let told = |names| text(&request, names);
    let id = told(ORDER).zip(told(ITEM)).map(|(order, item)| format!("fulfil:{order}/{item}"));
    // Under one id: what decides on the keys.
    let content = id.as_ref().map(|id| {
        let quantity = told(QUANTITY).unwrap_or("1");
        format!("{id}\n{quantity}").into_bytes()
    });
    Ok(Envelope { id, content, ..Envelope::new(EVENT_TYPE, body) })
}

/// Keys are asked for while the order is finalised: the same payment of the same sale that the
/// webhooks tell of a little later.
///
/// # Errors
/// [`Unread`] where the order or the item is missing.
pub(super) fn read(event: &Event<'_>) -> Reading {
    let request = Element::parse(event.body)?;
    let told = |names| text(&request, names);
    let needed = |path: &str, names| {
        told(names).ok_or_else(|| Unread::Content {
            path: path.to_owned(),
            message: "the request has no such element, or an empty one".to_owned(),
        })
    };
    let order = Id::new(needed("orderId", ORDER)?)
        .ok_or_else(|| Unread::value("orderId", "not an order's number"))?;
    let item = needed("itemId", ITEM)?;
    let quantity = match told(QUANTITY) {
        Some(text) => whole(text)
            .filter(|quantity| *quantity > 0)
            .ok_or_else(|| Unread::value("quantity", "not a whole number above 0"))?,
        None => 1,
    };
    let line = Line {
        line: line(&order, item),
        alias: Vec::new(),
        item: vec![item.to_owned()],
        quantity,
        period: None,
    };
    let customer = Customer {
        email: told(&["email"]).map(str::to_owned),
        name: full_name(told(&["firstname"]), told(&["lastname"])),
        company: told(&["company"]).map(str::to_owned),
        country: country(told(&["countrycode", "country"])),
        ..Customer::default()
    };
    let payment = Ref::order(&order);
    Ok(vec![Notice {
        refs: vec![payment.clone()],
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Paid { payment, amount: None, lines: vec![line] },
        customer: Some(customer).filter(|customer| !customer.is_empty()),
    }])
}

/// The name of an order's line for who knows only its item.
pub(super) fn line(order: &Id, item: &str) -> String {
    format!("{}/{item}", Ref::order(order))
}

/// Without a key the order must not be shown an empty one; nor by a template that has no place for
/// one, in whose stead the built-in stands.
pub(super) fn answer(keys: &[String], settings: &Settings) -> Answer {
    let own = settings.get(TEMPLATE).and_then(|template| parts(template));
    let (before, once, behind) = own.or_else(|| parts(DEFAULT_TEMPLATE)).unwrap_or_default();
    let written: String = keys.iter().map(|key| once.replace("KEY", &escaped(key))).collect();
    Answer {
        status: if keys.is_empty() { 503 } else { 200 },
        content_type: "text/xml; charset=utf-8",
        body: [before, &written, behind].concat(),
    }
}

/// Has it a place for keys?
pub(super) fn is_template(text: &str) -> bool {
    parts(text).is_some()
}

/// What stands before, in and behind the braces.
fn parts(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (once, behind) = rest.split_once('}')?;
    once.contains("KEY").then_some((before, once, behind))
}

fn escaped(key: &str) -> String {
    key.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The first text of an element of one of these names, wherever it stands: `orderId`, `order_id`
/// and `OrderID` are one name.
fn text<'a>(element: &'a Element, names: &[&str]) -> Option<&'a str> {
    let plain: String = element.name.chars().filter(char::is_ascii_alphanumeric).collect();
    let own = names.contains(&plain.to_ascii_lowercase().as_str());
    let own = Some(element.text.trim()).filter(|text| own && !text.is_empty());
    own.or_else(|| element.children.iter().find_map(|child| text(child, names)))
}
