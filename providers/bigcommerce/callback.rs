//! What BigCommerce sends: a scope and an id. What it is about must be fetched.
//! <https://developer.bigcommerce.com/docs/integrations/webhooks/events>

use serde::Deserialize;

use crate::ask::{Ask, Auth};
use crate::read::{Event, Id, Unread, json};

pub(super) const STORE_HASH: &str = "store_hash";
pub(super) const API_TOKEN: &str = "api_token";

/// The names of the questions.
pub(super) const ORDER: &str = "order";
pub(super) const PRODUCTS: &str = "products";
pub(super) const CUSTOMER: &str = "customer";

/// The scopes that are read.
pub(super) const EVENTS: &[&str] = &[
    "store/customer/updated",
    "store/order/created",
    "store/order/refund/created",
    "store/order/statusUpdated",
    "store/order/transaction/created",
    "store/order/transaction/updated",
    "store/order/updated",
];

#[derive(Debug, Deserialize)]
pub(super) struct Callback {
    pub(super) scope: String,
    /// `stores/HASH`.
    producer: Option<String>,
    #[serde(default)]
    data: Data,
    /// Unix seconds.
    pub(super) created_at: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
struct Data {
    id: Option<Id>,
    /// Of a transaction, whose `id` is its own.
    order_id: Option<Id>,
    status: Option<Status>,
}

#[derive(Debug, Deserialize)]
struct Status {
    previous_status_id: Option<u32>,
}

/// What a callback is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum About {
    Order {
        id: Id,
        /// The state that it left. Only this is taken from the callback: the order itself does not
        /// remember it.
        left: Option<u32>,
    },
    Customer {
        id: Id,
    },
    Nothing,
}

/// # Errors
/// [`Unread`] for a callback without its id, and for one of another store.
pub(super) fn about(event: &Event<'_>) -> Result<About, Unread> {
    let callback: Callback = json(event.body)?;
    if callback.scope != event.event_type || !EVENTS.contains(&event.event_type) {
        return Ok(About::Nothing);
    }
    let store = store(event)?;
    if callback.producer.as_deref().and_then(|text| text.strip_prefix("stores/")) != Some(store) {
        return Err(Unread::value("producer", "another store than the setting store_hash names"));
    }
    let Data { id, order_id, status } = callback.data;
    let (path, id) = if callback.scope.starts_with("store/order/transaction/") {
        ("data.order_id", order_id)
    } else {
        ("data.id", id)
    };
    let number = |id: &Id| id.as_str().bytes().all(|byte| byte.is_ascii_digit());
    let id = id.filter(number).ok_or_else(|| Unread::value(path, "the id is not a number"))?;
    if callback.scope == "store/customer/updated" {
        return Ok(About::Customer { id });
    }
    Ok(About::Order { id, left: status.and_then(|status| status.previous_status_id) })
}

/// # Errors
/// As [`about`].
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let about = about(event)?;
    let ask = |name: &str, path: String| -> Result<Ask, Unread> {
        let path = format!("/stores/{}/v2/{path}", store(event)?);
        let auth = Auth::Header { name: "X-Auth-Token", prefix: "", setting: API_TOKEN };
        // Version 2 speaks XML to who asks for nothing else.
        let headers = vec![("Accept", "application/json".to_owned())];
        Ok(Ask { headers, ..Ask::get(name, "https://api.bigcommerce.com", path, auth) })
    };
    let asks = match about {
        About::Order { id, .. } => vec![
            ask(ORDER, format!("orders/{id}"))?,
            ask(PRODUCTS, format!("orders/{id}/products?limit=250"))?,
        ],
        About::Customer { id } => vec![ask(CUSTOMER, format!("customers/{id}"))?],
        About::Nothing => Vec::new(),
    };
    Ok(asks.into_iter().filter(|ask| !event.answers.contains_key(&ask.name)).collect())
}

fn store<'a>(event: &Event<'a>) -> Result<&'a str, Unread> {
    let store = event.settings.get(STORE_HASH).map(String::as_str);
    let plain =
        |store: &&str| !store.is_empty() && store.bytes().all(|byte| byte.is_ascii_alphanumeric());
    store
        .filter(plain)
        .ok_or_else(|| Unread::Format("the setting store_hash is not a store's hash".to_owned()))
}
