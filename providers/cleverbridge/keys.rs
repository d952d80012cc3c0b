//! The request of the key generator: a form for each line of a cart, while the order is made.
//!
//! <https://dev.cleverbridge.com/docs/key-generator>

use crate::notice::{Customer, Kind, Line, Notice, Ref};
use crate::read::{self, Envelope, Event, Form, Reading, Unread, filled, full_name};

use super::payload::Document;

/// The type under which a request for keys is kept.
pub(super) const EVENT_TYPE: &str = "fulfil.request";

/// The whole notification, where the generator is set to send it.
const DOCUMENT: &str = "JSON";

/// A repeated request for one line is the same event.
pub(super) fn envelope(body: &[u8]) -> Result<Envelope, Unread> {
    let form = Form::parse(body);
    let id = form.get("PURCHASE_ID")?.zip(form.get("RUNNING_NO")?);
    let id = id.map(|(purchase, running)| format!("fulfil:{purchase}/{running}"));
    let content = id.as_ref().map(|id| {
        let told = ["PRODUCT_ID", "QUANTITY"].map(|name| form.all(name).collect::<String>());
        format!("{id}\n{}", told.join("\n")).into_bytes()
    });
    let document = document(&form).ok().flatten();
    Ok(Envelope {
        id,
        live: document.and_then(|document| document.subject().live()),
        content,
        ..Envelope::new(EVENT_TYPE, body)
    })
}

/// The same payment of the same line that the notification tells of. Of a subscription only the
/// document knows; it is what is read where it is there.
pub(super) fn wanted(event: &Event<'_>) -> Reading {
    let form = Form::parse(event.body);
    let (purchase, running) = (form.need_id("PURCHASE_ID")?, form.need_id("RUNNING_NO")?);
    if let Some(document) = document(&form)? {
        let subject = document.subject();
        if subject.purchase_id.as_ref() != Some(&purchase) {
            return Err(Unread::value(DOCUMENT, "the document is of another purchase"));
        }
        let position = subject.lines().iter().position(|item| item.running_number == running);
        let items = position.and_then(|at| subject.lines().get(at..=at));
        let items = items.ok_or_else(|| Unread::value("RUNNING_NO", "no line of the document"))?;
        return super::read::sold(event, subject, items);
    }
    let product = form.need_id("PRODUCT_ID")?;
    let order = Ref::order(&purchase);
    let line = Line {
        line: format!("{order}/{running}"),
        alias: vec![],
        item: vec![product.into()],
        quantity: read::quantity("QUANTITY", form.need("QUANTITY")?)?,
        period: None,
    };
    let named = full_name(form.get("FIRSTNAME")?, form.get("LASTNAME")?);
    let customer = Customer {
        email: filled(form.get("EMAIL")?),
        name: named.or(filled(form.get("REG_NAME")?)),
        company: filled(form.get("COMPANY")?),
        ..Customer::default()
    };
    let payment = Ref::payment(&purchase);
    Ok(vec![Notice {
        refs: vec![order, payment.clone()],
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Paid { payment, amount: None, lines: vec![line] },
        customer: Some(customer).filter(|customer| !customer.is_empty()),
    }])
}

fn document(form: &Form) -> Result<Option<Document>, Unread> {
    form.get(DOCUMENT)?.map(|text| Document::parse(text.as_bytes())).transpose()
}
