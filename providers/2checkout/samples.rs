//! Realistic messages of one purchase's life.

use chrono::{DateTime, FixedOffset, Utc};

use crate::request::Inlet;
use crate::sample::{Sample, Scene, Step};

/// Two hours ahead of GMT, as 2Checkout's accounts are in winter.
const ZONE_SECONDS: i32 = 2 * 3600;

/// What 2Checkout sends at one step.
pub(super) fn of(scene: &Scene) -> Vec<Sample> {
    match scene.step {
        Step::Purchase => {
            let mut samples = vec![
                ipn(scene, "PAYMENT_AUTHORIZED", &[]),
                keys_wanted(scene),
                ipn(scene, "PAYMENT_RECEIVED", &[]),
                ipn(scene, "COMPLETE", &[]),
            ];
            if scene.subscription {
                samples.push(lcn(scene, &[("RECURRING", "1")]));
            }
            samples
        }
        Step::Refund => vec![ipn(scene, "REFUND", &[("REFUND_TYPE", "TOTAL")])],
        Step::Dispute => vec![ipn(scene, "COMPLETE", &[("CHARGEBACK_RESOLUTION", "OPEN")])],
        _ if !scene.subscription => vec![],
        Step::Renewal => vec![
            ipn(scene, "PAYMENT_AUTHORIZED", &[]),
            ipn(scene, "COMPLETE", &[]),
            lcn(scene, &[("RECURRING", "1")]),
        ],
        Step::Cancel => vec![lcn(scene, &[("RECURRING", "0"), ("CHANGED_BY", "CUSTOMER")])],
        Step::PaymentFailed => {
            vec![lcn(scene, &[("STATUS", "PASTDUE"), ("DISPATCH_REASON", "LICENCE_PASTDUE")])]
        }
        Step::PlanChange => vec![ipn(scene, "COMPLETE", &[])],
    }
}

/// The order of the cycle; a change of plan is an order of its own.
fn order(scene: &Scene) -> String {
    let plan = if scene.step == Step::PlanChange { "9" } else { "" };
    format!("2{}{}{plan}", scene.tag, scene.cycle)
}

fn subscription(scene: &Scene) -> String {
    format!("KW{}", scene.tag.to_ascii_uppercase())
}

fn local(at: DateTime<Utc>, format: &str) -> String {
    FixedOffset::east_opt(ZONE_SECONDS)
        .map_or_else(String::new, |zone| at.with_timezone(&zone).format(format).to_string())
}

fn date(at: DateTime<Utc>) -> String {
    local(at, "%Y-%m-%d %H:%M:%S")
}

/// An order's message, with these of its fields in place of the usual.
fn ipn(scene: &Scene, status: &str, instead: &[(&str, &str)]) -> Sample {
    let (first, last) = scene.names();
    let (order, total, quantity) = (order(scene), scene.decimal(), scene.quantity.to_string());
    let (sale, sent) = (date(scene.period_start), local(scene.at, "%Y%m%d%H%M%S"));
    let (start, end) = (date(scene.period_start), date(scene.period_end));
    let message = format!("25{}{status}{}", order, scene.step.as_str());
    let (code, country) = (subscription(scene), scene.country.to_ascii_lowercase());
    let authorized = status == "PAYMENT_AUTHORIZED";
    let upgraded = scene.step == Step::PlanChange;
    let item = if upgraded { &scene.item_next } else { &scene.item };
    let kind = match (upgraded, scene.cycle) {
        (true, _) => "UPGRADE",
        (false, 0) => "REGULAR",
        (false, _) => "RENEWAL",
    };
    let mut fields = vec![
        ("GIFT_ORDER", "0"),
        ("SALEDATE", &sale),
        ("PAYMENTDATE", &sale),
        ("REFNO", &order),
        ("REFNOEXT", ""),
        ("ORDERNO", "5210"),
        ("ORDERSTATUS", status),
        ("PAYMETHOD", "Visa/MasterCard"),
        ("PAYMETHOD_CODE", "CCVISAMC"),
        ("FIRSTNAME", first),
        ("LASTNAME", last),
        ("COMPANY", scene.company.as_deref().unwrap_or_default()),
        ("COUNTRY_CODE", &country),
        ("CUSTOMEREMAIL", &scene.email),
        ("EMAIL_D", &scene.email),
        ("COMPLETE_DATE", if authorized { "" } else { &sale }),
        ("TIMEZONE_OFFSET", "GMT+02:00"),
        ("CURRENCY", &scene.currency),
        ("LANGUAGE", &scene.locale),
        ("ORDERFLOW", "REGULAR"),
        ("IPN_PID[]", "33654953"),
        ("IPN_PNAME[]", "Example Product"),
        ("IPN_PCODE[]", item),
        ("IPN_QTY[]", &quantity),
        ("IPN_SKU[]", ""),
        ("MESSAGE_ID", &message),
        ("MESSAGE_TYPE", status),
    ];
    if scene.subscription {
        // Made with the fulfilment: an authorized order does not know them yet.
        let known = |text| if authorized { "" } else { text };
        fields.extend([
            ("IPN_LICENSE_PROD[]", "33654953"),
            ("IPN_LICENSE_TYPE[]", kind),
            ("IPN_LICENSE_REF[]", known(&code)),
            ("IPN_LICENSE_EXP[]", known(&end)),
            ("IPN_LICENSE_START[]", known(&start)),
            ("IPN_LICENSE_LIFETIME[]", "NO"),
        ]);
    }
    fields.extend([
        ("IPN_TOTAL[]", total.as_str()),
        ("IPN_TOTALGENERAL", &total),
        ("AVANGATE_CUSTOMER_REFERENCE", "486361141"),
        ("REFUND_TYPE", ""),
        ("CHARGEBACK_RESOLUTION", "NONE"),
        ("TEST_ORDER", if scene.live { "0" } else { "1" }),
        ("FRAUD_STATUS", "APPROVED"),
        ("IPN_DATE", &sent),
    ]);
    Sample::form(&format!("ipn.{status}"), replaced(fields, instead))
}

/// A subscription's message, with these of its fields in place of the usual.
fn lcn(scene: &Scene, instead: &[(&str, &str)]) -> Sample {
    let (first, last) = scene.names();
    let (code, expires) = (subscription(scene), date(scene.period_end));
    let updated = date(scene.at);
    let fields = vec![
        ("FIRST_NAME", first),
        ("LAST_NAME", last),
        ("COMPANY", scene.company.as_deref().unwrap_or_default()),
        ("EMAIL", &scene.email),
        ("LICENSE_CODE", &code),
        ("EXPIRATION_DATE", &expires),
        ("DATE_UPDATED", &updated),
        ("AVANGATE_CUSTOMER_REFERENCE", "486361141"),
        ("TEST", if scene.live { "0" } else { "1" }),
        ("CHANGED_BY", "SYSTEM"),
        ("LICENSE_TYPE", "REGULAR"),
        ("DISABLED", "0"),
        ("RECURRING", "1"),
        ("STATUS", "ACTIVE"),
        ("EXPIRED", "0"),
        ("DISPATCH_REASON", "LICENCE_CHANGE"),
        ("TIMEZONE_OFFSET", "GMT+02:00"),
    ];
    Sample::form("lcn", replaced(fields, instead))
}

/// What the key generator is asked.
fn keys_wanted(scene: &Scene) -> Sample {
    let (first, last) = scene.names();
    let (order, quantity) = (order(scene), scene.quantity.to_string());
    let fields = [
        ("PID", "33654953"),
        ("PCODE", &scene.item),
        ("REFNO", &order),
        ("REFNOEXT", ""),
        ("TESTORDER", if scene.live { "NO" } else { "YES" }),
        ("QUANTITY", &quantity),
        ("FIRSTNAME", first),
        ("LASTNAME", last),
        ("COMPANY", scene.company.as_deref().unwrap_or_default()),
        ("EMAIL", &scene.email),
        ("LANG", &scene.locale),
    ];
    Sample { inlet: Inlet::Fulfil, ..Sample::form("fulfil.request", fields) }
}

fn replaced<'f>(
    fields: Vec<(&'f str, &'f str)>,
    instead: &[(&'f str, &'f str)],
) -> Vec<(&'f str, &'f str)> {
    let value = |name: &str| instead.iter().find(|(other, _)| *other == name);
    let one = |(name, usual)| (name, value(name).map_or(usual, |(_, value)| *value));
    fields.into_iter().map(one).collect()
}
