//! Who buys what: the ids, the customer and the catalogue of a sample, all fields as Paddle
//! sends them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::sample::Scene;

/// One purchase as Paddle keeps it. All ids come from the scene's tag.
pub(super) struct Shop<'a> {
    pub(super) scene: &'a Scene,
}

impl Shop<'_> {
    /// `txn_01kw000000000000000xTAGp0001`: a prefix and 26 characters (more for a long tag).
    /// The `x` keeps tags apart of which one ends as the other.
    pub(super) fn id(&self, prefix: &str, part: char, number: u32) -> String {
        let end = format!("x{}{part}{number:04}", self.scene.tag);
        format!("{prefix}_01kw{end:0>22}")
    }

    /// The transaction that paid for a cycle.
    pub(super) fn paid_transaction(&self) -> String {
        self.id("txn", 'p', self.scene.cycle)
    }

    pub(super) fn subscription_id(&self) -> Option<String> {
        self.scene.subscription.then(|| self.id("sub", 's', 0))
    }

    pub(super) fn customer(&self) -> Value {
        json!({
            "id": self.id("ctm", 'c', 0),
            "name": self.scene.name,
            "email": self.scene.email,
            "locale": self.scene.locale,
            "status": "active",
            "created_at": time(self.scene.at),
            "updated_at": time(self.scene.at),
            "custom_data": null,
            "import_meta": null,
            "marketing_consent": false,
        })
    }

    pub(super) fn address(&self) -> Value {
        json!({
            "id": self.id("add", 'a', 0),
            "city": null,
            "region": null,
            "status": "active",
            "created_at": time(self.scene.at),
            "first_line": null,
            "updated_at": time(self.scene.at),
            "custom_data": null,
            "customer_id": self.id("ctm", 'c', 0),
            "description": null,
            "import_meta": null,
            "postal_code": "10115",
            "second_line": null,
            "country_code": self.scene.country,
        })
    }

    pub(super) fn business(&self) -> Option<Value> {
        let company = self.scene.company.as_ref()?;
        Some(json!({
            "id": self.id("biz", 'b', 0),
            "name": company,
            "status": "active",
            "contacts": [],
            "created_at": time(self.scene.at),
            "updated_at": time(self.scene.at),
            "custom_data": null,
            "customer_id": self.id("ctm", 'c', 0),
            "import_meta": null,
            "company_number": null,
            "tax_identifier": null,
        }))
    }

    pub(super) fn price(&self, item: &str) -> Value {
        let cycle = json!({ "interval": "month", "frequency": 1 });
        let per_unit = self.scene.amount_minor / i64::from(self.scene.quantity.max(1));
        json!({
            "id": self.price_id(item),
            "name": "Standard",
            "type": "standard",
            "status": "active",
            "quantity": { "maximum": 999, "minimum": 1 },
            "tax_mode": "account_setting",
            "created_at": "2025-02-23T13:55:22.538367Z",
            "product_id": self.product_id(item),
            "unit_price": {
                "amount": per_unit.to_string(),
                "currency_code": self.scene.currency,
            },
            "updated_at": "2025-04-11T13:54:52.254748Z",
            "custom_data": null,
            "description": "Standard",
            "import_meta": null,
            "trial_period": null,
            "billing_cycle": if self.scene.subscription { cycle } else { Value::Null },
            "unit_price_overrides": [],
        })
    }

    pub(super) fn product(&self, item: &str) -> Value {
        json!({
            "id": self.product_id(item),
            "name": "Example",
            "type": "standard",
            "status": "active",
            "image_url": null,
            "created_at": "2025-02-23T12:43:46.605Z",
            "updated_at": "2025-04-05T15:53:44.687Z",
            "custom_data": null,
            "description": null,
            "import_meta": null,
            "tax_category": "standard",
        })
    }

    /// The vendor maps a price or a product; the other one is then made up from it.
    pub(super) fn price_id(&self, item: &str) -> String {
        let product = item.strip_prefix("pro_");
        product.map_or_else(|| item.to_owned(), |rest| format!("pri_{rest}"))
    }

    fn product_id(&self, item: &str) -> String {
        format!("pro_{}", item.trim_start_matches("pri_").trim_start_matches("pro_"))
    }

    pub(super) fn period(&self) -> Value {
        json!({ "ends_at": time(self.scene.period_end), "starts_at": time(self.scene.period_start) })
    }
}

/// As Paddle writes times.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
