//! Invoices: <https://docs.stripe.com/api/invoices/object>
//!
//! Since basil (2025-03-31) an invoice names its subscription under `parent` and its price under
//! `pricing`, and no payment intent at all: `invoice_payment.paid` tells that.

use serde::Deserialize;

use super::line::{InvoiceLine, Sold};
use super::payload::{self, Address, List, Metadata, Other, Snapshot};
use crate::notice::{Customer, Kind, Line, Ref};
use crate::read::{Event, Id, Reading, Unread};

/// `invoice.paid`: a first payment, a renewal, a single sale; or something that covers no time
/// (a trial's invoice of nothing, a proration), which only ties references.
pub(super) fn paid(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object: invoice, .. } = payload::snapshot::<Invoice>(event.body)?;
    let lines = invoice.lines_sold()?;
    let refs = invoice.refs();
    if lines.is_empty() && refs.len() == 1 {
        // An invoice for something that is no product: nothing to tie.
        return Ok(Vec::new());
    }
    let kind = if lines.is_empty() && (invoice.amount_paid == 0 || invoice.subscription().is_none())
    {
        Kind::Linked
    } else {
        // Without lines it is a proration or a fee: it covers no time, and can be given back.
        let path = "data.object.amount_paid";
        Kind::Paid {
            payment: Ref::invoice(&invoice.id),
            amount: Some(payload::money(path, invoice.amount_paid, &invoice.currency)?),
            lines,
        }
    };
    Ok(vec![payload::notice(refs, occurred_at, kind, Some(invoice.customer()))])
}

/// `invoice.payment_failed`. What is not of a subscription is no renewal: there was no payment
/// yet, so there is nothing to be late with.
pub(super) fn payment_failed(event: &Event<'_>) -> Reading {
    let Snapshot { occurred_at, object: invoice, .. } = payload::snapshot::<Invoice>(event.body)?;
    if invoice.subscription().is_none() {
        return Ok(Vec::new());
    }
    let refs = invoice.refs();
    Ok(vec![payload::notice(refs, occurred_at, Kind::PaymentFailed, Some(invoice.customer()))])
}

/// `invoice_payment.paid`: which payment intent paid which invoice; a refund names the intent.
pub(super) fn linked(event: &Event<'_>) -> Reading {
    #[derive(Deserialize)]
    struct InvoicePayment {
        invoice: Other,
        payment: Payment,
    }
    #[derive(Deserialize)]
    struct Payment {
        payment_intent: Option<Other>,
        charge: Option<Other>,
    }
    let Snapshot { occurred_at, object, .. } = payload::snapshot::<InvoicePayment>(event.body)?;
    let intent = object.payment.payment_intent.as_ref().map(Ref::payment);
    let charge = object.payment.charge.as_ref().map(Ref::charge);
    if intent.is_none() && charge.is_none() {
        // Paid outside of Stripe (`payment_record`): nothing that could be refunded here.
        return Ok(Vec::new());
    }
    let invoice = Some(Ref::invoice(&object.invoice));
    let refs = [invoice, intent, charge].into_iter().flatten().collect();
    Ok(vec![payload::notice(refs, occurred_at, Kind::Linked, None)])
}

#[derive(Debug, Deserialize)]
struct Invoice {
    id: Id,
    billing_reason: Option<String>,
    customer: Option<Other>,
    customer_email: Option<String>,
    customer_name: Option<String>,
    customer_address: Option<Address>,
    currency: String,
    amount_paid: i64,
    lines: List<InvoiceLine>,
    /// Since basil.
    parent: Option<Parent>,
    /// Before basil, as the following.
    subscription: Option<Other>,
    subscription_details: Option<SubscriptionDetails>,
    payment_intent: Option<Other>,
    charge: Option<Other>,
}

#[derive(Debug, Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Debug, Deserialize)]
struct SubscriptionDetails {
    subscription: Option<Other>,
    metadata: Option<Metadata>,
}

/// Which lines of an invoice are sold by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Nothing,
    /// An extra on a renewal is a fee or an overage, not a purchase: it would make a new license
    /// every month.
    Recurring,
    All,
}

impl Invoice {
    /// The lines that were bought, for the time that each names.
    fn lines_sold(&self) -> Result<Vec<Line>, Unread> {
        let scope = self.scope();
        if scope == Scope::Nothing {
            return Ok(Vec::new());
        }
        if self.lines.has_more {
            return Err(Unread::Format(CUT.to_owned()));
        }
        let mut sold: Vec<Sold> = Vec::new();
        for (index, line) in self.lines.data.iter().enumerate() {
            // The first payment may be for a part of a period, up to the day on which others begin.
            let first = scope == Scope::All && line.names_its_item();
            if (line.is_proration() && !first)
                || (scope == Scope::Recurring && !line.is_recurring())
            {
                continue;
            }
            let Some(new) = line.sold(index, self.subscription(), self.metadata())? else {
                continue;
            };
            match sold.iter_mut().find(|known| known.line.line == new.line.line) {
                Some(known) => known.absorb(new),
                None => sold.push(new),
            }
        }
        // Before discounts: a line of nothing is a trial's, which the subscription tells; with
        // a coupon of 100 % it still has its price.
        Ok(sold.into_iter().filter(|sold| sold.amount > 0).map(|sold| sold.line).collect())
    }

    fn scope(&self) -> Scope {
        match self.billing_reason.as_deref() {
            // Usage billed before the period is over: covers none of it.
            Some("subscription_threshold" | "upcoming") => Scope::Nothing,
            Some("subscription_create") => Scope::All,
            _ if self.subscription().is_some() => Scope::Recurring,
            _ => Scope::All,
        }
    }

    fn details(&self) -> Option<&SubscriptionDetails> {
        self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref())
    }

    fn subscription(&self) -> Option<&Other> {
        let since_basil = self.details().and_then(|details| details.subscription.as_ref());
        since_basil.or(self.subscription.as_ref())
    }

    fn metadata(&self) -> Option<&Metadata> {
        let details = self.details().or(self.subscription_details.as_ref());
        details.and_then(|details| details.metadata.as_ref())
    }

    fn refs(&self) -> Vec<Ref> {
        let subscription = self.subscription().map(Ref::subscription);
        let invoice = Some(Ref::invoice(&self.id));
        let payment = self.payment_intent.as_ref().map(Ref::payment);
        let charge = self.charge.as_ref().map(Ref::charge);
        [subscription, invoice, payment, charge].into_iter().flatten().collect()
    }

    fn customer(self) -> Customer {
        Customer {
            provider_id: self.customer.map(String::from),
            email: payload::filled(self.customer_email),
            name: payload::filled(self.customer_name),
            country: payload::country(self.customer_address),
            ..Customer::default()
        }
    }
}

const CUT: &str = "the invoice has more lines than the event carries, so what was bought cannot be \
                   told; look it up in the Dashboard and issue or renew by hand";
