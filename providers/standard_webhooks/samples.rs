//! What a sender would send that keeps to the specification, in the names that the account sets and
//! those that hold where it sets none.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::words;
use crate::sample::{Sample, Scene, Step, extended};

pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let shop = Shop(scene);
    match (scene.step, scene.subscription) {
        (Step::Purchase, _) => vec![shop.event("order.paid", shop.paid())],
        (Step::Renewal, true) => vec![shop.event("subscription.renewed", shop.paid())],
        (Step::Cancel, true) => {
            vec![shop.event("subscription.canceled", shop.subscription(&scene.item))]
        }
        (Step::Refund, _) => vec![shop.event("refund.succeeded", shop.money_back("refund"))],
        (Step::Dispute, _) => vec![shop.event("dispute.opened", shop.money_back("dispute"))],
        (Step::PaymentFailed, true) => {
            vec![shop.event("subscription.past_due", shop.subscription(&scene.item))]
        }
        (Step::PlanChange, true) => {
            vec![shop.event("subscription.updated", shop.subscription(&scene.item_next))]
        }
        // What was sold once does not renew.
        (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => {
            Vec::new()
        }
    }
}

struct Shop<'a>(&'a Scene);

impl Shop<'_> {
    fn event(&self, event_type: &str, data: Value) -> Sample {
        let Scene { tag, cycle, step, at, .. } = self.0;
        let told = words::event_type(self.0, event_type);
        let body = json!({ "type": told, "timestamp": time(*at), "data": data });
        let body = words::placed(self.0, event_type, body);
        let id = format!("msg_{tag}{cycle}{}", step.as_str());
        Sample::json(told, &body).with_header("webhook-id", id)
    }

    /// The order of the purchase, or a subscription that renewed.
    fn paid(&self) -> Value {
        let Scene { tag, cycle, amount_minor, currency, .. } = self.0;
        let own = if *cycle == 0 { self.order() } else { json!(format!("sub_{tag}")) };
        let fields = json!({
            "id": own,
            "order_id": self.order(),
            "payment_id": self.payment(),
            "amount": amount_minor,
            "currency": currency
        });
        extended(self.subscription(&self.0.item), fields)
    }

    fn subscription(&self, product: &str) -> Value {
        let Scene { subscription, quantity, period_end, tag, .. } = self.0;
        let id = subscription.then(|| format!("sub_{tag}"));
        json!({
            "id": id,
            "subscription_id": id,
            "product_id": product,
            "quantity": quantity,
            "current_period_end": subscription.then(|| time(*period_end)),
            "customer": {
                "id": format!("cus_{tag}"), "email": self.0.email, "name": self.0.name
            }
        })
    }

    fn money_back(&self, what: &str) -> Value {
        json!({
            "id": format!("{what}_{}{}", self.0.tag, self.0.cycle),
            "order_id": self.order(),
            "payment_id": self.payment(),
            "amount": self.0.amount_minor,
            "currency": self.0.currency
        })
    }

    fn order(&self) -> Value {
        json!(format!("ord_{}", self.0.tag))
    }

    fn payment(&self) -> Value {
        json!(format!("pay_{}{}", self.0.tag, self.0.cycle))
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
