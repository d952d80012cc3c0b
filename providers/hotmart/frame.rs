//! What stands around every event: `{"id", "creation_date", "event", "version", "data"}`, in some
//! deliveries with the token as `hottok` beside them. Only `data` is kept, so that a token never
//! is.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::read::{self, Envelope, Id, Unread};

/// The transaction of the dashboard's test events.
const TEST_TRANSACTION: &str = "HP16015479281022";

#[derive(Deserialize)]
struct Frame {
    id: Id,
    event: Id,
    creation_date: i64,
    data: Box<RawValue>,
}

/// The token in the body, where it stands there.
pub(super) fn token(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Tokened {
        hottok: Option<String>,
    }
    serde_json::from_slice(body).ok().and_then(|tokened: Tokened| tokened.hottok)
}

/// Could there be a token anywhere in it?
pub(super) fn shows_token(body: &[u8]) -> bool {
    body.windows(6).any(|window| window.eq_ignore_ascii_case(b"hottok"))
}

/// The bytes of `data`; none where there is no such thing.
pub(super) fn data(body: &[u8]) -> &[u8] {
    #[derive(Deserialize)]
    struct Framed<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let framed: Option<Framed<'_>> = serde_json::from_slice(body).ok();
    framed.map(|framed| framed.data.get().as_bytes()).unwrap_or_default()
}

/// The one event of a delivery.
///
/// # Errors
/// [`Unread`] where a part of the frame is missing.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    if !body.starts_with(b"{") && shows_token(body) {
        let version = "this is a form of version 1; choose version 2.0.0 in Hotmart's webhook";
        return Err(Unread::Format(version.to_owned()));
    }
    let frame: Frame = read::json(body)?;
    Ok(Envelope {
        id: Some(frame.id.into()),
        occurred_at: Some(read::unix_ms("creation_date", frame.creation_date)?),
        // Nothing else tells a test; a real event says nothing of itself.
        live: is_test(frame.data.get()).then_some(false),
        ..Envelope::new(frame.event, frame.data.get().as_bytes())
    })
}

/// Sent by the dashboard: a product that cannot be, or the one transaction of all tests.
fn is_test(data: &str) -> bool {
    #[derive(Deserialize)]
    struct Data {
        product: Option<Product>,
        purchase: Option<Purchase>,
    }
    #[derive(Deserialize)]
    struct Product {
        id: Option<i64>,
    }
    #[derive(Deserialize)]
    struct Purchase {
        transaction: Option<String>,
    }
    serde_json::from_str(data).is_ok_and(|data: Data| {
        let product = data.product.and_then(|product| product.id);
        let transaction = data.purchase.and_then(|purchase| purchase.transaction);
        product == Some(0) || transaction.as_deref() == Some(TEST_TRANSACTION)
    })
}
