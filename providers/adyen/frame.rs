//! A delivery to its events: `{"live", "notificationItems": [{"NotificationRequestItem"}]}`, each
//! item with its own signature, or one event whose whole body is signed.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Reject;
use crate::read::{self, Envelope, Id, Scalar, Unread};

/// What an item's signature speaks of, and the signature itself, as JSON pointers.
pub(super) const SIGNED: &[&str] = &[
    "/notificationItems/0/NotificationRequestItem/pspReference",
    "/notificationItems/0/NotificationRequestItem/originalReference",
    "/notificationItems/0/NotificationRequestItem/merchantAccountCode",
    "/notificationItems/0/NotificationRequestItem/merchantReference",
    "/notificationItems/0/NotificationRequestItem/amount/value",
    "/notificationItems/0/NotificationRequestItem/amount/currency",
    "/notificationItems/0/NotificationRequestItem/eventCode",
    "/notificationItems/0/NotificationRequestItem/success",
    "/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery<'a> {
    live: Option<Scalar>,
    #[serde(borrow)]
    notification_items: Vec<Wrapped<'a>>,
}

#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(rename = "NotificationRequestItem", borrow)]
    item: &'a RawValue,
}

/// The fields of an item that are signed, and the signature.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedItem {
    psp_reference: Option<String>,
    original_reference: Option<String>,
    merchant_account_code: Option<String>,
    merchant_reference: Option<String>,
    amount: Option<SignedAmount>,
    event_code: Option<String>,
    success: Option<Scalar>,
    additional_data: Option<Signature>,
}

#[derive(Deserialize)]
struct SignedAmount {
    value: Option<i64>,
    currency: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signature {
    hmac_signature: Option<String>,
}

impl SignedItem {
    /// The values with colons between them. Adyen escapes nothing, so a colon inside of any value
    /// but the merchant's reference would make one text of two different items.
    pub(super) fn text(&self) -> Result<String, Reject> {
        let told = |text: &Option<String>| text.clone().unwrap_or_default();
        let amount = self.amount.as_ref();
        let before = [
            told(&self.psp_reference),
            told(&self.original_reference),
            told(&self.merchant_account_code),
        ];
        let value = amount.and_then(|amount| amount.value).map(|value| value.to_string());
        let behind = [
            value.unwrap_or_default(),
            amount.and_then(|amount| amount.currency.clone()).unwrap_or_default(),
            told(&self.event_code),
            self.success.as_ref().map(Scalar::as_str).unwrap_or_default().to_owned(),
        ];
        if before.iter().chain(&behind).any(|value| value.contains(':')) {
            return Err(Reject::Malformed);
        }
        let reference = told(&self.merchant_reference);
        Ok([before.join(":"), reference, behind.join(":")].join(":"))
    }

    pub(super) fn signature(&self) -> Result<&str, Reject> {
        let signature = self.additional_data.as_ref().and_then(|data| data.hmac_signature.as_ref());
        signature.map(String::as_str).filter(|text| !text.is_empty()).ok_or(Reject::Missing)
    }

    /// Adyen gives its events no ids; these three name one.
    fn id(&self) -> Option<String> {
        let (reference, code) = (self.psp_reference.as_ref()?, self.event_code.as_ref()?);
        Some(format!("{reference}/{code}/{}", self.success.as_ref()?.as_str()))
    }
}

/// The items of a body that signs each on its own; `None` for one that does not.
pub(super) fn signed_items(body: &[u8]) -> Option<Vec<SignedItem>> {
    let items = parse(body)?.notification_items.into_iter();
    items.map(|wrapped| serde_json::from_str(wrapped.item.get()).ok()).collect()
}

fn parse(body: &[u8]) -> Option<Delivery<'_>> {
    serde_json::from_slice(body).ok()
}

/// The body with the signature of each item in it; `None` as [`signed_items`], or without a key.
pub(super) fn sign_items(body: &[u8], sign: impl Fn(&str) -> Option<String>) -> Option<Vec<u8>> {
    let signed = signed_items(body)?;
    let mut document: Value = serde_json::from_slice(body).ok()?;
    let items = document.get_mut("notificationItems")?.as_array_mut()?;
    for (item, signed) in items.iter_mut().zip(signed) {
        let item = item.get_mut("NotificationRequestItem")?.as_object_mut()?;
        let data = item.entry("additionalData").or_insert(Value::Null);
        if data.is_null() {
            *data = Value::Object(serde_json::Map::new());
        }
        // Where the text is refused, any signature is.
        let signature = sign(&signed.text().unwrap_or_default())?;
        data.as_object_mut()?.insert("hmacSignature".to_owned(), Value::String(signature));
    }
    Some(document.to_string().into_bytes())
}

/// The events of an authentic delivery, each with its exact bytes.
///
/// # Errors
/// [`Unread::Content`] where it is neither a list of items nor an event.
pub(super) fn envelopes(body: &[u8]) -> Result<Vec<Envelope>, Unread> {
    let Some((delivery, signed)) = parse(body).zip(signed_items(body)) else {
        return whole(body).map(|envelope| vec![envelope]);
    };
    let live = delivery.live.as_ref().and_then(|live| match live.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    });
    let items = delivery.notification_items.iter().zip(signed);
    Ok(items.map(|(wrapped, signed)| item(wrapped.item.get(), &signed, live)).collect())
}

fn item(text: &str, signed: &SignedItem, live: Option<bool>) -> Envelope {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Dated {
        event_date: String,
    }
    let dated: Option<Dated> = serde_json::from_str(text).ok();
    Envelope {
        id: signed.id(),
        event_type: signed.event_code.clone().unwrap_or_else(|| "unknown".to_owned()),
        // Without a date the event is kept all the same, and reading says what is missing.
        occurred_at: dated.and_then(|dated| read::rfc3339("eventDate", &dated.event_date).ok()),
        live,
        body: text.as_bytes().to_vec(),
        content: None,
        recurs: false,
    }
}

/// An event of the later families, the whole body of which is signed.
fn whole(body: &[u8]) -> Result<Envelope, Unread> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Whole {
        #[serde(rename = "type")]
        event_type: Id,
        event_id: Option<Id>,
        created_at: Option<String>,
        environment: Option<String>,
    }
    let event: Whole = read::json(body)?;
    let created_at = event.created_at.map(|text| read::rfc3339("createdAt", &text)).transpose()?;
    Ok(Envelope {
        id: event.event_id.map(Into::into),
        event_type: event.event_type.into(),
        occurred_at: created_at,
        live: event.environment.map(|environment| environment.eq_ignore_ascii_case("live")),
        body: body.to_vec(),
        content: None,
        recurs: false,
    })
}
