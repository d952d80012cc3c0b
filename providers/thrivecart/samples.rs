//! Realistic events of one purchase's life.

use crate::sample::{Sample, Scene, Step};

/// What ThriveCart sends at one step. It has no event for a dispute nor for another plan.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    match scene.step {
        Step::Purchase => vec![success(scene)],
        Step::Refund => vec![refund(scene)],
        Step::Dispute | Step::PlanChange => vec![],
        _ if !scene.subscription => vec![],
        Step::Renewal => vec![about(scene, "order.subscription_payment")],
        Step::Cancel => vec![about(scene, "order.subscription_cancelled")],
        Step::PaymentFailed => vec![about(scene, "order.rebill_failed")],
    }
}

type Fields = Vec<(String, String)>;

/// `product-2` is the product 2.
fn item(scene: &Scene) -> (&str, &str) {
    scene.item.split_once('-').unwrap_or(("product", &scene.item))
}

fn order_id(scene: &Scene) -> String {
    scene.number("order").to_string()
}

/// The first one, then one with the number of the payment.
fn invoice_id(scene: &Scene) -> String {
    let invoice = scene.number("invoice");
    match scene.cycle {
        0 => format!("{invoice:09}"),
        cycle => format!("{invoice:09}-{}", cycle.saturating_add(1)),
    }
}

/// What every event of an order carries.
fn common(scene: &Scene, event: &str) -> Fields {
    let (first, last) = scene.names();
    let fields = [
        ("event", event.to_owned()),
        ("mode", if scene.live { "live" } else { "test" }.to_owned()),
        ("mode_int", if scene.live { "2" } else { "1" }.to_owned()),
        ("date_unix", scene.at.timestamp().to_string()),
        ("thrivecart_account", "keywright".to_owned()),
        ("order_id", order_id(scene)),
        ("invoice_id", invoice_id(scene)),
        ("currency", scene.currency.clone()),
        ("customer_id", scene.number("customer").to_string()),
        ("customer[email]", scene.email.clone()),
        ("customer[name]", scene.name.clone()),
        ("customer[first_name]", first.to_owned()),
        ("customer[last_name]", last.to_owned()),
        ("customer[business_name]", scene.company.clone().unwrap_or_else(|| "null".to_owned())),
        ("customer[address][country]", scene.country.clone()),
        ("order[total]", scene.amount_minor.to_string()),
        ("order[total_str]", scene.decimal()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

fn with<const N: usize>(mut fields: Fields, more: [(&str, String); N]) -> Fields {
    fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
    fields
}

fn success(scene: &Scene) -> Sample {
    let event = "order.success";
    let number = item(scene).1;
    let charge = |position: usize, kind: &str| {
        [
            ("name", scene.item.clone()),
            ("reference", number.to_owned()),
            ("type", kind.to_owned()),
            ("amount", scene.amount_minor.to_string()),
            ("quantity", scene.quantity.to_string()),
        ]
        .map(|(field, value)| (format!("order[charges][{position}][{field}]"), value))
    };
    let mut fields = with(
        common(scene, event),
        [
            ("order_timestamp", scene.at.timestamp().to_string()),
            ("base_product", number.to_owned()),
            ("purchase_map[]", scene.item.clone()),
            ("purchase_map_flat", scene.item.clone()),
        ],
    );
    fields.extend(charge(0, "single"));
    if scene.subscription {
        fields.extend(charge(1, "recurring"));
    }
    Sample::form(event, fields)
}

/// An event about the subscription.
fn about(scene: &Scene, event: &str) -> Sample {
    let (kind, number) = item(scene);
    let fields = with(
        common(scene, event),
        [
            ("subscription[type]", kind.to_owned()),
            ("subscription[id]", number.to_owned()),
            ("subscription[product_id]", number.to_owned()),
            ("subscription[name]", scene.item.clone()),
            ("subscription[amount]", scene.amount_minor.to_string()),
            ("subscription[next_payment_date]", scene.period_end.timestamp().to_string()),
            ("recurring_payment_idx", scene.cycle.saturating_add(1).to_string()),
        ],
    );
    Sample::form(event, fields)
}

fn refund(scene: &Scene) -> Sample {
    let event = "order.refund";
    let (kind, number) = item(scene);
    let fields = with(
        common(scene, event),
        [
            ("refund[type]", kind.to_owned()),
            ("refund[id]", number.to_owned()),
            ("refund[product_id]", number.to_owned()),
            ("refund[amount]", scene.amount_minor.to_string()),
            ("refund[pro-rata]", "false".to_owned()),
        ],
    );
    Sample::form(event, fields)
}
