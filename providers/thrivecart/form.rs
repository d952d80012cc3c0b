//! A delivery: a form with PHP's brackets in its names. Every value is a text; what is not there
//! is the text `null` or `false`.

use chrono::{DateTime, Utc};

use crate::read::{self, Envelope, Form, Id, Unread};
use crate::{Reject, Secret};

/// The field with the account's secret word.
const SECRET: &str = "thrivecart_secret";

/// The secret word that the delivery shows.
pub(super) fn secret(body: &[u8]) -> Result<String, Reject> {
    let form = Form::parse(body);
    let mut words = form.all(SECRET);
    let word = words.next().ok_or(Reject::Missing)?;
    match words.next() {
        Some(_) => Err(Reject::Doubled),
        None => Ok(word.to_owned()),
    }
}

/// The fields as they were sent, but for the secret word.
pub(super) fn without_secret(body: &[u8]) -> Vec<u8> {
    let is_secret = |field: &[u8]| Form::parse(field).iter().any(|(name, _)| name == SECRET);
    let fields = body.split(|byte| *byte == b'&').filter(|field| !is_secret(field));
    fields.collect::<Vec<_>>().join(&b'&')
}

/// The fields with that secret word as the last.
pub(super) fn with_secret(body: &[u8], secret: &Secret) -> Vec<u8> {
    let mut body = without_secret(body);
    if !body.is_empty() {
        body.push(b'&');
    }
    // A pair of texts is a form always.
    let field = serde_html_form::to_string([(SECRET, secret.expose())]).unwrap_or_default();
    [body, field.into_bytes()].concat()
}

/// The one event of a delivery. Newer accounts give it an id; else what it tells of names it.
pub(super) fn envelope(body: &[u8]) -> Envelope {
    let form = Form::parse(body);
    let field = |name: &'static str| told(&form, name).ok().flatten();
    let event_type = field("event").unwrap_or("unknown");
    let named = || {
        let names = ["order_id", "invoice_id", "refund[type]", "refund[id]", "refund[amount]"];
        let date = field("date_unix").or_else(|| field("order_timestamp"));
        let parts = names.into_iter().filter_map(field).chain(date);
        field("order_id")
            .map(|_| [event_type].into_iter().chain(parts).collect::<Vec<_>>().join("/"))
    };
    Envelope {
        id: field("event_id").map(str::to_owned).or_else(named),
        occurred_at: occurred_at(&form).ok().flatten(),
        live: match (field("mode_int"), field("mode")) {
            (Some("2"), _) | (None, Some("live")) => Some(true),
            (Some("1"), _) | (None, Some("test")) => Some(false),
            _ => None,
        },
        ..Envelope::new(event_type, body)
    }
}

pub(super) fn occurred_at(form: &Form) -> Result<Option<DateTime<Utc>>, Unread> {
    for name in ["date_unix", "order_timestamp"] {
        if let Some(text) = told(form, name)? {
            return unix(name, text).map(Some);
        }
    }
    let name = "date_iso8601";
    told(form, name)?.map(|text| read::iso8601(name, text)).transpose()
}

pub(super) fn unix(name: &str, text: &str) -> Result<DateTime<Utc>, Unread> {
    let seconds = text.parse().map_err(|_| Unread::value(name, "not a number of seconds"))?;
    read::unix(name, seconds)
}

/// The field, where it says something.
pub(super) fn told<'a>(form: &'a Form, name: &'a str) -> Result<Option<&'a str>, Unread> {
    Ok(form.get(name)?.filter(|value| !["null", "false"].contains(value)))
}

/// An id that ThriveCart made.
pub(super) fn id(form: &Form, name: &str) -> Result<Option<Id>, Unread> {
    let id = |text| Id::new(text).ok_or_else(|| Unread::value(name, "this can be no id"));
    told(form, name)?.map(id).transpose()
}

pub(super) fn need_id(form: &Form, name: &str) -> Result<Id, Unread> {
    id(form, name)?.ok_or_else(|| Unread::value(name, "the field is missing or empty"))
}
