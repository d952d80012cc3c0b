//! The request for a key: SendOwl calls an address with the parameters that the vendor put there,
//! and signs them.
//!
//! <https://help.sendowl.com/help/signed-urls>

use crate::notice::{Customer, Kind, Line, Notice};
use crate::read::{self, Envelope, Event, Form, Id, Reading, Unread};
use crate::request::Request;
use crate::scheme::{self, Encoding, Hash, Verified};
use crate::{Credentials, Reject, Sample, Secret};

use super::order::{Names, tidy};

/// The type under which a request for a key is kept.
pub(super) const EVENT_TYPE: &str = "fulfil.request";

/// The secret setting with the signing key; its secret signs the webhooks, too.
pub(super) const SIGNING_KEY: &str = "signing_key";

const SIGNATURE: &str = "signature";

/// HMAC-SHA1 over the parameters and the secret, keyed with both.
///
/// # Errors
/// Any [`Reject`].
pub(super) fn verify<'a>(
    request: &Request<'a>,
    credentials: &Credentials,
) -> Result<Verified<'a>, Reject> {
    if request.method != "GET" {
        return Err(Reject::NotTaken);
    }
    let key = credentials.keys.get(SIGNING_KEY).ok_or(Reject::NoSecret)?;
    let form = Form::parse(request.query.as_bytes());
    let mut signatures = form.all(SIGNATURE);
    let signature = signatures.next().ok_or(Reject::Missing)?;
    if signatures.next().is_some() {
        return Err(Reject::Doubled);
    }
    let text = signed_text(&form);
    let judge = |secret: &Secret| {
        scheme::hmac_of(
            request.query.as_bytes(),
            scheme::KeyForm::Text,
            Hash::Sha1,
            &[key.joined("&", secret)],
            &[text.as_bytes(), b"&secret=", secret.bytes()],
            (Encoding::Base64, &[signature]),
        )
    };
    let judged = credentials.secrets.iter().map(judge);
    judged.reduce(Result::or).unwrap_or(Err(Reject::NoSecret))
}

/// Puts the signature at the end of the query.
pub(super) fn sign(mut sample: Sample, credentials: &Credentials, secret: &Secret) -> Sample {
    let Some(key) = credentials.keys.get(SIGNING_KEY) else { return sample };
    let unsigned = |field: &&str| field.split('=').next() != Some(SIGNATURE);
    let query = sample.query.split('&').filter(unsigned).collect::<Vec<_>>().join("&");
    let form = Form::parse(query.as_bytes());
    let text = signed_text(&form);
    let parts = [text.as_bytes(), b"&secret=", secret.bytes()];
    let key = key.joined("&", secret);
    let signature = scheme::hmac_sign(Hash::Sha1, &key, &parts, Encoding::Base64);
    // A pair of texts is a form always.
    let field = serde_html_form::to_string([(SIGNATURE, signature)]).unwrap_or_default();
    sample.query = format!("{query}&{field}");
    sample
}

/// The parameters by name, decoded, as `name=value` with `&` between them.
fn signed_text(form: &Form) -> String {
    let mut fields: Vec<(&str, &str)> =
        form.iter().filter(|(name, _)| *name != SIGNATURE).collect();
    fields.sort_by_key(|(name, _)| *name);
    let fields: Vec<String> =
        fields.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    fields.join("&")
}

/// The one event of a request. Repeated requests for one product of one order are one event.
pub(super) fn envelope(query: &[u8]) -> Envelope {
    let form = Form::parse(query);
    let named = || Some((id(&form, "order_id").ok()?, id(&form, "product_id").ok()?));
    let id = named().map(|(order, product)| format!("fulfil:{order}/{product}"));
    // Under one id: what decides on the keys.
    let quantity = form.get("quantity").ok().flatten().unwrap_or_default();
    let content = id.as_ref().map(|id| format!("{id}\n{quantity}").into_bytes());
    Envelope { id, content, ..Envelope::new(EVENT_TYPE, query) }
}

/// SendOwl asks once the order is paid: the same first payment and the same line that the webhook
/// tells of.
///
/// # Errors
/// [`Unread`] where a parameter is missing.
pub(super) fn read(event: &Event<'_>) -> Reading {
    let form = Form::parse(event.body);
    let names = Names::new(&id(&form, "order_id")?);
    let product = id(&form, "product_id")?;
    let quantity = form.get("quantity")?.map_or(Ok(1), |text| read::quantity("quantity", text))?;
    let line = Line {
        line: names.line(None, &product),
        alias: vec![],
        item: vec![product.into()],
        quantity,
        period: None,
    };
    let customer = Customer {
        email: form.get("buyer_email")?.map(str::to_owned),
        name: form.get("buyer_name")?.map(str::to_owned),
        ..Customer::default()
    };
    let payment = names.payment(1);
    Ok(vec![Notice {
        refs: vec![names.order(), payment.clone()],
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Paid { payment, amount: None, lines: vec![line] },
        customer: Some(customer).filter(|customer| !customer.is_empty()),
    }])
}

fn id(form: &Form, name: &str) -> Result<Id, Unread> {
    tidy(form.need(name)?).ok_or_else(|| {
        Unread::value(name, "no such parameter with an id; add it to the address in SendOwl")
    })
}
