//! What Shopify sends for a step, in its usual order. Subscriptions are those of an app that owns
//! its contracts; each renewal of one is a new order.

use serde_json::{Value, json};

use super::SHOP;
use crate::sample::{Sample, Scene, Step};

/// All deliveries of a step; none where Shopify tells of no such thing.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    let shop = Shop { scene };
    let subscription = scene.subscription;
    match scene.step {
        Step::Purchase => {
            let contract = subscription
                .then(|| shop.tell("subscription_contracts/create", shop.contract("active", 1)));
            let created = shop.tell("orders/create", shop.order("pending"));
            let paid = shop.tell("orders/paid", shop.order("paid"));
            [created].into_iter().chain(contract).chain([paid]).collect()
        }
        Step::Renewal if subscription => vec![
            shop.tell("orders/create", shop.order("pending")),
            shop.tell("subscription_billing_attempts/success", shop.attempt(None)),
            shop.tell("orders/paid", shop.order("paid")),
        ],
        Step::PaymentFailed if subscription => vec![shop.tell(
            "subscription_billing_attempts/failure",
            shop.attempt(Some("insufficient_funds")),
        )],
        Step::Cancel if subscription => {
            vec![shop.tell("subscription_contracts/update", shop.contract("cancelled", 2))]
        }
        Step::Refund => vec![
            shop.tell("refunds/create", shop.refund()),
            shop.tell("orders/updated", shop.order("refunded")),
        ],
        Step::Dispute => vec![shop.tell("disputes/create", shop.dispute())],
        Step::Renewal | Step::PaymentFailed | Step::Cancel | Step::PlanChange => Vec::new(),
    }
}

struct Shop<'a> {
    scene: &'a Scene,
}

impl Shop<'_> {
    fn id(&self, thing: &str) -> u64 {
        self.scene.number(&format!("{thing} {}", self.scene.cycle))
    }

    fn now(&self) -> String {
        self.scene.at.to_rfc3339()
    }

    fn order(&self, status: &str) -> Value {
        let scene = self.scene;
        let (first, last) = scene.names();
        let id = self.id("order");
        let total = scene.decimal();
        let refunded = status == "refunded";
        let refunds = if refunded { vec![self.refund()] } else { Vec::new() };
        let address = json!({
            "first_name": first, "last_name": last, "name": scene.name, "company": scene.company,
            "address1": "1 Example Street", "city": "Exampletown", "zip": "12345",
            "country_code": scene.country,
        });
        json!({
            "id": id,
            "admin_graphql_api_id": format!("gid://shopify/Order/{id}"),
            "app_id": 580_111,
            "name": format!("#{}", id % 100_000),
            "created_at": self.now(),
            "updated_at": self.now(),
            "cancelled_at": null,
            "cancel_reason": null,
            "test": !scene.live,
            "source_name": if scene.cycle == 0 { "web" } else { "subscription_contract" },
            "email": scene.email,
            "contact_email": scene.email,
            "customer_locale": scene.locale,
            "currency": scene.currency,
            "presentment_currency": scene.currency,
            "financial_status": status,
            "total_price": total,
            "current_total_price": if refunded { "0.00" } else { &total },
            "customer": {
                "id": self.customer(), "email": scene.email,
                "first_name": first, "last_name": last, "default_address": address,
            },
            "billing_address": address,
            "line_items": [{
                "id": self.id("line"),
                "variant_id": scene.number("variant"),
                "product_id": scene.number("product"),
                "sku": scene.item,
                "title": "Example Software",
                "quantity": scene.quantity,
                "current_quantity": if refunded { 0 } else { scene.quantity },
                "price": total,
                "requires_shipping": false,
                "gift_card": false,
                "properties": [],
            }],
            "refunds": refunds,
        })
    }

    fn refund(&self) -> Value {
        let scene = self.scene;
        json!({
            "id": self.id("refund"),
            "order_id": self.id("order"),
            "created_at": self.now(),
            "processed_at": self.now(),
            "note": "",
            "order_adjustments": [],
            "refund_line_items": [{
                "id": self.id("refund line"), "line_item_id": self.id("line"),
                "quantity": scene.quantity, "restock_type": "no_restock",
            }],
            "transactions": [{
                "id": self.id("transaction"), "order_id": self.id("order"), "kind": "refund",
                "status": "success", "gateway": "shopify_payments", "test": !scene.live,
                "amount": scene.decimal(), "currency": scene.currency,
            }],
        })
    }

    fn dispute(&self) -> Value {
        json!({
            "id": self.id("dispute"), "order_id": self.id("order"), "type": "chargeback",
            "amount": self.scene.decimal(), "currency": self.scene.currency,
            "reason": "fraudulent", "network_reason_code": "4837", "status": "needs_response",
            "initiated_at": self.now(), "evidence_due_by": null, "evidence_sent_on": null,
            "finalized_on": null,
        })
    }

    fn contract(&self, status: &str, revision: u64) -> Value {
        let contract = self.scene.number("contract");
        let order = self.scene.number("order 0");
        json!({
            "admin_graphql_api_id": format!("gid://shopify/SubscriptionContract/{contract}"),
            "id": contract,
            "billing_policy": { "interval": "month", "interval_count": 1 },
            "currency_code": self.scene.currency,
            "customer_id": self.customer(),
            "status": status,
            "admin_graphql_api_origin_order_id": format!("gid://shopify/Order/{order}"),
            "origin_order_id": order,
            "revision_id": revision.to_string(),
        })
    }

    fn attempt(&self, fault: Option<&str>) -> Value {
        let contract = self.scene.number("contract");
        let id = self.id("attempt");
        json!({
            "id": id,
            "admin_graphql_api_id": format!("gid://shopify/SubscriptionBillingAttempt/{id}"),
            "idempotency_key": format!("{contract}-{}", self.scene.cycle),
            "order_id": fault.is_none().then(|| self.id("order")),
            "subscription_contract_id": contract,
            "ready": true,
            "error_message": fault,
            "error_code": fault,
        })
    }

    fn customer(&self) -> u64 {
        self.scene.number("customer")
    }

    fn tell(&self, topic: &str, resource: Value) -> Sample {
        let id = self.scene.number(&format!("{topic} {} {resource}", self.scene.cycle));
        Sample::json(topic, &resource)
            .with_header("X-Shopify-Topic", topic)
            .with_header("X-Shopify-Shop-Domain", self.scene.setting(SHOP, "example.myshopify.com"))
            .with_header("X-Shopify-API-Version", "2026-07")
            .with_header("X-Shopify-Webhook-Id", format!("{id:016x}"))
            .with_header("X-Shopify-Triggered-At", self.now())
    }
}
