//! The bursts that Chargebee sends for a step, with the events that are not read.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step};

/// All events of a step; none where Chargebee has none (it does not tell of a dispute before the
/// money is gone).
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let mut burst = Burst { scene, samples: Vec::new() };
    let (of_both, of_subscription): (&[&str], &[&str]) = match scene.step {
        Step::Purchase => (
            &["customer_created", "invoice_generated", "payment_succeeded", "transaction_created"],
            &["subscription_created", "card_added"],
        ),
        Step::Renewal => (
            &[],
            &["subscription_renewed", "invoice_generated", "payment_succeeded", "invoice_updated"],
        ),
        Step::Cancel => (&[], &["subscription_cancellation_scheduled"]),
        Step::Refund => (&["credit_note_created", "payment_refunded", "transaction_created"], &[]),
        Step::PaymentFailed => (&[], &["payment_failed"]),
        Step::PlanChange => (&[], &["subscription_changed"]),
        Step::Dispute => (&[], &[]),
    };
    let of_subscription = if scene.subscription { of_subscription } else { &[] };
    for event_type in of_both.iter().chain(of_subscription) {
        burst.tell(event_type);
    }
    burst.samples
}

struct Burst<'a> {
    scene: &'a Scene,
    samples: Vec<Sample>,
}

impl Burst<'_> {
    /// One second after the event before.
    fn tell(&mut self, event_type: &str) {
        let (scene, position) = (self.scene, self.samples.len());
        let seconds = TimeDelta::seconds(position.try_into().unwrap_or_default());
        let id = format!("ev_kw{}{}{}{position}", scene.tag, scene.step.as_str(), scene.cycle);
        let body = json!({
            "id": id,
            "occurred_at": (scene.at + seconds).timestamp(),
            "source": "scheduled_job",
            "object": "event",
            "api_version": "v2",
            "content": self.content(event_type),
            "event_type": event_type,
            "webhook_status": "not_configured",
        });
        let sample = Sample::json(event_type, &body);
        let told = json!({ "event": body });
        self.samples.push(sample.with_answer(format!("/api/v2/events/{id}"), told));
    }

    fn content(&self, event_type: &str) -> Value {
        let paid = event_type != "payment_failed";
        let parts: &[&str] = match event_type {
            "customer_created" | "card_added" => &[],
            "subscription_created" | "subscription_renewed" => &["subscription", "invoice"],
            "subscription_changed" | "subscription_cancellation_scheduled" => &["subscription"],
            "invoice_generated" | "invoice_updated" => &["invoice"],
            "transaction_created" => &["transaction"],
            "credit_note_created" => &["invoice", "credit_note"],
            _ => &["subscription", "invoice", "transaction"],
        };
        let told = parts.iter().filter(|part| **part != "subscription" || self.scene.subscription);
        let told = told.map(|part| {
            let resource = match *part {
                "subscription" => self.subscription(),
                "invoice" => self.invoice(paid),
                "transaction" => self.transaction(paid),
                _ => self.credit_note(),
            };
            ((*part).to_owned(), resource)
        });
        std::iter::once(("customer".to_owned(), self.customer())).chain(told).collect()
    }

    fn id(&self, what: &str) -> String {
        format!("kw{}{what}", self.scene.tag)
    }

    fn invoice_id(&self) -> String {
        self.id(&format!("in{}", self.scene.cycle))
    }

    fn customer(&self) -> Value {
        let (first, last) = self.scene.names();
        json!({
            "id": self.id("cus"),
            "first_name": first,
            "last_name": last,
            "email": self.scene.email,
            "company": self.scene.company,
            "locale": self.scene.locale,
            "auto_collection": "on",
            "billing_address": { "country": self.scene.country, "object": "billing_address" },
            "object": "customer",
        })
    }

    fn subscription(&self) -> Value {
        let scene = self.scene;
        let cancels = scene.step == Step::Cancel;
        let changes = scene.step == Step::PlanChange;
        json!({
            "id": self.id("sub"),
            "customer_id": self.id("cus"),
            "status": if cancels { "non_renewing" } else { "active" },
            "current_term_start": scene.period_start.timestamp(),
            "current_term_end": scene.period_end.timestamp(),
            "cancelled_at": cancels.then(|| scene.period_end.timestamp()),
            "billing_period": 1,
            "billing_period_unit": "month",
            "currency_code": scene.currency,
            "resource_version": scene.at.timestamp_millis(),
            "subscription_items": [{
                "item_price_id": if changes { &scene.item_next } else { &scene.item },
                "item_type": "plan",
                "quantity": scene.quantity,
                "amount": scene.amount_minor,
                "object": "subscription_item",
            }],
            "object": "subscription",
        })
    }

    fn invoice(&self, paid: bool) -> Value {
        let scene = self.scene;
        let (from, to) = (scene.period_start.timestamp(), scene.period_end.timestamp());
        let entity = if scene.subscription { "plan_item_price" } else { "charge_item_price" };
        let subscription = scene.subscription.then(|| self.id("sub"));
        let paid_minor = if paid { scene.amount_minor } else { 0 };
        json!({
            "id": self.invoice_id(),
            "customer_id": self.id("cus"),
            "subscription_id": subscription,
            "recurring": scene.subscription,
            "first_invoice": scene.cycle == 0,
            "status": if paid { "paid" } else { "payment_due" },
            "total": scene.amount_minor,
            "amount_paid": paid_minor,
            "currency_code": scene.currency,
            "date": from,
            "line_items": [{
                "id": self.id(&format!("li{}", scene.cycle)),
                "subscription_id": subscription,
                "entity_type": entity,
                "entity_id": scene.item,
                "quantity": scene.quantity,
                "amount": scene.amount_minor,
                "date_from": from,
                "date_to": if scene.subscription { to } else { from },
                "object": "line_item",
            }],
            "object": "invoice",
        })
    }

    fn transaction(&self, paid: bool) -> Value {
        let scene = self.scene;
        let (amount, refund) = (scene.amount_minor, scene.step == Step::Refund);
        let invoice = json!({ "invoice_id": self.invoice_id(), "applied_amount": amount });
        let note = json!({
            "cn_id": self.id("cn"),
            "applied_amount": amount,
            "cn_reference_invoice_id": self.invoice_id(),
        });
        json!({
            "id": self.id(&format!("{}txn{}", scene.step.as_str(), scene.cycle)),
            "customer_id": self.id("cus"),
            "subscription_id": scene.subscription.then(|| self.id("sub")),
            "type": if refund { "refund" } else { "payment" },
            "status": if paid { "success" } else { "failure" },
            "amount": amount,
            "currency_code": scene.currency,
            "linked_invoices": Vec::from_iter((!refund).then_some(invoice)),
            "linked_credit_notes": Vec::from_iter(refund.then_some(note)),
            "object": "transaction",
        })
    }

    fn credit_note(&self) -> Value {
        json!({
            "id": self.id("cn"),
            "reference_invoice_id": self.invoice_id(),
            "type": "refundable",
            "status": "refunded",
            "total": self.scene.amount_minor,
            "currency_code": self.scene.currency,
            "object": "credit_note",
        })
    }
}
