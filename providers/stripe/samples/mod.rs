//! What Stripe sends over the life of a purchase: whole objects, in the shape of API version
//! 2025-09-30.clover, in an order that it may well have; with the events that are passed over.

mod objects;
mod words;

use serde_json::{Value, json};

use self::objects::{invoice, item, open_invoice, previous_period, proration, put, subscription};
use self::words::Words;
use super::envelope::ACCOUNT;
use crate::sample::{Sample, Scene, Step};

pub(super) fn samples(scene: &Scene) -> Vec<Sample> {
    let burst = Burst::new(scene);
    if !scene.subscription {
        return match scene.step {
            Step::Purchase => burst.purchase_once(),
            Step::Refund => burst.refund(),
            Step::Dispute => burst.dispute(),
            Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange => Vec::new(),
        };
    }
    match scene.step {
        Step::Purchase => burst.purchase(),
        Step::Renewal => burst.renewal(),
        Step::Cancel => burst.cancel(),
        Step::Refund => burst.refund(),
        Step::Dispute => burst.dispute(),
        Step::PaymentFailed => burst.payment_failed(),
        Step::PlanChange => burst.plan_change(),
    }
}

/// The events of one step, all of one second.
struct Burst<'a> {
    scene: &'a Scene,
    words: Words,
    samples: Vec<Sample>,
}

impl<'a> Burst<'a> {
    fn new(scene: &'a Scene) -> Self {
        Self { scene, words: Words::new(scene), samples: Vec::new() }
    }

    fn event(self, event_type: &str, object: Value) -> Self {
        self.changed(event_type, object, Value::Null)
    }

    fn changed(mut self, event_type: &str, object: Value, previous: Value) -> Self {
        let Scene { step, tag, cycle, .. } = self.scene;
        let id = format!("evt_1Kw{tag}{cycle:04}{}{:02}", letter(*step), self.samples.len());
        let words = self.words.clone().with("event", id).with("type", event_type);
        let mut event = words.fill(include_str!("event.json"));
        if let (Some(account), Value::Object(frame)) =
            (self.scene.settings.get(ACCOUNT), &mut event)
        {
            frame.insert("account".to_owned(), account.as_str().into());
        }
        put(&mut event, "/data/object", object);
        if !previous.is_null() {
            put(&mut event, "/data/previous_attributes", previous);
        }
        self.samples.push(Sample::json(event_type, &event));
        self
    }

    fn purchase(self) -> Vec<Sample> {
        let customer = self.words.fill(include_str!("customer.json"));
        let session = self.words.fill(include_str!("checkout.session.json"));
        let subscription = subscription(&self.words);
        self.event("customer.created", customer)
            .event("customer.subscription.created", subscription)
            .invoiced()
            .event("checkout.session.completed", session)
            .invoice_paid()
            .samples
    }

    fn purchase_once(self) -> Vec<Sample> {
        let customer = self.words.fill(include_str!("customer.json"));
        let session = self.words.fill(include_str!("checkout.session.json"));
        self.event("customer.created", customer)
            .charged()
            .event("checkout.session.completed", session)
            .samples
    }

    /// The period moves before the money comes: `customer.subscription.updated` is sent when the
    /// invoice is drafted, an hour before it is paid.
    fn renewal(self) -> Vec<Sample> {
        let subscription = subscription(&self.words);
        let previous = previous_period(self.scene, &self.words);
        self.changed("customer.subscription.updated", subscription, previous)
            .invoiced()
            .invoice_paid()
            .samples
    }

    fn cancel(self) -> Vec<Sample> {
        let Scene { at, period_end, .. } = self.scene;
        let mut subscription = subscription(&self.words);
        put(&mut subscription, "/cancel_at_period_end", true);
        put(&mut subscription, "/cancel_at", period_end.timestamp());
        put(&mut subscription, "/canceled_at", at.timestamp());
        put(&mut subscription, "/cancellation_details/reason", "cancellation_requested");
        let previous = json!({
            "cancel_at": null, "cancel_at_period_end": false, "canceled_at": null,
            "cancellation_details": { "reason": null }
        });
        self.changed("customer.subscription.updated", subscription, previous).samples
    }

    fn refund(self) -> Vec<Sample> {
        let refund = self.words.fill(include_str!("refund.json"));
        let mut referenced = refund.clone();
        put(&mut referenced, "/destination_details/card/reference", "74820155281150000000001");
        put(&mut referenced, "/destination_details/card/reference_status", "available");
        let mut charge = self.words.fill(include_str!("charge.json"));
        put(&mut charge, "/amount_refunded", self.scene.amount_minor);
        put(&mut charge, "/refunded", true);
        let before = json!({ "amount_refunded": 0, "refunded": false });
        let unreferenced =
            json!({ "destination_details": { "card": { "reference_status": "pending" } } });
        self.event("refund.created", refund)
            .changed("charge.refunded", charge, before)
            .changed("refund.updated", referenced, unreferenced)
            .samples
    }

    fn dispute(self) -> Vec<Sample> {
        let dispute = self.words.fill(include_str!("dispute.json"));
        let withdrawn = dispute.clone();
        self.event("charge.dispute.created", dispute)
            .event("charge.dispute.funds_withdrawn", withdrawn)
            .samples
    }

    /// The renewal that comes next is not paid.
    fn payment_failed(mut self) -> Vec<Sample> {
        let next = Scene { cycle: self.scene.cycle.saturating_add(1), ..self.scene.clone() };
        self.words = Words::new(&next);
        let mut invoice = open_invoice(&self.words);
        let tomorrow = self.scene.at.timestamp() + 86_400;
        put(&mut invoice, "/attempt_count", 1);
        put(&mut invoice, "/next_payment_attempt", tomorrow);
        let mut intent = self.words.fill(include_str!("payment_intent.json"));
        put(&mut intent, "/status", "requires_payment_method");
        put(&mut intent, "/amount_received", 0);
        let mut charge = self.words.fill(include_str!("charge.json"));
        for (path, value) in [
            ("/status", json!("failed")),
            ("/paid", json!(false)),
            ("/amount_captured", json!(0)),
            ("/failure_code", json!("card_declined")),
            ("/failure_message", json!("Your card was declined.")),
        ] {
            put(&mut charge, path, value);
        }
        let mut late = subscription(&self.words);
        put(&mut late, "/status", "past_due");
        self.event("charge.failed", charge)
            .event("payment_intent.payment_failed", intent)
            .event("invoice.payment_failed", invoice)
            .changed("customer.subscription.updated", late, json!({ "status": "active" }))
            .samples
    }

    /// Another price from now on; the rest of the period is settled at once by two prorations.
    fn plan_change(mut self) -> Vec<Sample> {
        let before = self.words.clone();
        let scene = self.scene;
        let after = before.clone().item(scene, &scene.item_next);
        let mut lines = Vec::new();
        for (words, end, amount) in
            [(&before, 'c', -scene.amount_minor / 2), (&after, 'd', scene.amount_minor)]
        {
            let words = words
                .clone()
                .with("amount", amount)
                .with("period_start", scene.at.timestamp())
                .with("line", format!("il_1Kw{}{:04}{end}", scene.tag, scene.cycle))
                .with("invoice_item", format!("ii_1Kw{}{:04}{end}", scene.tag, scene.cycle))
                .with(
                    "description",
                    format!("Proration {}", if end == 'c' { "credit" } else { "debit" }),
                );
            lines.push(proration(&words));
            self = self.event("invoiceitem.created", words.fill(include_str!("invoiceitem.json")));
        }
        let mut subscription = subscription(&after);
        let invoice_id = format!("in_1Kw{}{:04}p", scene.tag, scene.cycle);
        put(&mut subscription, "/latest_invoice", invoice_id.as_str());
        let previous = json!({
            "items": { "object": "list", "data": [item(&before)], "has_more": false, "total_count": 1,
                       "url": "/v1/subscription_items" },
            "latest_invoice": before.fill(r#""$invoice""#),
        });
        self.words = after
            .with("invoice", invoice_id)
            .with("invoice_payment", format!("inpay_1Kw{}{:04}p", scene.tag, scene.cycle))
            .with("payment", format!("pi_1Kw{}{:04}p", scene.tag, scene.cycle))
            .with("charge", format!("ch_1Kw{}{:04}p", scene.tag, scene.cycle))
            .with("amount", scene.amount_minor - scene.amount_minor / 2)
            .with("reason", "subscription_update");
        let mut invoice = self.words.fill(include_str!("invoice.json"));
        put(&mut invoice, "/lines/total_count", lines.len());
        put(&mut invoice, "/lines/data", lines);
        self.changed("customer.subscription.updated", subscription, previous)
            .charged()
            .paid_by(invoice)
            .samples
    }

    fn invoiced(self) -> Self {
        let mut draft = open_invoice(&self.words);
        put(&mut draft, "/status", "draft");
        let open = open_invoice(&self.words);
        self.event("invoice.created", draft).event("invoice.finalized", open).charged()
    }

    fn charged(self) -> Self {
        let charge = self.words.fill(include_str!("charge.json"));
        let intent = self.words.fill(include_str!("payment_intent.json"));
        self.event("charge.succeeded", charge).event("payment_intent.succeeded", intent)
    }

    fn invoice_paid(self) -> Self {
        let invoice = invoice(&self.words);
        self.paid_by(invoice)
    }

    fn paid_by(self, invoice: Value) -> Self {
        let payment = self.words.fill(include_str!("invoice_payment.json"));
        self.event("invoice.paid", invoice.clone())
            .event("invoice.payment_succeeded", invoice)
            .event("invoice_payment.paid", payment)
    }
}

/// Tells the steps of one cycle apart in ids.
fn letter(step: Step) -> char {
    match step {
        Step::Purchase => 'p',
        Step::Renewal => 'r',
        Step::Cancel => 'c',
        Step::Refund => 'b',
        Step::Dispute => 'd',
        Step::PaymentFailed => 'f',
        Step::PlanChange => 'u',
    }
}
