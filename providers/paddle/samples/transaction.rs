//! Transactions as Paddle sends them, all fields.

use serde_json::{Value, json};

use super::shop::{Shop, time};

/// A state of a transaction on its way to be completed.
#[derive(Clone, Copy)]
pub(super) struct Stage {
    pub(super) status: &'static str,
    pub(super) origin: &'static str,
    /// Money was captured.
    pub(super) paid: bool,
    /// The buyer has given an e-mail and an address.
    pub(super) known: bool,
    /// Invoice, subscription and fees are there: only at the very end.
    pub(super) finished: bool,
}

impl Shop<'_> {
    pub(super) fn transaction(&self, id: &str, item: &str, stage: Stage) -> Value {
        let scene = self.scene;
        let renews = stage.origin.starts_with("subscription_");
        let of_subscription = stage.finished || renews;
        let known = |id: String| stage.known.then_some(id);
        let finished = |id: String| stage.finished.then_some(id);
        let business = scene.company.as_ref().map(|_| self.id("biz", 'b', 0));
        let period = scene.subscription && of_subscription;
        json!({
            "id": id,
            "items": [{
                "price": self.price(item),
                "quantity": scene.quantity,
                "proration": self.proration(stage),
            }],
            "origin": stage.origin,
            "status": stage.status,
            "details": self.details(id, item, stage),
            "checkout": { "url": format!("https://shop.example/pay?_ptxn={id}") },
            "payments": if stage.paid { json!([self.captured()]) } else { json!([]) },
            "billed_at": finished(time(scene.at)),
            "address_id": known(self.id("add", 'a', 0)),
            "created_at": time(scene.at),
            "invoice_id": finished(id.replace("txn_", "inv_")),
            "updated_at": time(scene.at),
            "business_id": business.filter(|_| stage.known),
            "custom_data": null,
            "customer_id": known(self.id("ctm", 'c', 0)),
            "discount_id": null,
            "currency_code": scene.currency,
            "billing_period": period.then(|| self.period()),
            "invoice_number": finished(format!("325-{}", 10_000 + scene.cycle)),
            "billing_details": null,
            "collection_mode": "automatic",
            "subscription_id": self.subscription_id().filter(|_| of_subscription),
        })
    }

    fn proration(&self, stage: Stage) -> Value {
        if stage.origin == "subscription_update" {
            json!({ "rate": "0.5", "billing_period": self.period() })
        } else {
            Value::Null
        }
    }

    fn details(&self, id: &str, item: &str, stage: Stage) -> Value {
        let total = self.scene.amount_minor;
        let per_unit = total / i64::from(self.scene.quantity.max(1));
        let balance = if stage.paid { 0 } else { total };
        let fee = stage.finished.then(|| (total / 20).to_string());
        let earnings = stage.finished.then(|| (total - total / 20).to_string());
        let totals = json!({
            "fee": fee,
            "tax": "0",
            "total": total.to_string(),
            "credit": "0",
            "balance": balance.to_string(),
            "discount": "0",
            "earnings": earnings,
            "subtotal": total.to_string(),
            "grand_total": total.to_string(),
            "currency_code": self.scene.currency,
            "credit_to_balance": "0",
        });
        json!({
            "totals": totals,
            "line_items": [{
                "id": id.replace("txn_", "txnitm_"),
                "totals": untaxed(total),
                "product": self.product(item),
                "price_id": self.price_id(item),
                "quantity": self.scene.quantity,
                "tax_rate": "0",
                "unit_totals": untaxed(per_unit),
            }],
            "payout_totals": if stage.finished { totals.clone() } else { Value::Null },
            "tax_rates_used": [{ "totals": untaxed(total), "tax_rate": "0" }],
            "adjusted_totals": totals,
        })
    }

    fn captured(&self) -> Value {
        json!({
            "amount": self.scene.amount_minor.to_string(),
            "status": "captured",
            "created_at": time(self.scene.at),
            "error_code": null,
            "captured_at": time(self.scene.at),
            "method_details": {
                "card": {
                    "type": "visa",
                    "last4": "4242",
                    "expiry_year": 2030,
                    "expiry_month": 1,
                    "cardholder_name": self.scene.name,
                },
                "type": "card",
            },
            "payment_method_id": self.id("paymtd", 'm', 0),
            "payment_attempt_id": "937640dd-e3dc-40df-a16c-bb75aafd8f71",
            "stored_payment_method_id": "281ff2ca-8550-42b9-bf39-15948e7de62d",
        })
    }
}

fn untaxed(total: i64) -> Value {
    let total = total.to_string();
    json!({ "tax": "0", "total": total, "discount": "0", "subtotal": total })
}
