//! What Polar sends over the life of a purchase, whole objects as in its documentation.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step, extended};

pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let shop = Shop(scene);
    let first = if scene.subscription { "subscription_create" } else { "purchase" };
    let reason = if scene.cycle == 0 { first } else { "subscription_cycle" };
    let subscription = |status| shop.subscription(&scene.item, status);
    match (scene.step, scene.subscription) {
        (Step::Purchase, false) => vec![
            shop.event("customer.created", shop.customer()),
            shop.event("order.created", shop.order(reason, "pending")),
            shop.event("order.paid", shop.order(reason, "paid")),
            shop.event("order.updated", shop.order(reason, "paid")),
        ],
        (Step::Purchase, true) => vec![
            shop.event("customer.created", shop.customer()),
            shop.event("subscription.created", subscription("active")),
            shop.event("subscription.active", subscription("active")),
            shop.event("subscription.updated", subscription("active")),
            shop.event("order.created", shop.order(reason, "pending")),
            shop.event("order.paid", shop.order(reason, "paid")),
        ],
        (Step::Renewal, true) => vec![
            shop.event("subscription.cycled", subscription("active")),
            shop.event("subscription.updated", subscription("active")),
            shop.event("order.created", shop.order(reason, "pending")),
            shop.event("order.updated", shop.order(reason, "paid")),
            shop.event("order.paid", shop.order(reason, "paid")),
        ],
        (Step::Cancel, true) => {
            let (at, end) = (time(scene.at), time(scene.period_end));
            let fields = json!({ "cancel_at_period_end": true, "canceled_at": at, "ends_at": end });
            let canceled = extended(subscription("active"), fields);
            vec![
                shop.event("subscription.updated", canceled.clone()),
                shop.event("subscription.canceled", canceled),
            ]
        }
        (Step::Refund, _) => vec![
            shop.event("refund.created", shop.refund("pending")),
            shop.event("order.refunded", shop.order(reason, "refunded")),
            shop.event("refund.updated", shop.refund("succeeded")),
        ],
        (Step::PaymentFailed, true) => vec![
            shop.event("subscription.updated", subscription("past_due")),
            shop.event("subscription.past_due", subscription("past_due")),
        ],
        (Step::PlanChange, true) => {
            let next = shop.subscription(&scene.item_next, "active");
            vec![shop.event("subscription.updated", next)]
        }
        // Polar settles disputes itself; what was sold once does not renew.
        (Step::Dispute, _)
        | (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => {
            Vec::new()
        }
    }
}

struct Shop<'a>(&'a Scene);

impl Shop<'_> {
    fn event(&self, event_type: &str, data: Value) -> Sample {
        let Scene { tag, cycle, at, step, .. } = self.0;
        let body = json!({ "type": event_type, "timestamp": time(*at), "data": data });
        let id = format!("{tag}-{cycle}-{}-{event_type}", step.as_str()).replace('.', "-");
        Sample::json(event_type, &body).with_header("webhook-id", id)
    }

    fn id(&self, of: &str) -> String {
        format!("{}-{of}", self.0.tag)
    }

    fn customer(&self) -> Value {
        json!({
            "id": self.id("customer"),
            "external_id": null,
            "email": self.0.email,
            "email_verified": true,
            "name": self.0.name,
            "billing_name": self.0.company,
            "billing_address": { "country": self.0.country },
            "tax_id": self.0.company.as_ref().map(|_| json!(["DE123456789", "eu_vat"])),
            "locale": self.0.locale,
            "metadata": {},
            "created_at": time(self.0.period_start)
        })
    }

    fn order(&self, reason: &str, status: &str) -> Value {
        let Scene { item, amount_minor, period_start, quantity, .. } = self.0;
        let refunded = if status == "refunded" { *amount_minor } else { 0 };
        json!({
            "id": self.id(&format!("order{}", self.0.cycle)),
            "created_at": time(*period_start),
            "modified_at": null,
            "status": status,
            "paid": status != "pending",
            "billing_reason": reason,
            "subtotal_amount": amount_minor,
            "discount_amount": 0,
            "net_amount": amount_minor,
            "tax_amount": 0,
            "total_amount": amount_minor,
            "applied_balance_amount": 0,
            "due_amount": amount_minor,
            "refunded_amount": refunded,
            "refunded_tax_amount": 0,
            "currency": self.0.currency.to_ascii_lowercase(),
            "billing_name": self.0.name,
            "billing_address": { "country": self.0.country },
            "invoice_number": format!("KW-{}-{:04}", self.0.tag, self.0.cycle),
            "seats": quantity,
            "units": null,
            "customer_id": self.id("customer"),
            "product_id": item,
            "discount_id": null,
            "subscription_id": self.0.subscription.then(|| self.id("subscription")),
            "checkout_id": self.id("checkout"),
            "metadata": {},
            "custom_field_data": {},
            "customer": self.customer(),
            "product": { "id": item, "name": "Example", "metadata": {} },
            "subscription": self.0.subscription.then(|| self.subscription(item, "active")),
            "items": [{
                "id": self.id("item"),
                "label": "Example",
                "amount": amount_minor,
                "tax_amount": 0,
                "proration": false,
                "product_price_id": self.id("price")
            }]
        })
    }

    fn subscription(&self, product: &str, status: &str) -> Value {
        let Scene { amount_minor, period_start, period_end, quantity, .. } = self.0;
        json!({
            "id": self.id("subscription"),
            "created_at": time(*period_start),
            "modified_at": time(self.0.at),
            "amount": amount_minor,
            "currency": self.0.currency.to_ascii_lowercase(),
            "recurring_interval": "month",
            "status": status,
            "current_period_start": time(*period_start),
            "current_period_end": time(*period_end),
            "trial_start": null,
            "trial_end": null,
            "cancel_at_period_end": false,
            "canceled_at": null,
            "started_at": time(*period_start),
            "ends_at": null,
            "ended_at": null,
            "past_due_at": (status == "past_due").then(|| time(self.0.at)),
            "customer_id": self.id("customer"),
            "product_id": product,
            "discount_id": null,
            "checkout_id": self.id("checkout"),
            "seats": quantity,
            "units": null,
            "metadata": {},
            "custom_field_data": {},
            "pending_update": null,
            "customer": self.customer(),
            "prices": [{ "id": self.id(&format!("price-{product}")), "product_id": product }]
        })
    }

    fn refund(&self, status: &str) -> Value {
        json!({
            "id": self.id(&format!("refund{}", self.0.cycle)),
            "created_at": time(self.0.at),
            "modified_at": null,
            "metadata": {},
            "status": status,
            "reason": "customer_request",
            "amount": self.0.amount_minor,
            "tax_amount": 0,
            "currency": self.0.currency.to_ascii_lowercase(),
            "organization_id": "kw-organization",
            "order_id": self.id(&format!("order{}", self.0.cycle)),
            "subscription_id": self.0.subscription.then(|| self.id("subscription")),
            "customer_id": self.id("customer"),
            "revoke_benefits": true,
            "dispute": null
        })
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
