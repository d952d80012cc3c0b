//! A message to its event, and an event to what it says.

use crate::notice::{Kind, Line, Notice, Ref};
use crate::read::{self, Envelope, Event, Form, Id, Reading, Unread, filled};
use crate::request::Inlet;

use super::form::{customer, sent_at, zone};
use super::{order, subscription};

const FULFIL: &str = "fulfil.request";
const LCN: &str = "lcn";
const IPN: &str = "ipn.";

/// What differs between two deliveries of one message.
const OF_DELIVERY: [&str; 4] = ["IPN_DATE", "HASH", "SIGNATURE_SHA2_256", "SIGNATURE_SHA3_256"];

/// License Change Notifications come to the same address as those of orders.
pub(super) fn is_lcn(form: &Form) -> bool {
    let has = |name: &str| form.all(name).next().is_some();
    has("LICENSE_CODE") && !has("ORDERSTATUS")
}

/// The one event of a message.
pub(super) fn envelope(body: &[u8], inlet: Inlet) -> Result<Envelope, Unread> {
    let form = Form::parse(body);
    let event_type = match inlet {
        Inlet::Fulfil => FULFIL.to_owned(),
        Inlet::Webhook if is_lcn(&form) => LCN.to_owned(),
        Inlet::Webhook => match form.all("ORDERSTATUS").next().and_then(Id::new) {
            Some(status) => format!("{IPN}{status}"),
            None => "unknown".to_owned(),
        },
    };
    // A call for keys is the same one however often it comes; a message has no id.
    let id = match inlet {
        Inlet::Fulfil => form.get("REFNO").ok().flatten().zip(form.get("PID").ok().flatten()),
        Inlet::Webhook => None,
    };
    let id = id.map(|(order, product)| format!("fulfil:{order}/{product}"));
    let content = match &id {
        Some(id) => format!("{id}\n{}", form.all("QUANTITY").collect::<String>()),
        None => {
            let same = form.iter().filter(|(name, _)| !OF_DELIVERY.contains(name));
            same.map(|(name, value)| format!("{name}={value}\n")).collect()
        }
    };
    let test = ["TEST_ORDER", "TEST", "TESTORDER"].iter().find_map(|name| form.all(name).next());
    let zoned = zone(&form, &read::Settings::new());
    Ok(Envelope {
        id,
        occurred_at: zoned.and_then(|zone| sent_at(&form, zone)).ok().flatten(),
        live: test.and_then(live),
        content: Some(content.into_bytes()),
        ..Envelope::new(event_type, body)
    })
}

fn live(test: &str) -> Option<bool> {
    match test.to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" => Some(false),
        "0" | "no" | "false" => Some(true),
        _ => None,
    }
}

pub(super) fn notices(event: &Event<'_>) -> Reading {
    match event.event_type {
        FULFIL => keys_wanted(event, &Form::parse(event.body)),
        LCN => subscription::changed(event, &Form::parse(event.body)),
        known if known.starts_with(IPN) => order::told(event, &Form::parse(event.body)),
        _ => Ok(vec![]),
    }
}

/// 2Checkout asks for the keys of an approved order's product: the same payment of the same line
/// that the order's IPN tells of.
fn keys_wanted(event: &Event<'_>, form: &Form) -> Reading {
    let order = Ref::order(form.need_id("REFNO")?);
    let product = form.need_id("PID")?;
    let quantity = form.get("QUANTITY")?.map_or(Ok(1), |text| read::quantity("QUANTITY", text))?;
    let codes = [filled(form.get("PCODE")?), Some(product.as_str().to_owned())];
    let line = Line {
        line: order::line_name(&order, product.as_str(), 0),
        alias: vec![],
        item: codes.into_iter().flatten().collect(),
        quantity,
        period: None,
    };
    Ok(vec![Notice {
        refs: vec![order.clone()],
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Paid { payment: order, amount: None, lines: vec![line] },
        customer: customer(form)?,
    }])
}
