//! What Creem sends over the life of a purchase, whole objects as in its documentation.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step, extended};

pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let shop = Shop(scene);
    let subscription = |status| shop.subscription(&scene.item, status);
    match (scene.step, scene.subscription) {
        (Step::Purchase, false) => vec![shop.event("checkout.completed", shop.checkout())],
        (Step::Purchase, true) => vec![
            shop.event("checkout.completed", shop.checkout()),
            shop.event("subscription.active", subscription("active")),
            shop.event("subscription.paid", subscription("active")),
        ],
        (Step::Renewal, true) => vec![shop.event("subscription.paid", subscription("active"))],
        (Step::Cancel, true) => {
            let scheduled = subscription("scheduled_cancel");
            vec![shop.event("subscription.scheduled_cancel", scheduled)]
        }
        (Step::Refund, _) => vec![shop.event("refund.created", shop.refund())],
        (Step::Dispute, _) => vec![shop.event("dispute.created", shop.dispute())],
        (Step::PaymentFailed, true) => {
            vec![shop.event("subscription.past_due", subscription("past_due"))]
        }
        (Step::PlanChange, true) => {
            let next = shop.subscription(&scene.item_next, "active");
            vec![shop.event("subscription.update", next)]
        }
        // What was sold once does not renew.
        (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => {
            Vec::new()
        }
    }
}

struct Shop<'a>(&'a Scene);

impl Shop<'_> {
    fn event(&self, event_type: &str, object: Value) -> Sample {
        let Scene { tag, cycle, step, at, .. } = self.0;
        let body = json!({
            "id": format!("evt_{tag}{cycle}{}{event_type}", step.as_str()),
            "eventType": event_type,
            "created_at": at.timestamp_millis(),
            "object": object,
        });
        Sample::json(event_type, &body)
    }

    fn id(&self, kind: &str) -> String {
        format!("{kind}_{}", self.0.tag)
    }

    /// Of one payment.
    fn paid_id(&self, kind: &str) -> String {
        format!("{kind}_{}{}", self.0.tag, self.0.cycle)
    }

    fn mode(&self) -> &'static str {
        if self.0.live { "prod" } else { "test" }
    }

    fn customer(&self) -> Value {
        json!({
            "id": self.id("cust"),
            "object": "customer",
            "email": self.0.email,
            "name": self.0.name,
            "country": self.0.country,
            "created_at": time(self.0.period_start),
            "updated_at": time(self.0.period_start),
            "mode": self.mode()
        })
    }

    fn product(&self, id: &str) -> Value {
        json!({
            "id": id,
            "object": "product",
            "name": "Example",
            "price": self.0.amount_minor,
            "currency": self.0.currency,
            "billing_type": self.billing_type(),
            "billing_period": if self.0.subscription { "every-month" } else { "once" },
            "status": "active",
            "mode": self.mode()
        })
    }

    fn billing_type(&self) -> &'static str {
        if self.0.subscription { "recurring" } else { "onetime" }
    }

    fn order(&self) -> Value {
        let Scene { amount_minor, currency, item, period_start, .. } = self.0;
        json!({
            "id": self.id("ord"),
            "object": "order",
            "customer": self.id("cust"),
            "product": item,
            "transaction": self.paid_id("tran"),
            "amount": amount_minor,
            "sub_total": amount_minor,
            "tax_amount": 0,
            "amount_due": amount_minor,
            "amount_paid": amount_minor,
            "currency": currency,
            "status": "paid",
            "type": self.billing_type(),
            "created_at": time(*period_start),
            "updated_at": time(*period_start),
            "mode": self.mode()
        })
    }

    fn checkout(&self) -> Value {
        let subscription = self.0.subscription.then(|| self.subscription(&self.0.item, "active"));
        json!({
            "id": self.id("ch"),
            "object": "checkout",
            "request_id": null,
            "order": self.order(),
            "product": self.product(&self.0.item),
            "units": self.0.quantity,
            "customer": self.customer(),
            "subscription": subscription,
            "custom_fields": [],
            "status": "completed",
            "metadata": {},
            "mode": self.mode()
        })
    }

    fn subscription(&self, product: &str, status: &str) -> Value {
        let Scene { period_start, period_end, quantity, at, .. } = self.0;
        json!({
            "id": self.id("sub"),
            "object": "subscription",
            "product": self.product(product),
            "customer": self.customer(),
            "items": [{
                "id": self.id("sitem"),
                "object": "subscription_item",
                "product_id": product,
                "price_id": format!("pprice_{product}"),
                "units": quantity,
                "created_at": time(*period_start),
                "updated_at": time(*at),
                "mode": self.mode()
            }],
            "collection_method": "charge_automatically",
            "status": status,
            "last_transaction_id": self.paid_id("tran"),
            "last_transaction_date": time(*period_start),
            "last_transaction": self.transaction(0),
            "next_transaction_date": time(*period_end),
            "current_period_start_date": time(*period_start),
            "current_period_end_date": time(*period_end),
            "canceled_at": null,
            "created_at": time(*period_start),
            "updated_at": time(*at),
            "metadata": {},
            "mode": self.mode()
        })
    }

    fn transaction(&self, refunded: i64) -> Value {
        let Scene { amount_minor, currency, period_start, period_end, .. } = self.0;
        json!({
            "id": self.paid_id("tran"),
            "object": "transaction",
            "amount": amount_minor,
            "amount_paid": amount_minor,
            "currency": currency,
            "type": if self.0.subscription { "invoice" } else { "payment" },
            "tax_country": self.0.country,
            "tax_amount": 0,
            "refunded_amount": refunded,
            "status": "paid",
            "order": self.id("ord"),
            "subscription": self.0.subscription.then(|| self.id("sub")),
            "customer": self.id("cust"),
            "period_start": period_start.timestamp_millis(),
            "period_end": period_end.timestamp_millis(),
            "created_at": period_start.timestamp_millis(),
            "mode": self.mode()
        })
    }

    fn refund(&self) -> Value {
        let Scene { amount_minor, currency, .. } = self.0;
        let fields = json!({
            "status": "succeeded",
            "refund_amount": amount_minor,
            "refund_currency": currency,
            "reason": "requested_by_customer"
        });
        extended(self.about_a_payment("ref", "refund", *amount_minor), fields)
    }

    fn dispute(&self) -> Value {
        let transaction = extended(self.transaction(0), json!({ "status": "chargeback" }));
        let fields = json!({
            "amount": self.0.amount_minor,
            "currency": self.0.currency,
            "transaction": transaction
        });
        extended(self.about_a_payment("disp", "dispute", 0), fields)
    }

    fn about_a_payment(&self, kind: &str, object: &str, refunded: i64) -> Value {
        let subscription = self.0.subscription.then(|| self.subscription(&self.0.item, "active"));
        json!({
            "id": self.paid_id(kind),
            "object": object,
            "transaction": self.transaction(refunded),
            "subscription": subscription,
            "checkout": { "id": self.id("ch"), "object": "checkout" },
            "order": self.order(),
            "customer": self.customer(),
            "created_at": self.0.at.timestamp_millis(),
            "mode": self.mode()
        })
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
