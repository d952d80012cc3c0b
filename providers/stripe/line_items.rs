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
        return Err(Unread::Format(format!(
            "this Checkout session has more than {ITEMS_MAX} lines; look it up in the Dashboard \
             and issue its licenses by hand"
        )));
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::{Value, json};

    use super::*;
    use crate::Provider as _;
    use crate::read::Settings;
    use crate::stripe::Stripe;

    /// A session as it says nothing of what was sold, with something changed.
    fn session(changes: &Value) -> Vec<u8> {
        let mut object = json!({
            "id": "cs_live_a1", "mode": "payment", "payment_status": "paid", "metadata": {},
            "payment_link": null, "invoice": null, "invoice_creation": { "enabled": false },
        });
        object.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let event = json!({
            "id": "evt_1", "type": "checkout.session.completed", "created": 1_760_000_000,
            "data": { "object": object },
        });
        event.to_string().into_bytes()
    }

    fn asks(event_type: &str, body: &[u8]) -> Vec<Ask> {
        Stripe.asks(&Event::new(event_type, DateTime::UNIX_EPOCH, body)).unwrap()
    }

    fn needs(changes: &Value) -> Vec<Need> {
        let asks = asks("checkout.session.completed", &session(changes));
        asks.iter().map(|ask| ask.need).collect()
    }

    #[test]
    fn what_nobody_else_tells_is_asked_for_with_the_api_key() {
        let body = session(&json!({}));
        let [ask] = asks("checkout.session.completed", &body).try_into().unwrap();
        assert_eq!(ask.path, "/v1/checkout/sessions/cs_live_a1/line_items?limit=100");
        assert_eq!((ask.auth, ask.need), (Auth::Bearer("api_key"), Need::Always));
        assert_eq!(ask.headers, []);
    }

    #[test]
    fn a_payment_link_may_be_mapped_but_does_not_say_how_many() {
        assert_eq!(needs(&json!({ "payment_link": "plink_1" })), [Need::Configured]);
    }

    #[test]
    fn what_the_vendor_wrote_the_invoice_tells_or_nobody_paid_is_not_asked_for() {
        for told in [
            json!({ "metadata": { "keywright_product": "acme-pro" } }),
            json!({ "metadata": { "sku": "acme" }, "payment_link": "plink_1" }),
            json!({ "mode": "subscription", "subscription": "sub_1" }),
            json!({ "mode": "setup" }),
            json!({ "invoice": "in_1" }),
            json!({ "invoice_creation": { "enabled": true } }),
            json!({ "payment_status": "unpaid" }),
        ] {
            assert_eq!(needs(&told), [], "{told}");
        }
        let unpaid = session(&json!({ "payment_status": "unpaid" }));
        assert_eq!(asks("checkout.session.async_payment_succeeded", &unpaid).len(), 1);
        assert_eq!(asks("checkout.session.expired", &unpaid).len(), 0);
    }

    #[test]
    fn of_a_connected_account_it_is_asked_in_its_name() {
        let mut body: Value = serde_json::from_slice(&session(&json!({}))).unwrap();
        body["account"] = json!("acct_1");
        let body = body.to_string().into_bytes();
        let settings = |id: &str| Settings::from([(ACCOUNT.to_owned(), id.to_owned())]);
        let asked = |settings: &Settings| {
            let event = Event::new("checkout.session.completed", DateTime::UNIX_EPOCH, &body);
            Stripe.asks(&Event { settings, ..event }).unwrap()
        };
        let asks = asked(&settings("acct_1"));
        assert_eq!(asks[0].headers, [("Stripe-Account", "acct_1".to_owned())]);
        assert_eq!(asked(&settings("acct_2")), [], "another account's");
    }

    #[test]
    fn an_id_leads_nowhere_else() {
        let body = session(&json!({ "id": "../customers" }));
        let event = Event::new("checkout.session.completed", DateTime::UNIX_EPOCH, &body);
        assert!(Stripe.asks(&event).is_err());
    }

    #[test]
    fn each_line_is_sold_by_its_price_and_the_first_by_what_it_is_mapped_as_too() {
        let told = |items: Value| {
            let body = json!({ "data": items, "has_more": false }).to_string().into_bytes();
            let answer = crate::Fetched { status: 200, body };
            let answers = crate::Answers::from([(LINE_ITEMS.to_owned(), answer)]);
            let event = Event::new("checkout.session.completed", DateTime::UNIX_EPOCH, b"{}");
            let session: Id = serde_json::from_value(json!("cs_live_a1")).unwrap();
            lines(&Event { answers: &answers, ..event }, &session, &["plink_1".to_owned()])
        };
        let priced = |price: &str| json!({ "id": price, "product": "prod_1" });
        let sold = told(json!([
            { "price": priced("price_1"), "quantity": 2 },
            { "price": priced("price_2"), "quantity": null },
        ]));
        let sold = sold.unwrap();
        assert_eq!(sold[0].item, ["plink_1", "price_1", "prod_1"]);
        assert_eq!(sold[1].item, ["price_2", "prod_1"]);
        assert_eq!((sold[0].quantity, sold[1].quantity), (2, 1));
        assert_ne!(sold[0].line, sold[1].line);
        for (odd, path) in [
            (json!([{ "price": priced("price_1"), "quantity": -1 }]), "data[0].quantity"),
            (json!([{ "price": priced("price_1") }, { "quantity": 1 }]), "data[1].price"),
        ] {
            let unread = told(odd).unwrap_err().to_string();
            assert!(unread.contains(path), "{unread}");
        }
    }
}
