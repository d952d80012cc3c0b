//! Checkout sessions: <https://docs.stripe.com/api/checkout/sessions/object>
//!
//! The event does not carry the session's line items. What was bought is known from the payment
//! link or from metadata that the vendor set; or from the invoice, where there is one.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::payload::{self, Address, Metadata, Other, Snapshot};
use crate::notice::{Customer, Kind, Line, Ref};
use crate::read::{Id, Reading, Unread};

/// `checkout.session.completed`: paid, or still to be (bank debits take days).
pub(super) fn completed(body: &[u8]) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Session>(body)?;
    let paid = matches!(object.payment_status.as_deref(), Some("paid" | "no_payment_required"));
    object.read(occurred_at, paid)
}

/// `checkout.session.async_payment_succeeded`: the money has come after all.
pub(super) fn paid_late(body: &[u8]) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Session>(body)?;
    object.read(occurred_at, true)
}

#[derive(Debug, Deserialize)]
struct Session {
    id: Id,
    mode: String,
    payment_status: Option<String>,
    customer: Option<Other>,
    customer_email: Option<String>,
    customer_details: Option<Details>,
    subscription: Option<Other>,
    invoice: Option<Other>,
    invoice_creation: Option<InvoiceCreation>,
    payment_intent: Option<Other>,
    payment_link: Option<Other>,
    metadata: Option<Metadata>,
    amount_total: Option<i64>,
    currency: Option<String>,
    locale: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Details {
    email: Option<String>,
    name: Option<String>,
    business_name: Option<String>,
    address: Option<Address>,
}

#[derive(Debug, Deserialize)]
struct InvoiceCreation {
    enabled: bool,
}

impl Session {
    fn read(self, occurred_at: DateTime<Utc>, paid: bool) -> Reading {
        let invoiced = self.invoice.is_some()
            || self.invoice_creation.as_ref().is_some_and(|creation| creation.enabled);
        let kind = match self.mode.as_str() {
            // The invoice tells what was bought and paid; telling it twice, under line names
            // that differ, would make two licenses of one.
            "subscription" => Kind::Linked,
            "payment" if invoiced || !paid => Kind::Linked,
            "payment" => self.paid()?,
            // `setup`: a card was saved, nothing was sold.
            _ => return Ok(Vec::new()),
        };
        Ok(vec![payload::notice(self.refs(), occurred_at, kind, Some(self.customer()))])
    }

    fn paid(&self) -> Result<Kind, Unread> {
        let session = Ref::session(&self.id);
        let amount = match (self.amount_total, self.currency.as_deref()) {
            (Some(amount), Some(currency)) => {
                Some(payload::money("data.object.amount_total", amount, currency)?)
            }
            _ => None,
        };
        Ok(Kind::Paid {
            payment: self.payment_intent.as_ref().map_or_else(|| session.clone(), Ref::payment),
            amount,
            lines: vec![Line {
                alias: Vec::new(),
                line: Line::at(&session, 0),
                item: self.items()?,
                quantity: self.quantity()?,
                period: None,
            }],
        })
    }

    fn items(&self) -> Result<Vec<String>, Unread> {
        let link = self.payment_link.iter().map(String::from);
        let named = self.metadata.iter().flat_map(Metadata::items);
        let items = payload::items(link.chain(named));
        if items.is_empty() { Err(Unread::Format(UNNAMED.to_owned())) } else { Ok(items) }
    }

    /// Where the vendor's code knows it, it can say so; the event itself does not.
    fn quantity(&self) -> Result<u32, Unread> {
        let told = self.metadata.as_ref().and_then(|metadata| metadata.keywright_quantity.as_ref());
        told.map_or(Ok(1), |text| {
            text.parse().map_err(|_| {
                Unread::value("data.object.metadata.keywright_quantity", "not a quantity")
            })
        })
    }

    fn refs(&self) -> Vec<Ref> {
        let subscription = self.subscription.as_ref().map(Ref::subscription);
        let session = Some(Ref::session(&self.id));
        let invoice = self.invoice.as_ref().map(Ref::invoice);
        let payment = self.payment_intent.as_ref().map(Ref::payment);
        [subscription, session, invoice, payment].into_iter().flatten().collect()
    }

    fn customer(self) -> Customer {
        let details = self.customer_details;
        let (email, name, company, address) = details.map_or((None, None, None, None), |details| {
            (details.email, details.name, details.business_name, details.address)
        });
        Customer {
            provider_id: self.customer.map(String::from),
            email: payload::filled(email).or(payload::filled(self.customer_email)),
            name: payload::filled(name),
            company: payload::filled(company),
            country: payload::country(address),
            // `auto` leaves it to the browser.
            locale: payload::filled(self.locale).filter(|locale| locale != "auto"),
        }
    }
}

const UNNAMED: &str = "this Checkout session does not say what was bought: its line items are not \
                       in the event; put `keywright_product` into the session's metadata, map its \
                       payment link, or let it make an invoice (invoice_creation)";
