//! The request for keys: FastSpring sends a form during the order and waits for the answer.
//!
//! <https://developer.fastspring.com/docs/license-key-fulfillments>

use crate::notice::{Customer, Kind, Line, Notice, Ref};
use crate::read::{self, Envelope, Event, Form, Reading, Settings, Unread};
use crate::request::Request;
use crate::scheme::{self, Hash, Verified};
use crate::secret::Secret;
use crate::{Reject, Sample, Setting, Takes};

use super::names::{order_line, subscription_line, tidy};

/// The type under which a request for keys is kept.
pub(super) const EVENT_TYPE: &str = "fulfil.request";

/// The field with the signature over all others.
const HASH: &str = "security_request_hash";

// The names that FastSpring's generator gives its parameters; the vendor may choose others.
const REFERENCE: &[&str] = &["reference", "orderReference"];
const PRODUCT: &[&str] = &["internalProductName", "product"];
const QUANTITY: &[&str] = &["quantity"];
const SUBSCRIPTION: &[&str] = &["subscription", "subscriptionReference"];
const EMAIL: &[&str] = &["email"];
const NAME: &[&str] = &["name"];
const COMPANY: &[&str] = &["company"];
const TEST: &[&str] = &["test"];

/// A plain setting that names a parameter of the generator.
pub(super) const fn setting(name: &'static str, help: &'static str) -> Setting {
    Setting { name, secret: false, required: false, takes: Takes::Text, help }
}

/// MD5 over the values of all other fields, by name, and the private key.
///
/// # Errors
/// Any [`Reject`] of [`scheme::keyed_digest`]; [`Reject::NotTaken`] for another method.
pub(super) fn verify<'a>(request: &Request<'a>, key: &Secret) -> Result<Verified<'a>, Reject> {
    let text = match request.method {
        "POST" => request.body,
        "GET" => request.query.as_bytes(),
        _ => return Err(Reject::NotTaken),
    };
    let form = Form::parse(text);
    let mut hashes = form.all(HASH);
    let hash = hashes.next().ok_or(Reject::Missing)?;
    if hashes.next().is_some() {
        return Err(Reject::Doubled);
    }
    let plain = hashed_text(&form);
    // Some implementers of the scheme take backslashes out of the values first.
    let stripped = plain.replace('\\', "");
    let texts = [(plain.as_str(), ""), (stripped.as_str(), "")];
    scheme::keyed_digest(text, Hash::Md5, std::slice::from_ref(key), &texts, hash)
}

/// Puts the signature at the end of the form: of the body, or of the query where all stands there.
pub(super) fn sign(mut sample: Sample, key: &Secret) -> Sample {
    if sample.body.is_empty() {
        sample.query = signed(&sample.query, key);
    } else if let Ok(text) = std::str::from_utf8(&sample.body) {
        sample.body = signed(text, key).into_bytes();
    }
    sample
}

fn signed(text: &str, key: &Secret) -> String {
    let unsigned = |field: &&str| field.split('=').next() != Some(HASH);
    let text = text.split('&').filter(unsigned).collect::<Vec<_>>().join("&");
    let form = Form::parse(text.as_bytes());
    let hash = scheme::keyed_digest_sign(Hash::Md5, key, (&hashed_text(&form), ""));
    format!("{text}&{HASH}={hash}")
}

/// The one event of a request. Repeated requests for one product of one order are one event.
pub(super) fn envelope(body: &[u8]) -> Envelope {
    let form = Form::parse(body);
    let told = |names: &[&'static str]| first_told(&form, names);
    let id = told(REFERENCE)
        .zip(told(PRODUCT))
        .map(|(reference, product)| format!("fulfil:{reference}/{product}"));
    // Under one id: what decides on the keys. The vendor's own parameters may change.
    let content = id.as_ref().map(|id| {
        let more = [told(QUANTITY), told(SUBSCRIPTION)];
        format!("{id}\n{}", more.map(Option::unwrap_or_default).join("\n")).into_bytes()
    });
    Envelope {
        id,
        event_type: EVENT_TYPE.to_owned(),
        occurred_at: None,
        live: told(TEST).and_then(live),
        body: body.to_vec(),
        content,
        recurs: false,
    }
}

/// FastSpring asks for keys once the money is there: the same payment of the same sale that
/// `order.completed` tells of a little later.
///
/// # Errors
/// [`Unread`] where a field is missing, stands there twice or is no quantity.
pub(super) fn read(event: &Event<'_>) -> Reading {
    let form = Form::parse(event.body);
    let field = |setting: &str, names| mapped(&form, event.settings, setting, names);
    let needed = |setting: &str, names| {
        field(setting, names)?.ok_or_else(|| Unread::Content {
            path: name_of(event.settings, setting, names).to_owned(),
            message: format!(
                "the request has no such field; add the parameter in FastSpring, or name another \
                 one in the setting {setting}"
            ),
        })
    };
    let reference = needed("field_reference", REFERENCE)?;
    let product = needed("field_product", PRODUCT)?;
    let subscription = field("field_subscription", SUBSCRIPTION)?.filter(|id| *id != "null");
    let quantity = field("field_quantity", QUANTITY)?;
    let quantity = quantity.map_or(Ok(1), |text| read::quantity("quantity", text))?;

    let mut refs = vec![Ref::order(reference), Ref::invoice(reference)];
    let order_line = order_line(reference, product, 0);
    let (line, alias) = match subscription {
        Some(id) => {
            refs.insert(0, Ref::subscription(id));
            (subscription_line(id), vec![order_line])
        }
        None => (order_line, vec![]),
    };
    let line = Line { line, alias, item: vec![product.to_owned()], quantity, period: None };
    let customer = Customer {
        email: field("field_email", EMAIL)?.map(str::to_owned),
        name: field("field_name", NAME)?.map(str::to_owned),
        company: field("field_company", COMPANY)?.map(str::to_owned),
        ..Customer::default()
    };
    Ok(vec![Notice {
        refs,
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Paid { payment: Ref::invoice(reference), amount: None, lines: vec![line] },
        customer: Some(customer).filter(|customer| !customer.is_empty()),
    }])
}

/// Only a plain yes or no says which mode it is.
fn live(test: &str) -> Option<bool> {
    match test.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(false),
        "false" | "0" | "no" => Some(true),
        _ => None,
    }
}

fn name_of<'a>(settings: &'a Settings, setting: &str, names: &[&'a str]) -> &'a str {
    let configured = settings.get(setting).map(String::as_str);
    configured.or_else(|| names.first().copied()).unwrap_or_default()
}

/// The first of these fields that holds something.
fn first_told<'a>(form: &'a Form, names: &[&'a str]) -> Option<&'a str> {
    names.iter().find_map(|name| form.all(name).next().and_then(tidy))
}

/// The configured field, else the first of the usual ones that holds something.
fn mapped<'a>(
    form: &'a Form,
    settings: &'a Settings,
    setting: &str,
    names: &[&'a str],
) -> Result<Option<&'a str>, Unread> {
    let configured = settings.get(setting).map(String::as_str);
    let names = configured.as_ref().map_or(names, std::slice::from_ref);
    let told: Vec<_> = names.iter().map(|name| form.get(name)).collect::<Result<_, Unread>>()?;
    Ok(told.into_iter().flatten().next())
}

/// Values by the code points of their names, nothing between them.
fn hashed_text(form: &Form) -> String {
    let mut fields: Vec<_> = form.iter().filter(|(name, _)| *name != HASH).collect();
    fields.sort_by_key(|(name, _)| *name);
    fields.into_iter().map(|(_, value)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::parse(text.as_bytes())
    }

    #[test]
    fn values_are_hashed_by_the_code_points_of_their_names() {
        let form = form("b=2&Z=1&%C3%A4=4&b2=3&security_request_hash=ff&a+b=+x%2B");
        assert_eq!(hashed_text(&form), "1 x+234");
    }

    #[test]
    fn a_retry_with_other_texts_of_the_vendor_is_the_same_event() {
        let sent = |more: &str| envelope(format!("reference=R&product=p&{more}").as_bytes());
        let (one, two) = (sent("quantity=2&date=1"), sent("quantity=2&date=2"));
        assert_eq!((one.id.as_deref(), &one.content), (Some("fulfil:R/p"), &two.content));
        assert_ne!(one.content, sent("quantity=50&date=1").content);
        assert_ne!(one.content, sent("subscription=2&date=1").content);
    }

    #[test]
    fn only_a_plain_word_says_whether_it_is_a_test() {
        let live = |test: &str| envelope(format!("test={test}").as_bytes()).live;
        assert_eq!(
            [live("true"), live("FALSE"), live(""), live("maybe")],
            [Some(false), Some(true), None, None]
        );
        assert_eq!(envelope(b"reference=R").live, None);
    }

    #[test]
    fn signing_a_signed_form_again_changes_nothing() {
        let key = Secret::new("0123456789abcdef0123456789abcdef").unwrap();
        let once = signed("a=1&b=%C3%B6", &key);
        assert_eq!(signed(&once, &key), once);
        assert!(once.starts_with("a=1&b=%C3%B6&security_request_hash="));
    }
}
