//! What Lemon Squeezy sends over the life of a purchase, whole objects as in its documentation.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step};

pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let shop = Shop(scene);
    match (scene.step, scene.subscription) {
        (Step::Purchase, false) => vec![shop.event("order_created", shop.order(false))],
        (Step::Purchase, true) => vec![
            shop.event("order_created", shop.order(false)),
            shop.event("subscription_created", shop.subscription(&scene.item, "active")),
            shop.event("subscription_updated", shop.subscription(&scene.item, "active")),
            shop.event("subscription_payment_success", shop.invoice(scene.cycle, "paid")),
        ],
        (Step::Renewal, true) => {
            let subscription = shop.subscription(&scene.item, "active");
            let path = format!("/v1/subscriptions/{}", shop.id("1"));
            let asked = json!({ "data": subscription });
            vec![
                shop.event("subscription_payment_success", shop.invoice(scene.cycle, "paid"))
                    .with_answer(path, asked),
                shop.event("subscription_updated", subscription),
            ]
        }
        (Step::Cancel, true) => {
            let cancelled = shop.subscription(&scene.item, "cancelled");
            vec![
                shop.event("subscription_cancelled", cancelled.clone()),
                shop.event("subscription_updated", cancelled),
            ]
        }
        (Step::Refund, subscription) => {
            let mut events = Vec::new();
            if scene.cycle == 0 {
                events.push(shop.event("order_refunded", shop.order(true)));
            }
            if subscription {
                let invoice = shop.invoice(scene.cycle, "refunded");
                events.push(shop.event("subscription_payment_refunded", invoice));
            }
            events
        }
        (Step::PaymentFailed, true) => {
            let open = shop.invoice(scene.cycle.saturating_add(1), "pending");
            vec![
                shop.event("subscription_payment_failed", open),
                shop.event("subscription_updated", shop.subscription(&scene.item, "past_due")),
            ]
        }
        (Step::PlanChange, true) => {
            vec![shop.event("subscription_updated", shop.subscription(&scene.item_next, "active"))]
        }
        // A merchant of record settles disputes itself; what was sold once does not renew.
        (Step::Dispute, _)
        | (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => {
            Vec::new()
        }
    }
}

struct Shop<'a>(&'a Scene);

impl Shop<'_> {
    fn event(&self, name: &str, data: Value) -> Sample {
        let meta = json!({
            "test_mode": !self.0.live,
            "event_name": name,
            "webhook_id": format!("kw-{}-{}-{name}", self.0.tag, self.0.cycle),
        });
        Sample::json(name, &json!({ "meta": meta, "data": data })).with_header("X-Event-Name", name)
    }

    /// Lemon Squeezy counts; here an id is told apart by the purchase.
    fn id(&self, number: &str) -> String {
        format!("{}{number}", self.0.tag)
    }

    fn order(&self, refunded: bool) -> Value {
        let Scene { amount_minor, at, period_start, .. } = self.0;
        json!({
            "type": "orders",
            "id": self.id("2"),
            "attributes": {
                "store_id": 1,
                "customer_id": self.id("3"),
                "identifier": format!("104e18a2-d755-4d4b-80c4-{}", self.0.tag),
                "order_number": 1,
                "user_name": self.0.name,
                "user_email": self.0.email,
                "currency": self.0.currency,
                "currency_rate": "1.0000",
                "subtotal": amount_minor,
                "setup_fee": 0,
                "discount_total": 0,
                "tax": 0,
                "total": amount_minor,
                "refunded_amount": if refunded { *amount_minor } else { 0 },
                "status": if refunded { "refunded" } else { "paid" },
                "refunded": refunded,
                "refunded_at": refunded.then(|| time(*at)),
                "first_order_item": {
                    "id": self.id("4"),
                    "order_id": self.id("2"),
                    "product_id": self.id("5"),
                    "variant_id": self.0.item,
                    "price_id": self.id("6"),
                    "product_name": "Example",
                    "variant_name": "Default",
                    "price": amount_minor,
                    "quantity": self.0.quantity
                },
                "urls": { "receipt": "https://app.lemonsqueezy.com/my-orders/example" },
                "created_at": time(*period_start),
                "updated_at": time(*at),
                "test_mode": !self.0.live
            }
        })
    }

    fn subscription(&self, variant: &str, status: &str) -> Value {
        let Scene { at, period_start, period_end, .. } = self.0;
        let cancelled = status == "cancelled";
        json!({
            "type": "subscriptions",
            "id": self.id("1"),
            "attributes": {
                "store_id": 1,
                "customer_id": self.id("3"),
                "order_id": self.id("2"),
                "order_item_id": self.id("4"),
                "product_id": self.id("5"),
                "variant_id": variant,
                "product_name": "Example",
                "variant_name": "Default",
                "user_name": self.0.name,
                "user_email": self.0.email,
                "status": status,
                "card_brand": "visa",
                "card_last_four": "4242",
                "pause": null,
                "cancelled": cancelled,
                "trial_ends_at": null,
                "billing_anchor": 10,
                "first_subscription_item": {
                    "id": self.id("7"),
                    "subscription_id": self.id("1"),
                    "price_id": self.id("6"),
                    "quantity": self.0.quantity,
                    "is_usage_based": false
                },
                "renews_at": time(*period_end),
                "ends_at": cancelled.then(|| time(*period_end)),
                "created_at": time(*period_start),
                "updated_at": time(*at),
                "test_mode": !self.0.live
            }
        })
    }

    fn invoice(&self, cycle: u32, status: &str) -> Value {
        let Scene { amount_minor, at, .. } = self.0;
        let refunded = status == "refunded";
        json!({
            "type": "subscription-invoices",
            "id": self.id(&format!("8{cycle}")),
            "attributes": {
                "store_id": 1,
                "subscription_id": self.id("1"),
                "customer_id": self.id("3"),
                "user_name": self.0.name,
                "user_email": self.0.email,
                "billing_reason": if cycle == 0 { "initial" } else { "renewal" },
                "card_brand": "visa",
                "card_last_four": "4242",
                "currency": self.0.currency,
                "currency_rate": "1.0000",
                "status": status,
                "refunded": refunded,
                "refunded_at": refunded.then(|| time(*at)),
                "subtotal": amount_minor,
                "discount_total": 0,
                "tax": 0,
                "total": amount_minor,
                "refunded_amount": if refunded { *amount_minor } else { 0 },
                "created_at": time(*at),
                "updated_at": time(*at),
                "test_mode": !self.0.live
            }
        })
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
