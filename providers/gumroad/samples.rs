//! What Gumroad sends at each step, with what its API says of the sale. It has no event for a
//! payment that failed.

use chrono::{DateTime, Months, SecondsFormat, Utc};
use serde_json::json;

use super::read::SELLER_ID;
use crate::sample::{Sample, Scene, Step};

/// All events of a step; none where the step cannot be (a renewal of a single sale).
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    match (scene.step, scene.subscription) {
        (Step::Purchase, _) | (Step::Renewal, true) => vec![sale(scene, "sale")],
        (Step::Refund, _) => vec![sale(scene, "refund")],
        (Step::Dispute, _) => vec![sale(scene, "dispute")],
        (Step::Cancel, true) => {
            let cancelled = [("cancelled", "true".to_owned()), ("cancelled_at", time(scene.at))];
            let by = [("cancelled_by_buyer", "true".to_owned())];
            vec![membership(scene, "cancellation", cancelled.into_iter().chain(by))]
        }
        (Step::PlanChange, true) => {
            let plan = |which: &str, tier: &str| {
                let field = |name: &str, value: &str| (format!("{which}{name}"), value.to_owned());
                [
                    field("[tier][id]", tier),
                    field("[tier][name]", tier),
                    field("[recurrence]", recurrence(scene)),
                    field("[price_cents]", &scene.amount_minor.to_string()),
                    field("[quantity]", &scene.quantity.to_string()),
                ]
            };
            let fields = [
                ("type".to_owned(), "upgrade".to_owned()),
                ("effective_as_of".to_owned(), time(scene.at)),
            ];
            let plans = [plan("old_plan", &scene.item), plan("new_plan", &scene.item_next)];
            let fields = fields.into_iter().chain(plans.into_iter().flatten());
            vec![membership(scene, "subscription_updated", fields)]
        }
        (Step::Renewal | Step::Cancel | Step::PlanChange, false) | (Step::PaymentFailed, _) => {
            vec![]
        }
    }
}

/// A ping of a sale, or of what became of it.
fn sale(scene: &Scene, resource: &str) -> Sample {
    let id = format!("kw{}{}==", scene.tag, scene.cycle);
    let refunded = resource == "refund";
    let seller = scene.setting(SELLER_ID, "kwSeller==");
    let mut fields = vec![
        ("seller_id", seller.to_owned()),
        ("product_id", scene.item.clone()),
        ("product_name", "A license".to_owned()),
        ("permalink", "license".to_owned()),
        ("product_permalink", "https://example.gumroad.com/l/license".to_owned()),
        ("short_product_id", "license".to_owned()),
        ("email", scene.email.clone()),
        ("price", scene.amount_minor.to_string()),
        ("gumroad_fee", (scene.amount_minor / 10).to_string()),
        ("currency", scene.currency.to_ascii_lowercase()),
        ("quantity", scene.quantity.to_string()),
        ("discover_fee_charged", "false".to_owned()),
        ("can_contact", "true".to_owned()),
        ("referrer", "direct".to_owned()),
        ("order_number", "524459935".to_owned()),
        ("sale_id", id.clone()),
        ("sale_timestamp", time(scene.period_start)),
        ("full_name", scene.name.clone()),
        ("ip_country", "Germany".to_owned()),
        ("is_gift_receiver_purchase", "false".to_owned()),
        ("refunded", refunded.to_string()),
        ("disputed", (resource == "dispute").to_string()),
        ("dispute_won", "false".to_owned()),
        ("resource_name", resource.to_owned()),
    ];
    if scene.subscription {
        fields.push(("subscription_id", subscription_id(scene)));
        fields.push(("recurrence", recurrence(scene).to_owned()));
        fields.push(("is_recurring_charge", (scene.cycle > 0).to_string()));
    }
    fields.extend(test(scene));
    let told = json!({
        "success": true,
        "sale": {
            "id": id,
            "email": scene.email,
            "full_name": scene.name,
            "seller_id": seller,
            "product_id": scene.item,
            "product_permalink": "license",
            "price": scene.amount_minor,
            "quantity": scene.quantity,
            "refunded": refunded,
            "partially_refunded": false,
            "chargedback": false,
            "subscription_id": scene.subscription.then(|| subscription_id(scene)),
            "subscription_duration": scene.subscription.then(|| recurrence(scene)),
            "variants": {},
        },
    });
    let path = format!("/v2/sales/{}", id.replace('=', "%3D"));
    Sample::form(resource, fields).with_answer(path, told)
}

fn membership<N: Into<String>>(
    scene: &Scene,
    resource: &str,
    fields: impl Iterator<Item = (N, String)>,
) -> Sample {
    let own = [
        ("subscription_id", subscription_id(scene)),
        ("product_id", scene.item.clone()),
        ("product_name", "A license".to_owned()),
        ("user_email", scene.email.clone()),
        ("purchase_ids[]", format!("kw{}{}==", scene.tag, scene.cycle)),
        ("created_at", time(scene.period_start)),
        ("recurrence", recurrence(scene).to_owned()),
        ("resource_name", resource.to_owned()),
    ];
    let own = own.into_iter().chain(test(scene)).map(|(name, value)| (name.to_owned(), value));
    Sample::form(resource, own.chain(fields.map(|(name, value)| (name.into(), value))))
}

fn test(scene: &Scene) -> Option<(&'static str, String)> {
    (!scene.live).then(|| ("test", "true".to_owned()))
}

fn subscription_id(scene: &Scene) -> String {
    format!("kwsub{}==", scene.tag)
}

fn recurrence(scene: &Scene) -> &'static str {
    let reaches = |months| scene.period_start + Months::new(months) >= scene.period_end;
    let known = [(1, "monthly"), (3, "quarterly"), (6, "biannually"), (12, "yearly")];
    let fitting = known.into_iter().find(|(months, _)| reaches(*months));
    fitting.map_or("every_two_years", |(_, recurrence)| recurrence)
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
