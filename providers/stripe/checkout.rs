//! Checkout sessions: <https://docs.stripe.com/api/checkout/sessions/object>
//!
//! The event does not carry the session's line items. What was bought is known from metadata that
//! the vendor set, or from the invoice, where there is one; else Stripe is asked. Of a payment link
//! alone the product may be known, but not how many.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::line_items;
use super::payload::{self, Address, Metadata, Other, Snapshot};
use crate::ask::{Ask, Need};
use crate::notice::{Customer, Kind, Line, Ref};
use crate::read::{Event, Id, Reading, Unread};

/// `checkout.session.completed`: paid, or still to be (bank debits take days).
pub(super) fn completed(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Session>(event.body)?;
    let paid = object.is_paid();
    object.read(event, occurred_at, paid)
}

/// `checkout.session.async_payment_succeeded`: the money has come after all.
pub(super) fn paid_late(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<Session>(event.body)?;
    object.read(event, occurred_at, true)
}

/// What has to be asked about a session of which money came.
pub(super) fn asks(event: &Event<'_>) -> Result<Vec<Ask>, Unread> {
    let late = match event.event_type {
        "checkout.session.completed" => false,
        "checkout.session.async_payment_succeeded" => true,
        _ => return Ok(Vec::new()),
    };
    let session = payload::snapshot::<Session>(event.body)?.object;
    if !session.tells_of_money(late || session.is_paid()) {
        return Ok(Vec::new());
    }
    let need = match (session.written().next(), &session.payment_link) {
        (Some(_), _) => return Ok(Vec::new()),
        (None, Some(_)) => Need::Configured,
        (None, None) => Need::Always,
    };
    Ok(line_items::ask(event, &session.id, need)?.into_iter().collect())
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
    fn is_paid(&self) -> bool {
        matches!(self.payment_status.as_deref(), Some("paid" | "no_payment_required"))
    }

    /// Is it this session that tells what was bought? Where there is an invoice, that one does;
    /// telling it twice, under line names that differ, would make two licenses of one.
    fn tells_of_money(&self, paid: bool) -> bool {
        let invoiced = self.invoice.is_some()
            || self.invoice_creation.as_ref().is_some_and(|creation| creation.enabled);
        self.mode == "payment" && paid && !invoiced
    }

    fn read(self, event: &Event<'_>, occurred_at: DateTime<Utc>, paid: bool) -> Reading {
        let kind = match self.mode.as_str() {
            "payment" if self.tells_of_money(paid) => self.paid(event)?,
            "payment" | "subscription" => Kind::Linked,
            // `setup`: a card was saved, nothing was sold.
            _ => return Ok(Vec::new()),
        };
        Ok(vec![payload::notice(self.refs(), occurred_at, kind, Some(self.customer()))])
    }

    fn paid(&self, event: &Event<'_>) -> Result<Kind, Unread> {
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
            lines: self.lines(event)?,
        })
    }

    /// Those that were asked for, else what the event alone says.
    fn lines(&self, event: &Event<'_>) -> Result<Vec<Line>, Unread> {
        let link = self.payment_link.iter().map(String::from);
        let named = payload::items(link.chain(self.written()));
        let lines = line_items::lines(event, &self.id, &named)?;
        if !lines.is_empty() {
            return Ok(lines);
        }
        if named.is_empty() {
            return Err(Unread::Format(UNNAMED.to_owned()));
        }
        Ok(vec![Line {
            alias: Vec::new(),
            line: Line::at(&Ref::session(&self.id), 0),
            item: named,
            quantity: self.quantity()?,
            period: None,
        }])
    }

    /// Names of the product that the vendor wrote into the metadata.
    fn written(&self) -> impl Iterator<Item = String> {
        self.metadata.iter().flat_map(Metadata::items)
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
                       in the event, and Stripe did not tell them; set an api_key that may read \
                       Checkout sessions, put `keywright_product` into the session's metadata, map \
                       its payment link, or let it make an invoice (invoice_creation)";
