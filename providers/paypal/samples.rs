//! What PayPal sends at each step, with what its API says to the questions of it.
//! <https://developer.paypal.com/api/rest/webhooks/event-names/>

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::read::TOKEN_PATH;
use crate::sample::{Sample, Scene, Step};

/// All events of a step; none where the step cannot be (a renewal of a single sale).
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let shop = Shop { scene };
    let of_subscription =
        |event: &str, status: &str| shop.event(event, "subscription", shop.subscription(status));
    match (scene.step, scene.subscription) {
        (Step::Purchase, true) => vec![
            of_subscription("BILLING.SUBSCRIPTION.CREATED", "APPROVAL_PENDING"),
            of_subscription("BILLING.SUBSCRIPTION.ACTIVATED", "ACTIVE"),
            shop.sale(),
        ],
        (Step::Purchase, false) => vec![
            shop.event("CHECKOUT.ORDER.APPROVED", "checkout-order", shop.order("APPROVED")),
            shop.capture(),
        ],
        (Step::Renewal, true) => vec![shop.sale()],
        (Step::Cancel, true) => {
            vec![of_subscription("BILLING.SUBSCRIPTION.CANCELLED", "CANCELLED")]
        }
        (Step::PaymentFailed, true) => {
            vec![of_subscription("BILLING.SUBSCRIPTION.PAYMENT.FAILED", "ACTIVE")]
        }
        (Step::PlanChange, true) => vec![of_subscription("BILLING.SUBSCRIPTION.UPDATED", "ACTIVE")],
        (Step::Refund, true) => {
            vec![shop.event("PAYMENT.SALE.REFUNDED", "refund", shop.refund_of_sale())]
        }
        (Step::Refund, false) => {
            vec![shop.event("PAYMENT.CAPTURE.REFUNDED", "refund", shop.refund_of_capture())]
        }
        (Step::Dispute, _) => {
            vec![shop.event("CUSTOMER.DISPUTE.CREATED", "dispute", shop.dispute())]
        }
        (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => vec![],
    }
}

struct Shop<'a> {
    scene: &'a Scene,
}

impl Shop<'_> {
    fn event(&self, event_type: &str, resource_type: &str, resource: Value) -> Sample {
        let scene = self.scene;
        let id = format!("WH-{}-{}", self.id('W', scene.cycle), event_type.replace('.', "-"));
        let links = json!([{
            "href": format!("{}/v1/notifications/webhooks-events/{id}", self.host()),
            "rel": "self",
            "method": "GET",
        }]);
        let body = json!({
            "id": id,
            "event_version": "1.0",
            "create_time": time(scene.at),
            "resource_type": resource_type,
            "event_type": event_type,
            "summary": event_type.to_lowercase().replace('.', " "),
            "resource": resource,
            "links": links,
        });
        Sample::json(event_type, &body)
            .with_header("PAYPAL-AUTH-VERSION", "v2")
            .with_header(
                "PAYPAL-CERT-URL",
                format!("{}/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270", self.host()),
            )
            .with_header("User-Agent", "PayPal/AUHD-214.0-58391792")
    }

    /// A payment of the subscription: it does not say of what, for whom and until when.
    fn sale(&self) -> Sample {
        let sale = json!({
            "id": self.payment_id(),
            "state": "completed",
            "billing_agreement_id": self.subscription_id(),
            "amount": {
                "total": self.scene.decimal(),
                "currency": self.scene.currency,
                "details": { "subtotal": self.scene.decimal() },
            },
            "payment_mode": "INSTANT_TRANSFER",
            "protection_eligibility": "ELIGIBLE",
            "transaction_fee": { "value": "0.35", "currency": self.scene.currency },
            "invoice_number": "",
            "create_time": time(self.scene.at),
            "update_time": time(self.scene.at),
            "links": [{
                "href": format!("{}/v1/payments/sale/{}", self.host(), self.payment_id()),
                "rel": "self",
                "method": "GET",
            }],
        });
        let path = format!("/v1/billing/subscriptions/{}", self.subscription_id());
        asked(self.event("PAYMENT.SALE.COMPLETED", "sale", sale))
            .with_answer(path, self.subscription("ACTIVE"))
    }

    /// It stands as after this payment.
    fn subscription(&self, status: &str) -> Value {
        let scene = self.scene;
        let changes = scene.step == Step::PlanChange;
        let failures = u32::from(scene.step == Step::PaymentFailed);
        let pending = status == "APPROVAL_PENDING";
        let last = json!({ "amount": self.amount(), "time": time(scene.period_start) });
        json!({
            "id": self.subscription_id(),
            "plan_id": if changes { &scene.item_next } else { &scene.item },
            "quantity": scene.quantity.to_string(),
            "status": status,
            "start_time": time(scene.at),
            "create_time": time(scene.at),
            "plan_overridden": false,
            "subscriber": {
                "email_address": scene.email,
                "payer_id": self.payer_id(),
                "name": { "given_name": first_name(&scene.name), "surname": surname(&scene.name) },
                "shipping_address": { "address": { "country_code": scene.country } },
            },
            "billing_info": {
                "outstanding_balance": { "currency_code": scene.currency, "value": "0.0" },
                "cycle_executions": [{
                    "tenure_type": "REGULAR",
                    "sequence": 1,
                    "cycles_completed": if pending { 0 } else { scene.cycle + 1 },
                    "cycles_remaining": 0,
                    "total_cycles": 0,
                }],
                "last_payment": if pending { Value::Null } else { last },
                "next_billing_time": match status {
                    "ACTIVE" => json!(time(scene.period_end)),
                    _ => Value::Null,
                },
                "failed_payments_count": failures,
            },
        })
    }

    fn capture(&self) -> Sample {
        let capture = json!({
            "id": self.payment_id(),
            "status": "COMPLETED",
            "final_capture": true,
            "amount": self.amount(),
            "seller_protection": { "status": "ELIGIBLE" },
            "supplementary_data": { "related_ids": { "order_id": self.order_id() } },
            "create_time": time(self.scene.at),
            "update_time": time(self.scene.at),
            "links": [{
                "href": format!("{}/v2/payments/captures/{}", self.host(), self.payment_id()),
                "rel": "self",
                "method": "GET",
            }],
        });
        let path = format!("/v2/checkout/orders/{}", self.order_id());
        asked(self.event("PAYMENT.CAPTURE.COMPLETED", "capture", capture))
            .with_answer(path, self.order("COMPLETED"))
    }

    fn order(&self, status: &str) -> Value {
        let scene = self.scene;
        let captured = json!({ "captures": [{ "id": self.payment_id(), "status": "COMPLETED" }] });
        json!({
            "id": self.order_id(),
            "intent": "CAPTURE",
            "status": status,
            "payer": {
                "email_address": scene.email,
                "payer_id": self.payer_id(),
                "name": { "given_name": first_name(&scene.name), "surname": surname(&scene.name) },
                "address": { "country_code": scene.country },
            },
            "purchase_units": [{
                "reference_id": "default",
                "amount": self.amount(),
                "items": [{
                    "name": "A license",
                    "sku": scene.item,
                    "quantity": scene.quantity.to_string(),
                }],
                "payments": if status == "COMPLETED" { captured } else { Value::Null },
            }],
            "create_time": time(scene.at),
        })
    }

    /// In version 1 money that goes back is negative.
    fn refund_of_sale(&self) -> Value {
        json!({
            "id": self.id('R', self.scene.cycle),
            "sale_id": self.payment_id(),
            "state": "completed",
            "amount": {
                "total": format!("-{}", self.scene.decimal()),
                "currency": self.scene.currency,
            },
            "create_time": time(self.scene.at),
            "links": [{
                "href": format!("{}/v1/payments/sale/{}", self.host(), self.payment_id()),
                "rel": "sale",
                "method": "GET",
            }],
        })
    }

    fn refund_of_capture(&self) -> Value {
        json!({
            "id": self.id('R', self.scene.cycle),
            "status": "COMPLETED",
            "amount": self.amount(),
            "seller_payable_breakdown": {
                "gross_amount": self.amount(),
                "total_refunded_amount": self.amount(),
            },
            "create_time": time(self.scene.at),
            "links": [{
                "href": format!("{}/v2/payments/captures/{}", self.host(), self.payment_id()),
                "rel": "up",
                "method": "GET",
            }],
        })
    }

    fn dispute(&self) -> Value {
        json!({
            "dispute_id": format!("PP-D-{}", self.id('D', self.scene.cycle)),
            "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
            "status": "OPEN",
            "dispute_amount": self.amount(),
            "dispute_life_cycle_stage": "INQUIRY",
            "create_time": time(self.scene.at),
            "disputed_transactions": [{
                "seller_transaction_id": self.payment_id(),
                "buyer": { "name": self.scene.name },
                "seller": { "merchant_id": "KWTESTMERCHANT" },
            }],
        })
    }

    fn amount(&self) -> Value {
        json!({ "value": self.scene.decimal(), "currency_code": self.scene.currency })
    }

    fn host(&self) -> &'static str {
        if self.scene.live { "https://api.paypal.com" } else { "https://api.sandbox.paypal.com" }
    }

    fn subscription_id(&self) -> String {
        format!("I-{}", self.id('S', 0))
    }

    fn order_id(&self) -> String {
        self.id('O', 0)
    }

    /// The latest payment.
    fn payment_id(&self) -> String {
        self.id('P', self.scene.cycle)
    }

    fn payer_id(&self) -> String {
        self.id('C', 0)
    }

    fn id(&self, letter: char, number: u32) -> String {
        format!("8{letter}{}{number:04}", self.scene.tag.to_ascii_uppercase())
    }
}

/// Whoever asks gets a token first.
fn asked(sample: Sample) -> Sample {
    let token =
        json!({ "access_token": "A21AAKwSample", "token_type": "Bearer", "expires_in": 300 });
    sample.with_answer(TOKEN_PATH, token)
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn first_name(name: &str) -> &str {
    name.split_once(' ').map_or(name, |(first, _)| first)
}

fn surname(name: &str) -> &str {
    name.split_once(' ').map_or("", |(_, last)| last)
}
