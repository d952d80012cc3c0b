//! The messages that PayPal sends at each step, and its word that they are its own.

use chrono::{DateTime, FixedOffset, Utc};
use serde_json::json;

use super::prices::Prices;
use super::read::{PRICES, RECEIVER};
use crate::sample::{Sample, Scene, Step};

type Fields = Vec<(&'static str, String)>;

/// All messages of a step; none where the step cannot be (a renewal of a single sale).
pub(super) fn burst(scene: &Scene) -> Vec<Sample> {
    let priced = priced(scene);
    let shop = Shop { scene: &priced };
    match (scene.step, scene.subscription) {
        (Step::Purchase, true) => vec![
            shop.message("subscr_signup", shop.subscription(&scene.item)),
            shop.message("subscr_payment", [shop.subscription(&scene.item), shop.paid()].concat()),
        ],
        (Step::Purchase, false) => {
            vec![shop.message("web_accept", [shop.item(&scene.item), shop.paid()].concat())]
        }
        (Step::Renewal, true) => vec![
            shop.message("subscr_payment", [shop.subscription(&scene.item), shop.paid()].concat()),
        ],
        (Step::Cancel, true) => {
            vec![shop.message("subscr_cancel", shop.subscription(&scene.item))]
        }
        (Step::PaymentFailed, true) => {
            vec![shop.message("subscr_failed", shop.subscription(&scene.item))]
        }
        (Step::PlanChange, true) => {
            vec![shop.message("subscr_modify", shop.subscription(&scene.item_next))]
        }
        (Step::Refund, _) => vec![shop.message("", shop.refund())],
        (Step::Dispute, _) => vec![shop.message("new_case", shop.case())],
        (Step::Renewal | Step::Cancel | Step::PaymentFailed | Step::PlanChange, false) => vec![],
    }
}

/// At the price that the account tells, where that is more: for less nothing is sold.
fn priced(scene: &Scene) -> Scene {
    let changes = scene.step == Step::PlanChange;
    let item = if changes { &scene.item_next } else { &scene.item };
    let prices = scene.settings.get(PRICES).and_then(|prices| Prices::parse(prices).ok());
    let least = prices.and_then(|prices| prices.least(item, scene.quantity, &scene.currency));
    let mut scene = scene.clone();
    if let Some(least) = least {
        let same = least.currency == scene.currency;
        let more = if same { scene.amount_minor.max(least.minor) } else { least.minor };
        (scene.amount_minor, scene.currency) = (more, least.currency);
    }
    scene
}

struct Shop<'a> {
    scene: &'a Scene,
}

impl Shop<'_> {
    fn message(&self, txn_type: &str, fields: Fields) -> Sample {
        let scene = self.scene;
        let (first, last) = scene.name.split_once(' ').unwrap_or((&scene.name, ""));
        let track = format!("{}{}{}", scene.tag, scene.step.as_str(), scene.cycle);
        let receivers = || scene.setting(RECEIVER, "shop@example.com").split_whitespace();
        let address = receivers().find(|name| name.contains('@')).unwrap_or("shop@example.com");
        let id = receivers().find(|name| !name.contains('@')).unwrap_or("KWTESTMERCHANT");
        let mut all: Fields = vec![
            ("payer_email", scene.email.clone()),
            ("payer_id", format!("KW{}", scene.tag.to_ascii_uppercase())),
            ("first_name", first.to_owned()),
            ("last_name", last.to_owned()),
            ("payer_business_name", scene.company.clone().unwrap_or_default()),
            ("residence_country", scene.country.clone()),
            ("business", address.to_owned()),
            ("receiver_email", address.to_owned()),
            ("receiver_id", id.to_owned()),
            ("mc_currency", scene.currency.clone()),
            ("charset", "UTF-8".to_owned()),
            ("notify_version", "3.9".to_owned()),
            ("verify_sign", "AiPC9BjkCyDFQXbSkoZcgqH3hpacA-p.YLGfQjc0EobtODs.fMJNajCx".to_owned()),
            ("ipn_track_id", track),
        ];
        if !txn_type.is_empty() {
            all.push(("txn_type", txn_type.to_owned()));
        }
        if !scene.live {
            all.push(("test_ipn", "1".to_owned()));
        }
        all.extend(fields);
        let title = if txn_type.is_empty() { "refunded" } else { txn_type };
        Sample::form(title, all)
            .with_header("User-Agent", "PayPal IPN ( https://www.paypal.com/ipn )")
            .with_answer("/cgi-bin/webscr", json!("VERIFIED"))
    }

    fn item(&self, item: &str) -> Fields {
        vec![
            ("item_number", item.to_owned()),
            ("item_name", "A license".to_owned()),
            ("quantity", self.scene.quantity.to_string()),
        ]
    }

    fn subscription(&self, item: &str) -> Fields {
        let scene = self.scene;
        let mut fields = self.item(item);
        fields.push(("subscr_id", format!("S-{}", scene.tag.to_ascii_uppercase())));
        if !matches!(scene.step, Step::Purchase | Step::Renewal) || scene.cycle == 0 {
            fields.push(("subscr_date", clock(scene.at)));
        }
        fields
    }

    fn paid(&self) -> Fields {
        vec![
            ("txn_id", self.payment_id()),
            ("payment_type", "instant".to_owned()),
            ("payment_status", "Completed".to_owned()),
            ("payment_date", clock(self.scene.at)),
            ("mc_gross", self.scene.decimal()),
            ("mc_fee", "0.99".to_owned()),
        ]
    }

    fn refund(&self) -> Fields {
        vec![
            ("txn_id", format!("{}R", self.payment_id())),
            ("parent_txn_id", self.payment_id()),
            ("payment_status", "Refunded".to_owned()),
            ("reason_code", "refund".to_owned()),
            ("payment_date", clock(self.scene.at)),
            ("mc_gross", format!("-{}", self.scene.decimal())),
        ]
    }

    fn case(&self) -> Fields {
        vec![
            ("txn_id", self.payment_id()),
            ("case_id", format!("PP-{}", self.payment_id())),
            ("case_type", "dispute".to_owned()),
            ("reason_code", "non_receipt".to_owned()),
            ("case_creation_date", clock(self.scene.at)),
        ]
    }

    fn payment_id(&self) -> String {
        format!("8P{}{:04}", self.scene.tag.to_ascii_uppercase(), self.scene.cycle)
    }
}

/// By the clock of California, in winter.
fn clock(at: DateTime<Utc>) -> String {
    let pacific = FixedOffset::west_opt(8 * 3_600).map(|offset| at.with_timezone(&offset));
    let text = pacific.map(|at| at.format("%H:%M:%S %b %d, %Y PST").to_string());
    text.unwrap_or_default()
}
