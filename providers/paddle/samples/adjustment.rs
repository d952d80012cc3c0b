//! Adjustments as Paddle sends them, all fields.

use serde_json::{Value, json};

use super::shop::{Shop, time};

impl Shop<'_> {
    pub(super) fn adjustment(&self, id: &str, action: &str, status: &str) -> Value {
        let transaction = self.paid_transaction();
        let total = self.scene.amount_minor.to_string();
        let totals = json!({
            "fee": "0",
            "tax": "0",
            "total": total,
            "earnings": total,
            "subtotal": total,
            "currency_code": self.scene.currency,
            "retained_fee": "0",
        });
        json!({
            "id": id,
            "type": "full",
            "items": [{
                "id": id.replace("adj_", "adjitm_"),
                "type": "full",
                "amount": total,
                "totals": { "tax": "0", "total": total, "subtotal": total },
                "item_id": transaction.replace("txn_", "txnitm_"),
                "proration": null,
            }],
            "action": action,
            "reason": if action == "refund" { "requested by the customer" } else { "fraudulent" },
            "status": status,
            "totals": totals,
            "created_at": time(self.scene.at),
            "updated_at": time(self.scene.at),
            "customer_id": self.id("ctm", 'c', 0),
            "currency_code": self.scene.currency,
            "payout_totals": totals,
            "transaction_id": transaction,
            "subscription_id": self.subscription_id(),
            "credit_applied_to_balance": null,
            "tax_rates_used": [{
                "totals": { "tax": "0", "total": total, "subtotal": total },
                "tax_rate": "0",
            }],
        })
    }
}
