//! What UltraCart sends for a step: a batch of one event each, with the order as the API shows it.

use serde_json::{Value, json};

use super::batch::path;
use crate::request::Inlet;
use crate::sample::{Sample, Scene, Step};

/// All requests of a step; none where UltraCart tells of no such thing.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    let shop = Shop { scene };
    let item = &scene.item;
    let auto = |name: &str, standing: Value| {
        scene.subscription.then(|| shop.tell(name, &shop.auto_order(standing.clone())))
    };
    let order = |name: &str, status: &str| Some(shop.tell(name, &shop.order(status)));
    let samples = match scene.step {
        Step::Purchase => vec![
            Some(shop.request()),
            order("order_create", "Unprocessed"),
            order("order_payment_process", "Processed"),
            auto("auto_order_create", json!({ "status": "active" })),
        ],
        Step::Renewal if scene.subscription => vec![
            order("order_create", "Processed"),
            order("order_payment_process", "Processed"),
            auto("auto_order_rebill", json!({ "status": "active" })),
        ],
        Step::PaymentFailed => {
            vec![auto("auto_order_decline", json!({ "status": "active", "failure_reason": "NSF" }))]
        }
        // Without a time: an event counts from when it came, and what was bought long ago would
        // come after a cancellation that lies before today.
        Step::Cancel => vec![auto("auto_order_cancel", json!({ "status": "canceled" }))],
        Step::PlanChange => vec![auto(
            "auto_order_update",
            json!({ "status": "active", "item": scene.item_next, "was": item }),
        )],
        Step::Refund => vec![order("order_refund", "Refunded")],
        Step::Dispute => {
            let chargeback = json!({
                "chargeback_dispute_oid": scene.number("dispute"), "order_id": shop.id(),
            });
            vec![Some(shop.about("chargeback_create", &chargeback, &shop.order("Processed")))]
        }
        Step::Renewal => Vec::new(),
    };
    samples.into_iter().flatten().collect()
}

struct Shop<'a> {
    scene: &'a Scene,
}

impl Shop<'_> {
    /// The number of the order of this cycle.
    fn id(&self) -> String {
        self.order_id(self.scene.cycle)
    }

    fn order_id(&self, cycle: u32) -> String {
        format!("KWDEMO-{}", self.scene.number(&format!("order {cycle}")))
    }

    fn order(&self, status: &str) -> Value {
        let scene = self.scene;
        let (first, last) = scene.names();
        let refunded = status == "Refunded";
        let amount = |value: f64| json!({ "value": value, "currency_code": scene.currency });
        let total: f64 = scene.decimal().parse().unwrap_or_default();
        // UltraCart itself makes the auto order only once the first payment was processed.
        let begun = scene.subscription && status != "Unprocessed";
        json!({
            "order_id": self.id(),
            "merchant_id": "KWDEMO",
            "creation_dts": scene.period_start.to_rfc3339(),
            "current_stage": if status == "Unprocessed" { "Accounts Receivable" } else { "Completed Order" },
            "currency_code": scene.currency,
            "language_iso_code": "DEU",
            "refund_dts": refunded.then(|| scene.at.to_rfc3339()),
            "billing": {
                "email": scene.email, "first_name": first, "last_name": last,
                "company": scene.company, "country_code": scene.country,
            },
            "customer_profile": { "customer_profile_oid": scene.number("customer") },
            "payment": {
                "payment_status": status,
                "payment_dts": (status != "Unprocessed").then(|| scene.period_start.to_rfc3339()),
                "payment_method": "Credit Card",
                "test_order": !scene.live,
            },
            "summary": {
                "total": amount(total), "total_refunded": amount(if refunded { total } else { 0.0 }),
            },
            "items": [{
                "item_index": 1,
                "merchant_item_id": scene.item,
                "description": "Example Software",
                "quantity": f64::from(scene.quantity),
                "quantity_refunded": if refunded { f64::from(scene.quantity) } else { 0.0 },
                "kit": false,
                "kit_component": false,
            }],
            "auto_order": begun.then(|| self.standing(&json!({ "status": "active" }))),
        })
    }

    fn standing(&self, standing: &Value) -> Value {
        let scene = self.scene;
        let text = |name: &str| standing.get(name).and_then(Value::as_str);
        let changed = text("item").unwrap_or(&scene.item);
        let changed = Some(changed).filter(|item| *item != scene.item_first);
        json!({
            "auto_order_oid": scene.number("auto order"),
            "auto_order_code": format!("KW{}", scene.tag.to_uppercase()),
            "original_order_id": self.order_id(0),
            "status": text("status"),
            "enabled": text("status") == Some("active"),
            "failure_reason": text("failure_reason"),
            "items": [{
                "original_item_id": scene.item_first,
                "original_quantity": f64::from(scene.quantity),
                "arbitrary_item_id": changed,
                "frequency": "Monthly",
                "next_shipment_dts": scene.period_end.to_rfc3339(),
                "paused": false,
            }],
        })
    }

    /// The order of this cycle, with its auto order as it stands then.
    fn auto_order(&self, standing: Value) -> Value {
        let mut order = self.order("Processed");
        if let Some(order) = order.as_object_mut() {
            order.insert("auto_order".to_owned(), self.standing(&standing));
        }
        order
    }

    fn tell(&self, name: &str, order: &Value) -> Sample {
        let auto = order.get("auto_order").filter(|_| name.starts_with("auto_order_"));
        let Some(mut sent) = auto.cloned() else { return self.about(name, order, order) };
        if let Some(sent) = sent.as_object_mut() {
            let made =
                json!([{ "order_id": self.id(), "creation_dts": self.scene.at.to_rfc3339() }]);
            sent.insert("rebill_orders".to_owned(), made);
        }
        self.about(name, &sent, order)
    }

    fn about(&self, name: &str, sent: &Value, order: &Value) -> Sample {
        let answer = json!({ "order": order, "success": true });
        Sample::json(name, &json!({ "events": [{ name: sent }] }))
            .with_answer(path(&self.id()), answer)
    }

    /// The request for keys, which comes first.
    fn request(&self) -> Sample {
        let scene = self.scene;
        let (first, last) = scene.names();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><activationCodeRequest>\
             <md5Secret>8D777F385D3DFEC8815D20F7496026DC</md5Secret>\
             <merchantId>KWDEMO</merchantId><orderId>{}</orderId><firstName>{first}</firstName>\
             <lastName>{last}</lastName><company>{}</company><country>{}</country>\
             <email>{}</email><itemId>{}</itemId><quantity>{}</quantity></activationCodeRequest>",
            self.id(),
            scene.company.as_deref().unwrap_or_default(),
            scene.country,
            scene.email,
            scene.item,
            scene.quantity,
        );
        Sample {
            inlet: Inlet::Fulfil,
            headers: vec![("Content-Type".to_owned(), "text/xml".to_owned())],
            body: body.into_bytes(),
            ..Sample::json("activationCodeRequest", &Value::Null)
        }
    }
}
