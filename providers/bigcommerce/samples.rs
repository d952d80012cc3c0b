//! What BigCommerce sends for a step. It has no subscriptions of its own, so there are no renewals.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::callback::STORE_HASH;
use crate::sample::{Sample, Scene, Step};

/// All callbacks of a step, each with the order as the API shows it then.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    let shop = Shop { scene };
    match scene.step {
        Step::Purchase => vec![
            shop.tell("store/order/created", &json!({}), 0),
            shop.tell("store/order/statusUpdated", &status(0, 11), 11),
        ],
        Step::Refund => vec![
            shop.tell(
                "store/order/refund/created",
                &json!({ "refund": { "refund_id": shop.scene.number("refund") % 100_000 } }),
                4,
            ),
            shop.tell("store/order/statusUpdated", &status(11, 4), 4),
        ],
        Step::Dispute => vec![shop.tell("store/order/statusUpdated", &status(11, 13), 13)],
        Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange => Vec::new(),
    }
}

fn status(previous: u32, new: u32) -> Value {
    json!({ "status": { "previous_status_id": previous, "new_status_id": new } })
}

struct Shop<'a> {
    scene: &'a Scene,
}

impl Shop<'_> {
    fn tell(&self, scope: &str, more: &Value, status_id: u32) -> Sample {
        let id = self.scene.number("order");
        let mut data = json!({ "type": "order", "id": id });
        if let (Some(data), Some(more)) = (data.as_object_mut(), more.as_object()) {
            data.extend(more.clone());
        }
        let hash = self.scene.number(&format!("{scope} {data}"));
        let store = self.scene.setting(STORE_HASH, "kwstore");
        let callback = json!({
            "scope": scope,
            "store_id": "1001",
            "data": data,
            "hash": format!("{hash:040x}"),
            "created_at": self.scene.at.timestamp(),
            "producer": format!("stores/{store}"),
        });
        let path = format!("/stores/{store}/v2/orders/{id}");
        Sample::json(scope, &callback)
            .with_answer(format!("{path}/products?limit=250"), self.products(status_id))
            .with_answer(path, self.order(id, status_id))
    }

    fn order(&self, id: u64, status_id: u32) -> Value {
        let scene = self.scene;
        let (first, last) = scene.names();
        let total = scene.decimal();
        json!({
            "id": id,
            "status_id": status_id,
            "date_created": rfc2822(scene.period_start),
            "customer_id": scene.number("customer"),
            "customer_locale": scene.locale,
            "currency_code": scene.currency,
            "total_inc_tax": total,
            "items_total": scene.quantity,
            "payment_method": "Credit Card",
            "payment_status": if status_id == 0 { "" } else { "captured" },
            "refunded_amount": if status_id == 4 { &total } else { "0.0000" },
            "order_is_digital": true,
            "billing_address": {
                "first_name": first, "last_name": last, "company": scene.company,
                "email": scene.email, "country_iso2": scene.country,
            },
        })
    }

    fn products(&self, status_id: u32) -> Value {
        let scene = self.scene;
        let refunded = status_id == 4;
        json!([{
            "id": scene.number("line"),
            "order_id": scene.number("order"),
            "product_id": scene.number("product"),
            "variant_id": scene.number("variant"),
            "sku": scene.item,
            "name": "Example Software",
            "type": "digital",
            "quantity": scene.quantity,
            "quantity_refunded": if refunded { scene.quantity } else { 0 },
            "is_refunded": refunded,
            "product_options": [],
        }])
    }
}

fn rfc2822(at: DateTime<Utc>) -> String {
    at.to_rfc2822()
}
