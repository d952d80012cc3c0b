//! Subscriptions as Paddle sends them, all fields.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::shop::{Shop, time};

/// A state of a subscription.
#[derive(Clone, Copy)]
pub(super) struct Standing<'a> {
    pub(super) status: &'static str,
    pub(super) item: &'a str,
    pub(super) scheduled_change: Option<DateTime<Utc>>,
}

impl Shop<'_> {
    pub(super) fn subscription(&self, standing: Standing<'_>) -> Value {
        let scene = self.scene;
        let change = standing
            .scheduled_change
            .map(|at| json!({ "action": "cancel", "resume_at": null, "effective_at": time(at) }));
        json!({
            "id": self.subscription_id(),
            "items": [{
                "price": self.price(standing.item),
                "product": self.product(standing.item),
                "status": "active",
                "quantity": scene.quantity,
                "recurring": true,
                "created_at": time(scene.period_start),
                "updated_at": time(scene.at),
                "trial_dates": null,
                "next_billed_at": time(scene.period_end),
                "previously_billed_at": time(scene.period_start),
            }],
            "status": standing.status,
            "discount": null,
            "paused_at": null,
            "address_id": self.id("add", 'a', 0),
            "created_at": time(scene.period_start),
            "started_at": time(scene.period_start),
            "updated_at": time(scene.at),
            "business_id": scene.company.as_ref().map(|_| self.id("biz", 'b', 0)),
            "canceled_at": null,
            "custom_data": null,
            "customer_id": self.id("ctm", 'c', 0),
            "import_meta": null,
            "billing_cycle": { "interval": "month", "frequency": 1 },
            "currency_code": scene.currency,
            "next_billed_at": change.is_none().then(|| time(scene.period_end)),
            "billing_details": null,
            "collection_mode": "automatic",
            "first_billed_at": time(scene.period_start),
            "scheduled_change": change,
            "current_billing_period": self.period(),
        })
    }
}
