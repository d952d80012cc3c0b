//! `bt_signature=KEY|HEX[&KEY|HEX]` and `bt_payload=BASE64`, which is
//! `<notification><kind/><timestamp/><subject/></notification>`.
//!
//! An event has no id. Its kind, time, subject and newest transaction together name it.

use data_encoding::BASE64;

use super::PUBLIC_KEY;
use crate::Credentials;
use crate::read::{self, Element, Envelope, Event, Form, Id, Unread};
use crate::reject::Reject;
use crate::scheme::{self, Encoding, Hash, KeyForm};

const SIGNATURE: &str = "bt_signature";
const PAYLOAD: &str = "bt_payload";

/// Has a text the form of a challenge? Whatever has is signed by us for anybody who asks.
pub(super) fn is_challenge(text: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (20..=32).contains(&text.len()) && text.bytes().all(is_hex)
}

/// The signature and the text that it signs, as they were sent. No challenge is taken for a
/// payload: its signature is ours, and says nothing of who sent it.
pub(super) fn signed(form: &Form) -> Result<(&str, &str), Reject> {
    let payload = one(form, PAYLOAD)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\n".contains(&byte);
    if !payload.bytes().all(plain) || is_challenge(payload) {
        return Err(Reject::Malformed);
    }
    Ok((one(form, SIGNATURE)?, payload))
}

fn one<'a>(form: &'a Form, name: &'a str) -> Result<&'a str, Reject> {
    let mut values = form.all(name);
    match (values.next(), values.next()) {
        (None | Some(""), None) => Err(Reject::Missing),
        (Some(value), None) => Ok(value),
        (_, Some(_)) => Err(Reject::Doubled),
    }
}

/// Braintree signs with every API key of the merchant; ours are those whose public key we know.
pub(super) fn candidates<'a>(
    credentials: &Credentials,
    signature: &'a str,
) -> Result<Vec<&'a str>, Reject> {
    if public_keys(credentials).next().is_none() {
        return Err(Reject::NoSecret);
    }
    let pairs = signature.split('&').filter_map(|pair| pair.split_once('|'));
    let ours = pairs.filter(|(key, _)| public_keys(credentials).any(|known| known == *key));
    let candidates: Vec<&str> = ours.map(|(_, hex)| hex).collect();
    if candidates.is_empty() { Err(Reject::Wrong) } else { Ok(candidates) }
}

fn public_keys(credentials: &Credentials) -> impl Iterator<Item = &str> {
    let text = credentials.settings.get(PUBLIC_KEY).map(String::as_str).unwrap_or_default();
    text.split(',').map(str::trim).filter(|key| !key.is_empty())
}

/// `KEY|HEX`, as Braintree would sign a message.
pub(super) fn signature(credentials: &Credentials, message: &[u8]) -> Option<String> {
    let key = public_keys(credentials).next()?;
    let secret = credentials.secrets.first()?;
    let mac = scheme::hmac_sign_of(KeyForm::Sha1, Hash::Sha1, secret, &[message], Encoding::Hex)?;
    Some(format!("{key}|{mac}"))
}

/// The form with its payload signed; other fields stay as they were written.
pub(super) fn sign(body: &[u8], credentials: &Credentials) -> Option<Vec<u8>> {
    let form = Form::parse(body);
    let signature = signature(credentials, one(&form, PAYLOAD).ok()?.as_bytes())?;
    let signature = serde_html_form::to_string([(SIGNATURE, signature)]).ok()?;
    let text = std::str::from_utf8(body).ok()?;
    let others = text.split('&').filter(|field| field.split('=').next() != Some(SIGNATURE));
    let fields: Vec<&str> = std::iter::once(signature.as_str()).chain(others).collect();
    Some(fields.join("&").into_bytes())
}

/// The one event of a delivery. Another set of signatures around it does not make it another one.
///
/// # Errors
/// [`Unread`] where a part of the frame is missing or the time is no time.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let document = document(body)?;
    let notification = parse(&document)?;
    let kind = Id::new(notification.need("kind")?);
    let kind = kind.ok_or_else(|| Unread::value("kind", "no kind of Braintree's"))?;
    let time = notification.need("timestamp")?;
    let occurred_at = read::rfc3339("timestamp", time)?;
    let subject = notification.child("subject").and_then(|subject| subject.children.first());
    let id_at = |path: &str| Some(Id::new(subject?.get(path)?)?.to_string());
    let subject_id = id_at("id").unwrap_or_default();
    let newest = id_at("transactions/transaction/id").unwrap_or_default();
    Ok(Envelope {
        id: Some(format!("{kind}/{subject_id}/{}/{newest}", occurred_at.timestamp())),
        event_type: kind.into(),
        occurred_at: Some(occurred_at),
        live: None,
        body: body.to_vec(),
        content: Some(document),
        recurs: false,
    })
}

/// The subject of that name of a stored event.
///
/// # Errors
/// [`Unread`] where it is another.
pub(super) fn subject(event: &Event<'_>, name: &str) -> Result<Element, Unread> {
    let notification = parse(&document(event.body)?)?;
    let subject = notification.children.into_iter().find(|child| child.name == "subject");
    let found = subject.and_then(|s| s.children.into_iter().find(|child| child.name == name));
    found.ok_or_else(|| Unread::Content {
        path: format!("subject/{name}"),
        message: "the element is missing".to_owned(),
    })
}

fn document(body: &[u8]) -> Result<Vec<u8>, Unread> {
    let form = Form::parse(body);
    let text: String = form.need(PAYLOAD)?.split_ascii_whitespace().collect();
    BASE64
        .decode(text.as_bytes())
        .map_err(|_| Unread::Content { path: PAYLOAD.to_owned(), message: "not base64".to_owned() })
}

fn parse(document: &[u8]) -> Result<Element, Unread> {
    Element::parse(document).map(hyphened)
}

/// Names have hyphens in real messages, and underscores in those that the SDKs make for tests.
fn hyphened(element: Element) -> Element {
    Element {
        name: element.name.replace('_', "-"),
        children: element.children.into_iter().map(hyphened).collect(),
        ..element
    }
}
