//! Lives, played.

use super::*;
use crate::rules::tests::life::{at, catalogue};

const SHOP: &str = r#"
    [products.pro]
    interval = "P1M"
    [products.lite]
    interval = "P1M"
    [products.suite]
    bundle = ["pro", "lite"]
    [products.pass]
    interval = "P30D"
    stack = true
    [products.later]
    interval = "P1Y"
    start = "activation"
    [products.tool]
    [products.year]
    expires_at = "2026-12-31"
"#;

fn life(product: &str, script: &str) -> Vec<Moment> {
    let script = script::parse(script).unwrap();
    play(&catalogue(SHOP), product, at("2026-01-31"), &script).unwrap()
}

fn told(moments: &[Moment]) -> String {
    let each = moments.iter().flat_map(|moment| {
        moment.licenses.iter().map(move |license| {
            let end = license.expires_at.map_or("never".to_owned(), |end| end.to_rfc3339());
            let end = end.split('T').next().unwrap_or_default().to_owned();
            let (product, mail) = (&license.product, license.mail.join(" "));
            let why = license.why.join("; ");
            let status = license.status;
            format!("{} {product} {status} {end} [{mail}] {why}", moment.event)
        })
    });
    each.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_life_is_told_with_every_date_its_reason_and_its_mail() {
    let script = "purchase\nexpiry renewal\nexpiry payment-failed\n+PT12H renewal\n\
                  +P1D refund 3\n+P1D set-expiry 2026-06-30\ncancel";
    insta::assert_snapshot!(told(&life("pro", script)), @r"
    purchase pro active 2026-02-28 [issued] payment:1 covers P1M
    renewal pro active 2026-03-31 [renewed] payment:2 covers P1M
    payment-failed pro active 2026-03-31 [payment_failed] a payment failed
    renewal pro active 2026-04-30 [renewed] payment:3 covers P1M
    refund 3 pro expired 2026-03-31 [] payment:3 does not count: the money went back 2026-04-01 22:00:00 UTC
    set-expiry 2026-06-30 pro active 2026-06-30 [renewed] support set the expiry to 2026-06-30 00:00:00 UTC
    cancel pro active 2026-06-30 [] canceled: it will not renew
    ");
}

#[test]
fn each_product_of_a_bundle_has_its_line() {
    insta::assert_snapshot!(told(&life("suite", "purchase\n+P10D plan-change pro")), @r"
    purchase pro active 2026-02-28 [issued] payment:1 covers P1M
    purchase lite active 2026-02-28 [issued] payment:1 covers P1M
    plan-change pro pro active 2026-02-28 [] the subscription is now 1 × pro
    plan-change pro lite active 2026-02-10 [] the subscription is now 1 × pro; this license is no part of it any more
    ");
}

#[test]
fn stacked_purchases_extend_one_license() {
    let script = "2026-01-01 purchase\n2026-01-20 purchase-again\n2026-03-05 purchase-again";
    insta::assert_snapshot!(told(&life("pass", script)), @r"
    purchase pass active 2026-01-31 [issued] payment:1 covers P30D
    purchase-again pass active 2026-03-02 [renewed] payment:2 covers P30D
    purchase-again pass active 2026-04-04 [renewed] payment:3 covers P30D
    ");
}

#[test]
fn only_a_renewal_that_is_due_may_be_late() {
    let valid_until = |product: &str| {
        let license = life(product, "purchase").remove(0).licenses.remove(0);
        license.valid_until.zip(license.expires_at).map(|(valid, end)| valid - end)
    };
    assert_eq!(valid_until("pro"), Some(chrono::TimeDelta::hours(24)));
    assert_eq!(valid_until("year"), Some(chrono::TimeDelta::zero()));
    assert_eq!(valid_until("tool"), None);
}

#[test]
fn every_example_plays() {
    let catalogue = catalogue(SHOP);
    for (product, offer) in &catalogue.products {
        let script = script::parse(example(offer)).unwrap();
        let moments = play(&catalogue, product, at("2026-01-31"), &script).unwrap();
        assert_eq!(moments.len(), script.len());
        assert!(moments.iter().all(|moment| !moment.licenses.is_empty()), "{product}");
    }
}

#[test]
fn what_cannot_happen_is_told_by_its_line() {
    let play = |product: &str, script: &str| {
        let script = script::parse(script).unwrap();
        play(&catalogue(SHOP), product, at("2026-01-31"), &script).unwrap_err().to_string()
    };
    assert_eq!(play("prp", "purchase"), "there is no product \"prp\"");
    for (product, script, message) in [
        ("pro", "purchase\nrefund 2", "line 2: there is no payment 2 yet; so far there are 1"),
        ("pro", "purchase\nrefund-failed 1", "line 2: nothing was refunded of it"),
        ("pro", "purchase\nplan-change prp", "line 2: there is no product \"prp\""),
        ("pro", "expiry renewal", "line 1: nothing expires at that moment; write a date"),
        ("tool", "purchase\nexpiry end", "line 2: nothing expires at that moment; write a date"),
        (
            "pro",
            "purchase\npurchase-again",
            "line 2: pro does not stack: another purchase is another life",
        ),
    ] {
        assert_eq!(play(product, script), message);
    }
}
