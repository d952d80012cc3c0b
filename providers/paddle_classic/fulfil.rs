//! The request for keys: Paddle asks at the time of the order, shows the answer to the buyer and
//! mails it. It is an event of the same sale, payment and line as the alerts of that order.

use super::alert::{id, line, quantity, time};
use crate::notice::{Customer, Kind, Line, Notice, Ref};
use crate::read::{self, Currency, Envelope, Event, Form, Reading, Settings, Unread, filled};

/// The type of the event.
pub(super) const REQUEST: &str = "fulfil.request";
/// Plain settings: the seller chooses how these fields are called.
pub(super) const FIELD_EMAIL: &str = "field_email";
pub(super) const FIELD_NAME: &str = "field_name";

/// A request that is repeated has another time, and means the same order.
pub(super) fn envelope(fields: &[u8]) -> Result<Envelope, Unread> {
    let form = Form::parse(fields);
    let order_id = id(&form, "p_order_id")?;
    let mut content = String::new();
    for name in ["p_order_id", "p_product_id", "p_quantity"] {
        content.push_str(form.get(name)?.unwrap_or_default());
        content.push('\n');
    }
    Ok(Envelope {
        id: Some(format!("fulfil/{order_id}")),
        event_type: REQUEST.to_owned(),
        occurred_at: Some(time(&form, "event_time")?),
        live: None,
        body: fields.to_vec(),
        content: Some(content.into_bytes()),
        recurs: false,
    })
}

pub(super) fn read(event: &Event<'_>) -> Reading {
    let form = &Form::parse(event.body);
    let order_id = id(form, "p_order_id")?;
    let (order, payment) = (Ref::order(order_id.as_str()), Ref::payment(order_id.as_str()));
    let item = vec![id(form, "p_product_id")?.into()];
    let line = line(Line::at(&order, 0), item, quantity(form, "p_quantity")?);
    let amount = match (form.get("p_sale_gross")?, form.get("p_currency")?) {
        (Some(text), Some(currency)) => {
            let currency = Currency::new(currency)
                .ok_or_else(|| Unread::value("p_currency", "not a currency"))?;
            Some(read::decimal("p_sale_gross", text, currency.as_str())?)
        }
        _ => None,
    };
    let customer = Customer {
        email: chosen(form, event.settings, FIELD_EMAIL, "email")?,
        name: chosen(form, event.settings, FIELD_NAME, "name")?,
        country: filled(form.get("p_country")?).map(|code| code.to_ascii_uppercase()),
        ..Customer::default()
    };
    Ok(vec![Notice {
        refs: vec![order, payment.clone()],
        occurred_at: event.occurred_at,
        line: None,
        kind: Kind::Paid { payment, amount, lines: vec![line] },
        customer: Some(customer).filter(|customer| !customer.is_empty()),
    }])
}

fn chosen(
    form: &Form,
    settings: &Settings,
    setting: &str,
    usual: &str,
) -> Result<Option<String>, Unread> {
    let name = settings.get(setting).map_or(usual, String::as_str);
    Ok(filled(form.get(name)?))
}
