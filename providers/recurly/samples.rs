//! The bursts that Recurly sends for a step, with the events that are not read, and what its API
//! says to the questions that they lead to.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::read::{Looks, looks};
use crate::sample::{Sample, Scene, Step};

/// All events of a step; none where Recurly has none.
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let mut burst = Burst { scene, samples: Vec::new() };
    let (of_both, of_subscription): (&[&str], &[&str]) = match scene.step {
        Step::Purchase => (
            &[
                "account.created",
                "billing_info.updated",
                "charge_invoice.created",
                "payment.succeeded",
                "charge_invoice.paid",
            ],
            &["subscription.created"],
        ),
        Step::Renewal => (
            &[],
            &[
                "subscription.renewed",
                "charge_invoice.created",
                "payment.succeeded",
                "charge_invoice.paid",
            ],
        ),
        Step::Cancel => (&[], &["subscription.canceled"]),
        Step::Refund => (&["credit_invoice.created", "payment.refunded"], &[]),
        Step::PaymentFailed => (&[], &["payment.failed", "charge_invoice.past_due"]),
        Step::PlanChange => (&[], &["subscription.updated"]),
        // It is known when it is lost.
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
        let (object, verb) = event_type.split_once('.').unwrap_or_default();
        let id = match object {
            "subscription" => self.id("sub"),
            "charge_invoice" => self.invoice_id(),
            "payment" => self.payment_id(scene.step),
            other => self.id(other),
        };
        let body = json!({
            "id": id,
            "object_type": object,
            "site_id": "kwsite",
            "event_type": verb,
            "event_time": time(scene.at + seconds),
        });
        let mut sample = Sample::json(event_type, &body);
        if let Some(looks) = looks(event_type) {
            for (id, answer) in self.answers(looks, &id) {
                sample = sample.with_answer(format!("/{}/{id}", looks.folder()), answer);
            }
        }
        self.samples.push(sample);
    }

    fn answers(&self, looks: Looks, id: &str) -> Vec<(String, Value)> {
        let answer = match looks {
            Looks::Subscription => self.subscription(),
            Looks::Invoice => self.invoice(),
            Looks::Account => self.account(),
            Looks::Transaction => self.transaction(self.scene.step),
        };
        let mut answers = vec![(id.to_owned(), answer)];
        if looks == Looks::Transaction && self.scene.step == Step::Refund {
            answers.push((self.payment_id(Step::Purchase), self.transaction(Step::Purchase)));
        }
        answers
    }

    fn id(&self, what: &str) -> String {
        format!("kw{}{what}", self.scene.tag)
    }

    /// One that was not paid is none that was.
    fn invoice_id(&self) -> String {
        let failed = if self.scene.step == Step::PaymentFailed { "failed" } else { "" };
        self.id(&format!("inv{failed}{}", self.scene.cycle))
    }

    /// A refund and a failed attempt are transactions of their own.
    fn payment_id(&self, step: Step) -> String {
        let step = match step {
            Step::Refund | Step::PaymentFailed => step.as_str(),
            _ => "payment",
        };
        self.id(&format!("{step}{}", self.scene.cycle))
    }

    fn account(&self) -> Value {
        let (first, last) = self.scene.names();
        json!({
            "id": self.id("acc"),
            "object": "account",
            "code": self.scene.email,
            "email": self.scene.email,
            "first_name": first,
            "last_name": last,
            "company": self.scene.company,
        })
    }

    fn subscription(&self) -> Value {
        let scene = self.scene;
        let changes = scene.step == Step::PlanChange;
        let cancels = scene.step == Step::Cancel;
        json!({
            "id": self.id("sub"),
            "object": "subscription",
            "account": self.account(),
            "plan": { "code": if changes { &scene.item_next } else { &scene.item } },
            "state": if cancels { "canceled" } else { "active" },
            "quantity": scene.quantity,
            "currency": scene.currency,
            "add_ons": [],
            "current_period_started_at": time(scene.period_start),
            "current_period_ends_at": time(scene.period_end),
            "expires_at": cancels.then(|| time(scene.period_end)),
            "updated_at": time(scene.at),
        })
    }

    fn invoice(&self) -> Value {
        let scene = self.scene;
        let paid = scene.step != Step::PaymentFailed;
        let subscription = scene.subscription.then(|| self.id("sub"));
        let item = json!({
            "id": self.id(&format!("li{}", scene.cycle)),
            "object": "line_item",
            "type": "charge",
            "origin": if scene.subscription { "plan" } else { "one_time" },
            "plan_code": scene.subscription.then_some(&scene.item),
            "item_code": (!scene.subscription).then_some(&scene.item),
            "product_code": scene.item,
            "subscription_id": subscription,
            "quantity": scene.quantity,
            "start_date": time(scene.period_start),
            "end_date": scene.subscription.then(|| time(scene.period_end)),
        });
        json!({
            "id": self.invoice_id(),
            "object": "invoice",
            "type": "charge",
            "origin": if scene.cycle == 0 { "purchase" } else { "renewal" },
            "state": if paid { "paid" } else { "past_due" },
            "account": self.account(),
            "address": { "country": scene.country },
            "subscription_ids": Vec::from_iter(subscription),
            "currency": scene.currency,
            "total": self.amount(),
            "line_items": [item],
            "has_more_line_items": false,
            "closed_at": paid.then(|| time(scene.at)),
        })
    }

    fn transaction(&self, step: Step) -> Value {
        let scene = self.scene;
        let (kind, status) = match step {
            Step::Refund => ("refund", "success"),
            Step::PaymentFailed => ("purchase", "declined"),
            _ => ("purchase", "success"),
        };
        let refund = step == Step::Refund;
        let invoice = if refund { self.id("credit") } else { self.invoice_id() };
        json!({
            "id": self.payment_id(step),
            "object": "transaction",
            "type": kind,
            "status": status,
            "account": self.account(),
            "invoice": { "id": invoice },
            "subscription_ids": Vec::from_iter(scene.subscription.then(|| self.id("sub"))),
            "original_transaction_id": refund.then(|| self.payment_id(Step::Purchase)),
            "amount": self.amount(),
            "currency": scene.currency,
        })
    }

    /// The API writes amounts as numbers in major units.
    fn amount(&self) -> Value {
        serde_json::from_str(&self.scene.decimal()).unwrap_or_default()
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
