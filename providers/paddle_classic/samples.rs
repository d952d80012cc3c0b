//! The alerts that Paddle sends at each step, and its request for keys.

use chrono::{DateTime, Utc};

use super::fulfil::{FIELD_EMAIL, FIELD_NAME};
use crate::request::Inlet;
use crate::sample::{Sample, Scene, Step};

type Fields = Vec<(&'static str, String)>;

/// All requests of a step; none where the step cannot be (a renewal of a single sale).
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let shop = Shop { scene };
    let refund = |name| shop.alert(name, [shop.payment(), refund(scene)].concat());
    match (scene.step, scene.subscription) {
        (Step::Purchase, true) => {
            vec![shop.alert("subscription_created", shop.subscription("active")), shop.charge()]
        }
        (Step::Purchase, false) => vec![
            shop.keys_wanted(),
            shop.alert("payment_succeeded", shop.bought()),
            shop.alert("locker_processed", [shop.bought(), shop.licence()].concat()),
        ],
        (Step::Renewal, true) => vec![shop.charge()],
        (Step::Refund, true) => vec![refund("subscription_payment_refunded")],
        (Step::Refund, false) => vec![refund("payment_refunded")],
        (Step::Dispute, _) => {
            let fields = [shop.payment(), vec![("status", "open".to_owned())]].concat();
            vec![shop.alert("payment_dispute_created", fields)]
        }
        (Step::Cancel, true) => {
            let end = vec![("cancellation_effective_date", day(scene.period_end))];
            let fields = [shop.subscription("deleted"), end].concat();
            vec![shop.alert("subscription_cancelled", fields)]
        }
        (Step::PaymentFailed, true) => {
            let retry = vec![
                ("attempt_number", "1".to_owned()),
                ("next_retry_date", day(scene.period_end)),
                ("amount", scene.decimal()),
            ];
            let fields = [shop.subscription("past_due"), retry].concat();
            vec![shop.alert("subscription_payment_failed", fields)]
        }
        (Step::PlanChange, true) => {
            let change = vec![
                ("old_subscription_plan_id", scene.item.clone()),
                ("old_quantity", scene.quantity.to_string()),
                ("new_quantity", scene.quantity.to_string()),
                ("old_status", "active".to_owned()),
                ("old_next_bill_date", day(scene.period_end)),
            ];
            let mut fields = [shop.subscription("active"), change].concat();
            fields.retain(|(name, _)| *name != "quantity");
            vec![shop.alert("subscription_updated", fields)]
        }
        (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => vec![],
    }
}

fn refund(scene: &Scene) -> Fields {
    vec![
        ("refund_type", "full".to_owned()),
        ("refund_reason", "As agreed".to_owned()),
        ("gross_refund", scene.decimal()),
    ]
}

struct Shop<'a> {
    scene: &'a Scene,
}

impl Shop<'_> {
    /// An alert, with its id and time.
    fn alert(&self, name: &str, fields: Fields) -> Sample {
        let scene = self.scene;
        let own = [
            ("alert_id", format!("{}-{name}-{}", scene.tag, scene.cycle)),
            ("alert_name", name.to_owned()),
            ("event_time", time(scene.at)),
        ];
        Sample::form(name, own.into_iter().chain(fields)).with_header("User-Agent", "Paddle")
    }

    fn charge(&self) -> Sample {
        let scene = self.scene;
        let own = vec![
            ("subscription_payment_id", format!("{}-p{}", scene.tag, scene.cycle)),
            ("initial_payment", u32::from(scene.cycle == 0).to_string()),
            ("payment_method", "card".to_owned()),
            ("customer_name", scene.name.clone()),
            ("country", scene.country.clone()),
        ];
        let mut fields = [self.payment(), self.subscription("active"), own].concat();
        let mut known = Vec::new();
        fields.retain(|(name, _)| {
            let fresh = !known.contains(name);
            known.push(*name);
            fresh
        });
        self.alert("subscription_payment_succeeded", fields)
    }

    fn bought(&self) -> Fields {
        let scene = self.scene;
        let own = vec![
            ("product_id", scene.item.clone()),
            ("product_name", "A license".to_owned()),
            ("quantity", scene.quantity.to_string()),
            ("customer_name", scene.name.clone()),
            ("country", scene.country.clone()),
            ("payment_method", "card".to_owned()),
        ];
        [self.payment(), own].concat()
    }

    fn licence(&self) -> Fields {
        vec![("licence", "AAAAA-BBBBB-CCCCC-DDDDD".to_owned())]
    }

    fn payment(&self) -> Fields {
        let scene = self.scene;
        vec![
            ("order_id", self.order_id()),
            ("checkout_id", format!("{}-checkout", scene.tag)),
            ("email", scene.email.clone()),
            ("currency", scene.currency.clone()),
            ("sale_gross", scene.decimal()),
            ("payment_tax", "0".to_owned()),
            ("passthrough", String::new()),
            ("marketing_consent", "0".to_owned()),
        ]
    }

    fn subscription(&self, status: &str) -> Fields {
        let scene = self.scene;
        let changes = scene.step == Step::PlanChange;
        let item = if changes { &scene.item_next } else { &scene.item };
        vec![
            ("subscription_id", format!("{}-s", scene.tag)),
            ("subscription_plan_id", item.clone()),
            ("user_id", format!("{}-u", scene.tag)),
            ("email", scene.email.clone()),
            ("currency", scene.currency.clone()),
            ("quantity", scene.quantity.to_string()),
            ("status", status.to_owned()),
            ("next_bill_date", day(scene.period_end)),
        ]
    }

    /// By POST; the seller may choose GET.
    fn keys_wanted(&self) -> Sample {
        let scene = self.scene;
        let fields = [
            ("event_time", time(scene.at)),
            ("p_product_id", scene.item.clone()),
            ("p_order_id", self.order_id()),
            ("p_country", scene.country.clone()),
            ("p_currency", scene.currency.clone()),
            ("p_price", scene.decimal()),
            ("p_quantity", scene.quantity.to_string()),
            ("p_sale_gross", scene.decimal()),
            ("p_tax_amount", "0".to_owned()),
            ("p_coupon", String::new()),
            ("p_earnings", format!("{{\"1234\":\"{}\"}}", scene.decimal())),
            (scene.setting(FIELD_EMAIL, "email"), scene.email.clone()),
            (scene.setting(FIELD_NAME, "name"), scene.name.clone()),
        ];
        Sample { inlet: Inlet::Fulfil, ..Sample::form(super::fulfil::REQUEST, fields) }
    }

    fn order_id(&self) -> String {
        format!("{}-{}", self.scene.tag, 5_000 + self.scene.cycle)
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}
