//! The bursts that Paddle really sends for a step, in its own order, with all the events that
//! are not read. <https://developer.paddle.com/webhooks/simulator/test-webhooks>

mod adjustment;
mod shop;
mod subscription;
mod transaction;

use chrono::TimeDelta;
use serde_json::{Value, json};

use self::shop::{Shop, time};
use self::subscription::Standing;
use self::transaction::Stage;
use crate::sample::{Sample, Scene, Step};

/// Paddle opens a checkout as a draft.
const DRAFT: Stage =
    Stage { status: "draft", origin: "web", paid: false, known: false, finished: false };
const COMPLETED: Stage =
    Stage { status: "completed", origin: "web", paid: true, known: true, finished: true };

/// All events of a step; none where the step cannot be (a renewal of a single sale).
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let mut burst = Burst { shop: Shop { scene }, samples: Vec::new() };
    match (scene.step, scene.subscription) {
        (Step::Purchase, _) => burst.purchase(),
        (Step::Refund, _) => burst.refund(),
        (Step::Dispute, _) => burst.dispute(),
        (Step::Renewal, true) => burst.renewal(),
        (Step::Cancel, true) => burst.cancel(),
        (Step::PaymentFailed, true) => burst.payment_failed(),
        (Step::PlanChange, true) => burst.plan_change(),
        (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => {}
    }
    burst.samples
}

struct Burst<'a> {
    shop: Shop<'a>,
    samples: Vec<Sample>,
}

impl<'a> Burst<'a> {
    fn purchase(&mut self) {
        let id = self.shop.paid_transaction();
        self.transaction("transaction.created", &id, DRAFT);
        let customer = self.shop.customer();
        self.tell("customer.created", &customer);
        let address = self.shop.address();
        self.tell("address.created", &address);
        if let Some(business) = self.shop.business() {
            self.tell("business.created", &business);
        }
        let ready = Stage { status: "ready", known: true, ..DRAFT };
        self.transaction("transaction.updated", &id, ready);
        self.transaction("transaction.ready", &id, ready);
        let paid = Stage { status: "paid", paid: true, ..ready };
        self.transaction("transaction.updated", &id, paid);
        self.transaction("transaction.paid", &id, paid);
        if self.shop.scene.subscription {
            let mut created = self.shop.subscription(self.active());
            if let Some(fields) = created.as_object_mut() {
                fields.insert("transaction_id".to_owned(), id.as_str().into());
            }
            self.tell("subscription.created", &created);
            self.subscription("subscription.activated", self.active());
        }
        self.transaction("transaction.updated", &id, COMPLETED);
        self.transaction("transaction.completed", &id, COMPLETED);
    }

    /// The subscription shows the new period before it is paid.
    fn renewal(&mut self) {
        self.subscription("subscription.updated", self.active());
        self.charge(&self.shop.paid_transaction(), "subscription_recurring");
    }

    fn plan_change(&mut self) {
        let item_next = &self.shop.scene.item_next;
        self.subscription("subscription.updated", Standing { item: item_next, ..self.active() });
        let id = self.shop.id("txn", 'u', self.shop.scene.cycle);
        self.charge(&id, "subscription_update");
    }

    fn cancel(&mut self) {
        let at = Some(self.shop.scene.period_end);
        let standing = Standing { scheduled_change: at, ..self.active() };
        self.subscription("subscription.updated", standing);
    }

    /// A renewal whose first attempt is declined.
    fn payment_failed(&mut self) {
        let id = self.shop.id("txn", 'f', self.shop.scene.cycle);
        let billed = Stage { origin: "subscription_recurring", known: true, ..DRAFT };
        let billed = Stage { status: "billed", ..billed };
        let past_due = Stage { status: "past_due", ..billed };
        self.subscription("subscription.updated", self.active());
        self.transaction("transaction.created", &id, billed);
        self.transaction("transaction.billed", &id, billed);
        self.transaction("transaction.payment_failed", &id, billed);
        self.transaction("transaction.updated", &id, past_due);
        self.transaction("transaction.past_due", &id, past_due);
        let standing = Standing { status: "past_due", ..self.active() };
        self.subscription("subscription.updated", standing);
        self.subscription("subscription.past_due", standing);
    }

    /// Live refunds wait for Paddle's approval.
    fn refund(&mut self) {
        let id = self.shop.id("adj", 'r', self.shop.scene.cycle);
        let pending = self.shop.adjustment(&id, "refund", "pending_approval");
        self.tell("adjustment.created", &pending);
        let approved = self.shop.adjustment(&id, "refund", "approved");
        self.tell("adjustment.updated", &approved);
        self.transaction("transaction.updated", &self.shop.paid_transaction(), self.settled());
    }

    fn dispute(&mut self) {
        let id = self.shop.id("adj", 'd', self.shop.scene.cycle);
        let chargeback = self.shop.adjustment(&id, "chargeback", "approved");
        self.tell("adjustment.created", &chargeback);
        self.transaction("transaction.updated", &self.shop.paid_transaction(), self.settled());
    }

    /// What Paddle does by itself to collect for a subscription.
    fn charge(&mut self, id: &str, origin: &'static str) {
        let billed = Stage { status: "billed", origin, known: true, ..DRAFT };
        let paid = Stage { status: "paid", paid: true, ..billed };
        let completed = Stage { origin, ..COMPLETED };
        self.transaction("transaction.created", id, billed);
        self.transaction("transaction.billed", id, billed);
        self.transaction("transaction.updated", id, paid);
        self.transaction("transaction.paid", id, paid);
        self.transaction("transaction.updated", id, completed);
        self.transaction("transaction.completed", id, completed);
    }

    fn active(&self) -> Standing<'a> {
        Standing { status: "active", item: &self.shop.scene.item, scheduled_change: None }
    }

    /// The latest payment, as it stands long after.
    fn settled(&self) -> Stage {
        let origin = if self.shop.scene.cycle == 0 { "web" } else { "subscription_recurring" };
        Stage { origin, ..COMPLETED }
    }

    fn transaction(&mut self, event_type: &str, id: &str, stage: Stage) {
        let scene = self.shop.scene;
        let changes = stage.origin == "subscription_update";
        let item = if changes { &scene.item_next } else { &scene.item };
        let transaction = self.shop.transaction(id, item, stage);
        self.tell(event_type, &transaction);
    }

    fn subscription(&mut self, event_type: &str, standing: Standing<'_>) {
        let subscription = self.shop.subscription(standing);
        self.tell(event_type, &subscription);
    }

    /// One second after the event before.
    fn tell(&mut self, event_type: &str, data: &Value) {
        let scene = self.shop.scene;
        let step = match scene.step {
            Step::Purchase => 'p',
            Step::Renewal => 'n',
            Step::Cancel => 'c',
            Step::Refund => 'r',
            Step::Dispute => 'd',
            Step::PaymentFailed => 'f',
            Step::PlanChange => 'u',
        };
        let position = u8::try_from(self.samples.len()).unwrap_or(u8::MAX);
        let number = scene.cycle.saturating_mul(100).saturating_add(position.into());
        let body = json!({
            "data": data,
            "event_id": self.shop.id("evt", step, number),
            "event_type": event_type,
            "occurred_at": time(scene.at + TimeDelta::seconds(position.into())),
            "notification_id": self.shop.id("ntf", step, number),
        });
        let mut sample = Sample::json(event_type, &body).with_header("User-Agent", "Paddle");
        if event_type == "transaction.completed" {
            let path = format!("/customers/{}", self.shop.id("ctm", 'c', 0));
            sample = sample.with_answer(path, json!({ "data": self.shop.customer() }));
        }
        self.samples.push(sample);
    }
}
