//! The words of a scene, and the templates (Stripe's own objects as JSON files) that they fill.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sample::Scene;

/// Values by name: what `"$name"` in a template stands for.
#[derive(Debug, Clone)]
pub(super) struct Words(BTreeMap<&'static str, Value>);

impl Words {
    pub(super) fn new(scene: &Scene) -> Self {
        Self(BTreeMap::new()).persons(scene).ids(scene).sale(scene).session(scene)
    }

    /// The same words, one of them with another value.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.insert(name, value.into());
        self
    }

    /// The template with every `"$name"` replaced, to any depth. It is replaced in the parsed
    /// tree, so that what a scene says can neither break the JSON nor be taken for a name.
    pub(super) fn fill(&self, template: &str) -> Value {
        let mut value = serde_json::from_str(template).unwrap_or_default();
        self.replace(&mut value);
        value
    }

    fn replace(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let word = text.strip_prefix('$').and_then(|name| self.0.get(name));
                if let Some(word) = word {
                    *value = word.clone();
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.replace(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.replace(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn persons(self, scene: &Scene) -> Self {
        self.with("email", scene.email.as_str())
            .with("name", scene.name.as_str())
            .with("company", scene.company.clone())
            .with("country", scene.country.as_str())
            .with("locale", scene.locale.as_str())
            .with("live", scene.live)
    }

    /// The same over all cycles for what lasts; one a cycle for what is paid. The cycle has a
    /// fixed width, so that no two tags and cycles run together into one id.
    fn ids(self, scene: &Scene) -> Self {
        let tag = &scene.tag;
        let lasting = |prefix: &str| format!("{prefix}_1Kw{tag}");
        let paid = |prefix: &str| format!("{prefix}_3Kw{tag}{:04}", scene.cycle);
        let mode = if scene.live { "live" } else { "test" };
        self.with("customer", format!("cus_Kw{tag}"))
            .with("method", lasting("pm"))
            .with("session", format!("cs_{mode}_a1Kw{tag}"))
            .with("subscription", lasting("sub"))
            .with("item", format!("si_Kw{tag}"))
            .with("invoice", paid("in"))
            .with("line", paid("il"))
            .with("invoice_item", paid("ii"))
            .with("invoice_payment", paid("inpay"))
            .with("number", format!("KWSAMPLE-{:04}", u64::from(scene.cycle) + 1))
            .with("payment", paid("pi"))
            .with("client_secret", format!("{}_secret_sample", paid("pi")))
            .with("charge", paid("ch"))
            .with("transaction", paid("txn"))
            .with("transaction_refund", format!("{}r", paid("txn")))
            .with("refund", paid("re"))
            .with("dispute", paid("du"))
    }

    fn sale(self, scene: &Scene) -> Self {
        let unit = scene.amount_minor / i64::from(scene.quantity.max(1));
        let days = (scene.period_end - scene.period_start).num_days();
        let (interval, count) = match days {
            360.. => ("year", (days + 5) / 365),
            27.. => ("month", (days + 3) / 30),
            _ => ("day", days.max(1)),
        };
        self.item(scene, &scene.item)
            .with("at", scene.at.timestamp())
            .with("charged", scene.at.timestamp())
            .with("started", scene.period_start.timestamp().min(scene.at.timestamp()))
            .with("expires", scene.at.timestamp() + 7 * 86_400)
            .with("period_start", scene.period_start.timestamp())
            .with("period_end", scene.period_end.timestamp())
            .with("interval", interval)
            .with("interval_count", count)
            .with("amount", scene.amount_minor)
            .with("unit", unit)
            .with("unit_decimal", unit.to_string())
            .with("quantity", scene.quantity)
            .with("currency", scene.currency.to_ascii_lowercase())
            .with(
                "reason",
                if scene.cycle == 0 { "subscription_create" } else { "subscription_cycle" },
            )
            .with("description", format!("{} × {}", scene.quantity, scene.item))
    }

    /// The map may name a product in place of a price.
    pub(super) fn item(self, scene: &Scene, item: &str) -> Self {
        let (price, product) = match item.strip_prefix("prod_") {
            Some(rest) => (format!("price_1Kw{rest}"), item.to_owned()),
            None => (item.to_owned(), format!("prod_Kw{}", scene.tag)),
        };
        self.with("price", price).with("product", product)
    }

    fn session(self, scene: &Scene) -> Self {
        let word = |words: &Self, name: &str| words.0.get(name).cloned().unwrap_or_default();
        if scene.subscription {
            let (invoice, subscription) = (word(&self, "invoice"), word(&self, "subscription"));
            return self
                .with("mode", "subscription")
                .with("collection", "always")
                .with("session_invoice", invoice)
                .with("session_subscription", subscription)
                .with("session_payment", Value::Null)
                .with("session_metadata", json!({}))
                .with("payment_link", Value::Null)
                .with("invoice_creation", Value::Null);
        }
        let payment = word(&self, "payment");
        let is_link = scene.item.starts_with("plink_");
        let link = if is_link { Value::from(scene.item.as_str()) } else { Value::Null };
        let product = if is_link { Value::Null } else { Value::from(scene.item.as_str()) };
        let quantity = Value::from(scene.quantity.to_string());
        let written = [("keywright_product", product), ("keywright_quantity", quantity)];
        let metadata: serde_json::Map<String, Value> = written
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        self.with("mode", "payment")
            .with("collection", "if_required")
            .with("session_invoice", Value::Null)
            .with("session_subscription", Value::Null)
            .with("session_payment", payment)
            .with("session_metadata", metadata)
            .with("payment_link", link)
            .with(
                "invoice_creation",
                json!({ "enabled": false, "invoice_data": {
                "account_tax_ids": null, "custom_fields": null, "description": null,
                "footer": null, "issuer": null, "metadata": {}, "rendering_options": null
            } }),
            )
    }
}
