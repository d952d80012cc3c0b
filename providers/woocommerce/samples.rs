//! What WooCommerce sends for a step, with Subscriptions where it renews. There are no events of
//! disputes.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step};

/// All deliveries of a step; none where WooCommerce tells of no such thing.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    let shop = Shop { scene };
    let order = |topic: &str, status: &str| shop.tell(topic, shop.order(status));
    let subscription = |topic: &str, status: &str| {
        scene.subscription.then(|| shop.tell(topic, shop.subscription(status, &scene.item)))
    };
    let samples = match scene.step {
        Step::Purchase => vec![
            Some(order("order.created", "pending")),
            Some(order("order.updated", "processing")),
            subscription("subscription.created", "active"),
            Some(order("order.updated", "completed")),
        ],
        Step::Renewal if scene.subscription => vec![
            subscription("subscription.updated", "on-hold"),
            Some(order("order.created", "pending")),
            Some(order("order.updated", "processing")),
            subscription("subscription.updated", "active"),
            Some(order("order.updated", "completed")),
        ],
        Step::PaymentFailed if scene.subscription => vec![
            subscription("subscription.updated", "on-hold"),
            Some(order("order.updated", "failed")),
        ],
        Step::Cancel => vec![subscription("subscription.updated", "pending-cancel")],
        Step::PlanChange if scene.subscription => {
            let switched = shop.subscription("active", &scene.item_next);
            vec![Some(shop.tell("subscription.switched", switched))]
        }
        Step::Refund => vec![Some(order("order.updated", "refunded"))],
        Step::Renewal | Step::PaymentFailed | Step::PlanChange | Step::Dispute => Vec::new(),
    };
    samples.into_iter().flatten().collect()
}

struct Shop<'a> {
    scene: &'a Scene,
}

impl Shop<'_> {
    fn id(&self, thing: &str) -> u64 {
        let failed = if self.scene.step == Step::PaymentFailed { "failed " } else { "" };
        self.scene.number(&format!("{failed}{thing} {}", self.scene.cycle))
    }

    fn order(&self, status: &str) -> Value {
        let scene = self.scene;
        // What fails is a renewal: a checkout that is not paid is tried again.
        let renews = scene.subscription && (scene.cycle > 0 || scene.step == Step::PaymentFailed);
        let subscription = scene.number("subscription").to_string();
        let meta = if renews {
            json!([{ "id": 1, "key": "_subscription_renewal", "value": subscription }])
        } else {
            json!([])
        };
        let refund = json!({
            "id": self.id("refund"), "reason": "", "total": format!("-{}", scene.decimal()),
        });
        let paid = ["processing", "completed", "refunded"].contains(&status);
        let paid_at = paid.then(|| time(scene.period_start));
        json!({
            "id": self.id("order"),
            "parent_id": 0,
            "status": status,
            "currency": scene.currency,
            "date_created_gmt": time(scene.period_start),
            "date_modified_gmt": time(scene.at),
            "total": scene.decimal(),
            "customer_id": self.customer(),
            "order_key": format!("wc_order_{}", scene.tag),
            "billing": self.billing(),
            "payment_method": "stripe",
            "customer_note": "",
            "date_paid_gmt": paid_at,
            "meta_data": meta,
            "line_items": [self.line(self.id("line"), &scene.item)],
            "coupon_lines": [],
            "refunds": if status == "refunded" { vec![refund] } else { Vec::new() },
        })
    }

    fn subscription(&self, status: &str, item: &str) -> Value {
        let scene = self.scene;
        let end = if status == "pending-cancel" { time(scene.period_end) } else { String::new() };
        json!({
            "id": scene.number("subscription"),
            "parent_id": scene.number("order 0"),
            "status": status,
            "currency": scene.currency,
            "date_modified_gmt": time(scene.at),
            "total": scene.decimal(),
            "customer_id": self.customer(),
            "billing": self.billing(),
            "meta_data": [],
            "line_items": [self.line(scene.number("subscription line"), item)],
            "billing_period": "month",
            "billing_interval": "1",
            "start_date_gmt": time(scene.period_start),
            "trial_end_date_gmt": "",
            "next_payment_date_gmt": if end.is_empty() { time(scene.period_end) } else { String::new() },
            "last_payment_date_gmt": time(scene.period_start),
            "cancelled_date_gmt": "",
            "end_date_gmt": end,
        })
    }

    fn line(&self, id: u64, item: &str) -> Value {
        json!({
            "id": id,
            "name": "Example Software",
            "product_id": self.scene.number(&format!("product {item}")),
            "variation_id": 0,
            "quantity": self.scene.quantity,
            "subtotal": self.scene.decimal(),
            "total": self.scene.decimal(),
            "meta_data": [],
            "sku": item,
        })
    }

    fn billing(&self) -> Value {
        let (first, last) = self.scene.names();
        json!({
            "first_name": first, "last_name": last, "company": self.scene.company,
            "address_1": "1 Example Street", "city": "Exampletown", "postcode": "12345",
            "country": self.scene.country, "email": self.scene.email,
        })
    }

    fn customer(&self) -> u64 {
        self.scene.number("customer")
    }

    fn tell(&self, topic: &str, resource: Value) -> Sample {
        let (noun, verb) = topic.split_once('.').unwrap_or((topic, ""));
        Sample::json(topic, &resource)
            .with_header("User-Agent", "WooCommerce/9.9.0 Hookshot (WordPress/6.8)")
            .with_header("X-WC-Webhook-Source", "https://shop.example.com/")
            .with_header("X-WC-Webhook-Topic", topic)
            .with_header("X-WC-Webhook-Resource", noun)
            .with_header("X-WC-Webhook-Event", verb)
            .with_header("X-WC-Webhook-ID", "7")
    }
}

/// UTC, without saying so.
fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S").to_string()
}
