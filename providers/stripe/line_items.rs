//! What a Checkout session sold. Its events do not carry the line items, so they are asked for:
//! <https://docs.stripe.com/api/checkout/sessions/line_items>

use serde::Deserialize;

use super::envelope::ACCOUNT;
use super::list::{API_KEY, BASE};
use super::payload::{self, List, Price};
use crate::ask::{Ask, Auth, Need};
use crate::notice::{Line, Ref};
use crate::read::{self, Event, Id, Unread};

/// The name of the question.
const LINE_ITEMS: &str = "line_items";

/// As many as a session can have.
const ITEMS_MAX: usize = 100;

#[derive(Debug, Deserialize)]
struct Item {
    quantity: Option<i64>,
    price: Option<Price>,
}

/// The question for what this session sold, unless it is answered.
///
/// # Errors
/// [`Unread::Value`] for an id that cannot stand in an address.
pub(super) fn ask(event: &Event<'_>, session: &Id, need: Need) -> Result<Option<Ask>, Unread> {
    if event.answers.contains_key(LINE_ITEMS) {
        return Ok(None);
    }
    let id = session.segment("data.object.id")?;
    let path = format!("/v1/checkout/sessions/{id}/line_items?limit={ITEMS_MAX}");
    // The platform's key opens what belongs to an account that is connected to it.
    let account = event.settings.get(ACCOUNT);
    let headers = account.map(|account| ("Stripe-Account", account.clone())).into_iter().collect();
    Ok(Some(Ask { headers, need, ..Ask::get(LINE_ITEMS, BASE, path, Auth::Bearer(API_KEY)) }))
}

/// What was answered, a line each; none where there was no answer. `named` are further names of the
/// first line, and come before its price: what a vendor has mapped by them stays as it is.
///
/// # Errors
/// [`Unread`] for more lines than were asked for, a line without a price, and a quantity that
/// cannot be.
pub(super) fn lines(
    event: &Event<'_>,
    session: &Id,
    named: &[String],
) -> Result<Vec<Line>, Unread> {
    let Some(items) = read::answered::<List<Item>>(event.answers, LINE_ITEMS)? else {
        return Ok(Vec::new());
    };
    if items.has_more {
        let message = format!("holds more than {ITEMS_MAX} lines; issue its licenses by hand");
        return Err(Unread::value("line_items", message));
    }
    let session = Ref::session(session);
    let line = |(index, item): (usize, &Item)| {
        let path = |field: &str| format!("line_items.data[{index}].{field}");
        let price = item.price.as_ref().ok_or_else(|| Unread::Content {
            path: path("price"),
            message: "there is no price".to_owned(),
        })?;
        let ids = [Some(String::from(&price.id)), price.product.as_ref().map(String::from)];
        let named = named.iter().filter(|_| index == 0).cloned();
        Ok(Line {
            // The first is named as it would be without an answer.
            line: Line::at(&session, index),
            alias: Vec::new(),
            item: payload::items(named.chain(ids.into_iter().flatten())),
            quantity: payload::quantity(|| path("quantity"), item.quantity)?,
            period: None,
        })
    };
    items.data.iter().enumerate().map(line).collect()
}
