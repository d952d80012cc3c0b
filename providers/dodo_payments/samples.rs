//! What Dodo Payments sends over the life of a purchase, whole objects as in its documentation.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::sample::{Sample, Scene, Step, extended};

pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let shop = Shop(scene);
    let subscription = |status| shop.subscription(&scene.item, status);
    match (scene.step, scene.subscription) {
        (Step::Purchase, false) => {
            vec![shop.event("payment.succeeded", shop.payment(scene.cycle, "succeeded"))]
        }
        (Step::Purchase, true) => vec![
            shop.event("subscription.active", subscription("active")),
            shop.event("payment.succeeded", shop.payment(scene.cycle, "succeeded")),
            shop.event("subscription.renewed", subscription("active")),
        ],
        (Step::Renewal, true) => vec![
            shop.event("payment.succeeded", shop.payment(scene.cycle, "succeeded")),
            shop.event("subscription.renewed", subscription("active")),
        ],
        (Step::Cancel, true) => {
            let at = time(scene.at);
            let fields = json!({ "cancel_at_next_billing_date": true, "cancelled_at": at });
            let cancelled = extended(subscription("active"), fields);
            vec![
                shop.event("subscription.updated", cancelled.clone()),
                shop.event("subscription.cancelled", cancelled),
            ]
        }
        (Step::Refund, _) => vec![shop.event("refund.succeeded", shop.refund())],
        (Step::Dispute, _) => vec![shop.event("dispute.opened", shop.dispute())],
        (Step::PaymentFailed, true) => {
            let failed = shop.payment(scene.cycle.saturating_add(1), "failed");
            vec![
                shop.event("payment.failed", failed),
                shop.event("subscription.on_hold", subscription("on_hold")),
            ]
        }
        (Step::PlanChange, true) => {
            let next = shop.subscription(&scene.item_next, "active");
            let id = format!("pay_{}change{}", scene.tag, scene.cycle);
            let settled = shop.payment(scene.cycle, "succeeded");
            let settled = extended(settled, json!({ "payment_id": id }));
            vec![
                shop.event("subscription.plan_changed", next.clone()),
                shop.event("subscription.updated", next),
                shop.event("payment.succeeded", settled),
            ]
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
        let Scene { tag, cycle, at, step, .. } = self.0;
        let body = json!({
            "business_id": "bus_kw",
            "type": event_type,
            "timestamp": time(*at),
            "data": data,
        });
        let id = format!("msg_{tag}{cycle}{}{event_type}", step.as_str()).replace('.', "-");
        Sample::json(event_type, &body).with_header("webhook-id", id)
    }

    fn customer(&self) -> Value {
        json!({
            "customer_id": format!("cus_{}", self.0.tag),
            "email": self.0.email,
            "name": self.0.name,
            "phone_number": null,
            "metadata": {}
        })
    }

    fn billing(&self) -> Value {
        json!({
            "country": self.0.country, "state": null, "city": null, "zipcode": null, "street": null
        })
    }

    fn subscription_id(&self) -> Option<String> {
        self.0.subscription.then(|| format!("sub_{}", self.0.tag))
    }

    fn payment_id(&self, cycle: u32) -> String {
        format!("pay_{}{cycle}", self.0.tag)
    }

    fn payment(&self, cycle: u32, status: &str) -> Value {
        let Scene { amount_minor, currency, item, quantity, .. } = self.0;
        let cart = json!([{ "product_id": item, "quantity": quantity }]);
        json!({
            "payload_type": "Payment",
            "payment_id": self.payment_id(cycle),
            "business_id": "bus_kw",
            "brand_id": "bus_kw",
            "subscription_id": self.subscription_id(),
            "checkout_session_id": null,
            "status": status,
            "total_amount": amount_minor,
            "tax": 0,
            "currency": currency,
            "settlement_amount": amount_minor,
            "settlement_tax": 0,
            "settlement_currency": currency,
            "payment_method": "card",
            "payment_method_type": "credit",
            "card_last_four": "4242",
            "card_network": "visa",
            "created_at": time(self.0.at),
            "updated_at": null,
            "customer": self.customer(),
            "billing": self.billing(),
            "product_cart": if self.0.subscription { Value::Null } else { cart },
            "digital_products_delivered": false,
            "discount_id": null,
            "disputes": [],
            "refunds": [],
            "metadata": {},
            "error_code": (status == "failed").then_some("card_declined"),
            "error_message": (status == "failed").then_some("Your card was declined.")
        })
    }

    fn subscription(&self, product: &str, status: &str) -> Value {
        let Scene { amount_minor, currency, quantity, period_start, period_end, .. } = self.0;
        json!({
            "payload_type": "Subscription",
            "subscription_id": self.subscription_id(),
            "product_id": product,
            "quantity": quantity,
            "addons": [],
            "status": status,
            "customer": self.customer(),
            "billing": self.billing(),
            "customer_business_name": self.0.company,
            "tax_id": null,
            "currency": currency,
            "recurring_pre_tax_amount": amount_minor,
            "tax_inclusive": true,
            "payment_frequency_interval": "Month",
            "payment_frequency_count": 1,
            "subscription_period_interval": "Year",
            "subscription_period_count": 10,
            "trial_period_days": 0,
            "on_demand": false,
            "created_at": time(*period_start),
            "previous_billing_date": time(*period_start),
            "next_billing_date": time(*period_end),
            "expires_at": null,
            "cancel_at_next_billing_date": false,
            "cancelled_at": null,
            "paused_at": null,
            "metadata": {},
            "scheduled_change": null
        })
    }

    fn refund(&self) -> Value {
        json!({
            "payload_type": "Refund",
            "refund_id": format!("ref_{}{}", self.0.tag, self.0.cycle),
            "payment_id": self.payment_id(self.0.cycle),
            "business_id": "bus_kw",
            "amount": self.0.amount_minor,
            "currency": self.0.currency,
            "is_partial": false,
            "status": "succeeded",
            "reason": "requested by the customer",
            "customer": self.customer(),
            "metadata": {},
            "created_at": time(self.0.at)
        })
    }

    fn dispute(&self) -> Value {
        json!({
            "payload_type": "Dispute",
            "dispute_id": format!("dis_{}{}", self.0.tag, self.0.cycle),
            "payment_id": self.payment_id(self.0.cycle),
            "business_id": "bus_kw",
            "amount": self.0.amount_minor.to_string(),
            "currency": self.0.currency,
            "dispute_stage": "dispute",
            "dispute_status": "dispute_opened",
            "is_resolved_by_rdr": false,
            "remarks": null,
            "customer": self.customer(),
            "created_at": time(self.0.at)
        })
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
